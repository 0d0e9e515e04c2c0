/** A database of which the test says whether it works, and into which it can look while it does not. */
import type { Connection, Records } from '../../src/client/outbox/records.js';
import type { Runtime } from '../../src/runtime.js';
import { deferred } from './deferred.js';
import { memoryRecords } from './memory-records.js';
import { settle } from './runtime.js';

/** A transaction is given up after that long, as in IndexedDB. It may take effect later, as there. */
export const TIMEOUT_MS = 2_000;

/** The connection is gone for good. */
export const DEAD = new DOMException('The connection is closing.', 'InvalidStateError');
/** A transaction was ended, as where the page is frozen. */
export const ABORTED = new DOMException('The transaction was aborted.', 'AbortError');
/** The browser gives no more storage. */
export const FULL = new DOMException('No more storage.', 'QuotaExceededError');

/** A database under a test's control. */
export interface ScriptedDatabase {
  /** What is really stored. */
  readonly stored: Records;
  /** What every transaction rejects with, before it has begun. */
  fault: Error | undefined;
  /** What every put fails with, as where there is no more storage; reading and deleting go on. */
  putFault: Error | undefined;
  /** How the next transactions end, one each: with a fault behind all their steps, which are undone, or well. */
  readonly next: (Error | undefined)[];
  /** The connections that were opened, oldest first. */
  readonly connections: { readonly isClosed: boolean }[];
  /** How many transactions were asked for. */
  readonly asked: () => number;
  connect(): Connection;
  /** Nobody gets an answer, until what this gives is called: then all that was asked meanwhile takes effect, in order. */
  hang(): () => Promise<void>;
  /** The same for those that have a connection by now: whoever opens another one is served. */
  stall(): () => Promise<void>;
  /** The next transaction goes through its steps, and is not complete before what this gives is called; all others queue. */
  linger(): () => Promise<void>;
}

/** Makes a database that works. */
export const scriptDatabase = (runtime: Pick<Runtime, 'after'>): ScriptedDatabase => {
  const stored = memoryRecords();
  let asked = 0;
  let hanging: Promise<void> | undefined;
  let lingering: Promise<void> | undefined;

  /** What somebody waits for, and what ends that. */
  const wait = (onEnd: () => void): readonly [Promise<void>, () => Promise<void>] => {
    const answer = deferred<void>();
    const end = async (): Promise<void> => {
      onEnd();
      answer.resolve();
      await settle();
    };
    return [answer.promise, end];
  };

  const run: Records['transact'] = (work) => {
    if (database.fault) return Promise.reject(database.fault);
    const fault = database.next.shift();
    return stored.transact(async (rows) => {
      const result = await work({
        ...rows,
        put(key, value) {
          if (database.putFault) throw database.putFault;
          return rows.put(key, value);
        },
      });
      await lingering;
      if (fault) throw fault;
      return result;
    });
  };

  const connections: { isClosed: boolean; stalled?: Promise<void> | undefined }[] = [];

  const database: ScriptedDatabase = {
    stored,
    fault: undefined,
    putFault: undefined,
    next: [],
    connections,
    asked: () => asked,
    connect() {
      const connection: (typeof connections)[number] = { isClosed: false };
      connections.push(connection);
      return {
        transact(work) {
          asked++;
          if (connection.isClosed) return Promise.reject(DEAD);
          return new Promise((resolve, reject) => {
            const stop = runtime.after(TIMEOUT_MS, () => reject(new Error('timeout')));
            const answer = hanging ?? connection.stalled;
            const outcome = answer ? answer.then(() => run(work)) : run(work);
            outcome.finally(stop).then(resolve, reject);
          });
        },
        close() {
          connection.isClosed = true;
        },
      };
    },
    hang() {
      const [answer, end] = wait(() => {
        hanging = undefined;
      });
      hanging = answer;
      return end;
    },
    stall() {
      const stalled = [...connections];
      const [answer, end] = wait(() => {
        for (const connection of stalled) connection.stalled = undefined;
      });
      for (const connection of stalled) connection.stalled = answer;
      return end;
    },
    linger() {
      const [answer, end] = wait(() => {
        lingering = undefined;
      });
      lingering = answer;
      return end;
    },
  };
  return database;
};
