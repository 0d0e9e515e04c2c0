import { expect, test } from '@playwright/test';
import { bePatient } from '../fixtures/patience.js';
import { isKept, storyOf } from './count.js';
import type { Cell } from './plan.js';
import { runBusy } from './run.js';

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
