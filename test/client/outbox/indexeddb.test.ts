import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createConnecting } from '../../../src/client/later/outbox/connecting.js';
import { indexedDbRecords } from '../../../src/client/outbox/indexeddb.js';
import type { Connection, Records } from '../../../src/client/outbox/records.js';
import { memoryRecords } from '../../support/memory-records.js';
import { type FakeRuntime, fakeRuntime, settle } from '../../support/runtime.js';
import { describeLeasing } from '../later/outbox/leasing.contract.js';
import { describeOutbox } from './outbox.contract.js';
import { describeRecords, type OpenRecords } from './records.contract.js';

const { connect, abandon } = createConnecting();
let databases = 0;
const openNamed = (name: string, runtime: FakeRuntime = fakeRuntime()): Connection =>
  connect(indexedDbRecords(name, runtime));
const open: OpenRecords = (runtime) => openNamed(`records-${++databases}`, runtime);

describe('records in IndexedDB', () => describeRecords(open));
describe('an outbox in IndexedDB', () => {
  describeOutbox(open);
  describeLeasing(open);
});

describe('records in memory, which stand for them in tests', () => describeRecords(memoryRecords));

test('records of one database are the same for everybody who opens it by its name, and not those of another', async () => {
  const name = `shared-${++databases}`;
  const [one, same, other] = [openNamed(name), openNamed(name), open(fakeRuntime())];
  await one.transact(async (rows) => rows.put(['entry', 'a'], { from: 'one' }));
  await expect(same.transact((rows) => rows.get(['entry', 'a']))).resolves.toEqual({ from: 'one' });
  await expect(other.transact((rows) => rows.query('count', 'entry'))).resolves.toBe(0);
});

describe('a transaction that aborts behind its requests', () => {
  test('does not count: it rejects, and nothing of it is there (fault 29)', async () => {
    const records = open(fakeRuntime());
    await records.transact(async (rows) => rows.put(['entry', 'before'], {}));
    const commit = vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementationOnce(function (
      this: IDBTransaction,
    ) {
      this.abort();
    });
    const succeeded = vi.fn();
    const transacted = records.transact(async (rows) => {
      await rows.put(['entry', 'behind'], {});
      succeeded(await rows.query('count', 'entry'));
    });
    await expect(transacted.then(() => 'complete')).rejects.toSatisfy(() => true);
    expect(commit).toHaveBeenCalledOnce();
    expect(succeeded).toHaveBeenCalledWith(2);
    await expect(records.transact((rows) => rows.query('getAllKeys', 'entry'))).resolves.toEqual([
      ['entry', 'before'],
    ]);
  });
});

/** The database aborts the transaction of the next put, as one does whose disk is full. */
const refuseNextPut = (): void => {
  const { put } = IDBObjectStore.prototype;
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(function (this: IDBObjectStore, ...given) {
    const { transaction } = this;
    // fake-indexeddb aborts so by itself.
    setImmediate(() =>
      (transaction as unknown as { _abort(name: string): void })._abort('QuotaExceededError'),
    );
    return put.apply(this, given);
  });
};

describe('a transaction that the database aborts', () => {
  test('rejects with the reason, though a request that is under way says only that it was aborted', async () => {
    const records = open(fakeRuntime());
    refuseNextPut();
    const transacted = records.transact(async (rows) => {
      rows.put(['entry', 'a'], {});
      for (;;) await rows.get(['entry', 'a']);
    });
    await expect(transacted).rejects.toMatchObject({ name: 'QuotaExceededError' });
  });
});

/** A runtime whose timers come when the test says so: behind a task that keeps the page busy they are late. */
const lateTimers = (): { readonly runtime: FakeRuntime; readonly timers: (() => void)[] } => {
  const timers: (() => void)[] = [];
  const after = (_: number, task: () => void): (() => void) => {
    timers.push(task);
    return () => {
      if (timers.includes(task)) timers.splice(timers.indexOf(task), 1);
    };
  };
  return { runtime: fakeRuntime({ after }), timers };
};

/** Lets so many turns pass. */
const take = (timers: (() => void)[], turns: number): void => {
  for (let turn = 0; turn < turns; turn++) for (const timer of timers.splice(0)) timer();
};

describe('a page that is busy for seconds', () => {
  test('takes the answer that was there meanwhile, though its timer comes first', async () => {
    const { runtime, timers } = lateTimers();
    const records = open(runtime);
    const transacted = records.transact(async (rows) => rows.put(['entry', 'a'], {}));
    timers.shift()?.();
    expect(await transacted.then(() => 'complete', String)).toBe('complete');
    await expect(records.transact((rows) => rows.query('count', 'entry'))).resolves.toBe(1);
  });
});

describe('a database that does not answer', () => {
  test('is given up after eight turns, each of which begins when the one before it ends', async () => {
    const { runtime, timers } = lateTimers();
    const never = vi.spyOn(indexedDB, 'open').mockReturnValueOnce({} as IDBOpenDBRequest);
    const given = open(runtime)
      .transact(async (rows) => rows.put(['entry', 'a'], {}))
      .catch((cause: unknown) => (cause as Error).message);
    never.mockRestore();
    let turns = 0;
    for (; timers.length; turns++) {
      expect(timers).toHaveLength(1);
      timers.shift()?.();
    }
    expect(turns).toBe(8);
    await expect(given).resolves.toBe('timeout');
  });
});

describe('a transaction that waits behind another one', () => {
  const begin = (records: Records) => {
    let ending: 'not' | 'complete' | 'refused' | 'thrown' = 'not';
    const outcome = records
      .transact(async (rows) => {
        while (ending === 'not') await rows.get(['entry', 'a']);
        if (ending === 'complete') return;
        if (ending === 'thrown') throw new Error('by the page');
        refuseNextPut();
        rows.put(['entry', 'a'], {});
        for (;;) await rows.get(['entry', 'a']);
      })
      .then(
        () => 'complete',
        (cause: unknown) => {
          const { name, message } = cause as Error;
          return name === 'Error' ? message : name;
        },
      );
    return {
      outcome,
      end: (how: 'complete' | 'refused' | 'thrown') => {
        ending = how;
      },
    };
  };

  test('has all its turns when the database completes or refuses that, and times out by its own', async () => {
    const { runtime, timers } = lateTimers();
    const records = open(runtime);
    const [first, second, third, fourth] = [begin(records), begin(records), begin(records), begin(records)];
    take(timers, 7);
    first.end('complete');
    await expect(first.outcome).resolves.toBe('complete');
    take(timers, 7);
    second.end('refused');
    await expect(second.outcome).resolves.toBe('QuotaExceededError');
    await settle();
    take(timers, 7);
    third.end('complete');
    await expect(third.outcome).resolves.toBe('complete');
    take(timers, 9);
    await expect(fourth.outcome).resolves.toBe('timeout');
    fourth.end('complete');
  });

  test('has no more turns if the page aborts that, since nothing shows that the database answers', async () => {
    const { runtime, timers } = lateTimers();
    const records = open(runtime);
    const [first, second] = [begin(records), begin(records)];
    take(timers, 7);
    first.end('thrown');
    await expect(first.outcome).resolves.toBe('by the page');
    await settle();
    expect(timers).toHaveLength(1);
    take(timers, 2);
    await expect(second.outcome).resolves.toBe('timeout');
    second.end('complete');
  });
});

test.each(['complete', 'refused'])('a transaction that is %s leaves no timer', async (how) => {
  const { runtime, timers } = lateTimers();
  if (how === 'refused') refuseNextPut();
  const transacted = open(runtime).transact(async (rows) => rows.put(['entry', 'a'], {}));
  expect(timers).toHaveLength(1);
  await transacted.catch(() => undefined);
  expect(timers).toEqual([]);
});

describe('a transaction that was given up', () => {
  test('changes nothing any more when the database answers at last', async () => {
    const { runtime, timers } = lateTimers();
    const records = open(runtime);
    await records.transact(async (rows) => rows.put(['entry', 'a'], {}));
    timers.length = 0;
    const ended = new Promise((resolve) => {
      const transacted = records.transact(async (rows) => {
        rows.delete(['entry', 'a']);
        const answer = rows.get(['entry', 'a']);
        while (timers.length) timers.shift()?.();
        await answer;
        await transacted.catch(resolve);
      });
    });
    await expect(ended).resolves.toMatchObject({ message: 'timeout' });
    await expect(records.transact((rows) => rows.query('count', 'entry'))).resolves.toBe(1);
  });
});

describe('a transaction that was abandoned', () => {
  test('is not taken for one of a blocked database, however long the page was frozen then', async () => {
    const { runtime, timers } = lateTimers();
    const records = open(runtime);
    await records.transact(async (rows) => rows.put(['entry', 'a'], {}));
    timers.length = 0;
    const transacted = records
      .transact(async (rows) => {
        const asked = rows.get(['entry', 'a']);
        abandon();
        timers.shift()?.();
        return asked;
      })
      .catch((cause: unknown) => (cause as Error).name);
    await expect(transacted).resolves.toBe('AbortError');
  });
});

describe('a connection that is replaced', () => {
  /** Names of the databases whose connections were closed, each time. */
  const watchClosing = (): string[] => {
    const closed: string[] = [];
    const { close } = IDBDatabase.prototype;
    vi.spyOn(IDBDatabase.prototype, 'close').mockImplementation(function (this: IDBDatabase) {
      closed.push(this.name);
      close.call(this);
    });
    return closed;
  };

  test('is closed, so that it is not in the way of who wants to delete the database', async () => {
    const closed = watchClosing();
    const name = `closed-${++databases}`;
    const connection = openNamed(name);
    await connection.transact(async (rows) => rows.put(['entry', 'a'], {}));
    expect(closed).toEqual([]);
    connection.close();
    expect(closed).toEqual([name]);
  });

  test('is closed as soon as it is open at last, and what was under way takes effect', async () => {
    const closed = watchClosing();
    const name = `late-${++databases}`;
    const connection = openNamed(name);
    const transacted = connection.transact(async (rows) => rows.put(['entry', 'a'], { n: 1 }));
    connection.close();
    expect(closed).toEqual([]);
    await transacted;
    expect(closed).toEqual([name]);
    await expect(openNamed(name).transact((rows) => rows.get(['entry', 'a']))).resolves.toEqual({ n: 1 });
  });
});

describe('blocked storage rejects and harms nobody', () => {
  const unhandled = vi.fn();
  const works = vi.fn();

  beforeEach(() => {
    unhandled.mockClear();
    works.mockClear();
    process.on('unhandledRejection', unhandled);
  });

  afterEach(async () => {
    await settle();
    process.off('unhandledRejection', unhandled);
    vi.unstubAllGlobals();
    expect(unhandled).not.toHaveBeenCalled();
    expect(works).not.toHaveBeenCalled();
  });

  const attempt = (runtime = fakeRuntime()): Promise<unknown> =>
    open(runtime).transact(async (rows) => {
      works();
      return rows.query('count', 'entry');
    });

  /** A database whose opening the test ends as it likes. */
  const opening = (end: (request: { error?: unknown; onerror?: () => void }) => void) => ({
    open() {
      const request = {};
      setImmediate(() => end(request));
      return request;
    },
  });
  const broken = new DOMException('broken', 'UnknownError');

  test.each<[where: string, database: unknown, cause: unknown]>([
    ['there is no database', undefined, expect.any(TypeError)],
    [
      'opening fails',
      opening((request) => {
        request.error = broken;
        request.onerror?.();
      }),
      broken,
    ],
  ])('if %s', async (_, database, cause) => {
    vi.stubGlobal('indexedDB', database);
    await expect(attempt()).rejects.toEqual(cause);
  });

  test('if looking at `indexedDB` throws', async () => {
    const original = Object.getOwnPropertyDescriptor(globalThis, 'indexedDB') ?? {};
    const get = (): never => {
      throw broken;
    };
    Object.defineProperty(globalThis, 'indexedDB', { configurable: true, get });
    try {
      await expect(attempt()).rejects.toBe(broken);
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', original);
    }
  });

  test('if opening never ends: after two seconds, not before', async () => {
    vi.stubGlobal(
      'indexedDB',
      opening(() => undefined),
    );
    const runtime = fakeRuntime();
    const rejected = vi.fn();
    void attempt(runtime).catch(rejected);
    await runtime.advance(1_999);
    expect(rejected).not.toHaveBeenCalled();
    await runtime.advance(1);
    expect(rejected).toHaveBeenCalledWith(expect.any(Error));
  });

  test('and the next transaction opens it again', async () => {
    const records = open(fakeRuntime());
    vi.stubGlobal(
      'indexedDB',
      opening((request) => request.onerror?.()),
    );
    await records.transact((rows) => rows.query('count', 'entry')).catch(() => undefined);
    vi.unstubAllGlobals();
    await expect(records.transact((rows) => rows.query('count', 'entry'))).resolves.toBe(0);
  });
});
