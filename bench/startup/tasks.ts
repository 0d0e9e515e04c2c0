/** One cold load of a page: the tasks of its main thread in which its script ran. */
import type { Browser, CDPSession } from 'playwright';

/** What a load is made of. */
export interface Load {
  /** The page's markup. */
  readonly html: string;
  /** Its script, at `/script.js`. */
  readonly script: string;
  /** What it loads from beside itself to deliver, if it has such a file. */
  readonly delivery?: string | undefined;
  /** How many times slower the processor seems. */
  readonly slowdown: number;
}

/** What is read of an event of Chromium's trace; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Time of the thread itself, which other processes of a busy machine prolong less. */
  readonly tdur?: number;
  readonly args?: unknown;
}

// Not a local one, where the tracker would ask less.
const ORIGIN = 'https://shop.example';
const SCRIPT = `${ORIGIN}/script.js`;
const DELIVERY = `${ORIGIN}/offersight-offers.js`;
/** Each page is traced for so long: longer than a dwell and the delivery behind it. */
const LOAD_MS = 2_500;
const CATEGORIES = ['toplevel', 'devtools.timeline'];

const isOfScript = ({ name, args }: TraceEvent): boolean =>
  /^(?:EvaluateScript|FunctionCall)$/.test(name) &&
  [SCRIPT, DELIVERY].some((url) => JSON.stringify(args ?? {}).includes(url));

const isWithin = (inner: TraceEvent, outer: TraceEvent): boolean =>
  inner.pid === outer.pid &&
  inner.tid === outer.tid &&
  inner.ts >= outer.ts &&
  inner.ts < outer.ts + (outer.dur ?? 0);

const tasksOf = (events: readonly TraceEvent[]): readonly number[] => {
  const calls = events.filter(isOfScript);
  const tasks = events
    .filter(({ name, ph }) => name.endsWith('RunTask') && ph === 'X')
    .filter((task) => calls.some((call) => isWithin(call, task)))
    .sort((a, b) => a.ts - b.ts)
    .map(({ tdur, dur }) => (tdur ?? dur ?? 0) / 1_000);
  if (!tasks.length) throw new Error('the trace has no task of the script');
  return tasks;
};

/** Records what happens while `act` runs. */
const trace = async (session: CDPSession, act: () => Promise<void>): Promise<TraceEvent[]> => {
  const events: TraceEvent[] = [];
  session.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: CATEGORIES },
  });
  await act();
  const complete = new Promise<void>((resolve) => session.once('Tracing.tracingComplete', () => resolve()));
  await session.send('Tracing.end');
  await complete;
  return events;
};

/**
 * Loads a page in a context, and so in a process, a cache and a storage, of its own.
 * @returns What each task of the script took of the main thread, milliseconds, in order. The first one evaluates the script.
 */
export const measure = async (
  browser: Browser,
  { html, script, delivery, slowdown }: Load,
): Promise<readonly number[]> => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/*', async (route) => {
    const request = route.request();
    const { events = [] } = (request.postDataJSON() ?? {}) as { events?: readonly { id: string }[] };
    const results = events.map(({ id }) => ({ id, status: 'accepted' }));
    if (request.method() === 'POST') await route.fulfill({ json: { v: 1, results } });
    else if (request.url() === SCRIPT) await route.fulfill({ body: script, contentType: 'text/javascript' });
    else if (delivery !== undefined && request.url() === DELIVERY)
      await route.fulfill({ body: delivery, contentType: 'text/javascript' });
    else if (request.url() === `${ORIGIN}/`) await route.fulfill({ body: html, contentType: 'text/html' });
    else await route.fulfill({ status: 404 });
  });
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
  const events = await trace(session, async () => {
    await page.goto(`${ORIGIN}/`);
    await page.waitForTimeout(LOAD_MS);
  });
  await context.close();
  return tasksOf(events);
};
