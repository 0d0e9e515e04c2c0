import { describe, expect, test, vi } from 'vitest';
import { memoryRecords, withMemoryFallback } from '../../../src/client/outbox/memory.js';
import type { Records } from '../../../src/client/outbox/outbox.js';
import { describeLeasing } from './leasing.contract.js';
import { describeOutbox } from './outbox.contract.js';
import { describeRecords, type OpenRecords } from './records.contract.js';

const broken = new Error('blocked');

/** Records that work until told otherwise. */
const breakable = (): { readonly primary: Records; breakDown(): void; readonly asked: () => number } => {
  const records = memoryRecords();
  let isBroken = false;
  let asked = 0;
  return {
    primary: {
      transact(work) {
        asked++;
        return isBroken ? Promise.reject(broken) : records.transact(work);
      },
    },
    breakDown() {
      isBroken = true;
    },
    asked: () => asked,
  };
};

const neverTold = (): void => expect.unreachable('durability is not gone');

describe('records in memory', () => describeRecords(memoryRecords));
describe('an outbox in memory', () => {
  describeOutbox(memoryRecords);
  describeLeasing(memoryRecords);
});

describe('records with memory to fall back on, while storage works', () => {
  const open: OpenRecords = () => withMemoryFallback(memoryRecords(), vi.fn());
  describeOutbox(open);

  test('are those of the storage, and nobody is told', async () => {
    const { primary } = breakable();
    const records = withMemoryFallback(primary, neverTold);
    await records.transact(async (rows) => rows.put(['entry', 'a'], { n: 1 }));
    await expect(primary.transact((rows) => rows.get(['entry', 'a']))).resolves.toEqual({ n: 1 });
  });
});

describe('records with memory to fall back on, once storage broke', () => {
  const open: OpenRecords = () => {
    const { primary, breakDown } = breakable();
    breakDown();
    return withMemoryFallback(primary, vi.fn());
  };
  describeRecords(open);

  test('run the failed work in memory and go on there', async () => {
    const { primary, breakDown, asked } = breakable();
    const records = withMemoryFallback(primary, vi.fn());
    breakDown();
    await records.transact(async (rows) => rows.put(['entry', 'a'], { n: 1 }));
    await records.transact(async (rows) => rows.put(['entry', 'b'], { n: 2 }));
    await expect(records.transact((rows) => rows.query('getAllKeys', 'entry'))).resolves.toEqual([
      ['entry', 'a'],
      ['entry', 'b'],
    ]);
    expect(asked()).toBe(1);
  });

  test('tell once that durability is gone, and why, also when many transactions fail together', async () => {
    const { primary, breakDown } = breakable();
    const onBlocked = vi.fn();
    const records = withMemoryFallback(primary, onBlocked);
    breakDown();
    const put = (id: string) => records.transact(async (rows) => rows.put(['entry', id], { id }));
    await Promise.all([put('a'), put('b'), put('c')]);
    await put('d');
    expect(onBlocked.mock.calls).toEqual([[broken]]);
    await expect(records.transact((rows) => rows.query('getAll', 'entry'))).resolves.toEqual([
      { id: 'a' },
      { id: 'b' },
      { id: 'c' },
      { id: 'd' },
    ]);
  });
});
