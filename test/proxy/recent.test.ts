/** Maps of bounded size. */
import { expect, it } from 'vitest';
import { createRecent } from '../../src/proxy/recent.js';

it('a map of bounded size forgets the entry that was used longest ago', () => {
  const recent = createRecent<number>(3);
  for (const [at, key] of ['a', 'b', 'c'].entries()) recent.set(key, at);
  recent.get('a');
  recent.set('d', 3);
  recent.set('e', 4);
  expect([...recent.keys()].sort()).toEqual(['a', 'd', 'e']);
});

it('a map of bounded size takes no memory for entries that have not come', () => {
  const before = process.memoryUsage().arrayBuffers;
  const recent = createRecent<true>(1_000_000);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  expect(recent.size).toBe(0);
});
