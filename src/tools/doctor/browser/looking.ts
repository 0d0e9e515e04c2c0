/** Looks at a page that is open: its tags and offers, the tracker, and what surrounds that. */
import type { CDPSession, Page } from 'puppeteer-core';
import type { Runtime, Stop } from '../../../runtime.js';
import { COMMAND_MS, type Deadline, MAX_ELEMENTS, SILENT_MS, STORAGE_MS } from '../limits.js';
import type { BrowserSeen, ShownOffer, SilentOffer, TrackerSeen } from '../observed.js';
import { readTag } from '../tags.js';
import { offersInClosedTrees } from './closed-trees.js';
import {
  countOffersOfFrame,
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
import { readIdleControls } from './in-page-closing.js';
import { readAttributes, readCommands, readReplaced, readStorage } from './in-page-surroundings.js';
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
  // Only the offer part says what the tracker waits for, and a page that clears timers may have kept it from starting.
  const isWhole = consent !== '';
  if (isWhole && (consent !== 'granted' || forMs < 2 * dwellMs)) return undefined;
  try {
    await inTime(options, page.evaluate(startWatching), undefined);
    // By a timer of the doctor's own, since scripts of the page may clear the others.
    await new Promise<void>((resolve) => {
      options.runtime.after(forMs, resolve);
    });
    const silent = await page.evaluate(endWatching);
    return isWhole || !silent?.hasTimers ? silent : undefined;
  } catch {
    // The page may go on to another one meanwhile. What it showed until then stays.
    return undefined;
  }
};

/** How many bytes of cookies a request carries; none if the browser does not say. */
const cookieBytesFor = async (session: CDPSession, url: string): Promise<number> => {
  try {
    const { cookies } = await session.send('Network.getCookies', { urls: [url] });
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ').length;
  } catch {
    return 0;
  }
};

/** A page of advertisements has dozens. */
const MOST_FRAMES = 20;

/** Frames of other origins that hold offers. */
const lookIntoFrames = async (page: Page, options: LookOptions): Promise<string[]> => {
  const { origin } = new URL(page.url());
  const frames = page.frames().filter((frame) => frame !== page.mainFrame());
  const found = await Promise.all(
    frames.slice(0, MOST_FRAMES).map(async (frame) => {
      // It may go on to another page meanwhile.
      const count = frame.evaluate(countOffersOfFrame, origin).catch(() => 0);
      const [address = ''] = frame.url().split(/[?#]/, 1);
      return { count: await inTime(options, count, 0), address };
    }),
  );
  return found.flatMap(({ count, address }) =>
    count ? `<iframe> with ${address}, which is of another origin, holds ${count} with data-offer-id` : [],
  );
};

/**
 * Looks at the page itself.
 * @param endpoint As far as it is known by now.
 */
export const look = async (
  { page, session, heard }: OpenPage,
  endpoint: string,
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
    frames: [...(await page.evaluate(readFrames)), ...(await lookIntoFrames(page, options))],
    closed: await lookIntoClosedTrees(session),
    replaced: await page.evaluate(readReplaced),
    storage: await inTime(
      options,
      page.evaluate(readStorage, deadline.stepMs(STORAGE_MS)),
      'no answer in time',
    ),
    commands: await page.evaluate(readCommands),
    idle: await page.evaluate(readIdleControls, MAX_ELEMENTS),
    attributes: await page.evaluate(readAttributes, MAX_ELEMENTS),
    cookieBytes: await cookieBytesFor(session, endpoint),
    ...{ tracker: toTracker(rawTracker), files, violations, console, stopped },
  };
  const silent = await lookForSilence(page, heard, rawTracker, options);
  return silent ? { ...seen, silent } : seen;
};
