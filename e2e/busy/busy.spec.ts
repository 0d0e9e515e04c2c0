import { expect, test } from '@playwright/test';
import { bePatient } from '../fixtures/patience.js';
import { type Heard, isKept, type Outcome, outcomeOf, storyOf } from './count.js';
import type { Cell } from './plan.js';
import { runBusy } from './run.js';
import type { Said } from './said.js';

/**
 * Its tasks take longer than two time-outs of 2 s in a row. It would report `storage` if the tasks used up the
 * time-outs. Then its browser is killed.
 */
const PAGE: Cell = {
  taskMs: 400,
  trainMs: 8_000,
  endpoint: 'down',
  end: 'kill',
  throttle: 1,
  yielding: 'timeout',
  repeat: 'page',
  train: 0,
  share: 0.85,
  behindTold: 0,
};

/** The whole matrix is a command of its own: `npm run busy`. */
const CELLS: readonly Cell[] = [
  PAGE,
  {
    ...PAGE,
    taskMs: 1_000,
    trainMs: 2_000,
    endpoint: 'flapping',
    end: 'leave',
    yielding: 'message',
    train: 1,
    share: 0.4,
  },
  { ...PAGE, taskMs: 250, trainMs: 2_000, endpoint: 'up', throttle: 6, train: 1, share: 0.9, behindTold: 5 },
];

test('a page that runs long tasks loses no event that it reported as durable, and reports no storage error', async ({
  launchOptions,
}, testInfo) => {
  // Browsers start and are killed, and the entries that a killed page leased are free only after 15 s.
  bePatient(testInfo, 240_000);
  const outcomes = await runBusy({ launch: launchOptions, cells: CELLS, events: Infinity });
  const stories = outcomes.filter((outcome) => !isKept(outcome)).map(storyOf);
  const kept = { isEmpty: true, lost: [], twice: [], storage: [] };
  expect(
    outcomes.map(({ visit: { isEmpty }, lost, twice, storage }) => ({ isEmpty, lost, twice, storage })),
    stories.join('\n\n'),
  ).toEqual(CELLS.map(() => kept));
  // Without durable events the test would show nothing.
  expect(outcomes.some(({ durable }) => durable.length)).toBe(true);
});

test.describe('the count of what a busy page lost', () => {
  const outcome = (
    heard: readonly Said[],
    counts: Readonly<Record<string, number>>,
    isEmpty = true,
  ): Outcome =>
    outcomeOf(
      { cell: PAGE, heard: heard.map((said): Heard => ({ ...said, at: 1 })), endedAt: 2, isEmpty },
      new Map(Object.entries(counts)),
    );
  const made: Said = { kind: 'made', id: 'x' };
  const durable: Said = { kind: 'told', id: 'x', isDurable: true };
  const inMemory: Said = { kind: 'told', id: 'x', isDurable: false };

  test('keeps the promise if the upstream counted each event that was reported as durable exactly once', () => {
    const came = outcome([made, durable], { x: 1 });
    expect(came).toMatchObject({ made: ['x'], durable: ['x'], lost: [], twice: [], storage: [], untold: [] });
    expect(isKept(came)).toBe(true);
  });

  test('breaks the promise if the upstream did not count such an event, or counted it twice', () => {
    const [lost, twice] = [outcome([made, durable], {}), outcome([made, durable], { x: 2 })];
    expect([lost.lost, twice.twice]).toEqual([['x'], ['x']]);
    expect([isKept(lost), isKept(twice)]).toEqual([false, false]);
  });

  test('breaks the promise if the page reports a storage error, and not if it reports another one', () => {
    const reporting = (code: string): boolean =>
      isKept(outcome([made, durable, { kind: 'report', code, text: 'blocked' }], { x: 1 }));
    expect([reporting('storage'), reporting('delivery')]).toEqual([false, true]);
  });

  test('breaks the promise if the outbox of the page did not become empty', () => {
    expect(isKept(outcome([made, durable], { x: 1 }, false))).toBe(false);
  });

  test('accepts any fate of an event that was reported as in memory or not at all, unless it came twice', () => {
    const [died, untold, rescued] = [
      outcome([made, inMemory], {}),
      outcome([made], {}),
      outcome([made], { x: 1 }),
    ];
    expect([died, untold, rescued]).toMatchObject([
      { inMemory: ['x'], died: ['x'] },
      { untold: ['x'], rescued: [] },
      { untold: ['x'], rescued: ['x'] },
    ]);
    expect([died, untold, rescued].map(isKept)).toEqual([true, true, true]);
    expect(isKept(outcome([made], { x: 2 }))).toBe(false);
  });
});
