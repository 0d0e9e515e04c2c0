/**
 * The database that all tabs of a browser share, as the outbox sees it: one read-write transaction at a time, every
 * operation takes time, and what a transaction wrote is there only when it is complete. It fails as databases do.
 */
import type { OutboxEntry, Pause, RecordKey, Records, Rows } from '../../src/client/outbox/outbox.js';
import type { Chance } from './chance.js';
import type { Clock } from './clock.js';
import type { Recorder } from './recorder.js';

/** What goes wrong with one transaction. */
export type DiskFault =
  /** Every operation succeeded, and then it aborts. */
  | 'abort'
  /** The connection is dead until it is opened anew. */
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
  /** The page's own timer. */
  after(delayMs: number, task: () => void): () => void;
  /** Told of each operation that the page begins. */
  onDoor(): void;
  /** The page's own wall clock, epoch milliseconds. */
  now(): number;
  /** Entries that the page knows to be written. */
  readonly written: Set<string>;
}

/** The database. */
export interface Disk {
  /** A connection of a page. */
  open(user: DiskUser): Records;
  /** What happens to the next transactions, one each; of every page, or of one. */
  fail(faults: readonly DiskFault[], user?: string): void;
  /** What happens to all of them from now on, until told otherwise. */
  setRegime(fault: DiskFault | undefined): void;
  /** The user clears the site's storage. */
  wipe(): void;
  /** Something that is no entry of ours is written. */
  putJunk(key: RecordKey, value: unknown): void;
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

/** An operation that answers nothing for this long is given up by the page. */
const TIMEOUT_MS = 2_000;
const LATE_MS = 2_500;
/** How long an event may wait: what the product does by default. */
export const RETENTION_MS = 72 * 3_600_000;

const nameOf = (key: RecordKey): string => key.join('\0');
const copy = <T>(value: T): T => (value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T));
const failure = (name: string): Error => Object.assign(new Error(''), { name });

/**
 * Makes an empty database.
 * @param maxEntries The bound of the outbox in it.
 */
export const createDisk = (clock: Clock, { write }: Recorder, maxEntries: number): Disk => {
  const values = new Map<string, readonly [RecordKey, unknown]>();
  const waiting: Transaction[] = [];
  /** What somebody else writes as soon as no transaction is open. */
  const junk: (readonly [RecordKey, unknown])[] = [];
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
    for (const [key, value] of junk.splice(0)) {
      const [shelf, id] = key;
      if (shelf === 'entry') write({ kind: 'put', shelf, id, tab: 'nobody' });
      values.set(nameOf(key), [key, value]);
    }
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
  const whyOf = (
    { event }: Partial<OutboxEntry>,
    now: number,
    isMakingRoom: boolean,
  ): 'expired' | 'outbox-full' | 'storage-full' | 'unreadable' | 'settled' => {
    if (!event) return 'unreadable';
    if (now >= Math.min(event.occurredAt + RETENTION_MS, event.expiresAt ?? Infinity)) return 'expired';
    if (isMakingRoom) return 'storage-full';
    return count() > maxEntries ? 'outbox-full' : 'settled';
  };

  const trace = (
    { name: tab, now }: DiskUser,
    written: ReadonlyMap<string, readonly [RecordKey, unknown]>,
  ): void => {
    const gone = new Map<string, ReturnType<typeof whyOf>>();
    for (const [name, [, value]] of written) {
      const before = value === undefined ? (Object(values.get(name)?.[1]) as Partial<OutboxEntry>) : {};
      const why = before.event && whyOf(before, now(), isRefused(tab));
      // With a `viewed` that is given up goes its `dismissed`.
      if (before.event && why && gone.get(before.event.impressionId) !== 'expired')
        gone.set(before.event.impressionId, why);
    }
    // Nothing else takes away what a service worker is told.
    const isPurge = [...written.values()].some(([key, value]) => key[1] === 'site' && value === undefined);
    const isFull = count() > maxEntries || isRefused(tab);
    const buried = new Set(
      [...written.values()].flatMap(([key, value]) => (key[0] === 'dead' && value ? [key[1]] : [])),
    );
    for (const [name, [key, value]] of written) {
      const [shelf, id] = key;
      if (shelf === 'entry' || shelf === 'dead') {
        const token = (value as Partial<OutboxEntry> | undefined)?.lease?.token;
        if (value !== undefined) write({ kind: 'put', shelf, id, tab, token });
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
        write({ kind: 'paused', tab, pause: kind, until: at });
      }
    }
  };

  const whyIn = (name: string, gone: ReadonlyMap<string, ReturnType<typeof whyOf>>) => {
    const { event } = Object(values.get(name)?.[1]) as Partial<OutboxEntry>;
    return event ? (gone.get(event.impressionId) ?? 'settled') : 'unreadable';
  };

  const connect = (user: DiskUser): Records => {
    let isClosed = false;
    return {
      transact: <T>(work: (rows: Rows) => Promise<T>): Promise<T> =>
        new Promise<T>((resolvePage, rejectPage) => {
          if (!user.isDead) user.onDoor();
          if (user.isDead) return;
          const fault = faultFor(user.name);
          if (fault === 'quota') refused.set(user.name, 2);
          else if (fault) refused.set(user.name, (refused.get(user.name) ?? 0) - 1);
          if (fault) write({ kind: 'fault', where: 'storage', what: fault, target: user.name });
          if (fault === 'closed') isClosed = true;
          if (isClosed) {
            clock.after(0, () => user.run(() => rejectPage(failure('InvalidStateError'))));
            return;
          }
          let isLate = false;
          const stopTimer = user.after(TIMEOUT_MS, () => {
            isLate = true;
            rejectPage(new Error('timeout'));
          });
          if (fault === 'hang') return;
          const settle = (how: () => void, delayMs: number): void => {
            clock.after(delayMs, () =>
              user.run(() => {
                stopTimer();
                how();
              }),
            );
          };

          const written = new Map<string, readonly [RecordKey, unknown]>();
          const latency = (): number => (user.chance.is(0.8) ? 0 : user.chance.whole(1, 20));
          const read = (key: RecordKey): unknown =>
            (written.get(nameOf(key)) ?? values.get(nameOf(key)))?.[1];
          /** Answers a request within the transaction; a dead page's is gone with it. */
          const ask = <V>(answer: () => V): Promise<V> =>
            new Promise((resolve) => {
              user.onDoor();
              clock.after(latency(), () => {
                if (transaction.isOver) return;
                const value = answer();
                user.run(() => resolve(value));
              });
            });
          const told: (() => void)[] = [];
          const rows: Rows = {
            get: (key) => ask(() => copy(read(key))),
            query: (method, kind, limit, after) =>
              ask(() => {
                const all = new Map(values);
                for (const [name, record] of written) all.set(name, record);
                const found = [...all]
                  .filter(
                    ([name, [key, value]]) =>
                      key[0] === kind && value !== undefined && (!after || name > nameOf(after)),
                  )
                  .sort(([a], [b]) => (a < b ? -1 : 1))
                  .slice(0, limit)
                  .map(([, record]) => record);
                return {
                  getAllKeys: found.map(([key]) => key),
                  getAll: found.map(([, value]) => copy(value)),
                  count: found.length,
                }[method];
              }),
            onComplete: (tell) => told.push(tell),
            put: (key, value) => written.set(nameOf(key), [key, copy(value)]),
            delete: (key) => written.set(nameOf(key), [key, undefined]),
          };

          const commit = (result: T): void => {
            const isFull =
              fault === 'quota' && [...written.values()].some(([, value]) => value !== undefined);
            if (isFull || fault === 'abort') {
              end(transaction);
              settle(() => rejectPage(failure(isFull ? 'QuotaExceededError' : 'AbortError')), latency());
              return;
            }
            clock.after(latency(), () => {
              // The page died before the browser had it all.
              if (transaction.isOver) return;
              trace(user, written);
              for (const [name, record] of written)
                if (record[1] === undefined) values.delete(name);
                else values.set(name, record);
              end(transaction);
              // The page hears of the completion also when it has given up waiting.
              const complete = (): void => {
                for (const tell of told) tell();
                if (!isLate)
                  for (const [[shelf, id]] of written.values()) if (shelf === 'entry') user.written.add(id);
                resolvePage(result);
              };
              settle(complete, fault === 'late' ? LATE_MS : latency());
            });
          };
          const transaction: Transaction = {
            user,
            isOver: false,
            isBegun: false,
            abort() {
              end(transaction);
              settle(() => rejectPage(failure('AbortError')), 0);
            },
            begin: () =>
              user.run(() => {
                work(rows).then(
                  (result) => {
                    user.onDoor();
                    // Nobody waits any more for what comes late.
                    if (isLate) end(transaction);
                    else if (!user.isDead) commit(result);
                  },
                  (cause: unknown) => {
                    end(transaction);
                    settle(() => rejectPage(cause), 0);
                  },
                );
              }),
          };
          waiting.push(transaction);
          clock.after(latency(), advance);
        }),
    };
  };

  return {
    open: connect,
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
    putJunk(key, value) {
      junk.push([key, value]);
      advance();
    },
    onDeath(user) {
      // What the browser already has is completed; the rest never was.
      for (const transaction of waiting) if (transaction.user.name === user) end(transaction);
    },
  };
};
