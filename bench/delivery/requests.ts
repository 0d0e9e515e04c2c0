/** Counts the requests for a thousand events that come at once, in a trickle, or over page views. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser } from 'playwright';
import { table } from '../figures.js';
import type { Network } from './network.js';
import { type Opened, openMeasured } from './open.js';
import type { Stack } from './stack.js';

/** A trickle is even, so a part of it represents the whole. */
const TRICKLE = { events: 300, everyMs: 50, farMs: 100 };
const VIEWS = { count: 20, groups: 5, groupEvents: 10, everyMs: 150, leaveMs: 300 };

const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

type Case = readonly [name: string, events: number, run: (opened: Opened, network: Network) => Promise<void>];

const trickle = async (prefix: string, opened: Opened): Promise<void> => {
  await opened.mount(ids(prefix, TRICKLE.events).map((id) => [id]));
  await opened.trickle(TRICKLE.everyMs);
};

const CASES: readonly Case[] = [
  [
    'all in one tick',
    1_000,
    async (opened) => {
      await opened.mount([ids('once', 1_000)]);
      await opened.show();
    },
  ],
  [`one every ${TRICKLE.everyMs} ms`, TRICKLE.events, (opened) => trickle('near', opened)],
  [
    `the same, ${TRICKLE.farMs} ms from the proxy`,
    TRICKLE.events,
    async (opened, network) => {
      network.delayMs = TRICKLE.farMs;
      await trickle('far', opened);
      network.delayMs = 0;
    },
  ],
  [
    `${VIEWS.count} page views of ${VIEWS.groups * VIEWS.groupEvents}, left soon`,
    VIEWS.count * VIEWS.groups * VIEWS.groupEvents,
    async (opened) => {
      for (let view = 0; view < VIEWS.count; view++) {
        if (view) await opened.again();
        const groups = ids(`view-${view}`, VIEWS.groups);
        await opened.mount(groups.map((group) => ids(group, VIEWS.groupEvents)));
        await opened.trickle(VIEWS.everyMs);
        await wait(VIEWS.leaveMs);
      }
    },
  ],
];

/** Counts them, and returns the table. */
export const measureRequests = async (browser: Browser, stack: Stack): Promise<string> => {
  const rows: string[][] = [];
  for (const [name, events, run] of CASES) {
    const [requests, taken, repeated] = [stack.network.requests, stack.takenAt.size, stack.repeated()];
    const opened = await openMeasured(browser, stack);
    await run(opened, stack.network);
    while (stack.takenAt.size < taken + events || (await opened.waiting())) await wait(50);
    await opened.close();
    const made = stack.network.requests - requests;
    rows.push([
      name,
      `${events}`,
      `${made}`,
      ((1_000 * made) / events).toFixed(0),
      `${stack.repeated() - repeated}`,
    ]);
  }
  return table(['requests', 'events', 'requests', 'per 1,000', 'events sent again'], rows);
};
