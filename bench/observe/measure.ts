/** One run of one page: what each phase cost the main thread, and what was kept in memory at the end. */
import type { Browser } from 'playwright';
import { type BenchPage, PHASES, type Phase } from './plan.js';

/** The result of one run. */
export interface Run {
  /** CPU time of the main thread, milliseconds. */
  readonly cpuMs: Readonly<Record<Phase, number>>;
  readonly frames: Readonly<Record<Phase, number>>;
  /** Scripts' heap and the browser's own objects of the page, after a collection. */
  readonly heapBytes: number;
  readonly counted: number;
}

interface BenchWindow {
  readonly bench: BenchPage;
}

/** Measures one page in a context, and so in a process and a storage, of its own. */
export const measure = async (browser: Browser, url: string): Promise<Run> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // Thread time excludes most effects of other processes on a busy machine.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyMs = async (): Promise<number> => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    const seconds = metrics.find(({ name }) => name === 'TaskDuration')?.value;
    if (seconds === undefined) throw new Error('the browser does not report how long its tasks took');
    return seconds * 1_000;
  };

  await page.goto(url);
  await page.evaluate(() => (window as unknown as BenchWindow).bench.ready());
  const cpuMs = {} as Record<Phase, number>;
  const frames = {} as Record<Phase, number>;
  for (const phase of PHASES) {
    const before = await busyMs();
    frames[phase] = await page.evaluate((name) => (window as unknown as BenchWindow).bench.run(name), phase);
    cpuMs[phase] = (await busyMs()) - before;
  }
  const counted = await page.evaluate(() => (window as unknown as BenchWindow).bench.counted());
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize, embedderHeapUsedSize } = await cdp.send('Runtime.getHeapUsage');
  await context.close();
  return { cpuMs, frames, heapBytes: usedSize + embedderHeapUsedSize, counted };
};
