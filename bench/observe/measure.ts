/** One run of one page: what each phase cost the main thread, and what was kept in memory at the end. */
import type { Browser } from 'playwright';
import { type BenchPage, PHASES, type Phase } from './plan.js';

/** The result of one run. */
export interface Run {
  /** CPU time of the main thread, milliseconds. */
  readonly cpuMs: Readonly<Record<Phase, number>>;
  readonly frames: Readonly<Record<Phase, number>>;
  /** What mounting cost without style and layout, which no tracker adds to, milliseconds. */
  readonly mountScriptMs: number;
  /** Scripts' heap and the browser's own objects of the page, after a collection. */
  readonly heapBytes: number;
  readonly counted: number;
}

interface BenchWindow {
  readonly bench: BenchPage;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Measures one page in a context, and so in a process and a storage, of its own. */
export const measure = async (browser: Browser, url: string): Promise<Run> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // Thread time excludes most effects of other processes on a busy machine.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  /** How long each kind of work took until now, milliseconds. */
  const timesOf = async (...names: readonly string[]): Promise<number[]> => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    return names.map((each) => {
      const seconds = metrics.find(({ name }) => name === each)?.value;
      if (seconds === undefined) throw new Error(`the browser does not report its ${each}`);
      return seconds * 1_000;
    });
  };
  const busyMs = async (): Promise<number> => sum(await timesOf('TaskDuration'));
  const drawingMs = async (): Promise<number> => sum(await timesOf('LayoutDuration', 'RecalcStyleDuration'));

  await page.goto(url);
  await page.evaluate(() => (window as unknown as BenchWindow).bench.ready());
  const cpuMs = {} as Record<Phase, number>;
  const frames = {} as Record<Phase, number>;
  let mountScriptMs = 0;
  for (const phase of PHASES) {
    const before = await busyMs();
    const drawnBefore = await drawingMs();
    frames[phase] = await page.evaluate((name) => (window as unknown as BenchWindow).bench.run(name), phase);
    cpuMs[phase] = (await busyMs()) - before;
    if (phase === 'mount') mountScriptMs = cpuMs[phase] - ((await drawingMs()) - drawnBefore);
  }
  const counted = await page.evaluate(() => (window as unknown as BenchWindow).bench.counted());
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize, embedderHeapUsedSize } = await cdp.send('Runtime.getHeapUsage');
  await context.close();
  return { cpuMs, frames, mountScriptMs, heapBytes: usedSize + embedderHeapUsedSize, counted };
};
