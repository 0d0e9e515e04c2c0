/** Entries → batches, pure. */
import { encodedBytes } from '../../protocol/encode.js';
import type { OutboxEntry } from '../outbox/outbox.js';

/** Room for what stands around the events in a request. */
const ENVELOPE_BYTES = 60;

/**
 * Cuts entries into batches, in their order. An entry too large for any batch stands alone.
 * @param maxEvents Most entries of one batch, at least 1.
 * @param maxBytes Largest body in UTF-8 bytes.
 */
export const pack = (
  entries: readonly OutboxEntry[],
  maxEvents: number,
  maxBytes: number,
): OutboxEntry[][] => {
  const batches: OutboxEntry[][] = [];
  let batch: OutboxEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = encodedBytes(entry.event);
    if (!batch.length || batch.length >= maxEvents || bytes + size > maxBytes) {
      batch = [];
      bytes = ENVELOPE_BYTES;
      batches.push(batch);
    }
    batch.push(entry);
    bytes += size;
  }
  return batches;
};
