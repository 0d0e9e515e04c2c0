/**
 * What this origin's database holds, read only. It opens the database for each look, so that nothing waits for the inspector, and
 * never makes one.
 */
import type { Mark, OutboxEntry, Pause } from '../../client/outbox/records.js';
import type { OfferEvent } from '../../protocol/event.js';
import type { Runtime } from '../../runtime.js';

/** What was refused or could not be read. */
export interface DeadLetter {
  readonly event?: OfferEvent | undefined;
  readonly code: string;
  /** Epoch milliseconds. */
  readonly deadAt: number;
}

/** The content of the database at a moment. */
export interface Stored {
  /** The oldest that wait, of every endpoint and page. */
  readonly entries: readonly OutboxEntry[];
  /** How many wait. */
  readonly waiting: number;
  readonly dead: readonly DeadLetter[];
  readonly marks: readonly Mark[];
  /** The pause of the endpoint that was asked for. */
  readonly pause: Pause | undefined;
  /** When the look began, on the monotonic clock, milliseconds. */
  readonly readAt: number;
}

const STORE = 'offersight';
/** So many entries are looked at, so that a look costs little where thousands wait. */
const MOST = 500;

const ask = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** One kind of record is a range of keys: an array sorts after every string. */
const rangeOf = (kind: string): IDBKeyRange => IDBKeyRange.bound([kind], [kind, []]);

const open = (name: string): Promise<IDBDatabase> => {
  const request = indexedDB.open(name);
  // The tracker makes the database, and its store with it.
  request.onupgradeneeded = () => request.transaction?.abort();
  return ask(request);
};

/** The content, without records of another version that cannot be shown. */
const readable = <T extends { readonly v?: unknown }>(values: readonly unknown[]): readonly T[] =>
  values.filter((value): value is T => (value as T | undefined)?.v === 1);

/** The page's own tracker gives up other records. */
const isWhole = ({ event }: Partial<OutboxEntry>): boolean =>
  typeof event?.id === 'string' && typeof event.offerId === 'string';

/**
 * Looks into the database once.
 * @param name The database's.
 * @throws The browser's own error if there is no database, or it may not be read.
 */
export const readStored = async (
  name: string,
  endpoint: string,
  runtime: Pick<Runtime, 'elapsed'>,
): Promise<Stored> => {
  const readAt = runtime.elapsed();
  const database = await open(name);
  try {
    const store = database.transaction(STORE, 'readonly').objectStore(STORE);
    const [entries, waiting, dead, marks, pause] = await Promise.all([
      ask(store.getAll(rangeOf('entry'), MOST)),
      ask(store.count(rangeOf('entry'))),
      ask(store.getAll(rangeOf('dead'))),
      ask(store.getAll(rangeOf('seen'))),
      ask<unknown>(store.get(['state', 'pause', endpoint])),
    ]);
    return {
      entries: readable<OutboxEntry>(entries).filter(isWhole),
      waiting,
      dead: readable<DeadLetter & { readonly v: 1 }>(dead),
      marks: (marks as readonly (Mark | null | undefined)[]).filter((mark) => mark != null),
      pause: pause as Pause | undefined,
      readAt,
    };
  } finally {
    database.close();
  }
};
