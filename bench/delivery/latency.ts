/** Measures how long an event takes until it is durable, until the proxy has it, and until the upstream has it. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright';
import { median, percentile, table } from '../figures.js';
import { openMeasured } from './open.js';
import { createRandom } from './random.js';
import type { Stack } from './stack.js';

/** Events that are recorded one at a time, in a page that delivers nothing meanwhile. */
const COMMITS = 500;
/** Events at an even pace, in a page that delivers them. */
const SPACED = 50;
const WAIT = { fromMs: 100, toMs: 400 };
/** Longer than the measurement. */
const NO_FLUSH_MS = 3_600_000;

const groups = (prefix: string, count: number): string[][] =>
  Array.from({ length: count }, (_, index) => [`${prefix}-${index}`]);

const row = (name: string, values: readonly number[], aim = ''): string[] => [
  name,
  `${values.length}`,
  median(values).toFixed(2),
  percentile(values, 99).toFixed(2),
  Math.max(...values).toFixed(2),
  aim,
];

const aimed = (values: readonly number[], mostMs: number): string =>
  `${Math.max(...values) <= mostMs ? 'met' : 'MISSED'} (≤ ${mostMs})`;

/** Measures both, and returns the table. */
export const measureLatency = async (browser: Browser, stack: Stack): Promise<string> => {
  const random = createRandom(1);
  const spaced = await openMeasured(browser, stack);
  await spaced.mount(groups('spaced', SPACED));
  const times = { commit: [] as number[], proxy: [] as number[], upstream: [] as number[] };
  for (let turn = 0; turn < SPACED; turn++) {
    const [event] = await spaced.show();
    if (!event) throw new Error('nothing was recorded');
    const { id, at, tookMs } = event;
    while (!stack.takenAt.has(id)) await wait(5);
    await stack.untilForwarded();
    times.commit.push(tookMs);
    times.proxy.push((stack.takenAt.get(id) ?? NaN) - at);
    times.upstream.push((stack.recordedAt(id) ?? NaN) - at);
    await wait(WAIT.fromMs + random() * (WAIT.toMs - WAIT.fromMs));
  }
  await spaced.close();

  // This comes last, because its events go by the farewell, and would reach the upstream ahead of others.
  const idle = await openMeasured(browser, stack, `flush=${NO_FLUSH_MS}`);
  await idle.mount(groups('idle', COMMITS + 1));
  const commits = await idle.commits(COMMITS);
  await idle.close();

  const { ours, bare } = commits;
  const ratio = (of: (values: readonly number[]) => number): string => (of(ours) / of(bare)).toFixed(2);
  return table(
    ['latency, ms', 'n', 'median', 'p99', 'max', 'aim'],
    [
      row('event → commit, page idle', ours),
      row('bare put of the same record', bare),
      ['ratio', '', ratio(median), ratio((values) => percentile(values, 99)), '', ''],
      row('event → commit, spaced', times.commit),
      row('commit → proxy, spaced', times.proxy, aimed(times.proxy, 1_000)),
      row('commit → upstream, spaced', times.upstream, aimed(times.upstream, 2_000)),
    ],
  );
};
