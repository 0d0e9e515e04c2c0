/** Opens the page in a browser, looks at it, and ends the browser without letting the page say farewell. */
import type { Browser, CDPSession, Page } from 'puppeteer-core';
import type { Runtime, Stop } from '../../runtime.js';
import { emptyBatch } from '../http/endpoint.js';
import { LOAD_MS, MAX_ELEMENTS, MAX_TEXT, REQUEST_MS, SETTLE_MS, SILENT_MS } from '../limits.js';
import { nameEndpoint } from '../naming.js';
import type {
  Answer,
  Asked,
  BrowserSeen,
  EndpointSeen,
  ScriptTag,
  ShownOffer,
  SilentOffer,
  TrackerSeen,
} from '../observed.js';
import { readTag } from '../tags.js';
import { offersInClosedTrees } from './closed-trees.js';
import {
  keepWorkersOut,
  postFromPage,
  type RawOffer,
  type RawTracker,
  readBase,
  readFrames,
  readJson,
  readMisspelt,
  readOffers,
  readScripts,
  readTracker,
  readUsable,
  readWorkers,
  scrollToOffers,
} from './in-page.js';
import { watchOffer } from './in-page-watch.js';
import { type RunningOptions, startBrowser } from './running.js';
import { type Heard, watch } from './watching.js';

/** Options of a visit. */
export interface VisitOptions extends RunningOptions {
  readonly url: string;
  /** The endpoint, if the command got one. */
  readonly endpoint?: string | undefined;
  /** The script file's tags as they were served. */
  readonly tags: readonly ScriptTag[];
  readonly runtime: Pick<Runtime, 'now' | 'after'>;
  /** Selectors of filter lists that are about these classes and ids. */
  readonly selectorsFor: (names: readonly string[], page: string) => readonly string[];
}

/** What a visit saw. */
export interface Visit {
  readonly page: Answer;
  /** The URL of the document that was loaded last; the page may have changed its address since. */
  readonly loaded: string;
  readonly browser: BrowserSeen;
  readonly endpoint: EndpointSeen;
}

/** How long what the page knows already may take to reach the doctor. */
const GRACE_MS = 500;

/** Opens the page. If it loads for too long, it is examined as it is. */
const open = async (page: Page, { url, deadline, runtime }: VisitOptions): Promise<Answer> => {
  let main: Answer | undefined;
  page.on('response', (response) => {
    const request = response.request();
    if (!request.isNavigationRequest() || request.frame() !== page.mainFrame()) return;
    const redirects = request.redirectChain().map((each) => each.url());
    main = {
      ...{ kind: 'answered', url: response.url(), status: response.status() },
      headers: response.headers(),
      text: '',
      redirects,
    };
  });
  try {
    await page.goto(url, { waitUntil: 'load', timeout: deadline.stepMs(LOAD_MS) });
  } catch (cause) {
    if (!main || main.status >= 300) throw cause;
  }
  await new Promise<void>((resolve) => {
    runtime.after(deadline.stepMs(SETTLE_MS), resolve);
  });
  await page
    .waitForNetworkIdle({ idleTime: 500, timeout: deadline.stepMs(2 * SETTLE_MS) })
    .catch(() => undefined);
  if (!main) throw new Error('no answer');
  return main;
};

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

/** Gives the tracker the time to report an offer, if it works and has reported nothing yet. */
const lookForSilence = async (
  page: Page,
  { stopped }: Heard,
  { endpoints, consent, dwellMs }: RawTracker,
  deadline: VisitOptions['deadline'],
): Promise<SilentOffer | undefined> => {
  const forMs = deadline.stepMs(SILENT_MS);
  if (!endpoints.length || consent !== 'granted' || stopped.length || forMs < 2 * dwellMs) return undefined;
  // The page may go on to another one meanwhile. What it showed until then stays.
  return await page.evaluate(watchOffer, forMs).catch(() => undefined);
};

/** Looks at the page itself. */
const look = async (
  page: Page,
  session: CDPSession,
  heard: Heard,
  { selectorsFor, deadline }: VisitOptions,
): Promise<BrowserSeen> => {
  const base = await page.evaluate(readBase);
  const scripts = await page.evaluate(readScripts);
  await page.evaluate(scrollToOffers, 20);
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
    json: await page.evaluate(readJson),
    ...{ tracker: toTracker(rawTracker), files, violations, console, stopped },
  };
  const silent = await lookForSilence(page, heard, rawTracker, deadline);
  return silent ? { ...seen, silent } : seen;
};

/** Asks the endpoint from inside the page, under its policies and with its browser's headers. */
const probe = async (
  page: Page,
  heard: Heard,
  url: string,
  { deadline, runtime }: VisitOptions,
): Promise<Asked> => {
  const body = emptyBatch(runtime.now());
  const stops: Stop[] = [];
  const late = (ms: number): Promise<string> =>
    new Promise((resolve) => {
      stops.push(runtime.after(deadline.stepMs(ms), () => resolve('no answer in time')));
    });
  const answered = heard.answerTo(body);
  const posted = page.evaluate(postFromPage, url, body).catch(() => 'the page was gone before the answer');
  const reason = await Promise.race([posted, late(REQUEST_MS)]);
  // The page may know sooner than the doctor, also why it does not get the answer.
  const asked = await Promise.race([answered, late(reason ? GRACE_MS : REQUEST_MS)]);
  for (const stop of stops) stop();
  return typeof asked === 'string'
    ? { kind: 'failed', url, reason: (reason || asked).slice(0, MAX_TEXT) }
    : asked;
};

/** Windows that the page opens are not watched. */
const closeOthers = (browser: Browser, page: Page): void => {
  browser.on('targetcreated', async (target) => {
    const other = await target.page().catch(() => null);
    if (other && other !== page) await other.close().catch(() => undefined);
  });
};

/**
 * Visits the page.
 * @throws {Error} If puppeteer-core is not installed, the browser does not start, or the page does not load.
 */
export const visit = async (options: VisitOptions): Promise<Visit> => {
  const { browser, kill, end } = await startBrowser(options);
  // No page can make the run too long: when its browser ends, everything that waits for it ends.
  // After that only requests follow.
  const stopTimer = options.runtime.after(options.deadline.allBut(REQUEST_MS), kill);
  let session: CDPSession | undefined;
  try {
    const [page = await browser.newPage()] = await browser.pages();
    closeOthers(browser, page);
    session = await page.createCDPSession();
    let endpoint = nameEndpoint({ given: options.endpoint, tags: options.tags }, options.url);
    // An open dialog would hold the page up.
    page.on('dialog', (dialog) => dialog.dismiss().catch(() => undefined));
    await page.evaluateOnNewDocument(keepWorkersOut);
    const heard = await watch(page, session, () => endpoint.url);
    const loaded = await open(page, options);
    const seen = await look(page, session, heard, options);
    endpoint = nameEndpoint(
      { given: options.endpoint, tags: [...seen.tags, ...options.tags], browser: seen },
      page.url(),
    );
    const asked = await probe(page, heard, endpoint.url, options);
    return {
      page: { ...loaded, url: page.url() },
      ...{ loaded: loaded.url, browser: seen, endpoint: { ...endpoint, asked, by: 'page' } },
    };
  } finally {
    stopTimer();
    await end(session);
  }
};
