/** Bounds of an intake that only make sense together. */
import { expect, it } from 'vitest';
import { resolveBounds } from '../../../src/proxy/intake/rules.js';

const DAY_MS = 86_400_000;

it('an event may wait for a day less than the ledger remembers, and no longer', () => {
  expect(resolveBounds({ ledgerDays: 31, maxDelayMs: 30 * DAY_MS })).toMatchObject({
    maxDelayMs: 30 * DAY_MS,
  });
  for (const maxDelayMs of [30 * DAY_MS + 1, Number.POSITIVE_INFINITY])
    expect(() => resolveBounds({ ledgerDays: 31, maxDelayMs })).toThrow(
      /^.*Set maxDelayMs to at least a day less/,
    );
});
