/**
 * The database that all tabs of a browser share. As in IndexedDB, there is one read-write transaction at a time, every
 * operation takes time, each answer is a task of the page, and the writes of a transaction exist only when it is
 * complete. It fails as databases do.
 */
import type { OutboxEntry, Pause, RecordKey } from '../../src/client/outbox/records.js';
import type { Chance } from './chance.js';
import type { Clock } from './clock.js';
import type { Recorder } from './recorder.js';

/** What goes wrong with one transaction. */
export type DiskFault =
  /** Every operation succeeded, and then it aborts. */
  | 'abort'
  /** The connection is dead until it is opened again. */
  | 'closed'
  | 'quota'
  /** Nothing answers. */
  | 'hang'
  /** It completes, but the page hears of it after it gave up waiting. */
  | 'late';

/** Who uses the database: a page that may freeze or die between any two operations. */
export interface DiskUser {
  readonly name: string;
  readonly chance: Chance;
  /** Runs `task` in the page when it can run: at once, after a thaw, or never. */
  run(task: () => void): void;
  readonly isDead: boolean;
  /** Called for each operation that the page begins. */
  onDoor(): void;
  /** The page's own wall clock, epoch milliseconds. */
  now(): number;
  /** Whether the user has denied consent on it. */
  readonly isDenied: boolean;
}

/** The database. */
export interface Disk {
  /**
   * Makes the database a page's `indexedDB`.
   * @returns The name to open it by.
   */
  give(user: DiskUser): string;
  /** What happens to the next transactions, one each; of every page, or of one. */
  fail(faults: readonly DiskFault[], user?: string): void;
  /** What happens to all of them from now on, until that is changed. */
  setRegime(fault: DiskFault | undefined): void;
  /** The user clears the site's storage. */
  wipe(): void;
  /**
   * Somebody else writes as soon as no transaction is open.
   * @param write Puts a record, by this name.
   */
  whenFree(write: (put: (by: string, key: RecordKey, value: unknown) => void) => void): void;
  /** Removes what a dead page had not completed. */
  onDeath(user: string): void;
  readonly values: ReadonlyMap<string, readonly [RecordKey, unknown]>;
  /** Whose transaction is open now. */
  readonly holder: string | undefined;
}

interface Transaction {
  readonly user: DiskUser;
  begin(): void;
  /** The browser ends it. */
  abort(): void;
  isOver: boolean;
  isBegun: boolean;
}

/** Longer than a page waits that is not busy. */
const LATE_MS = 2_500;
/** How long an event may wait: what the product does by default. */
export const RETENTION_MS = 72 * 3_600_000;

/** Why an entry is gone. */
type Why = 'expired' | 'outbox-full' | 'storage-full' | 'refused' | 'unreadable' | 'settled';

const nameOf = (key: RecordKey): string => key.join('\0');
const copy = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));
const failure = (name: string): DOMException => new DOMException('', name);

/** The fields of an entry and of its event that this version knows. */
const ENTRY = ['v', 'event', 'endpoint', 'notBeforeAt', 'lease', 'mayBeKnown'];
const EVENT = [
  ...['id', 'type', 'offerId', 'occurredAt', 'impressionId'],
  ...['expiresAt', 'subject', 'token', 'reason', 'group'],
];

/** What this version does not know of a record. */
const beyond = (value: unknown): { readonly unknown?: string; readonly isNewer?: boolean } => {
  const { v, event } = Object(value) as Partial<Record<'v' | 'event', unknown>>;
  if (Number(v) > 1) return { unknown: JSON.stringify(value), isNewer: true };
  const without = (from: unknown, known: readonly string[]): (readonly [string, unknown])[] =>
    Object.entries(Object(from) as object).filter(([name]) => !known.includes(name));
  const unknown = [...without(value, ENTRY), ...without(event, EVENT)];
  return event && unknown.length ? { unknown: JSON.stringify(unknown) } : {};
};

/** What pages open by their names: `indexedDB` is one for all pages of the process. */
const openings = new Map<string, () => object>();

/** Two keys as a range, as the outbox makes it: behind the first, up to the second. */
interface Range {
  readonly lower: RecordKey;
  readonly upper: RecordKey;
}

Object.assign(globalThis, {
  indexedDB: { open: (name: string) => openings.get(name)?.() },
  IDBKeyRange: { bound: (lower: RecordKey, upper: RecordKey): Range => ({ lower, upper }) },
});

let given = 0;

/**
 * Makes an empty database.
 * @param maxEntries The bound of the outbox in it.
 */
export const createDisk = (clock: Clock, { write }: Recorder, maxEntries: number): Disk => {
  const values = new Map<string, readonly [RecordKey, unknown]>();
  const waiting: Transaction[] = [];
  /** What others write as soon as no transaction is open. */
  const others: Parameters<Disk['whenFree']>[0][] = [];
  /**
   * Pages that were refused room, and how many faults of other kinds until that is forgotten: the next may befall the
   * very transaction that makes room.
   */
  const refused = new Map<string, number>();
  const isRefused = (tab: string): boolean => (refused.get(tab) ?? 0) > 0;
  let next: { readonly fault: DiskFault; readonly user: string | undefined }[] = [];
  let regime: DiskFault | undefined;

  const advance = (): void => {
    while (waiting[0]?.isOver) waiting.shift();
    const [first] = waiting;
    if (first?.isBegun) return;
    for (const other of others.splice(0))
      other((tab, key, value) => {
        const [shelf, id] = key;
        if (shelf === 'entry') write({ kind: 'put', shelf, id, tab, ...beyond(value) });
        values.set(nameOf(key), [key, value]);
      });
    if (!first) return;
    first.isBegun = true;
    first.begin();
  };
  const end = (transaction: Transaction): void => {
    if (transaction.isOver) return;
    transaction.isOver = true;
    clock.after(0, advance);
  };

  const faultFor = (user: string): DiskFault | undefined => {
    const at = next.findIndex((each) => each.user === undefined || each.user === user);
    return at < 0 ? regime : next.splice(at, 1)[0]?.fault;
  };

  const count = (): number => [...values.values()].filter(([[shelf]]) => shelf === 'entry').length;

  /**
   * Why an entry may have been given up, by what can be seen of it from outside; without any such reason it was
   * settled.
   */
  const whyOf = ({ event }: Partial<OutboxEntry>, now: number, isMakingRoom: boolean): Why => {
    if (!event) return 'unreadable';
    if (now >= event.occurredAt + RETENTION_MS) return 'expired';
    if (isMakingRoom) return 'storage-full';
    if (count() > maxEntries) return 'outbox-full';
    // Its view was given up before.
    const lost = Object(values.get(nameOf(['seen', event.impressionId, 'lost']))?.[1]) as { reason?: Why };
    return lost.reason ?? 'settled';
  };

  const trace = (
    { name: tab, now, isDenied }: DiskUser,
    written: ReadonlyMap<string, readonly [RecordKey, unknown]>,
    isMakingRoom: boolean,
  ): void => {
    const gone = new Map<string, ReturnType<typeof whyOf>>();
    for (const [name, [, value]] of written) {
      const before = value === undefined ? (Object(values.get(name)?.[1]) as Partial<OutboxEntry>) : {};
      const why = before.event && whyOf(before, now(), isMakingRoom);
      // With a `viewed` that is given up goes its `dismissed`.
      if (before.event && why && gone.get(before.event.impressionId) !== 'expired')
        gone.set(before.event.impressionId, why);
    }
    // Nothing else takes away the endpoint of a service worker. A purge goes on for a while when consent is given again.
    const isPurge =
      isDenied || [...written.values()].some(([key, value]) => key[1] === 'site' && value === undefined);
    const isFull = count() > maxEntries || isMakingRoom;
    const buried = new Set(
      [...written.values()].flatMap(([key, value]) => (key[0] === 'dead' && value ? [key[1]] : [])),
    );
    for (const [name, [key, value]] of written) {
      const [shelf, id] = key;
      if (shelf === 'entry' || shelf === 'dead') {
        const token = (value as Partial<OutboxEntry> | undefined)?.lease?.token;
        if (value !== undefined) write({ kind: 'put', shelf, id, tab, token, ...beyond(value) });
        else if (values.has(name))
          write({
            kind: 'removed',
            shelf,
            id,
            tab,
            why: isPurge ? 'purged' : buried.has(id) ? 'refused' : whyIn(name, gone),
            ...(isFull && { isFull }),
          });
      } else if (shelf === 'state' && key[1] === 'pause') {
        const { kind = 'none', at = 0 } = Object(value) as Partial<Pause>;
        write({ kind: 'paused', tab, pause: kind, until: at, endpoint: key[2] });
      }
    }
  };

  const whyIn = (name: string, gone: ReadonlyMap<string, ReturnType<typeof whyOf>>) => {
    const { event } = Object(values.get(name)?.[1]) as Partial<OutboxEntry>;
    return event ? (gone.get(event.impressionId) ?? 'settled') : 'unreadable';
  };

  /** One transaction of a page, and its only store. */
  const transactionOf = (user: DiskUser, db: object, fault: DiskFault | undefined): object => {
    const written = new Map<string, readonly [RecordKey, unknown]>();
    /** Faults that befall later ones make it forgotten while this one is still under way. */
    const wasRefused = isRefused(user.name);
    /** What was asked and is not answered yet. */
    const asked: (() => void)[] = [];
    const listeners: (() => void)[] = [];
    let isAsking = false;
    let isCommitting = false;
    let error: DOMException | null = null;
    const latency = (): number => (user.chance.is(0.8) ? 0 : user.chance.whole(1, 20));
    /** A task of the page. */
    const tell = (task: () => void, delayMs = latency()): void => {
      clock.after(delayMs, () => user.run(task));
    };

    const complete = (): void => {
      const isFull = fault === 'quota' && [...written.values()].some(([, value]) => value !== undefined);
      if (isFull || fault === 'abort') {
        error = failure(isFull ? 'QuotaExceededError' : 'AbortError');
        end(transaction);
        tell(() => idb.onabort?.());
        return;
      }
      clock.after(latency(), () => {
        // The page died before the browser had it all.
        if (transaction.isOver) return;
        trace(user, written, wasRefused || isRefused(user.name));
        for (const [name, record] of written)
          if (record[1] === undefined) values.delete(name);
          else values.set(name, record);
        end(transaction);
        tell(
          () => {
            for (const listener of listeners) listener();
            idb.oncomplete?.();
          },
          fault === 'late' ? LATE_MS : latency(),
        );
      });
    };
    /** Does what was asked, one after the other. */
    const go = (): void => {
      if (!transaction.isBegun || transaction.isOver || isAsking) return;
      const next = asked.shift();
      if (next) {
        isAsking = true;
        next();
      } else if (isCommitting) {
        isAsking = true;
        complete();
      }
    };
    /** Answers a request within the transaction; a dead page's is gone with it. */
    const ask = <V>(answer: () => V): object => {
      user.onDoor();
      const request: { result?: V; error?: Error; onsuccess?: () => void; onerror?: () => void } = {};
      asked.push(() => {
        clock.after(latency(), () => {
          if (transaction.isOver) return;
          request.result = answer();
          isAsking = false;
          user.run(() => {
            if (!transaction.isOver) request.onsuccess?.();
          });
          go();
        });
      });
      onEnd.push(() => tell(() => request.onerror?.(), 0));
      go();
      return request;
    };
    /** Requests that are never answered fail. */
    const onEnd: (() => void)[] = [];
    const read = (key: RecordKey): unknown => (written.get(nameOf(key)) ?? values.get(nameOf(key)))?.[1];
    const found = ({ lower, upper }: Range, limit?: number): (readonly [RecordKey, unknown])[] => {
      const all = new Map(values);
      for (const [name, record] of written) all.set(name, record);
      return [...all]
        .filter(
          ([name, [key, value]]) =>
            key[0] === upper[0] && value !== undefined && (!lower[1] || name > nameOf(lower)),
        )
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([, record]) => record);
    };
    const abort = (cause: DOMException | null): void => {
      if (transaction.isOver) throw failure('InvalidStateError');
      error = cause;
      end(transaction);
      for (const fail of onEnd) fail();
      tell(() => idb.onabort?.(), 0);
    };
    const transaction: Transaction = {
      user,
      isOver: false,
      isBegun: false,
      abort: () => abort(failure('AbortError')),
      begin: go,
    };
    const store = {
      get: (key: RecordKey) => ask(() => copy(read(key))),
      getAllKeys: (range: Range, limit?: number) => ask(() => found(range, limit).map(([key]) => key)),
      getAll: (range: Range, limit?: number) =>
        ask(() => found(range, limit).map(([, value]) => copy(value))),
      count: (range: Range) => ask(() => found(range).length),
      put(value: object, key: RecordKey) {
        const stored = copy(value);
        return ask(() => written.set(nameOf(key), [key, stored]));
      },
      delete: (key: RecordKey) => ask(() => written.set(nameOf(key), [key, undefined])),
    };
    const idb = {
      db,
      oncomplete: undefined as (() => void) | undefined,
      onabort: undefined as (() => void) | undefined,
      get error() {
        return error;
      },
      objectStore: () => ({ ...store, transaction: idb }),
      addEventListener: (_: 'complete', listener: () => void) => void listeners.push(listener),
      commit() {
        if (transaction.isOver) throw failure('InvalidStateError');
        user.onDoor();
        isCommitting = true;
        go();
      },
      abort: () => abort(null),
    };
    // A page that died in this very operation asks for nothing any more.
    if (fault === 'hang' || user.isDead) transaction.isOver = true;
    else {
      waiting.push(transaction);
      clock.after(latency(), advance);
    }
    return idb;
  };

  /** A request of a page for a connection. */
  const connect = (user: DiskUser): object => {
    const request: { result?: object; error?: Error; onsuccess?: () => void } = {};
    let isClosed = false;
    const db = {
      close() {
        isClosed = true;
      },
      transaction() {
        user.onDoor();
        const fault = faultFor(user.name);
        if (fault === 'quota') refused.set(user.name, 2);
        else if (fault) refused.set(user.name, (refused.get(user.name) ?? 0) - 1);
        if (fault) write({ kind: 'fault', where: 'storage', what: fault, target: user.name });
        if (fault === 'closed') isClosed = true;
        if (isClosed) throw failure('InvalidStateError');
        return transactionOf(user, db, fault);
      },
    };
    user.onDoor();
    // Nobody can open it while it does not answer.
    if (regime === 'hang') {
      write({ kind: 'fault', where: 'storage', what: 'hang', target: user.name });
      return request;
    }
    clock.after(user.chance.is(0.8) ? 0 : user.chance.whole(1, 20), () =>
      user.run(() => {
        request.result = db;
        request.onsuccess?.();
      }),
    );
    return request;
  };

  return {
    give(user) {
      const name = `database ${++given}`;
      openings.set(name, () => connect(user));
      return name;
    },
    values,
    get holder() {
      return waiting.find(({ isBegun, isOver }) => isBegun && !isOver)?.user.name;
    },
    fail(faults, user) {
      next.push(...faults.map((fault) => ({ fault, user })));
    },
    setRegime(fault) {
      regime = fault;
      if (!fault) next = [];
    },
    wipe() {
      values.clear();
      for (const transaction of waiting) if (transaction.isBegun && !transaction.isOver) transaction.abort();
      write({ kind: 'wiped', what: 'outbox' });
    },
    whenFree(other) {
      others.push(other);
      advance();
    },
    onDeath(user) {
      // What the browser already has is completed; the rest never was.
      for (const transaction of waiting) if (transaction.user.name === user) end(transaction);
    },
  };
};
