/** Maps of bounded size. */
import { expect, it } from 'vitest';
import { createRecent } from '../../src/proxy/recent.js';

it('a map of bounded size forgets the entry that was used longest ago', () => {
  const ended: string[] = [];
  const recent = createRecent<number>(3, { dispose: (_, key) => ended.push(key) });
  for (const [at, key] of ['a', 'b', 'c'].entries()) recent.set(key, at);
  recent.get('a');
  recent.set('d', 3);
  recent.set('e', 4);
  expect([...recent.keys()].sort()).toEqual(['a', 'd', 'e']);
  expect(ended).toEqual(['b', 'c']);
});

it('a map of bounded size keeps its bound through many entries, and has the last ones', () => {
  const recent = createRecent<number>(100);
  for (let at = 0; at < 10_000; at++) recent.set(`${at % 250}`, at);
  expect(recent.size).toBe(100);
  expect([...recent.values()]).toEqual(Array.from({ length: 100 }, (_, back) => 9_999 - back));
});

it('an entry of a map of bounded size ends after its time, and another use of it does not lengthen that', () => {
  let now = 1;
  const recent = createRecent<number>(3, {
    ttl: 60_000,
    noUpdateTTL: true,
    ttlResolution: 0,
    perf: { now: () => now },
  });
  recent.set('a', 1);
  now += 59_000;
  recent.set('a', 2);
  expect(recent.get('a')).toBe(2);
  now += 1_001;
  expect(recent.get('a')).toBeUndefined();
});

it('a map of bounded size takes no memory for entries that have not come', () => {
  const before = process.memoryUsage().arrayBuffers;
  const recent = createRecent<true>(1_000_000, { ttl: 60_000 });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  expect(recent.size).toBe(0);
});
