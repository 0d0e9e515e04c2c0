/** Looks at a page that is open: its tags and offers, the tracker, and what surrounds that. */
import type { CDPSession, Page } from 'puppeteer-core';
import type { Runtime, Stop } from '../../../runtime.js';
import { COMMAND_MS, type Deadline, MAX_ELEMENTS, SILENT_MS, STORAGE_MS } from '../limits.js';
import type { BrowserSeen, ShownOffer, SilentOffer, TrackerSeen } from '../observed.js';
import { readTag } from '../tags.js';
import { offersInClosedTrees } from './closed-trees.js';
import {
  loadOfferPart,
  type RawOffer,
  type RawTracker,
  readBase,
  readFrames,
  readMisspelt,
  readOffers,
  readScripts,
  readTracker,
  readUsable,
  readWorkers,
  scrollToOffers,
} from './in-page.js';
import { readAttributes, readStorage } from './in-page-surroundings.js';
import { endWatching, startWatching } from './in-page-watch.js';
import type { Heard } from './watching.js';

/** A page in a browser, and what was heard of it. */
export interface OpenPage {
  readonly page: Page;
  readonly session: CDPSession;
  readonly heard: Heard;
}

/** Options of a look. */
export interface LookOptions {
  readonly deadline: Deadline;
  readonly runtime: Pick<Runtime, 'after'>;
  /** Selectors of filter lists that are about these classes and ids. */
  readonly selectorsFor: (names: readonly string[], page: string) => readonly string[];
}

const toOffer = (offer: RawOffer): ShownOffer => {
  const { id, markup, names, filters, hiddenBy, expires, text, isSigned, isInner, ...drawn } = offer;
  return {
    ...{ id, markup, names, filters, text, isSigned, isInner },
    ...(expires && { expires }),
    drawn: { ...drawn, ...(hiddenBy && { hiddenBy }) },
  };
};

const toTracker = ({
  startedBy,
  consent,
  inClosedTrees,
  dwellMs: _,
  ...tracker
}: RawTracker): TrackerSeen => ({
  ...tracker,
  ...(startedBy && { startedBy }),
  ...(consent && { consent }),
  ...(inClosedTrees >= 0 && { inClosedTrees }),
});

/** What the browser cannot list is left out: the rest of the visit has been seen. */
const lookIntoClosedTrees = async (session: CDPSession): Promise<string[]> => {
  try {
    return offersInClosedTrees(await session.send('DOMSnapshot.captureSnapshot', { computedStyles: [] }));
  } catch {
    return [];
  }
};

/** What a page answers, or something else if it does not: scripts may clear the timers of others. */
const inTime = async <T>(
  { runtime, deadline }: LookOptions,
  asked: Promise<T>,
  otherwise: T,
  ms = COMMAND_MS / 2,
): Promise<T> => {
  let stop: Stop | undefined;
  const late = new Promise<T>((resolve) => {
    stop = runtime.after(deadline.stepMs(ms), () => resolve(otherwise));
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    stop?.();
  }
};

/** Gives the tracker the time to report an offer, if it works and has reported nothing yet. */
const lookForSilence = async (
  page: Page,
  { stopped }: Heard,
  { endpoints, consent, dwellMs }: RawTracker,
  options: LookOptions,
): Promise<SilentOffer | undefined> => {
  const forMs = options.deadline.stepMs(SILENT_MS);
  if (!endpoints.length || stopped.length) return undefined;
  if (consent !== 'granted' || forMs < 2 * dwellMs) return undefined;
  try {
    await inTime(options, page.evaluate(startWatching), undefined);
    // By a timer of the doctor's own, since scripts of the page may clear the others.
    await new Promise<void>((resolve) => {
      options.runtime.after(forMs, resolve);
    });
    return await page.evaluate(endWatching);
  } catch {
    // The page may go on to another one meanwhile. What it showed until then stays.
    return undefined;
  }
};

/** Looks at the page itself. */
export const look = async (
  { page, session, heard }: OpenPage,
  options: LookOptions,
): Promise<BrowserSeen> => {
  const { selectorsFor, deadline } = options;
  const base = await page.evaluate(readBase);
  const scripts = await page.evaluate(readScripts);
  await inTime(options, page.evaluate(scrollToOffers, 20), undefined);
  await inTime(options, page.evaluate(loadOfferPart), undefined);
  const rawTracker = await page.evaluate(readTracker);
  const raw = await page.evaluate(readOffers, MAX_ELEMENTS, []);
  const given = selectorsFor([...new Set(raw.flatMap(({ names }) => names))], page.url());
  const selectors = await page.evaluate(readUsable, [...given]);
  const offers = selectors.length ? await page.evaluate(readOffers, MAX_ELEMENTS, selectors) : raw;
  const { files, violations, console, stopped } = heard;
  const seen: BrowserSeen = {
    tags: scripts.flatMap((attributes) => readTag(attributes, base) ?? []),
    offers: offers.map(toOffer),
    misspelt: await page.evaluate(readMisspelt),
    workers: await page.evaluate(readWorkers),
    frames: await page.evaluate(readFrames),
    closed: await lookIntoClosedTrees(session),
    storage: await inTime(
      options,
      page.evaluate(readStorage, deadline.stepMs(STORAGE_MS)),
      'no answer in time',
    ),
    attributes: await page.evaluate(readAttributes, MAX_ELEMENTS),
    ...{ tracker: toTracker(rawTracker), files, violations, console, stopped },
  };
  const silent = await lookForSilence(page, heard, rawTracker, options);
  return silent ? { ...seen, silent } : seen;
};
