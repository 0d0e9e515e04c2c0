/** Measures what a thousand events of one tick cost the main thread, compared with building one body of them. */
import type { Browser } from 'playwright';
import { spread, table } from '../figures.js';
import { openMeasured } from './open.js';
import type { Stack } from './stack.js';
import type { Tick, TickKind } from './words.js';

/** Events of one tick. */
const EVENTS = 1_000;
/** Longer than a round, so that delivery is measured separately. */
const NO_FLUSH_MS = 3_600_000;

/** One tick, and the floors beside it. All milliseconds. */
interface Round extends Tick {
  readonly kind: TickKind;
  /** Duration of the task that builds one body and posts it. */
  readonly postMs: number;
  /** Duration of the task that asks for a bare put of each. */
  readonly putAllMs: number;
  /** CPU time of the main thread until all is durable, of the bare post until it is answered, and of delivering. */
  readonly cpu: { readonly tick: number; readonly post: number; readonly deliver: number };
  /** Transactions, and requests, of delivering. */
  readonly deliverTransactions: number;
  readonly requests: number;
}

const measureRound = async (browser: Browser, stack: Stack, round: number): Promise<Round[]> => {
  const opened = await openMeasured(browser, stack, `flush=${NO_FLUSH_MS}`);
  const cdp = await opened.page.context().newCDPSession(opened.page);
  // Thread time excludes most effects of other processes on a busy machine.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const cpuMs = async <T>(act: () => Promise<T>): Promise<[ms: number, result: T]> => {
    const busy = async (): Promise<number> => {
      const { metrics } = await cdp.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1_000;
    };
    const before = await busy();
    const result = await act();
    return [(await busy()) - before, result];
  };

  await opened.mount([Array.from({ length: EVENTS }, (_, index) => `tick-${round}-${index}`)]);
  const rounds: Round[] = [];
  for (const kind of ['seen', 'dismissed'] as const) {
    const [tickCpu, tick] = await cpuMs(() => opened.tick(kind));
    if (tick.events !== EVENTS) throw new Error('the tick lost events');
    const [postCpu, postMs] = await cpuMs(opened.post);
    const putAllMs = await opened.putAll();
    const begun = await opened.transactions();
    const { requests } = stack.network;
    const [deliverCpu] = await cpuMs(opened.flush);
    rounds.push({
      ...tick,
      kind,
      postMs,
      putAllMs,
      cpu: { tick: tickCpu, post: postCpu, deliver: deliverCpu },
      deliverTransactions: (await opened.transactions()) - begun,
      requests: stack.network.requests - requests,
    });
  }
  await opened.close();
  return rounds;
};

type Quantity = readonly [name: string, of: (round: Round) => number, digits: number];

const QUANTITIES: readonly Quantity[] = [
  ['transactions until durable', ({ transactions }) => transactions, 0],
  ['task that makes them, ms', ({ makeMs }) => makeMs, 1],
  ['task that confirms them, ms', ({ confirmMs }) => confirmMs, 1],
  ['task of one bare post, ms', ({ postMs }) => postMs, 1],
  ['task of 1,000 bare puts, ms', ({ putAllMs }) => putAllMs, 1],
  ['(makes + confirms) ÷ post', ({ makeMs, confirmMs, postMs }) => (makeMs + confirmMs) / postMs, 1],
  ['(makes + confirms) ÷ puts', ({ makeMs, confirmMs, putAllMs }) => (makeMs + confirmMs) / putAllMs, 1],
  ['CPU until durable, ms', ({ cpu }) => cpu.tick, 1],
  ['CPU of one bare post, ms', ({ cpu }) => cpu.post, 1],
  ['CPU until durable ÷ post', ({ cpu }) => cpu.tick / cpu.post, 1],
  ['delivering: CPU, ms', ({ cpu }) => cpu.deliver, 1],
  ['delivering: transactions', ({ deliverTransactions }) => deliverTransactions, 0],
  ['delivering: requests', ({ requests }) => requests, 0],
];

/** Measures so many rounds, and returns the table. */
export const measureTick = async (browser: Browser, stack: Stack, count: number): Promise<string> => {
  const rounds: Round[] = [];
  for (let round = 0; round < count; round++) rounds.push(...(await measureRound(browser, stack, round)));
  const cellOf = (kind: TickKind, [, of, digits]: Quantity): string =>
    spread(rounds.filter((round) => round.kind === kind).map(of), digits);
  return table(
    [`${EVENTS} events of one tick, median (min–max)`, 'seen in one frame', 'dismiss() in one loop'],
    QUANTITIES.map((quantity) => [quantity[0], cellOf('seen', quantity), cellOf('dismissed', quantity)]),
  );
};
