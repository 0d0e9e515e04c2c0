/** Measures the memory of a proxy while a great many events pass through it. */
import { table } from '../figures.js';
import { BATCHES, load } from './load.js';
import type { Server } from './process.js';

/** The run is measured in tenths; the others are compared with the first. */
const LOOKS = [1, 2, 5, 10];
const STEP = 20_000;
const MIB = 2 ** 20;

/** Passes so many events through one proxy, and reports its memory on the way. */
export const measureMemory = async (server: Server, events: number): Promise<string> => {
  let passed = 0;
  let first: { readonly heap: number; readonly rss: number } | undefined;
  const rows: string[][] = [];
  const startedAt = performance.now();
  for (const tenths of LOOKS) {
    const until = (events / 10) * tenths;
    for (; passed < until; passed += STEP) await load(server.url, { ...BATCHES, events: STEP }, true);
    const { heap, rss } = await server.memory();
    console.error(`${passed} events`);
    first ??= { heap, rss };
    rows.push([
      `${passed}`,
      (heap / MIB).toFixed(1),
      `${((heap / first.heap - 1) * 100).toFixed(1)} %`,
      (rss / MIB).toFixed(1),
      `${((rss / first.rss - 1) * 100).toFixed(1)} %`,
    ]);
  }
  const rate = passed / ((performance.now() - startedAt) / 1_000);
  const head = ['events', 'heap, MiB', 'since 10 %', 'RSS, MiB', 'since 10 %'];
  return `${server.name}, ${rate.toFixed(0)} events/s all the while\n${table(head, rows)}`;
};
