/** Elements that lose the id of their offer. */
import { expect, it } from 'vitest';
import type { PageView } from '../../src/client/inside.js';
import { createLostIds } from '../../src/tools/inspector/lost-ids.js';
import { createPlacements } from '../support/placements.js';

const placements = createPlacements();
const show = (offerId: string, isByHand = false): Element => {
  const element = document.createElement('p');
  element.className = offerId;
  if (!isByHand) element.dataset.offerId = offerId;
  document.body.append(element);
  placements.add({ element, offerId, isByHand });
  return element;
};
/** As the tracker does when the attribute is gone. */
const lose = (element: Element): void => {
  element.removeAttribute('data-offer-id');
  placements.delete(element);
};

it('are named for as long as they are on the page without it, unless the offer has counted', () => {
  const view = new Map() as PageView;
  const said = createLostIds({ registry: { placements } }, view);
  const [slow, seen, gone, observed] = [show('slow'), show('seen'), show('gone'), show('observed', true)];
  expect(said()).toEqual([]);
  view.set('seen', { id: 'impression', isOnce: false });
  for (const each of [slow, seen, gone, observed]) lose(each);
  gone.remove();
  const words =
    '<p.slow> showed slow until code of this page took its data-offer-id. It did not count before.';
  expect(said()).toEqual([words]);
  expect(said()).toEqual([words]);
  // A virtual list gives the id to its next row.
  const next = show('slow');
  expect(said()).toEqual([]);
  lose(next);
  next.remove();
  expect(said()).toEqual([]);
  slow.setAttribute('data-offer-id', 'next');
  placements.add({ element: slow, offerId: 'next' });
  expect(said()).toEqual([]);
});

it('are not named if an offer that was given by hand shows there without the attribute', () => {
  const said = createLostIds({ registry: { placements } }, new Map() as PageView);
  const element = show('given');
  said();
  element.removeAttribute('data-offer-id');
  placements.add({ element, offerId: 'another', isByHand: true });
  expect(said()).toEqual([]);
  // What code took away by hand lost no attribute.
  placements.delete(element);
  expect(said()).toEqual([]);
  element.remove();
});

it('are named if they were there from the beginning, also if they lose it before the first look', () => {
  const element = show('early');
  const said = createLostIds({ registry: { placements } }, new Map() as PageView);
  lose(element);
  expect(said()).toEqual([expect.stringContaining('<p.early> showed early until')]);
  element.remove();
});

it('are named if a look came between the loss and the moment in which the tracker noticed it', () => {
  const element = show('noticed-later');
  const said = createLostIds({ registry: { placements } }, new Map() as PageView);
  element.removeAttribute('data-offer-id');
  expect(said()).toEqual([]);
  placements.delete(element);
  expect(said()).toEqual([expect.stringContaining('showed noticed-later until')]);
  element.remove();
});

it('are named five at a time', () => {
  const said = createLostIds({ registry: { placements } }, new Map() as PageView);
  const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => show(id));
  said();
  for (const each of all) lose(each);
  expect(said()).toHaveLength(5);
});
