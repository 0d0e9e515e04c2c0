/** A healthy deployment as the doctor sees it, to be broken one thing at a time. */
import type {
  Answer,
  BrowserSeen,
  Drawn,
  Observed,
  ScriptTag,
  ShownOffer,
} from '../../src/tools/doctor/observed.js';

export const PAGE = 'https://shop.example/';
export const ENDPOINT = 'https://shop.example/offer-events';
export const SCRIPT = 'https://shop.example/offersight.js';

const HTML = { 'content-type': 'text/html' };

/** An answer of a script's address. */
export const answer = (given: Partial<Answer> = {}): Answer => ({
  ...{ kind: 'answered', url: SCRIPT, status: 200, headers: { 'content-type': 'text/javascript' } },
  ...{ text: 'offersight', redirects: [], hashes: ['sha256-a', 'sha384-b', 'sha512-c'] },
  ...given,
});

/** An answer of the endpoint that is a page. */
export const page = (status: number, headers: Answer['headers'] = {}, text = '<h1>Shop</h1>'): Answer =>
  answer({ url: ENDPOINT, status, headers: { ...HTML, ...headers }, text });

/** The proxy's own answer, by its code. */
export const problem = (code: string, status = 400, headers: Answer['headers'] = {}): Answer =>
  answer({
    ...{
      url: ENDPOINT,
      status,
      text: JSON.stringify({ type: `urn:offersight:problem:${code}`, code, status }),
    },
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...headers },
  });

export const tag = (
  attributes: Readonly<Record<string, string>> = {},
  given: Partial<ScriptTag> = {},
): ScriptTag => ({
  ...{ by: 'src', url: SCRIPT },
  attributes: { src: '/offersight.js', 'data-endpoint': '/offer-events', ...attributes },
  ...given,
});

/** An offer that a browser has drawn. */
export const offer = (
  id: string,
  drawn: Partial<Drawn> = {},
  given: Partial<ShownOffer> = {},
): ShownOffer => ({
  ...{ id, markup: `<p data-offer-id="${id}">`, names: [], filters: [] },
  drawn: { width: 300, height: 200, display: 'block', ...drawn },
  ...given,
});

const BROWSER: BrowserSeen = {
  ...{ tags: [tag()], offers: [offer('a52ge40b')], attributes: [], misspelt: [] },
  ...{
    files: [],
    violations: [],
    console: [],
    stopped: [],
    workers: [],
    frames: [],
    closed: [],
    storage: '',
  },
  tracker: { hasScriptRun: true, startedBy: tag().attributes, endpoints: [ENDPOINT] },
};

/** Everything in order, except for the given parts, and for those that the browser saw. */
export const seen = (given: Partial<Observed> = {}, browser: Partial<BrowserSeen> = {}): Observed => ({
  page: answer({ url: PAGE, headers: HTML }),
  at: Date.UTC(2026, 10, 24),
  ...{ tags: [tag()], offers: [offer('a52ge40b')], policies: [], inert: [], filtered: [], script: answer() },
  endpoint: { url: ENDPOINT, namedBy: 'page', asked: problem('batch'), by: 'page' },
  browser: { ...BROWSER, ...browser },
  ...given,
});

/** The same in a browser in which the script has not run. */
export const idle = (given: Partial<Observed> = {}, browser: Partial<BrowserSeen> = {}): Observed =>
  seen(given, { tracker: { hasScriptRun: false, endpoints: [] }, ...browser });

/** The same with a tracker that says something of itself. */
export const tracked = (tracker: Partial<BrowserSeen['tracker']>, given: Partial<Observed> = {}): Observed =>
  seen(given, { tracker: { ...BROWSER.tracker, ...tracker } });

/** The same without a browser. */
export const served = (given: Partial<Observed> = {}): Observed => {
  const { browser: _, ...rest } = seen(given);
  return rest;
};

/** The same with another answer of the endpoint. */
export const asked = (asked: Observed['endpoint']['asked']): Observed =>
  seen({ endpoint: { ...seen().endpoint, asked } });
