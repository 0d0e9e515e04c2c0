import { describe, expect, it } from 'vitest';
import { check, explain, INVARIANT_NAMES } from '../history/checker.js';
import { createChronicle } from '../history/chronicle.js';
import { START } from './clock.js';
import { loadRooms } from './rooms.js';
import { simulate, tell } from './run.js';
import type { Command, Schedule } from './schedule.js';
import { runSchedule } from './world.js';

/** Enough for every push; `npm run simulate` can run for any time. */
const SCHEDULES = 300;
const SEED = 20_261_120;

const rooms = await loadRooms();

/** Two endpoints, and a few faults. */
const schedule: Schedule = {
  seed: 7,
  keys: 'window',
  tabs: 2,
  endpoints: 2,
  proxies: 2,
  intake: 'sqlite',
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

describe('the delivery promise under any schedule of faults', () => {
  it('holds, and every invariant has something to judge', { timeout: 600_000 }, async () => {
    const { totals, broken } = await simulate(rooms, { schedules: SCHEDULES, seed: SEED });
    console.log(tell(totals));
    expect(broken && `${broken.explanation}\n${JSON.stringify(broken.schedule)}`).toBeUndefined();
    for (const name of INVARIANT_NAMES) expect(totals.examined[name], name).toBeGreaterThan(0);
    expect(totals.effects).toBeGreaterThan(SCHEDULES);
    // If most events died early, the invariants about their delivery would hardly be judged.
    expect(totals.lively).toBeGreaterThan(SCHEDULES / 2);
    expect(totals.brought).toBeGreaterThan(0);
    expect(totals.accepted).toBeGreaterThan(0);
  });

  it('lets events that wait for a lost endpoint count at the other one', async () => {
    const visit = (tab: number): readonly Command[] => [
      { afterMs: 100, action: { do: 'open', endpoint: 0 } },
      { afterMs: 30_000, action: { do: 'view', tab, offer: 2, many: 1, isOnce: false } },
      { afterMs: 5_000, action: { do: 'wait' } },
    ];
    const { history } = await runSchedule(rooms, {
      ...schedule,
      commands: [
        { afterMs: 0, action: { do: 'absent', endpoint: 1, as: '404' } },
        { afterMs: 0, action: { do: 'view', tab: 1, offer: 1, many: 1, isOnce: false } },
        { afterMs: 1_000, action: { do: 'close', tab: 1 } },
        { afterMs: 100, action: { do: 'page-clock', byMs: 86_400_000 } },
        ...visit(1),
        { afterMs: 100, action: { do: 'page-clock', byMs: 3_600_000 } },
        ...visit(2),
      ],
    });
    const checked = check(history);
    expect(explain(checked)).toBe('');
    const { of, about, endpointOf } = createChronicle(history);
    const [created] = of('created').filter(({ row }) => row.offerId === 'offer-1');
    const [taken] = about('taken', created?.row.id ?? '');
    expect(endpointOf(created?.row.tab)).toContain('/fr/');
    expect(endpointOf(taken?.row.proxy)).not.toContain('/fr/');
  });
});

describe('a run over midnight', () => {
  const MIDNIGHT = Math.ceil(START / 86_400_000) * 86_400_000;
  const view = (afterMs: number, offer: number): Command => ({
    afterMs,
    action: { do: 'view', tab: 0, offer, many: 3, isOnce: false },
  });

  it('has events of both days in the ledger, each in its own', async () => {
    const { history } = await runSchedule(rooms, {
      ...schedule,
      commands: [
        // The servers' clock comes close to midnight, and passes it between two requests.
        { afterMs: 0, action: { do: 'server-clock', byMs: MIDNIGHT - START - 10_000 } },
        view(0, 1),
        view(4_000, 11),
        view(8_000, 21),
      ],
    });
    expect(explain(check(history))).toBe('');
    const days = createChronicle(history)
      .of('final-ledger')
      .flatMap(({ row }) => row.cells.map(({ day }) => day));
    expect(new Set(days)).toEqual(new Set(['2025-11-20', '2025-11-21']));
  });
});

describe('a run', () => {
  it('is the same whenever it is repeated', async () => {
    const first = await runSchedule(rooms, schedule);
    const second = await runSchedule(rooms, schedule);
    expect(second).toEqual(first);
    expect(first.history.length).toBeGreaterThan(50);
  });
});
