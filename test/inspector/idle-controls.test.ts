/** What the inspector says of marked controls before they are pressed. */
import { beforeEach, expect, it } from 'vitest';
import type { Inside, PageView } from '../../src/client/inside.js';
import { idleControls, wideMarks } from '../../src/tools/inspector/idle-controls.js';
import { placementsOfPage } from '../support/placements.js';

beforeEach(() => document.body.replaceChildren());

const said = (html: string): string[] => {
  document.body.innerHTML = html;
  const inside = { registry: placementsOfPage(), trees: () => [document] };
  return [
    ...idleControls(inside as unknown as Inside, new Map() as PageView),
    ...wideMarks(inside as unknown as Inside),
  ];
};

it('names a control in one offer whose mark names another', () => {
  const cards = (id: string): string =>
    `<p data-offer-id="first"></p><p data-offer-id="second"><b data-offer-dismiss="${id}">x</b></p>`;
  expect(said(cards('first'))).toEqual([
    '<b> in the offer second has data-offer-dismiss="first", so it is about that other offer. If it is about its own, leave the value out.',
  ]);
  expect(said(cards('second'))).toEqual([]);
  expect(said(cards('third'))).toEqual([
    '<b> with data-offer-dismiss="third" names an offer that no element shows.',
  ]);
});

it('does not name a control that is about an offer around its own, or that is in none', () => {
  expect(
    said('<p data-offer-id="outer"><i data-offer-id="inner"><b data-offer-dismiss="outer">x</b></i></p>'),
  ).toEqual([]);
  expect(said('<p data-offer-id="first"></p><b data-offer-dismiss="first">x</b>')).toEqual([]);
});

const ITSELF =
  '<p> is an offer and has data-offer-dismiss itself, so a press anywhere in it closes it: put that on its close control.';
const WIDE =
  '<i> has data-offer-dismiss and holds 2 controls, so a press on each of them closes the offer: put it on the one that closes.';

it.each([
  ['<p data-offer-id="a" data-offer-dismiss="true"><b>x</b></p>', [ITSELF]],
  ['<button data-offer-id="a" data-offer-dismiss><svg></svg></button>', []],
  ['<p data-offer-id="a" data-offer-dismiss>x</p>', []],
  ['<p data-offer-id="a" data-offer-dismiss="false"><b>x</b></p>', []],
  ['<p data-offer-id="a"><b data-offer-dismiss>x</b></p>', []],
  ['<p data-offer-id="a"><i data-offer-dismiss><button>x</button><a href="#">y</a></i></p>', [WIDE]],
  [
    '<p data-offer-id="a"><i data-offer-dismiss><button>x</button><a href="#" data-offer-accept>y</a></i></p>',
    [],
  ],
])('names a mark that is around more than one control: %s', (html, says) => {
  expect(said(html)).toEqual(says);
});
