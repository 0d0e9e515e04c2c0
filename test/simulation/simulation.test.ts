import { describe, expect, it } from 'vitest';
import { INVARIANT_NAMES } from '../history/checker.js';
import { loadRooms } from './rooms.js';
import { simulate, tell } from './run.js';
import type { Schedule } from './schedule.js';
import { runSchedule } from './world.js';

/** Enough for the short set of every push; `npm run simulate` goes on for as long as one likes. */
const SCHEDULES = 150;
const SEED = 20_261_120;

const rooms = await loadRooms();

describe('the delivery promise under any schedule of faults', () => {
  it('holds, and every invariant had something to judge', { timeout: 300_000 }, async () => {
    const { totals, broken } = await simulate(rooms, { schedules: SCHEDULES, seed: SEED });
    console.log(tell(totals));
    expect(broken && `${broken.explanation}\n${JSON.stringify(broken.schedule)}`).toBeUndefined();
    for (const name of INVARIANT_NAMES) expect(totals.examined[name], name).toBeGreaterThan(0);
    expect(totals.effects).toBeGreaterThan(SCHEDULES);
  });
});

describe('a run', () => {
  const schedule: Schedule = {
    seed: 7,
    keys: 'window',
    tabs: 2,
    proxies: 2,
    maxEntries: 10_000,
    perMinute: 150,
    ambiguous: 'atLeastOnce',
    commands: [
      { afterMs: 0, action: { do: 'view', tab: 0, offer: 1, many: 5, isOnce: false } },
      { afterMs: 100, action: { do: 'network', faults: ['drop-after', 'page'] } },
      { afterMs: 100, action: { do: 'upstream', faults: ['reset-after', 'late'] } },
      { afterMs: 100, action: { do: 'crash-tab', tab: 0, operations: 3 } },
      { afterMs: 900, action: { do: 'crash-proxy', proxy: 0, operations: 2 } },
    ],
  };

  it('is the same whenever it is repeated', async () => {
    const first = await runSchedule(rooms, schedule);
    const second = await runSchedule(rooms, schedule);
    expect(second).toEqual(first);
    expect(first.history.length).toBeGreaterThan(50);
  });

  it('is another one by another seed', async () => {
    const { history } = await runSchedule(rooms, schedule);
    const other = await runSchedule(rooms, { ...schedule, seed: 8 });
    expect(other.history).not.toEqual(history);
  });
});
