import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIds, isOfferId } from '../../src/protocol/event.js';
import { platformRuntime } from '../../src/runtime.js';
import { fakeRuntime } from '../support/runtime.js';
import { START } from '../support/wire.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

/** Ids at these moments, each with a random part of only this byte. */
const idsAt = (moments: readonly number[], randomByte: (index: number) => number): string[] => {
  let index = 0;
  const next = createIds({
    now: () => moments[index] ?? 0,
    randomBits: () => BigInt(randomByte(index)) * 0x0101010101010101n,
  });
  return moments.map((_, at) => {
    index = at;
    return next();
  });
};

const descents = (ids: readonly string[]): [string, string][] =>
  ids.flatMap((id, at) => {
    const earlier = ids[at - 1];
    return earlier === undefined || earlier < id ? [] : [[earlier, id] as [string, string]];
  });

describe('an id is a UUIDv7', () => {
  it('has version 7, the RFC variant and lower-case digits with any random bytes', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(START * 2), (random, now) => {
        const next = createIds({ now: () => now, randomBits: () => random });
        expect(next()).toMatch(UUID_V7);
      }),
    );
  });

  it.each([
    ['the epoch', 0],
    ['the example of RFC 9562', 0x017f22e279b0],
    ['today', START],
    ['the last day of 2108', Date.UTC(2108, 11, 31)],
  ])('carries the 48-bit time of %s exactly', (_, now) => {
    for (const random of [0, 255]) expect(timeOf(idsAt([now], () => random)[0] ?? '')).toBe(now);
  });

  it('fits the 50 characters that an offer id may have, and the 36 of a deduplication id', () => {
    expect(idsAt([START], () => 129)[0]).toHaveLength(36);
  });

  it('differs between two pages in the same millisecond', () => {
    const [first, second] = [createIds(platformRuntime()), createIds(platformRuntime())];
    expect(first()).not.toBe(second());
  });
});

describe('ids ascend strictly in the order of making', () => {
  it('within one millisecond, when the random start is lower than the one before', () => {
    const ids = idsAt([START, START, START], (index) => [255, 3, 0][index] ?? 0);
    expect(descents(ids)).toEqual([]);
    expect(ids.map(timeOf)).toEqual([START, START, START]);
  });

  it('they ascend for 100,000 ids in one millisecond, carrying into the time', () => {
    const ids = idsAt(Array<number>(100_000).fill(START), (index) => (index * 89) & 0xff);
    expect(descents(ids)).toEqual([]);
    expect(ids.find((id) => !UUID_V7.test(id))).toBeUndefined();
    expect(timeOf(ids.at(-1) ?? '')).toBeLessThan(START + 60);
  });

  it('when the clock goes back a day, and takes the time again once the clock has caught up', () => {
    const dayMs = 86_400_000;
    const ids = idsAt([START, START - dayMs, START - dayMs + 1, START + 5], () => 77);
    expect(descents(ids)).toEqual([]);
    expect(ids.map(timeOf)).toEqual([START, START, START, START + 5]);
  });

  it('under a clock that a test can move at will', async () => {
    const runtime = fakeRuntime();
    const next = createIds(runtime);
    const ids = [next()];
    runtime.jump(-3_600_000);
    ids.push(next());
    await runtime.advance(3_600_500);
    ids.push(next());
    expect(descents(ids)).toEqual([]);
  });

  it('they ascend for any clock and any random bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 42 - 1 }), fc.nat(255)), { maxLength: 60 }),
        (steps) => {
          const ids = idsAt(
            steps.map(([now]) => now),
            (index) => steps[index]?.[1] ?? 0,
          );
          expect(descents(ids)).toEqual([]);
        },
      ),
    );
  });
});

describe('what can be the id of an offer', () => {
  it.each(['a52ge40b', 'x', `${'k'.repeat(49)}7`, 'A_z.9:~-'])('takes %s', (value) => {
    expect(isOfferId(value)).toBe(true);
  });

  it.each<unknown>([
    ...[
      '',
      'k'.repeat(51),
      'k'.repeat(10_000),
      'a/b',
      '../x',
      'a%00',
      'a52ge40b\n',
      'a\nb',
      'a\0b',
      'a"b',
      'a[0]',
      'a b',
    ],
    ...[
      '\u0430b',
      'a\uff11',
      'a\u200b',
      '\u202eab',
      'a\ud800',
      52,
      null,
      undefined,
      true,
      ['a52ge40b'],
      new String('a52ge40b'),
    ],
    { toString: () => 'a52ge40b' },
  ])('refuses %j', (value) => {
    expect(isOfferId(value)).toBe(false);
  });
});
