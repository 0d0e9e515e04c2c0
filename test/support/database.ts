/** A database that works or fails as the test says. The test can look into it even while it fails. */
import type { Connection, Records } from '../../src/client/outbox/records.js';
import type { Runtime } from '../../src/runtime.js';
import { deferred } from './deferred.js';
import { memoryRecords } from './memory-records.js';
import { settle } from './runtime.js';

/** A transaction is given up after that long, as in IndexedDB. It may take effect later, as there. */
export const TIMEOUT_MS = 2_000;

/** The error of a connection that is gone for good. */
export const DEAD = new DOMException('The connection is closing.', 'InvalidStateError');
/** The error of a transaction that the browser ended, as when a page is frozen. */
export const ABORTED = new DOMException('The transaction was aborted.', 'AbortError');
/** The error of a browser that gives no more storage. */
export const FULL = new DOMException('No more storage.', 'QuotaExceededError');

/** A database under a test's control. */
export interface ScriptedDatabase {
  /** What is really stored. */
  readonly stored: Records;
  /** The error that every transaction rejects with before it begins. */
  fault: Error | undefined;
  /** The error of every put, as without any storage left; reading and deleting still work. */
  putFault: Error | undefined;
  /** How the next transactions end, one each: with a fault behind all their steps, which are undone, or well. */
  readonly next: (Error | undefined)[];
  /** The connections that were opened, oldest first. */
  readonly connections: { readonly isClosed: boolean }[];
  /** How many transactions were asked for. */
  readonly asked: () => number;
  connect(): Connection;
  /** Gives no answers until the returned function is called. Then everything that was asked takes effect, in order. */
  hang(): () => Promise<void>;
  /** The same, but only for connections that exist by now. A new one works. */
  stall(): () => Promise<void>;
  /** The next transaction runs, but completes only when the returned function is called. All others queue. */
  linger(): () => Promise<void>;
}

/** Makes a database that works. */
export const scriptDatabase = (runtime: Pick<Runtime, 'after'>): ScriptedDatabase => {
  const stored = memoryRecords();
  let asked = 0;
  let hanging: Promise<void> | undefined;
  let lingering: Promise<void> | undefined;

  /** A promise to wait for, and the function that ends the wait. */
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
