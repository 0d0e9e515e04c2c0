// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import { mendedRecords } from '../../../../src/client/later/outbox/mended.js';
import type { Records } from '../../../../src/client/outbox/records.js';
import { ABORTED, DEAD, FULL, scriptDatabase, TIMEOUT_MS } from '../../../support/database.js';
import { deferred } from '../../../support/deferred.js';
import { storedIds } from '../../../support/outbox.js';
import { type FakeRuntime, fakeRuntime, settle } from '../../../support/runtime.js';
import { describeOutbox } from '../../outbox/outbox.contract.js';
import { describeRecords, type OpenRecords } from '../../outbox/records.contract.js';
import { describeLeasing } from './leasing.contract.js';

/** Repaired records over a database; an event that is stored ends the outbox's `isBlocked`. */
const start = (runtime: FakeRuntime = fakeRuntime()) => {
  const database = scriptDatabase(runtime);
  const outbox: { isBlocked?: boolean } = {};
  const makeRoom = vi.fn(async (_: Records): Promise<unknown> => undefined);
  const onBlocked = vi.fn<(cause: unknown) => void>();
  const records = mendedRecords(outbox, database.connect(), database.connect, {
    makeRoom,
    report: ({ cause }) => onBlocked(cause),
  });
  return {
    ...{ database, records, runtime, outbox, makeRoom, onBlocked },
    /** Whether each connection was closed, oldest first. */
    closed: () => database.connections.map(({ isClosed }) => isClosed),
    stored: () => storedIds(database.stored, 'entry'),
  };
};

const put = (records: Records, id: string): Promise<unknown> =>
  records.transact(async (rows) => rows.put(['entry', id], { id }));

/** What it rejects with; undefined where it resolves. */
const faultOf = (transacted: Promise<unknown>): Promise<unknown> =>
  transacted.then(
    () => undefined,
    (cause: unknown) => cause,
  );

/** The outcome of transactions that begin together and time out together. */
const timeOut = async (
  { records, runtime }: ReturnType<typeof start>,
  ...ids: string[]
): Promise<unknown[]> => {
  const faults = Promise.all(ids.map((id) => faultOf(put(records, id))));
  await runtime.advance(TIMEOUT_MS);
  return faults;
};

const timeout = expect.objectContaining({ message: 'timeout' });

describe('repaired records', () => {
  const open: OpenRecords = (runtime) => start(runtime).records;
  describeRecords(open);
  describeOutbox(open);
  describeLeasing(open);

  test('are those of the database while it works, over one connection, and nothing is reported', async () => {
    const bench = start();
    await put(bench.records, 'a');
    await put(bench.records, 'b');
    await expect(bench.stored()).resolves.toEqual(['a', 'b']);
    expect([bench.closed(), bench.onBlocked.mock.calls]).toEqual([[false], []]);
  });
});

describe('a connection that died', () => {
  test('is closed and replaced, and the work runs again, without a word to anybody (fault 27)', async () => {
    const bench = start();
    bench.database.next.push(DEAD);
    await put(bench.records, 'a');
    await put(bench.records, 'b');
    await expect(bench.stored()).resolves.toEqual(['a', 'b']);
    expect([bench.closed(), bench.database.asked()]).toEqual([[true, false], 3]);
    expect(bench.onBlocked).not.toHaveBeenCalled();
  });

  test('is replaced once for all transactions that find it dead together', async () => {
    const bench = start();
    bench.database.next.push(DEAD, DEAD, DEAD);
    await Promise.all(['a', 'b', 'c'].map((id) => put(bench.records, id)));
    await expect(bench.stored()).resolves.toEqual(['a', 'b', 'c']);
    expect(bench.closed()).toEqual([true, false]);
  });

  test('and whose replacement is dead too makes the transaction reject, and is reported with the cause', async () => {
    const bench = start();
    bench.database.fault = DEAD;
    await expect(put(bench.records, 'a')).rejects.toBe(DEAD);
    expect(bench.database.asked()).toBe(2);
    expect(bench.onBlocked.mock.calls).toEqual([[DEAD]]);
    expect(bench.closed().filter((isClosed) => !isClosed)).toEqual([false]);
  });
});

describe('a transaction that was aborted', () => {
  test('is repeated on the same connection, which is as good as before', async () => {
    const bench = start();
    bench.database.next.push(ABORTED);
    await put(bench.records, 'a');
    await expect(bench.stored()).resolves.toEqual(['a']);
    expect([bench.closed(), bench.onBlocked.mock.calls]).toEqual([[false], []]);
  });

  test('and whose repeat was aborted as well rejects, and is not reported: a page that is left and frozen ends both', async () => {
    const bench = start();
    bench.database.next.push(ABORTED, ABORTED);
    await expect(put(bench.records, 'a')).rejects.toBe(ABORTED);
    expect([bench.closed(), bench.onBlocked.mock.calls]).toEqual([[false], []]);
  });
});

describe('a transaction that gets no answer', () => {
  test('rejects without a repeat or a report, as a page may be slow, and the next one has a connection of its own', async () => {
    const bench = start();
    const answer = bench.database.hang();
    await expect(timeOut(bench, 'a')).resolves.toEqual([timeout]);
    expect([bench.closed(), bench.database.asked()]).toEqual([[true, false], 1]);
    expect(bench.onBlocked).not.toHaveBeenCalled();
    await answer();
    await put(bench.records, 'b');
    await expect(bench.stored()).resolves.toEqual(['a', 'b']);
  });

  test('is reported when the next one gets none either', async () => {
    const bench = start();
    bench.database.hang();
    await timeOut(bench, 'a');
    await timeOut(bench, 'b');
    expect(bench.onBlocked.mock.calls).toEqual([[timeout]]);
  });

  test('is one with those that began beside it and got none: that is still one slow moment', async () => {
    const bench = start();
    bench.database.hang();
    await expect(timeOut(bench, 'a', 'b', 'c')).resolves.toEqual([timeout, timeout, timeout]);
    expect([bench.closed(), bench.onBlocked.mock.calls]).toEqual([[true, false], []]);
  });

  test('is forgotten as soon as another one gets an answer', async () => {
    const bench = start();
    for (const id of ['a', 'c', 'e']) {
      const answer = bench.database.hang();
      await timeOut(bench, id);
      await answer();
      await put(bench.records, `${id} again`);
    }
    expect(bench.onBlocked).not.toHaveBeenCalled();
  });
});

describe('a full database', () => {
  test('gets room made in the connection that found it full, and the work runs again (fault 28)', async () => {
    const bench = start();
    bench.database.next.push(FULL);
    bench.makeRoom.mockImplementation((records) => put(records, 'room'));
    await put(bench.records, 'a');
    await expect(bench.stored()).resolves.toEqual(['a', 'room']);
    expect([bench.makeRoom.mock.calls.length, bench.closed(), bench.onBlocked.mock.calls]).toEqual([
      1,
      [false],
      [],
    ]);
  });

  test('gets room made once for all transactions that find it full together', async () => {
    const bench = start();
    bench.database.next.push(FULL, FULL, FULL);
    const room = deferred<void>();
    bench.makeRoom.mockReturnValueOnce(room.promise);
    const all = Promise.all(['a', 'b', 'c'].map((id) => put(bench.records, id)));
    await settle();
    room.resolve();
    await all;
    expect(bench.makeRoom).toHaveBeenCalledOnce();
    await expect(bench.stored()).resolves.toEqual(['a', 'b', 'c']);
    bench.database.next.push(FULL);
    await put(bench.records, 'd');
    expect(bench.makeRoom).toHaveBeenCalledTimes(2);
  });

  test('that stays full rejects, and gets room made no more before an event is stored, however often it is tried', async () => {
    const bench = start();
    bench.database.putFault = FULL;
    for (const id of ['a', 'b', 'c']) await expect(put(bench.records, id)).rejects.toBe(FULL);
    // What only reads succeeds, and shows nothing.
    await bench.stored();
    await expect(put(bench.records, 'd')).rejects.toBe(FULL);
    expect([bench.makeRoom.mock.calls.length, bench.onBlocked.mock.calls]).toEqual([1, [[FULL]]]);
    bench.outbox.isBlocked = false;
    await expect(put(bench.records, 'e')).rejects.toBe(FULL);
    expect([bench.makeRoom.mock.calls.length, bench.onBlocked.mock.calls.length]).toEqual([2, 2]);
  });

  test('that no room can be made in rejects because it is full', async () => {
    const bench = start();
    bench.database.putFault = FULL;
    bench.makeRoom.mockRejectedValue(new Error('no room'));
    await expect(put(bench.records, 'a')).rejects.toBe(FULL);
  });
});

describe('that nothing can be stored', () => {
  test('is reported once, however many transactions fail, and though something was read in between', async () => {
    const bench = start();
    bench.database.fault = DEAD;
    await Promise.all(['a', 'b', 'c'].map((id) => faultOf(put(bench.records, id))));
    bench.database.fault = undefined;
    await storedIds(bench.records, 'entry');
    bench.database.fault = DEAD;
    await faultOf(put(bench.records, 'd'));
    expect(bench.onBlocked.mock.calls).toEqual([[DEAD]]);
  });

  test('is reported again after an event was stored in between', async () => {
    const bench = start();
    bench.database.fault = DEAD;
    await faultOf(put(bench.records, 'a'));
    bench.outbox.isBlocked = false;
    await faultOf(put(bench.records, 'b'));
    expect(bench.onBlocked).toHaveBeenCalledTimes(2);
  });
});
