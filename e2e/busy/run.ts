/**
 * Runs visits in real browsers, some at once. Then it opens a working page for each, and waits until its outbox is
 * empty.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { LaunchOptions, Page } from '@playwright/test';
import { within } from '../chaos/tabs.js';
import { trackerStats } from '../fixtures/ready.js';
import { createProfile, type Profile, type RealBrowser } from '../fixtures/real-browser.js';
import { type Heard, type Outcome, outcomeOf, type Visit } from './count.js';
import { type Cell, wordsOf } from './plan.js';
import type { Said } from './said.js';
import { type Origin, startWorld } from './world.js';

/** What a run is. */
export interface RunOptions {
  readonly launch: LaunchOptions;
  /** Its visits, in order. */
  readonly cells: Iterable<Cell>;
  /** No other visit begins once so many events were reported as durable. */
  readonly events: number;
  readonly scriptFile?: string;
  /** Gets lines about the progress of the run. */
  readonly say?: (line: string) => void;
}

/** So many browsers at once. A visit keeps a core busy. */
const LANES = 2;
/** How long it may take until a page begins its train, or the visitor arrives at the next page. */
const ARRIVE_MS = 60_000;
/** How long after its train a page may still report events before its browser is killed. */
const BEHIND_MS = 3_000;
/** How long the visitor looks at the working page. */
const LOOK_MS = 1_000;
/**
 * How long a working page may take to empty its outbox: a lease of the page before it and a back-off may have to end.
 */
const EMPTY_MS = 60_000;
const POLL_MS = 100;

/** What a visit says. */
interface Ear {
  readonly heard: Heard[];
  /** Resolves when the page says something of that sort from now on; false if it does not in time. */
  hears(isIt: (said: Said) => boolean, ms: number): Promise<boolean>;
  onSaid(said: Said): void;
}

const createEar = (): Ear => {
  const heard: Heard[] = [];
  const waiting = new Set<(said: Said) => void>();
  return {
    heard,
    hears: async (isIt, ms) => {
      let listener: ((said: Said) => void) | undefined;
      const said = new Promise<true>((resolve) => {
        listener = (one) => isIt(one) && resolve(true);
        waiting.add(listener);
      });
      const isSaid = await within(said, ms);
      if (listener) waiting.delete(listener);
      return !!isSaid;
    },
    onSaid(said) {
      heard.push({ ...said, at: Date.now() });
      for (const listener of waiting) listener(said);
    },
  };
};

/** Opens a tab whose pages are heard. */
const openTab = async ({ context }: RealBrowser, { onSaid }: Ear, throttle: number): Promise<Page> => {
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  session.on('Runtime.bindingCalled', ({ payload }) => onSaid(JSON.parse(payload) as Said));
  // Without this the browser does not pass on what the page says.
  await session.send('Runtime.enable');
  await session.send('Runtime.addBinding', { name: 'busySay' });
  if (throttle > 1) await session.send('Emulation.setCPUThrottlingRate', { rate: throttle });
  return page;
};

const isBegun =
  (train: number) =>
  (said: Said): boolean =>
    said.kind === 'train' && said.train === train;
const isToldDurable = (said: Said): boolean => said.kind === 'told' && said.isDurable;

/** Opens the busy page and ends the visit as its cell says. */
const visitBusily = async (browser: RealBrowser, cell: Cell, origin: Origin, ear: Ear): Promise<void> => {
  const { end, train, trainMs, share, behindTold, throttle } = cell;
  const page = await openTab(browser, ear, throttle);
  const begins = ear.hears(isBegun(train), ARRIVE_MS);
  await page.goto(origin.busyUrl, { waitUntil: 'commit', timeout: ARRIVE_MS });
  if (!(await begins)) throw new Error(`train ${train + 1} did not begin: ${wordsOf(cell)}`);
  if (end === 'leave') {
    await page.waitForURL(origin.calmUrl, { timeout: ARRIVE_MS });
    await wait(LOOK_MS);
    await page.close();
  } else {
    await wait(share * trainMs);
    let left = behindTold;
    if (left) await ear.hears((said) => isToldDurable(said) && --left === 0, trainMs + BEHIND_MS);
    await browser.kill();
  }
};

/** Opens a working page while the endpoint is up, and returns whether its outbox became empty. */
const empty = async (browser: RealBrowser, origin: Origin, ear: Ear): Promise<boolean> => {
  origin.mend();
  const page = await openTab(browser, ear, 1);
  await page.goto(origin.calmUrl, { timeout: ARRIVE_MS });
  let waiting: number | undefined;
  for (const endsAt = Date.now() + EMPTY_MS; waiting !== 0 && Date.now() < endsAt; await wait(POLL_MS))
    waiting = (await within(trackerStats(page)))?.outbox?.waiting;
  await page.close();
  return waiting === 0;
};

/** Runs the visits and gives what became of each one's events. */
export const runBusy = async (options: RunOptions): Promise<Outcome[]> => {
  const { launch, cells, events, scriptFile = 'dist/offersight.js', say = () => undefined } = options;
  const world = await startWorld(scriptFile);
  const profiles: Profile[] = [];
  const visits: Visit[] = [];
  const left = cells[Symbol.iterator]();
  let durable = 0;

  const runLane = async (): Promise<void> => {
    const profile = await createProfile(launch);
    profiles.push(profile);
    let browser: RealBrowser | undefined;
    const begun: { cell: Cell; origin: Origin; ear: Ear; endedAt: number }[] = [];
    while (durable < events) {
      const { value: cell, done } = left.next();
      if (done) break;
      const [origin, ear] = [world.admit(cell), createEar()];
      browser ??= await profile.start();
      await visitBusily(browser, cell, origin, ear);
      if (cell.end === 'kill') browser = undefined;
      const told = ear.heard.filter(isToldDurable).length;
      durable += told;
      begun.push({ cell, origin, ear, endedAt: Date.now() });
      say(`${told} events were reported as durable: ${wordsOf(cell)}`);
    }
    browser ??= await profile.start();
    for (const { origin, ear, ...ended } of begun)
      visits.push({ ...ended, heard: ear.heard, isEmpty: await empty(browser, origin, ear) });
  };

  try {
    await Promise.all(Array.from({ length: LANES }, runLane));
    await world.drained();
    const counted = world.counted();
    return visits.map((visit) => outcomeOf(visit, counted));
  } finally {
    for (const profile of profiles) await profile.close();
    await world.close();
  }
};
