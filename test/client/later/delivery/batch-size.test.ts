import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchSize } from '../../../../src/client/later/delivery/batch-size.js';
import { encodeRequest } from '../../../../src/protocol/encode.js';
import { MAX_LEAVE_BYTES } from '../../../../src/protocol/limits.js';
import { dismissed, viewed } from '../../../support/events.js';

/** Nothing that an event bears can be longer. */
const largest = dismissed(
  1,
  viewed(1, { offerId: '~'.repeat(50), occurredAt: 8.64e15, expiresAt: 8.64e15 + 0.5 }),
  { subject: '~'.repeat(128), token: '~'.repeat(64), group: '~'.repeat(50), reason: 'backdrop' },
);

const bytesOf = (events: number): number =>
  new TextEncoder().encode(
    encodeRequest(
      Array.from({ length: events }, () => largest),
      8.64e15,
    ),
  ).length;

const maxEvents = fc.integer({ min: 1, max: 500 });
const maxBytes = fc.integer({ min: 1, max: 60_000 });

describe('the size of a batch', () => {
  test('is a whole number, at least one event and at most as many as allowed', () => {
    fc.assert(
      fc.property(maxEvents, maxBytes, (events, bytes) => {
        const size = batchSize(events, bytes);
        expect(Number.isInteger(size)).toBe(true);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(events);
      }),
    );
  });

  test('never makes a body larger than allowed, even of the largest events, except for a single event that is larger', () => {
    fc.assert(
      fc.property(maxEvents, maxBytes, (events, bytes) => {
        const size = batchSize(events, bytes);
        expect(size === 1 || bytesOf(size) <= bytes).toBe(true);
      }),
    );
  });

  test.each([
    ['as many as allowed where the bytes suffice', 2, 48_000, 2],
    ['what the bytes hold of the largest, with one for what stands around them', 500, 5_200, 9],
    ['one less where one byte is missing', 500, 5_199, 8],
    ['one event where not even one fits', 500, 10, 1],
    ['91 by default', 100, MAX_LEAVE_BYTES, 91],
  ])('is %s', (_, events, bytes, expected) => {
    expect(batchSize(events, bytes)).toBe(expected);
  });
});
