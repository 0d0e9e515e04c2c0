import { describe, expect, test, vi } from 'vitest';
import { memoryRecords } from '../../../src/client/outbox/memory.js';
import { describeLeasing } from './leasing.contract.js';
import { describeOutbox } from './outbox.contract.js';
import { describeRecords } from './records.contract.js';

describe('records in memory', () => describeRecords(memoryRecords));
describe('an outbox in memory', () => {
  describeOutbox(memoryRecords);
  describeLeasing(memoryRecords);
});

describe('moving records out of memory', () => {
  const putTwo = async () => {
    const records = memoryRecords();
    await records.transact(async (rows) => {
      rows.put(['entry', 'a'], { n: 1 });
      rows.put(['state', 'pause', ''], { at: 7 });
    });
    return records;
  };
  const count = (records: ReturnType<typeof memoryRecords>): Promise<number> =>
    records.transact((rows) => rows.query('count', 'entry'));

  test('hands over everything and forgets it', async () => {
    const records = await putTwo();
    await records.transact(async (rows) => rows.delete(['entry', 'elsewhere']));
    const adopt = vi.fn(async () => undefined);
    await records.move(adopt);
    expect(adopt).toHaveBeenCalledWith({
      put: [
        [['entry', 'a'], { n: 1 }],
        [['state', 'pause', ''], { at: 7 }],
      ],
      deleted: [['entry', 'elsewhere']],
    });
    await expect(count(records)).resolves.toBe(0);
  });

  test('keeps everything where it does not arrive', async () => {
    const records = await putTwo();
    const refused = new Error('refused');
    await expect(records.move(() => Promise.reject(refused))).rejects.toBe(refused);
    await expect(count(records)).resolves.toBe(1);
  });
});
