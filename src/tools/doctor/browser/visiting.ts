/** Opens the page in a browser, looks at it, and ends the browser without letting the page say farewell. */
import type { Browser, CDPSession, Page } from 'puppeteer-core';
import type { Runtime, Stop } from '../../../runtime.js';
import { emptyBatch } from '../http/endpoint.js';
import { LOAD_MS, MAX_TEXT, REQUEST_MS, SETTLE_MS } from '../limits.js';
import { nameEndpoint } from '../naming.js';
import type { Answer, Asked, BrowserSeen, EndpointSeen, ScriptTag } from '../observed.js';
import { keepWorkersOut, postFromPage } from './in-page.js';
import { look } from './looking.js';
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
    const seen = await look({ page, session, heard }, options);
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
