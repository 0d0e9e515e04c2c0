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
    test('a second put replaces, a delete removes only that record, and an absent one reads as undefined', async () => {
      const records = start();
      await records.transact(async (rows) => {
        rows.put(['entry', 'a'], { n: 1 });
        rows.put(['entry', 'b'], { n: 2 });
        rows.put(['entry', 'b'], { colour: 'green', sizes: [3, 1] });
        rows.put(['entry', 'c'], { n: 3 });
      });
      await records.transact(async (rows) => {
        rows.delete(['entry', 'a']);
        rows.delete(['dead', 'nobody']);
      });
      await expect(records.transact((rows) => list(rows, 'entry'))).resolves.toEqual([
        [['entry', 'b'], { colour: 'green', sizes: [3, 1] }],
        [['entry', 'c'], { n: 3 }],
      ]);
      await expect(read(records, ['entry', 'a'])).resolves.toBeUndefined();
    });

    test('a transaction reads its own writes, and gives what its work gives', async () => {
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
  });

  describe('lists in key order, each kind its own', () => {
    const unordered = ['m', 'Z', 'a', 'z', '0', 'a-', 'aa'];
    const ordered = ['0', 'Z', 'a', 'a-', 'aa', 'm', 'z'];

    const filled = async (): Promise<Records> => {
      const records = start();
      await records.transact(async (rows) => {
        for (const id of unordered) rows.put(['entry', id], { id });
        rows.put(['dead', 'a'], { of: 'dead' });
        rows.put(['seen', 'x', 'viewed'], { of: 'seen' });
        rows.put(['seen', 'x', 'accepted'], { of: 'seen' });
        rows.put(['seen', 'w', 'viewed'], { of: 'seen' });
      });
      return records;
    };

    test.each([
      ['all of a kind without a limit', undefined, undefined, ordered],
      ['a limit takes the first', 3, undefined, ['0', 'Z', 'a']],
      ['`after` begins behind a key', undefined, 'aa', ['m', 'z']],
      ['`after` may be a key that is not there', undefined, 'b', ['m', 'z']],
      ['a page begins behind the one before it', 2, 'Z', ['a', 'a-']],
      ['a page that runs out does not go on into the next kind', 2, 'm', ['z']],
      ['nothing is behind the last one', 2, 'z', []],
    ])('%s', async (_, limit, after, expected) => {
      const listed = await (await filled()).transact((rows) =>
        list(rows, 'entry', limit, after === undefined ? after : ['entry', after]),
      );
      expect(listed).toEqual(expected.map((id) => [['entry', id], { id }]));
    });

    test('each kind lists and counts its own, and deleting from one leaves the same id of another', async () => {
      const records = await filled();
      await records.transact(async (rows) => rows.delete(['entry', 'a']));
      await expect(keysOf(records, 'dead')).resolves.toEqual([['dead', 'a']]);
      await expect(keysOf(records, 'seen')).resolves.toEqual([
        ['seen', 'w', 'viewed'],
        ['seen', 'x', 'accepted'],
        ['seen', 'x', 'viewed'],
      ]);
      const counts = await records.transact((rows) =>
        Promise.all((['dead', 'entry', 'seen', 'state'] as const).map((kind) => rows.query('count', kind))),
      );
      expect(counts).toEqual([1, 6, 3, 0]);
    });
  });

  describe('is all or nothing', () => {
    const broken = new Error('the work broke');

    test.each([
      ['before it reads', false],
      ['behind a read', true],
    ])(
      'a work that throws %s leaves everything as it was, and its cause is passed on',
      async (_, isReading) => {
        const records = start();
        await records.transact(async (rows) => rows.put(['entry', 'old'], { n: 1 }));
        const failing = records.transact(async (rows) => {
          rows.put(['entry', 'new'], { n: 2 });
          rows.put(['entry', 'old'], { n: 11 });
          if (isReading) await rows.get(['entry', 'old']);
          throw broken;
        });
        const following = records.transact(async (rows) => rows.put(['entry', 'next'], { n: 3 }));
        await expect(failing).rejects.toBe(broken);
        await following;
        await expect(records.transact((rows) => list(rows, 'entry'))).resolves.toEqual([
          [['entry', 'next'], { n: 3 }],
          [['entry', 'old'], { n: 1 }],
        ]);
      },
    );
  });

  test('runs one transaction after the other: reads and writes of those begun at once do not interleave', async () => {
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
};
