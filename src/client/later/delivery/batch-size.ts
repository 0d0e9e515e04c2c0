/** How many events one request takes, pure. */
import { MAX_EVENT_BYTES } from '../../../protocol/limits.js';

/**
 * Most events of one batch. Every event is counted with the most bytes that one can take, so no body exceeds the limit;
 * an event stands alone where not even one fits.
 * @param maxEvents Most entries of one batch, at least 1.
 * @param maxBytes Largest body in UTF-8 bytes.
 */
export const batchSize = (maxEvents: number, maxBytes: number): number =>
  Math.max(1, Math.min(maxEvents, Math.floor(maxBytes / MAX_EVENT_BYTES) - 1));
