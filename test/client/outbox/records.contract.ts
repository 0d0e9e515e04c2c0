/** What every store of records promises, wherever it keeps them. */
import { describe, expect, test } from 'vitest';
import { list } from '../../../src/client/later/outbox/reading.js';
import type { RecordKey, Records } from '../../../src/client/outbox/records.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

/** Opens an empty store. */
export type OpenRecords = (runtime: FakeRuntime) => Records;

const read = (records: Records, key: RecordKey): Promise<unknown> =>
  records.transact((rows) => rows.get(key));

const keysOf = (records: Records, kind: RecordKey[0]): Promise<unknown[]> =>
  records.transact(async (rows) => [...(await rows.query('getAllKeys', kind))]);

/** Runs the promises of {@link Records} against a store. */
export const describeRecords = (open: OpenRecords): void => {
  const start = (): Records => open(fakeRuntime());

  describe('keeps what was put', () => {
    test('a record reads back as it was put, and an absent one as undefined', async () => {
      const records = start();
      await records.transact(async (rows) => rows.put(['entry', 'b'], { colour: 'green', sizes: [3, 1] }));
      await expect(read(records, ['entry', 'b'])).resolves.toEqual({ colour: 'green', sizes: [3, 1] });
      await expect(read(records, ['entry', 'c'])).resolves.toBeUndefined();
    });

    test('a second put replaces, and a delete removes only that record', async () => {
      const records = start();
      await records.transact(async (rows) => {
        rows.put(['entry', 'a'], { n: 1 });
        rows.put(['entry', 'b'], { n: 2 });
        rows.put(['entry', 'b'], { n: 22 });
        rows.put(['entry', 'c'], { n: 3 });
      });
      await records.transact(async (rows) => rows.delete(['entry', 'a']));
      await expect(records.transact((rows) => list(rows, 'entry'))).resolves.toEqual([
        [['entry', 'b'], { n: 22 }],
        [['entry', 'c'], { n: 3 }],
      ]);
    });

    test('deleting what is not there does nothing', async () => {
      const records = start();
      await records.transact(async (rows) => rows.delete(['dead', 'nobody']));
      await expect(keysOf(records, 'dead')).resolves.toEqual([]);
    });

    test('a transaction reads its own writes', async () => {
      const seen = await start().transact(async (rows) => {
        rows.put(['entry', 'k'], { n: 7 });
        rows.put(['entry', 'l'], { n: 8 });
        rows.delete(['entry', 'k']);
        return [
          await rows.get(['entry', 'k']),
          await rows.get(['entry', 'l']),
          await rows.query('count', 'entry'),
        ];
      });
      expect(seen).toEqual([undefined, { n: 8 }, 1]);
    });

    test('the transaction gives what its work gives', async () => {
      await expect(start().transact(async () => ['anything', 4])).resolves.toEqual(['anything', 4]);
    });
  });

  describe('lists in key order', () => {
    const unordered = ['m', 'Z', 'a', 'z', '0', 'a-', 'aa'];
    const ordered = ['0', 'Z', 'a', 'a-', 'aa', 'm', 'z'];

    const filled = async (): Promise<Records> => {
      const records = start();
      await records.transact(async (rows) => {
        for (const id of unordered) rows.put(['entry', id], { id });
      });
      return records;
    };

    const page = async (records: Records, limit?: number, after?: string): Promise<unknown[]> =>
      records.transact(async (rows) =>
        (await rows.query('getAll', 'entry', limit, after === undefined ? undefined : ['entry', after])).map(
          (value) => (value as { id: string }).id,
        ),
      );

    test('all of a kind without a limit', async () => {
      await expect(page(await filled())).resolves.toEqual(ordered);
    });

    test('a limit takes the first', async () => {
      await expect(page(await filled(), 3)).resolves.toEqual(['0', 'Z', 'a']);
    });

    test('`after` begins behind a key, whether it is there or not', async () => {
      const records = await filled();
      await expect(page(records, undefined, 'aa')).resolves.toEqual(['m', 'z']);
      await expect(page(records, undefined, 'b')).resolves.toEqual(['m', 'z']);
    });

    test('pages of two give all, each once', async () => {
      const records = await filled();
      await expect(page(records, 2, 'Z')).resolves.toEqual(['a', 'a-']);
      await expect(page(records, 2, 'a-')).resolves.toEqual(['aa', 'm']);
      await expect(page(records, 2, 'm')).resolves.toEqual(['z']);
      await expect(page(records, 2, 'z')).resolves.toEqual([]);
    });
  });

  describe('keeps kinds apart', () => {
    const filled = async (): Promise<Records> => {
      const records = start();
      await records.transact(async (rows) => {
        rows.put(['dead', 'x'], { of: 'dead' });
        rows.put(['entry', 'x'], { of: 'entry' });
        rows.put(['entry', 'y'], { of: 'entry' });
        rows.put(['seen', 'x', 'viewed'], { of: 'seen' });
        rows.put(['seen', 'x', 'accepted'], { of: 'seen' });
        rows.put(['seen', 'w', 'viewed'], { of: 'seen' });
        rows.put(['state', 'pause', ''], { of: 'state' });
      });
      return records;
    };

    test('each kind lists and counts its own', async () => {
      const records = await filled();
      await expect(keysOf(records, 'dead')).resolves.toEqual([['dead', 'x']]);
      await expect(keysOf(records, 'entry')).resolves.toEqual([
        ['entry', 'x'],
        ['entry', 'y'],
      ]);
      await expect(keysOf(records, 'seen')).resolves.toEqual([
        ['seen', 'w', 'viewed'],
        ['seen', 'x', 'accepted'],
        ['seen', 'x', 'viewed'],
      ]);
      const counts = await records.transact(async (rows) => [
        await rows.query('count', 'dead'),
        await rows.query('count', 'entry'),
        await rows.query('count', 'seen'),
        await rows.query('count', 'state'),
      ]);
      expect(counts).toEqual([1, 2, 3, 1]);
    });

    test('a page that runs out does not go on into the next kind', async () => {
      const records = await filled();
      const listed = await records.transact((rows) => list(rows, 'entry', 9, ['entry', 'x']));
      expect(listed).toEqual([[['entry', 'y'], { of: 'entry' }]]);
    });

    test('deleting from one kind leaves the same id of another', async () => {
      const records = await filled();
      await records.transact(async (rows) => rows.delete(['entry', 'x']));
      await expect(read(records, ['dead', 'x'])).resolves.toEqual({ of: 'dead' });
    });
  });

  describe('is all or nothing', () => {
    const broken = new Error('the work broke');

    test('a work that throws leaves everything as it was, and its cause is passed on', async () => {
      const records = start();
      await records.transact(async (rows) => rows.put(['entry', 'old'], { n: 1 }));
      const failing = records.transact(async (rows) => {
        rows.put(['entry', 'new'], { n: 2 });
        rows.put(['entry', 'old'], { n: 11 });
        rows.delete(['state', 'pause', '']);
        await rows.get(['entry', 'old']);
        throw broken;
      });
      await expect(failing).rejects.toBe(broken);
      await expect(records.transact((rows) => list(rows, 'entry'))).resolves.toEqual([
        [['entry', 'old'], { n: 1 }],
      ]);
    });

    test('a work that throws before it reads leaves nothing either', async () => {
      const records = start();
      const failing = records.transact(async (rows) => {
        rows.put(['entry', 'new'], { n: 2 });
        throw broken;
      });
      await failing.catch(() => undefined);
      await expect(keysOf(records, 'entry')).resolves.toEqual([]);
    });

    test('a transaction goes on after one that failed', async () => {
      const records = start();
      const failing = records.transact(async () => {
        throw broken;
      });
      const following = records.transact(async (rows) => rows.put(['entry', 'next'], { n: 1 }));
      await failing.catch(() => undefined);
      await following;
      await expect(keysOf(records, 'entry')).resolves.toEqual([['entry', 'next']]);
    });
  });

  describe('runs one transaction after the other', () => {
    test('reads and writes of transactions begun at once do not interleave', async () => {
      const records = start();
      const raise = (): Promise<number> =>
        records.transact(async (rows) => {
          const { n = 0 } = ((await rows.get(['state', 'pause', ''])) ?? {}) as { n?: number };
          await rows.query('count', 'entry');
          rows.put(['state', 'pause', ''], { n: n + 1 });
          return n + 1;
        });
      await expect(Promise.all([raise(), raise(), raise(), raise()])).resolves.toEqual([1, 2, 3, 4]);
      await expect(read(records, ['state', 'pause', ''])).resolves.toEqual({ n: 4 });
    });
  });
};
