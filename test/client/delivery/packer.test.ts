import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pack } from '../../../src/client/delivery/packer.js';
import type { OutboxEntry } from '../../../src/client/outbox/outbox.js';
import { encodeRequest } from '../../../src/protocol/encode.js';
import { entryIds, entryOf, idOf, START, viewed } from '../../support/events.js';

const bodyOf = (batch: readonly OutboxEntry[]): string =>
  encodeRequest(
    batch.map(({ event }) => event),
    START,
  );

const bytesOf = (batch: readonly OutboxEntry[]): number => new TextEncoder().encode(bodyOf(batch)).length;

const entries = fc
  .array(
    fc.record({
      length: fc.integer({ min: 1, max: 50 }),
      expiresAt: fc.option(fc.nat(), { nil: undefined }),
    }),
    { maxLength: 60 },
  )
  .map((shapes) =>
    shapes.map(({ length, expiresAt }, n) =>
      entryOf(viewed(n, { offerId: 'abcde'.repeat(10).slice(0, length), expiresAt })),
    ),
  );
const maxEvents = fc.integer({ min: 1, max: 20 });
const maxBytes = fc.integer({ min: 1, max: 3_000 });

describe('packing', () => {
  test('keeps the order and loses nothing', () => {
    fc.assert(
      fc.property(entries, maxEvents, maxBytes, (given, events, bytes) => {
        expect(pack(given, events, bytes).flat()).toEqual(given);
      }),
    );
  });

  test('makes no batch empty or of too many events', () => {
    fc.assert(
      fc.property(entries, maxEvents, maxBytes, (given, events, bytes) => {
        for (const { length } of pack(given, events, bytes)) {
          expect(length).toBeGreaterThanOrEqual(1);
          expect(length).toBeLessThanOrEqual(events);
        }
      }),
    );
  });

  test('makes no body larger than allowed, but for an event that is larger alone', () => {
    fc.assert(
      fc.property(entries, maxEvents, maxBytes, (given, events, bytes) => {
        for (const batch of pack(given, events, bytes)) {
          expect(batch.length === 1 || bytesOf(batch) <= bytes).toBe(true);
        }
      }),
    );
  });

  test('cuts no earlier than it must', () => {
    const given = [1, 2, 3, 4, 5].map((n) => entryOf(viewed(n)));
    expect(pack(given, 2, 48_000).map(entryIds)).toEqual([[idOf(1), idOf(2)], [idOf(3), idOf(4)], [idOf(5)]]);
    expect(pack(given, 100, 48_000).map(entryIds)).toEqual([entryIds(given)]);
  });

  test('an event too large for any batch stands alone, between the others', () => {
    const large = entryOf(viewed(2, { offerId: 'x'.repeat(50), expiresAt: START }));
    const [before, after] = [entryOf(viewed(1, { offerId: 'a' })), entryOf(viewed(3, { offerId: 'c' }))];
    const limit = bytesOf([before]) + 25;
    expect(pack([before, large, after], 10, limit)).toEqual([[before], [large], [after]]);
  });

  test('nothing makes no batch', () => {
    expect(pack([], 10, 1_000)).toEqual([]);
  });
});
