/** Measures how long a proxy keeps its event loop busy at a time, once its first requests are answered. */
import { table } from '../figures.js';
import { type Load, load } from './load.js';
import type { Server } from './process.js';
import { BOUNDS } from './watching.js';

/** One request at a time, so that a turn of the loop has one request at most. */
const LOADS: readonly (Load & { readonly title: string })[] = [
  { title: 'single events', events: 5_000, batch: 1, connections: 1 },
  { title: '100 in a request', events: 50_000, batch: 100, connections: 1 },
  { title: '500 in a request', events: 100_000, batch: 500, connections: 1 },
];

/**
 * Measures both.
 * @param control A process that only ticks.
 */
export const measureTurns = async (server: Server, control: Server): Promise<string> => {
  const isProxy = server.name !== 'bare';
  for (const each of LOADS) await load(server.url, each, isProxy);
  const turns: string[][] = [];
  for (const each of LOADS) {
    await server.watch('turns');
    await load(server.url, each, isProxy);
    const { counts = [], longestMs = NaN } = (await server.watched()).turns ?? {};
    turns.push([each.title, ...counts.map(String), longestMs.toFixed(1)]);
  }
  const ticks: string[][] = [];
  for (const each of LOADS) {
    await Promise.all([server.watch('ticks'), control.watch('ticks')]);
    await load(server.url, each, isProxy);
    const [own, other] = await Promise.all([server.watched(), control.watched()]);
    ticks.push([each.title, ...[own, other].map(({ tickMs = NaN }) => tickMs.toFixed(1))]);
  }
  const head = ['turns by CPU ms', ...BOUNDS.map((bound) => `≤ ${bound}`), 'more', 'longest'];
  const tickHead = ['longest tick, ms', server.name, 'a process that only ticks'];
  return `${server.name}\n${table(head, turns)}\n\n${table(tickHead, ticks)}`;
};
