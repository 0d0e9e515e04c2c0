/** Forgets what the origin remembers, when it is over or when there is too much of it. */
import type { RecordKey, Rows } from '../../outbox/records.js';
import { list } from './reading.js';

/** Forgets what is over, and of the rest all but those that last longest. */
export const prune = async <T>(
  rows: Rows,
  now: number,
  kind: RecordKey[0],
  { most, until }: { readonly most: number; readonly until: (value: T) => number },
): Promise<T[]> => {
  const all = (await list(rows, kind)) as (readonly [RecordKey, T])[];
  const kept = all
    // If several last equally long, the latest.
    .toReversed()
    .filter(([, value]) => until(value) > now)
    .sort(([, a], [, b]) => until(b) - until(a))
    .slice(0, most);
  for (const record of all) if (!kept.includes(record)) rows.delete(record[0]);
  return kept.map(([, value]) => value);
};
