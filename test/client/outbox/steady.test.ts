import { describe, expect, test, vi } from 'vitest';
import { memoryRecords } from '../../../src/client/outbox/memory.js';
import type { RecordKey, Records } from '../../../src/client/outbox/outbox.js';
import { type SteadyRecords, steadyRecords } from '../../../src/client/outbox/steady.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';
import { describeLeasing } from './leasing.contract.js';
import { describeOutbox } from './outbox.contract.js';
import { describeRecords, type OpenRecords } from './records.contract.js';

const dead = new DOMException('The connection is closing', 'InvalidStateError');
const full = new DOMException('', 'QuotaExceededError');

/** A database of which the test says what its connections do. */
interface Bench {
  readonly steady: SteadyRecords;
  readonly runtime: FakeRuntime;
  /** What is really stored. */
  readonly stored: Records;
  /** What each transaction of a connection fails with from now on; undefined works. */
  fault: Error | undefined;
  /** What each put fails with from now on, as in a full database; what only reads or deletes works. */
  putFault: Error | undefined;
  /** Faults for the next transactions, one each. */
  readonly next: Error[];
  mayStore: boolean;
  readonly opened: () => number;
  readonly asked: () => number;
  readonly onBlocked: ReturnType<typeof vi.fn<(cause: unknown) => void>>;
  readonly onRetry: ReturnType<typeof vi.fn<() => void>>;
  readonly makeRoom: ReturnType<typeof vi.fn<(records: Records) => Promise<unknown>>>;
}

const start = (runtime: FakeRuntime = fakeRuntime()): Bench => {
  const stored = memoryRecords();
  let opened = 0;
  let asked = 0;
  const connect = (): Records => ({
    async transact(work) {
      asked++;
      const fault = bench.next.shift() ?? bench.fault;
      if (fault) throw fault;
      return stored.transact((rows) =>
        work({
          ...rows,
          put(key, value) {
            if (bench.putFault) throw bench.putFault;
            return rows.put(key, value);
          },
        }),
      );
    },
  });
  const open = (): Records => {
    opened++;
    return connect();
  };
  const onBlocked = vi.fn<(cause: unknown) => void>();
  const makeRoom = vi.fn<(records: Records) => Promise<unknown>>(async () => undefined);
  const onRetry = vi.fn<() => void>();
  const mayStore = () => bench.mayStore;
  const steady = steadyRecords(connect(), open, runtime, mayStore, makeRoom, onBlocked, onRetry);
  const bench: Bench = {
    steady,
    runtime,
    stored,
    fault: undefined,
    putFault: undefined,
    next: [],
    mayStore: true,
    opened: () => opened,
    asked: () => asked,
    onBlocked,
    onRetry,
    makeRoom,
  };
  return bench;
};

const put = (records: Records, id: string): Promise<unknown> =>
  records.transact(async (rows) => rows.put(['entry', id], { id }));

const idsIn = (records: Records): Promise<unknown[]> =>
  records.transact(async (rows) => (await rows.query('getAllKeys', 'entry')).map((key) => key[1]));

/** A database that fails whatever is asked. */
const broken: OpenRecords = (runtime) => {
  const bench = start(runtime);
  bench.fault = new Error('blocked');
  return bench.steady;
};

describe('steady records, while the database works', () => {
  const open: OpenRecords = (runtime) => start(runtime).steady;
  describeOutbox(open);
  describeLeasing(open);

  test('are those of the database, and nobody is told', async () => {
    const { steady, stored, onBlocked } = start();
    await put(steady, 'a');
    await expect(idsIn(stored)).resolves.toEqual(['a']);
    expect(onBlocked).not.toHaveBeenCalled();
  });
});

describe('steady records, while the database is blocked', () => {
  describeRecords(broken);
  describeOutbox(broken);
  describeLeasing(broken);

  test('run the failed work in memory and go on there, without asking again at once', async () => {
    const bench = start();
    bench.fault = new Error('blocked');
    await put(bench.steady, 'a');
    const asked = bench.asked();
    await put(bench.steady, 'b');
    await expect(idsIn(bench.steady)).resolves.toEqual(['a', 'b']);
    expect(bench.asked()).toBe(asked);
  });

  test('tell once that durability is gone, and why, also when many transactions fail together', async () => {
    const bench = start();
    bench.fault = dead;
    await Promise.all(['a', 'b', 'c'].map((id) => put(bench.steady, id)));
    await put(bench.steady, 'd');
    expect(bench.onBlocked.mock.calls).toEqual([[dead]]);
    await expect(idsIn(bench.steady)).resolves.toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('a connection that died', () => {
  test('is opened anew, and the work runs again, without a word to anybody (fault 27)', async () => {
    const bench = start();
    await put(bench.steady, 'a');
    bench.next.push(dead);
    await put(bench.steady, 'b');
    await expect(idsIn(bench.stored)).resolves.toEqual(['a', 'b']);
    expect(bench.opened()).toBe(1);
    expect(bench.onBlocked).not.toHaveBeenCalled();
  });

  test('is opened anew only once: then the records are in memory', async () => {
    const bench = start();
    bench.fault = dead;
    await put(bench.steady, 'a');
    expect([bench.opened(), bench.asked()]).toEqual([1, 2]);
  });

  test('that never answers is not asked a second time', async () => {
    const bench = start();
    bench.fault = new Error('timeout');
    await put(bench.steady, 'a');
    expect([bench.opened(), bench.asked()]).toEqual([0, 1]);
  });
});

describe('a full database', () => {
  test('gets room made, and the work runs again (fault 28)', async () => {
    const bench = start();
    bench.next.push(full);
    await put(bench.steady, 'a');
    expect(bench.makeRoom).toHaveBeenCalledOnce();
    await expect(idsIn(bench.stored)).resolves.toEqual(['a']);
    expect(bench.onBlocked).not.toHaveBeenCalled();
  });

  test('that stays full leaves the records in memory, and says so', async () => {
    const bench = start();
    bench.fault = full;
    await put(bench.steady, 'a');
    await expect(idsIn(bench.steady)).resolves.toEqual(['a']);
    expect(bench.onBlocked.mock.calls).toEqual([[full]]);
  });

  test('gets room made once for all transactions that find it full together', async () => {
    const bench = start();
    bench.next.push(full, full, full);
    await Promise.all(['a', 'b', 'c'].map((id) => put(bench.steady, id)));
    expect(bench.makeRoom).toHaveBeenCalledOnce();
    await expect(idsIn(bench.stored)).resolves.toEqual(['a', 'b', 'c']);
    bench.next.push(full);
    await put(bench.steady, 'd');
    expect(bench.makeRoom).toHaveBeenCalledTimes(2);
  });

  test('that stays full though room was made gives up no more for it, and says so once, however often it is tried', async () => {
    const bench = start();
    bench.putFault = full;
    // What only reads succeeds, and shows nothing.
    bench.onRetry.mockImplementation(() => void idsIn(bench.steady).then(() => put(bench.steady, 'b')));
    await put(bench.steady, 'a');
    await bench.steady.transact(async (rows) => rows.delete(['entry', 'a']));
    await bench.runtime.advance(600_000);
    expect(bench.onRetry).toHaveBeenCalledTimes(20);
    expect(bench.makeRoom).toHaveBeenCalledOnce();
    expect(bench.onBlocked.mock.calls).toEqual([[full]]);
    bench.putFault = undefined;
    await bench.runtime.advance(30_000);
    await expect(idsIn(bench.stored)).resolves.toEqual(['b']);
  });
});

describe('a database that works again', () => {
  const blocked = async (): Promise<Bench> => {
    const bench = start();
    bench.fault = new Error('blocked');
    await put(bench.steady, 'a');
    await put(bench.steady, 'b');
    bench.fault = undefined;
    return bench;
  };

  test('gets what was in memory as soon as it is asked to be tried', async () => {
    const { steady, stored } = await blocked();
    steady.retry();
    await put(steady, 'c');
    await expect(idsIn(stored)).resolves.toEqual(['a', 'b', 'c']);
  });

  test('is tried again after 30 s, not before', async () => {
    const { steady, stored, runtime } = await blocked();
    await runtime.advance(29_999);
    await put(steady, 'c');
    await expect(idsIn(stored)).resolves.toEqual([]);
    await runtime.advance(1);
    await put(steady, 'd');
    await expect(idsIn(stored)).resolves.toEqual(['a', 'b', 'c', 'd']);
  });

  test('asks for a transaction after 30 s, and every 30 s while it is still broken', async () => {
    const bench = await blocked();
    bench.fault = dead;
    bench.onRetry.mockImplementation(() => void put(bench.steady, 'c'));
    await bench.runtime.advance(29_999);
    expect(bench.onRetry).not.toHaveBeenCalled();
    await bench.runtime.advance(60_001);
    expect(bench.onRetry).toHaveBeenCalledTimes(3);
    bench.fault = undefined;
    await bench.runtime.advance(30_000);
    await expect(idsIn(bench.stored)).resolves.toEqual(['a', 'b', 'c']);
    await bench.runtime.advance(120_000);
    expect(bench.onRetry).toHaveBeenCalledTimes(4);
  });

  test('is tried no oftener after many looks at the page', async () => {
    const bench = await blocked();
    bench.fault = dead;
    bench.onRetry.mockImplementation(() => void put(bench.steady, 'c'));
    for (let look = 0; look < 10; look++) {
      bench.steady.retry();
      await bench.runtime.advance(1_000);
    }
    bench.onRetry.mockClear();
    await bench.runtime.advance(60_000);
    expect(bench.onRetry).toHaveBeenCalledTimes(2);
  });

  test('and breaks again is reported again', async () => {
    const bench = await blocked();
    bench.steady.retry();
    await put(bench.steady, 'c');
    bench.fault = dead;
    await put(bench.steady, 'd');
    expect(bench.onBlocked).toHaveBeenCalledTimes(2);
    await expect(idsIn(bench.steady)).resolves.toEqual(['d']);
  });

  test('and is still broken keeps everything in memory', async () => {
    const bench = await blocked();
    bench.fault = dead;
    bench.steady.retry();
    await put(bench.steady, 'c');
    await expect(idsIn(bench.steady)).resolves.toEqual(['a', 'b', 'c']);
    expect(bench.onBlocked).toHaveBeenCalledOnce();
  });

  test('forgets what was delivered from memory, though it came into the database too late', async () => {
    const bench = start();
    bench.fault = new Error('timeout');
    await put(bench.steady, 'a');
    await bench.steady.transact(async (rows) => rows.delete(['entry', 'a']));
    // The put that was given up for lost takes effect after all.
    await put(bench.stored, 'a');
    bench.fault = undefined;
    bench.steady.retry();
    await put(bench.steady, 'b');
    await expect(idsIn(bench.stored)).resolves.toEqual(['b']);
  });

  test.each([
    ['the longer one of the database holds', 900, 900],
    ['the longer one of the memory holds', 100, 500],
  ])('of two pauses %s', async (_, there, expected) => {
    const bench = start();
    const pause = (records: Records, at: number) =>
      records.transact(async (rows) => rows.put(['state', 'pause', ''], { at }));
    await pause(bench.stored, there);
    bench.fault = new Error('blocked');
    await pause(bench.steady, 500);
    bench.fault = undefined;
    bench.steady.retry();
    await expect(bench.steady.transact((rows) => rows.get(['state', 'pause', '']))).resolves.toEqual({
      at: expected,
    });
  });
});

describe('a record that is in the database already', () => {
  const both = async (key: RecordKey): Promise<unknown> => {
    const bench = start();
    const write = (records: Records, from: string) =>
      records.transact(async (rows) => rows.put(key, { from }));
    await write(bench.stored, 'database');
    bench.fault = new Error('blocked');
    await write(bench.steady, 'memory');
    bench.fault = undefined;
    bench.steady.retry();
    return bench.steady.transact((rows) => rows.get(key));
  };

  test('stays if it is an entry, which may be on its way by now', async () => {
    await expect(both(['entry', 'a'])).resolves.toEqual({ from: 'database' });
  });

  test('gives way to the later one of the memory if it tells a service worker where events go', async () => {
    await expect(both(['state', 'site', ''])).resolves.toEqual({ from: 'memory' });
  });
});

describe('records that may not be stored yet', () => {
  test('leave the database alone, and move there once they may', async () => {
    const bench = start();
    bench.mayStore = false;
    await put(bench.steady, 'a');
    await expect(idsIn(bench.steady)).resolves.toEqual(['a']);
    expect(bench.asked()).toBe(0);
    bench.mayStore = true;
    await put(bench.steady, 'b');
    await expect(idsIn(bench.stored)).resolves.toEqual(['a', 'b']);
    expect(bench.onBlocked).not.toHaveBeenCalled();
  });

  test('strand nothing that is put while they move', async () => {
    const bench = start();
    bench.mayStore = false;
    await put(bench.steady, 'a');
    const early = put(bench.steady, 'b');
    bench.mayStore = true;
    const late = put(bench.steady, 'c');
    await Promise.all([early, late]);
    await expect(idsIn(bench.stored)).resolves.toEqual(['a', 'b', 'c']);
  });

  test('say that durability is gone where the database turns out to be blocked', async () => {
    const bench = start();
    bench.mayStore = false;
    await put(bench.steady, 'a');
    bench.fault = dead;
    bench.mayStore = true;
    await put(bench.steady, 'b');
    expect(bench.onBlocked.mock.calls).toEqual([[dead]]);
    await expect(idsIn(bench.steady)).resolves.toEqual(['a', 'b']);
  });
});
