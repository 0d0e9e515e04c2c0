/** What the inspector says of markup that is right by itself, and not what was meant. */
import { beforeEach, expect, it } from 'vitest';
import type { Inside, PageView } from '../../src/client/inside.js';
import { nearMisses } from '../../src/inspector/near-misses.js';

let view: PageView;
beforeEach(() => {
  document.body.replaceChildren();
  view = new Map() as PageView;
});

/** The words about a page with these offers. */
const said = (html: string): string[] => {
  document.body.innerHTML = html;
  const placements = new Map(
    [...document.querySelectorAll('[data-offer-id]')].map((element) => [
      element,
      { element, offerId: element.getAttribute('data-offer-id') },
    ]),
  );
  return nearMisses({ registry: { placements } } as unknown as Inside, view);
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
