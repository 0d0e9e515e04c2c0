import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs, circuitMs, parseRetryAfter } from '../../../../src/client/later/delivery/backoff.js';

const HOUR_MS = 3_600_000;
const DATE = 'Thu, 20 Nov 2025 09:00:00 GMT';

describe('what a server asks for', () => {
  test.each([
    ['nothing', null, DATE, 0],
    ['an empty header', '', DATE, 0],
    ['whole seconds', '7', DATE, 7_000],
    ['whole seconds without a date', '7', null, 7_000],
    ['seconds with space around', ' 12 ', null, 12_000],
    ['zero seconds', '0', DATE, 0],
    ['one second', '1', null, 1_000],
    ['exactly an hour', '3600', null, HOUR_MS],
    ['more than an hour', '3601', null, HOUR_MS],
    ['thirty years', '1000000000', null, HOUR_MS],
    ['more digits than a number holds', '9'.repeat(400), null, HOUR_MS],
    ['negative seconds', '-5', DATE, 0],
    ['fractions', '1.5', null, 0],
    ['an exponent', '1e3', null, 0],
    ['hexadecimal', '0x10', null, 0],
    ['infinity', 'Infinity', null, 0],
    ['words', 'soon', DATE, 0],
    ['markup', '<html>', DATE, 0],
    ['a date against the reply’s own', 'Thu, 20 Nov 2025 09:01:30 GMT', DATE, 90_000],
    ['a date in the past', 'Thu, 20 Nov 2025 08:59:59 GMT', DATE, 0],
    ['the reply’s own date', DATE, DATE, 0],
    ['a date far ahead', 'Fri, 20 Nov 2026 09:00:00 GMT', DATE, HOUR_MS],
    ['a date without one to take it against', 'Thu, 20 Nov 2025 09:01:30 GMT', null, 0],
    ['a date against none that can be read', 'Thu, 20 Nov 2025 09:01:30 GMT', 'today', 0],
  ])('it is kept to, or ignored if it cannot be read: %s (fault 11)', (_, retryAfter, date, expected) => {
    expect(parseRetryAfter(retryAfter, date)).toBe(expected);
  });

  test('is always nothing or between a second and an hour', () => {
    const text = fc.oneof(fc.string(), fc.integer().map(String), fc.date().map(String));
    fc.assert(
      fc.property(text, fc.option(text), (retryAfter, date) => {
        const delayMs = parseRetryAfter(retryAfter, date);
        expect(delayMs === 0 || (delayMs >= 1_000 && delayMs <= HOUR_MS)).toBe(true);
      }),
    );
  });
});

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the back-off', () => {
  test.each([
    [0, 0, 500],
    [0, 0.5, 750],
    [1, 0, 1_000],
    [3, 0.5, 6_000],
    [8, 0, 128_000],
    [9, 0, 150_000],
    [40, 0.5, 225_000],
    [5_000, 0, 150_000],
  ])('after %i failures with a random of %d is %i ms', (failures, at, expected) => {
    expect(backoffMs(failures, 0, at)).toBe(expected);
  });

  test('lies between a half and the whole of 1 s · 2ⁿ, cut at 5 minutes', () => {
    fc.assert(
      fc.property(fc.nat(2_000), random, (failures, at) => {
        const whole = Math.min(300_000, 1_000 * 2 ** failures);
        const delayMs = backoffMs(failures, 0, at);
        expect(delayMs).toBeGreaterThanOrEqual(whole / 2);
        expect(delayMs).toBeLessThanOrEqual(whole);
      }),
    );
  });

  test('is never shorter than the server asked for, nor longer than a fifth more or its own', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1_000, max: HOUR_MS }), random, (failures, askedMs, at) => {
        const delayMs = backoffMs(failures, askedMs, at);
        expect(delayMs).toBeGreaterThanOrEqual(askedMs);
        expect(delayMs).toBeLessThanOrEqual(Math.max(askedMs * 1.2, 300_000));
      }),
    );
  });
});

describe('the open circuit', () => {
  test.each([
    [0, 0.5],
    [1, 1],
    [2, 2],
    [9, 256],
    [10, 360],
    [900, 360],
  ])('after %i failures lasts %d minutes', (failures, minutes) => {
    expect(circuitMs(failures)).toBe(minutes * 60_000);
  });
});
