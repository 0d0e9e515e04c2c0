/** Entries → batches, pure. */
import type { MAX_EVENT_BYTES, MAX_LEAVE_BYTES } from '../../protocol/limits.js';

/** Told again, since a value that the first load exports costs it bytes. */
const EVENT_BYTES: typeof MAX_EVENT_BYTES = 420;
/** The same as the farewell's. */
export const KEEPALIVE_BYTES: typeof MAX_LEAVE_BYTES = 48_000;

/**
 * Cuts entries into batches, in their order. Every event is counted with the most bytes that one can take, so no
 * body exceeds the limit; an event stands alone where not even one fits.
 * @param maxEvents Most entries of one batch, at least 1.
 * @param maxBytes Largest body in UTF-8 bytes.
 */
export const pack = <Entry>(
  entries: readonly Entry[],
  maxEvents: number,
  maxBytes: number,
): (readonly Entry[])[] => {
  const size = Math.max(1, Math.min(maxEvents, Math.floor(maxBytes / EVENT_BYTES) - 1));
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, index) =>
    entries.slice(index * size, (index + 1) * size),
  );
};
