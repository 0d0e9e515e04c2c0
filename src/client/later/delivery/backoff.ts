/** When to try again, pure. */
import { MAX_CIRCUIT_MS } from '../outbox/reading.js';

const BASE_MS = 1_000;
const CAP_MS = 5 * 60_000;
const SHORTEST_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;
const CIRCUIT_MS = 30_000;

/**
 * The delay that a `Retry-After` header asks for, or 0 if it asks for nothing sensible.
 * Source: RFC 9110 §10.2.3 (whole seconds or an HTTP date). A date is taken against the reply's own `Date`, so
 * that a wrong clock here does not matter.
 * @returns Milliseconds, 1 s to 1 h, or 0.
 */
export const parseRetryAfter = (retryAfter: string | null, date: string | null): number => {
  if (!retryAfter) return 0;
  const delayMs = /^\d+$/.test(retryAfter.trim())
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.parse(date ?? '');
  if (!(delayMs > 0)) return 0;
  return Math.min(Math.max(delayMs, SHORTEST_RETRY_AFTER_MS), LONGEST_RETRY_AFTER_MS);
};

/**
 * The delay before the next attempt: exponential with equal jitter, never sooner than the server asked for.
 * @param failures Failed replies in a row before this one, from 0.
 * @param retryAfterMs From {@link parseRetryAfter}.
 * @param random In [0, 1).
 */
export const backoffMs = (failures: number, retryAfterMs: number, random: number): number =>
  Math.max(retryAfterMs * (1 + random * 0.2), (0.5 + random / 2) * Math.min(CAP_MS, BASE_MS * 2 ** failures));

/**
 * How long the circuit stays open after a deployment fault: 30 seconds, doubling to 6 hours.
 * @param failures Failed replies in a row before this one, from 0.
 */
export const circuitMs = (failures: number): number => Math.min(MAX_CIRCUIT_MS, CIRCUIT_MS * 2 ** failures);
