import { expect, it } from 'vitest';
import type { RecordKey } from '../../src/client/outbox/records.js';
import { dismissed, entryOf, viewed } from '../support/events.js';
import { createChance } from './chance.js';
import { createClock, START } from './clock.js';
import { createDisk } from './disk.js';
import { createRecorder } from './recorder.js';
import { loadRooms } from './rooms.js';

it('says of a dismissal that goes after its view why that was given up, since its page may die before it reports that', async () => {
  const clock = createClock();
  const recorder = createRecorder(clock);
  const disk = createDisk(clock, recorder, 10);
  const database = disk.give({
    ...{ name: 'tab-1', chance: createChance(1, 'disk'), isDead: false, isDenied: false },
    run: (task) => task(),
    onDoor: () => undefined,
    now: () => START,
  });
  const [view, other] = [viewed(1), viewed(2)];
  const closes = [dismissed(3, view, { occurredAt: START }), dismissed(4, other, { occurredAt: START })];
  const keys = closes.map(({ id }): RecordKey => ['entry', id]);
  const { transact } = (await loadRooms()).indexedDbRecords(database, clock);
  const transactions = [
    transact(async (rows) => {
      rows.put(['seen', view.impressionId, 'lost'], { type: 'lost', reason: 'outbox-full' });
      for (const close of closes) rows.put(['entry', close.id], entryOf(close));
    }),
    transact(async (rows) => {
      for (const key of keys) rows.delete(key);
    }),
  ];
  await clock.runTo(1_000);
  await Promise.all(transactions);
  expect(recorder.history.flatMap((row) => (row.kind === 'removed' ? [[row.id, row.why]] : []))).toEqual([
    [closes[0]?.id, 'outbox-full'],
    [closes[1]?.id, 'settled'],
  ]);
});
