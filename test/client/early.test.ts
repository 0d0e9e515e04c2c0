/** What is kept of a press until somebody can judge it. */
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Watched } from '../../src/client/detect/exposure.js';
import type { Placement } from '../../src/client/detect/placement.js';
import { ACTS, actOf, type EarlyAct, keep } from '../../src/client/early.js';
import { createPage } from '../../src/client/page.js';
import { find, render } from '../support/page.js';
import { createPlacements, type TestPlacements } from '../support/placements.js';

let placements: TestPlacements;
let watched: Map<Element, Watched>;
let hidden: Set<Element>;
const look = vi.fn();
let early: EarlyAct[];

/** An offer in the element of that name, with the share that was last seen of it, if it is near. */
const place = (offerId: string, more: Partial<Placement> = {}, ratio?: number): void => {
  const placement = { ...more, element: find(offerId), offerId };
  placements.add(placement);
  if (ratio !== undefined) watched.set(placement.element, { placement, ratio } as unknown as Watched);
};

const kept = (): string[][] => early.map((act) => act.placements.map(({ offerId }) => offerId));

beforeEach(() => {
  placements = createPlacements();
  watched = new Map();
  hidden = new Set();
  vi.spyOn(Element.prototype, 'checkVisibility').mockImplementation(function (this: Element) {
    return !hidden.has(this);
  });
  render('<p></p><i></i><b></b><u><s></s></u><q></q>');
  early = [];
  const page = createPage();
  onTestFinished(page.stop);
  page.capture(ACTS, (event) => keep(early, actOf(event, { placements, look }, { watched })));
});

describe('what was in sight is kept with a press', () => {
  test('it is what has counted, what is near and visible, and what was pressed', () => {
    place('p', { isSeen: true });
    place('i', {}, 0.1);
    place('b', {}, 0);
    place('u', {}, 0);
    place('q');
    find('s').click();
    expect(kept()).toEqual([['p', 'i', 'u']]);
  });

  test('nothing is kept that its styles hide', () => {
    place('p', { isSeen: true });
    hidden.add(find('p'));
    find('p').click();
    expect(kept()).toEqual([[]]);
  });
});

test('a middle click is kept, since it follows a link that accepts', () => {
  place('p');
  find('p').dispatchEvent(new MouseEvent('auxclick', { bubbles: true, button: 1 }));
  expect(kept()).toEqual([['p']]);
});

test('offers are looked for in open shadow roots that were pressed, before what is in sight is kept', () => {
  const root = find('p').attachShadow({ mode: 'open' });
  root.innerHTML = '<a></a>';
  const inside = root.firstElementChild as HTMLElement;
  look.mockImplementation((element: Element) => {
    if (element === inside && look.mock.calls.some(([at]) => at === find('p')))
      placements.add({ element: inside, offerId: 'inside' });
  });
  inside.click();
  expect(kept()).toEqual([['inside']]);
});

test('the latest fifty are kept', () => {
  place('p');
  for (let clicks = 0; clicks < 60; clicks++) find('p').click();
  expect(kept()).toHaveLength(50);
});
