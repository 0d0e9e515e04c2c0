/** A healthy deployment as the doctor sees it, to be broken one thing at a time. */
import type {
  Answer,
  BrowserSeen,
  Drawn,
  Observed,
  ScriptTag,
  ShownOffer,
} from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';

export const PAGE = 'https://shop.example/';
export const ENDPOINT = 'https://shop.example/offer-events';
export const SCRIPT = 'https://shop.example/offersight.js';

/** An answer of a script's address. */
export const answer = (given: Partial<Answer> = {}): Answer => ({
  ...{ kind: 'answered', url: SCRIPT, status: 200, headers: { 'content-type': 'text/javascript' } },
  ...{ text: 'offersight', redirects: [], hashes: ['sha256-a', 'sha384-b', 'sha512-c'] },
  ...given,
});

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

export const browser = (given: Partial<BrowserSeen> = {}): BrowserSeen => ({
  ...{
    tags: [tag()],
    offers: [offer('a52ge40b')],
    misspelt: [],
    files: [],
    violations: [],
    console: [],
    stopped: [],
    workers: [],
    frames: [],
    closed: [],
    replaced: [],
    storage: '',
    cookieBytes: 0,
    commands: 'tracker',
    attributes: [],
    idle: [],
  },
  tracker: { hasScriptRun: true, startedBy: tag().attributes, endpoints: [ENDPOINT] },
  ...given,
});

/** A browser in which the script has not run. */
export const idle = (given: Partial<BrowserSeen> = {}): BrowserSeen =>
  browser({ tracker: { hasScriptRun: false, endpoints: [] }, ...given });

/** Everything in order, except for the given parts. */
export const seen = (given: Partial<Observed> = {}): Observed => ({
  page: answer({ url: PAGE, headers: { 'content-type': 'text/html' } }),
  at: Date.UTC(2026, 10, 24),
  ...{
    tags: [tag()],
    offers: [offer('a52ge40b')],
    policies: [],
    browser: browser(),
    script: answer(),
    inert: [],
    repeated: [],
    filtered: [],
  },
  endpoint: { url: ENDPOINT, namedBy: 'page', asked: problem('batch'), by: 'page' },
  ...given,
});

/** The same without a browser. */
export const served = (given: Partial<Observed> = {}): Observed => {
  const { browser: _, ...rest } = seen(given);
  return rest;
};

/** `severity id` of each finding. */
export const found = (observed: Observed): string[] =>
  judge(observed).findings.map(({ severity, id }) => `${severity} ${id}`);

/** The evidence of the first finding. */
export const evidenceOf = (observed: Observed): string =>
  judge(observed).findings[0]?.evidence.join('\n') ?? '';
