/** What the inspector says of markup that is right by itself, and not what was meant. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Inside, PageView } from '../../src/client/inside.js';
import { nearMisses } from '../../src/tools/inspector/near-misses.js';
import { placementsOfPage } from '../support/placements.js';

let view: PageView;
beforeEach(() => {
  document.body.replaceChildren();
  view = new Map() as PageView;
});

/** The words about a page with these offers. */
const said = (html: string): string[] => {
  document.body.innerHTML = html;
  const inside = {
    registry: placementsOfPage(),
    isDrawn: (element: Element) => !element.hasAttribute('hidden'),
    boxesOf: (element: Element) => [element],
  };
  return nearMisses(inside as unknown as Inside, view);
};

it('names an offer that is marked to close itself, unless it is a control', () => {
  expect(said('<p class="card" data-offer-id="a" data-offer-dismiss="true"><b>x</b></p>')).toEqual([
    '<p.card> is an offer and has data-offer-dismiss itself, so a press anywhere in it closes it: put that on its close control.',
  ]);
  expect(said('<button data-offer-id="a" data-offer-dismiss><svg></svg></button>')).toEqual([]);
  expect(said('<p data-offer-id="a" data-offer-dismiss="false"><b>x</b></p>')).toEqual([]);
  expect(said('<p data-offer-id="a" data-offer-dismiss="b"><b>x</b></p>')).toEqual([]);
  expect(said('<p data-offer-id="a"><b data-offer-dismiss>x</b></p>')).toEqual([]);
});

it.each([
  '<a href="?hide" aria-label="Close">go</a>',
  '<a href="?hide" title="Dismiss">go</a>',
  '<a href="?hide">×</a>',
])('names a link that is named so and leads away: %s', (link) => {
  expect(said(`<p data-offer-id="a">${link}</p>`)).toEqual([
    '<a> is named as a close control and leads to another page. If that closes the offer, give it data-offer-dismiss: else leaving the page does not count.',
  ]);
});

it.each([
  '<a href="?plan">See the plans</a>',
  '<a href="?hotels" title="Hotels close to the station">×-ray</a>',
  '<a href="#close" aria-label="Close">×</a>',
  '<span data-offer-dismiss><a href="?hide">×</a></span>',
  '<a href="?hide" class="close">go</a>',
  '<a href="#" aria-label="Close">×</a>',
  '<a href="?hide" aria-label="Close" data-offer-dismiss>×</a>',
  '<button aria-label="Close">×</button>',
])('does not name what is fine: %s', (control) => {
  expect(said(`<p data-offer-id="a">${control}</p>`)).toEqual([]);
});

const SUBMITS =
  ' is named as a close control and submits <form#hide>. If that loads a page, the close does not count: give it data-offer-dismiss, or type="button" if it has nothing to submit.';

it.each([
  ['<button>Close</button>', '<button>'],
  ['<button type="submit" aria-label="Close"><svg></svg></button>', '<button>'],
  ['<input class="x" type="submit" value="Dismiss">', '<input.x>'],
])('names a button that is named so and submits a form: %s', (control, name) => {
  expect(said(`<p data-offer-id="a"></p><form id="hide">${control}</form>`)).toEqual([]);
  expect(said(`<div data-offer-id="a"><form id="hide">${control}</form></div>`)).toEqual([name + SUBMITS]);
  // The offer may be in the form, or both in a dialog.
  expect(said(`<form id="hide"><div data-offer-id="a">${control}</div></form>`)).toEqual([name + SUBMITS]);
  expect(said(`<div role="dialog"><p data-offer-id="a"></p><form id="hide">${control}</form></div>`)).toEqual(
    [name + SUBMITS],
  );
});

it.each([
  '<form><button>Take it</button></form>',
  '<form><button type="button">Close</button><button type="reset">Close</button></form>',
  '<form><button data-offer-dismiss>Close</button></form>',
  '<form data-offer-dismiss><button>Close</button></form>',
  '<form method="dialog"><button>Close</button></form>',
  '<form><button formmethod="dialog">Close</button></form>',
  '<form><button onclick="hide(); return false">Close</button></form>',
  '<form><button disabled>Close</button></form>',
  '<form><input name="price" value="x"></form>',
])('does not name a button that submits nothing or is marked: %s', (form) => {
  expect(said(`<div data-offer-id="a">${form}</div>`)).toEqual([]);
});

it('names an id of events that differs from an element’s by its case only', () => {
  view.set('OFFER-1', { id: 'impression', isOnce: false });
  view.set('gone', { id: 'another', isOnce: false });
  expect(said('<p data-offer-id="offer-1"></p><p data-offer-id="b"></p>')).toEqual([
    'Events name “OFFER-1”, and an element “offer-1”: ids differ by their case.',
  ]);
  expect(said('<p data-offer-id="OFFER-1"></p><p data-offer-id="offer-1"></p>')).toEqual([]);
  view.set('low', { id: 'impression', isOnce: false });
  expect(said('<p data-offer-id="LOW"></p>')[0]).toMatch(/name “low”, and an element “LOW”/);
});

it('names a close mark that holds several controls', () => {
  const footer = '<button>Switch</button><button>No, thanks</button>';
  expect(said(`<p data-offer-id="a"><span class="foot" data-offer-dismiss>${footer}</span></p>`)).toEqual([
    '<span.foot> has data-offer-dismiss and holds 2 controls, so a press on each of them closes the offer: put it on the one that closes.',
  ]);
  expect(said('<p data-offer-id="a"><span data-offer-dismiss><button>×</button></span></p>')).toEqual([]);
  const yes = '<button>No</button><button data-offer-accept>Yes</button>';
  expect(said(`<p data-offer-id="a"><span data-offer-dismiss>${yes}</span></p>`)).toEqual([]);
});

describe('what shows the text of an offer that is not in view', () => {
  beforeEach(() => {
    vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
      return new DOMRect(this.classList.contains('away') ? -9_999 : 10, 10, 200, 50);
    });
  });
  const copy = (attributes: string, text = 'Two months on us'): string =>
    `<p ${attributes}><b>${text}</b></p>`;
  const away = copy('class="away" data-offer-id="a"');
  const named =
    '<p.shown> shows the text of the offer a, which is not in view, and has no data-offer-id. Mark what people see.';

  it('is named', () => {
    expect(said(away + copy('class="shown"'))).toEqual([named]);
    expect(said(copy('hidden data-offer-id="a"') + copy('class="shown"'))).toEqual([named]);
  });

  it('is named also if it reads otherwise and is shown in the place of one that was moved far away', () => {
    const variant = (classes: string): string => copy(`class="${classes}"`, 'Three months, free');
    const moved = (classes: string): string =>
      `<section>${copy(`class="${classes}" data-offer-id="a"`)}</section>`;
    const inPlace = (one: string, other: string): string =>
      `<section>${copy(`class="${one}" data-offer-id="a"`)}${variant(other)}</section>`;
    expect(said(inPlace('far card', 'far card'))).toEqual([]);
    vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
      return new DOMRect(this.hasAttribute('data-offer-id') ? -9_999 : 10, 10, 200, 50);
    });
    expect(said(inPlace('card', 'card'))).toEqual([
      '<p.card> is shown in the place of the offer a, which is moved away, and has no data-offer-id. Mark what people see.',
    ]);
    expect(said(inPlace('card', 'note'))).toEqual([]);
    expect(said(moved('card') + variant('card'))).toEqual([]);
  });

  it('is not named if it is around the offer, as a slot or the frame of a slider is', () => {
    const inside = '<div class="away" data-offer-id="a"><b>Two months on us</b></div>';
    expect(said(`<div class="slot">${inside}</div>`)).toEqual([]);
  });

  it('is not named if the offer is in view or has counted, or if it is marked, away, of another kind or reads otherwise', () => {
    expect(said(copy('data-offer-id="a"') + copy(''))).toEqual([]);
    expect(said(away + copy('data-offer-id="b"'))).toEqual([]);
    expect(said(away + copy('class="away"'))).toEqual([]);
    expect(said(`${away}<i><b>Two months on us</b></i><p>Two months on us</p>`)).toEqual([]);
    expect(said(away + copy('', 'Three months on us'))).toEqual([]);
    expect(said(copy('class="away" data-offer-id="a"', 'Hello') + copy('', 'Hello'))).toEqual([]);
    view.set('a', { id: 'impression', isOnce: false });
    expect(said(away + copy(''))).toEqual([]);
  });
});
