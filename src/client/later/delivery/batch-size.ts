/** How many events one request takes, pure. */
import type { MAX_EVENT_BYTES, MAX_LEAVE_BYTES } from '../../../protocol/limits.js';

/** Repeated here and checked by its type: importing the value would grow the first load. */
const EVENT_BYTES: typeof MAX_EVENT_BYTES = 520;
/** The same as the farewell's. */
export const KEEPALIVE_BYTES: typeof MAX_LEAVE_BYTES = 48_000;

/**
 * Most events of one batch. Every event is counted with the most bytes that one can take, so no body exceeds the limit;
 * an event stands alone where not even one fits.
 * @param maxEvents Most entries of one batch, at least 1.
 * @param maxBytes Largest body in UTF-8 bytes.
 */
export const batchSize = (maxEvents: number, maxBytes: number): number =>
  Math.max(1, Math.min(maxEvents, Math.floor(maxBytes / EVENT_BYTES) - 1));
