/** What happened to each offer, counted. */
import { expect, test } from 'vitest';
import { createCounts } from '../../../src/client/later/counts.js';
import { createPlacements } from '../../support/placements.js';

const start = (...shown: readonly string[]) => {
  const placements = shown.map((offerId) => ({ element: document.createElement('p'), offerId }));
  return createCounts({ placements: createPlacements(...placements) });
};

test('what is gone and what shows are rendered, each as often as it was', () => {
  const { count, all } = start('a', 'a', 'b');
  count('a', 'rendered');
  count('a', 'viewed');
  count('c', 'accepted');
  const expected = {
    a: { rendered: 3, viewed: 1, dismissed: 0, accepted: 0 },
    b: { rendered: 1, viewed: 0, dismissed: 0, accepted: 0 },
    c: { rendered: 0, viewed: 0, dismissed: 0, accepted: 1 },
  };
  expect({ ...all() }).toEqual(expected);
  // To ask counts nothing.
  expect({ ...all() }).toEqual(expected);
});

test('an id that cannot be one is not counted', () => {
  expect(Object.keys(start('a', 'x@example.com').all())).toEqual(['a']);
});

test('an id may be the name of what every object has', () => {
  const { count, all } = start('__proto__');
  count('toString', 'viewed');
  expect(Object.entries(all()).map(([id, { rendered, viewed }]) => [id, rendered, viewed])).toEqual([
    ['toString', 0, 1],
    ['__proto__', 1, 0],
  ]);
  expect(all().valueOf).toBeUndefined();
});
