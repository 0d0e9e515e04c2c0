/** `offersight doctor`: looks at a deployment from outside, and says what is wrong between a page and Chargebee. */
import { platformRuntime, type Runtime } from '../../runtime.js';
import { type BrowserChoice, visitIfPossible } from './browser/browser-choice.js';
import type { Report } from './finding.js';
import { type Ask, createAsk } from './http/asking.js';
import { askEndpoint, contradictingBatch, longBatch, problemOf, type Question } from './http/endpoint.js';
import { type Markup, readMarkup } from './http/markup.js';
import { policiesOf } from './http/policy.js';
import { type Deadline, startDeadline } from './limits.js';
import { joinLists, loadLists, readListFiles } from './lists/engine.js';
import { type FilterLists, requestsOf } from './lists/names.js';
import { smallList } from './lists/small.js';
import { nameEndpoint } from './naming.js';
import { NotLooked } from './not-looked.js';
import type { Asked, EndpointSeen, Observed } from './observed.js';
import { type AdminOptions, askOperator } from './operator/admin.js';
import { askKey, type KeyOptions } from './operator/key.js';
import { judge } from './rules/rules.js';

/** Options of the doctor. */
export interface DoctorOptions {
  /** The page. */
  readonly url: string;
  readonly browser: BrowserChoice;
  /** The endpoint, where the page does not name it. */
  readonly endpoint?: string | undefined;
  readonly admin?: AdminOptions | undefined;
  readonly key?: KeyOptions | undefined;
  /** A folder of filter lists. */
  readonly lists?: string | undefined;
  /** How long the run may take. Default: 30. */
  readonly maxSeconds?: number | undefined;
}

const loadAll = async (folder: string | undefined, leftOut: string[]): Promise<FilterLists> => {
  if (folder === undefined) return smallList;
  try {
    return joinLists(smallList, await loadLists(readListFiles(folder)));
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    leftOut.push(
      isMissing
        ? 'The lists were not read: add what reads them with npm install @ghostery/adblocker.'
        : `The lists were not read: ${cause instanceof Error ? cause.message : 'the folder cannot be read'}.`,
    );
    return smallList;
  }
};

/** What the page's source says; nothing if the doctor itself got no page. */
const readSource = (page: Asked): Markup =>
  page.kind === 'answered' && page.status < 300
    ? readMarkup(page.text, page.url)
    : { tags: [], inert: [], offers: [], policies: [] };

const withoutHash = (url: string): string => url.split('#', 1)[0] ?? url;

const whyNot = (page: Asked): string => {
  if (page.kind === 'failed') return `${page.url} cannot be opened: ${page.reason}.`;
  const answered = `${page.url} answered ${page.status}`;
  if (page.headers['cf-mitigated'] !== undefined)
    return `${answered} with a challenge, which keeps out browsers that scripts drive. Let the doctor's address through.`;
  if (page.status === 401) return `${answered}: it asks for a login, and the doctor has none.`;
  if (page.status < 400) return `${answered} again and again: it redirects in a circle.`;
  return `${answered}, so there is no page to look at.`;
};

/** What one run works with. */
interface Run {
  readonly options: DoctorOptions;
  readonly ask: Ask;
  readonly deadline: Deadline;
  readonly runtime: Runtime;
  readonly lists: FilterLists;
  readonly leftOut: string[];
}

const HTML = { accept: 'text/html,*/*' };

/** The page, by HTTP and in a browser. */
const lookAtPage = async ({ options, ask, deadline, runtime, lists, leftOut }: Run) => {
  const page = await ask(options.url, { isFollowing: true, headers: HTML });
  const opened = readSource(page);
  const visited = await visitIfPossible(
    options.browser,
    {
      ...{ url: options.url, endpoint: options.endpoint, tags: opened.tags, deadline, runtime },
      selectorsFor: lists.hides,
    },
    leftOut,
  );
  const main = visited && visited.page.status < 400 ? visited.page : page;
  if (main.kind === 'failed' || main.status >= 300) throw new NotLooked(whyNot(main));
  // A browser may be led on to another page, of which the first one's source says nothing.
  const isElsewhere = visited !== undefined && withoutHash(visited.loaded) !== withoutHash(page.url);
  const source = isElsewhere
    ? readSource(await ask(visited.loaded, { isFollowing: true, headers: HTML }))
    : opened;
  return { source, visited, page: main };
};

/**
 * The endpoint as the page sees it. If the page gets no answer, such as when a browser would ask for a password, what another
 * than the proxy says to the doctor is more to the point.
 */
const seenFromOutside = async (
  { ask }: Run,
  seen: EndpointSeen | Omit<EndpointSeen, 'asked'>,
  page: string,
  now: number,
): Promise<EndpointSeen> => {
  const fromPage = 'asked' in seen ? seen.asked : undefined;
  if (fromPage?.kind === 'answered') return { ...seen, asked: fromPage };
  const asked = await askEndpoint(ask, { endpoint: seen.url, page, now });
  const isOther = asked.kind === 'answered' && problemOf(asked) === undefined;
  return fromPage && !isOther ? { ...seen, asked: fromPage } : { ...seen, asked, by: 'doctor' };
};

/** Asks with events, and once more if they did not come through: a machine may fail once. */
const askFull = async (ask: Ask, question: Question): Promise<Asked> => {
  const askOnce = (): Promise<Asked> => askEndpoint(ask, question, (at) => contradictingBatch(at));
  const first = await askOnce();
  return first.kind === 'answered' && problemOf(first) === 'batch' ? first : askOnce();
};

const observe = async (run: Run): Promise<Observed> => {
  const { options, ask, runtime, lists } = run;
  const now = runtime.now();
  const [{ source, visited, page }, operator, key] = await Promise.all([
    lookAtPage(run),
    options.admin && askOperator(ask, options.admin, now),
    options.key && askKey(ask, options.key),
  ]);
  const browser = visited?.browser;
  const tag = browser?.tags[0] ?? source.tags[0];
  const named = nameEndpoint({ given: options.endpoint, tags: source.tags }, page.url);
  /** What the script file asks for from beside itself. */
  const askBeside = (name: string): Promise<Asked> | undefined =>
    tag && ask(new URL(`offersight-${name}.js`, tag.url).href, { isFollowing: true });
  const question = { endpoint: visited?.endpoint.url ?? named.url, page: page.url, now };
  const [script, offerPart, inspector, endpoint, full, long] = await Promise.all([
    tag && ask(tag.url, { isFollowing: true }),
    askBeside('offers'),
    askBeside('inspector'),
    seenFromOutside(run, visited?.endpoint ?? { ...named, by: 'doctor' }, page.url, now),
    askFull(ask, question),
    askEndpoint(ask, question, longBatch),
  ]);
  const seen = { tags: source.tags, endpoint, ...(browser && { browser }) };
  const filtered = requestsOf(seen).flatMap((request) => {
    const found = lists.blocks(request, page.url);
    return found ? [{ name: request.url, ...found }] : [];
  });
  return {
    ...{ page, endpoint, full, long, filtered },
    ...{ tags: source.tags, inert: source.inert, at: now },
    offers: source.offers.map((offer) => ({ ...offer, filters: lists.hides(offer.names, page.url) })),
    policies: [...policiesOf(page.headers['content-security-policy']), ...source.policies],
    ...(browser && { browser }),
    ...(script && { script }),
    ...(offerPart && { offerPart }),
    ...(inspector && { inspector }),
    ...(operator && { operator }),
    ...(key && { key }),
  };
};

/**
 * Examines a deployment. No event is reported: what the page would send to the endpoint is stopped, and the endpoint is asked
 * only by batches that every proxy refuses as a whole.
 * @throws {NotLooked} If there is no page to look at.
 */
export const examine = async (
  options: DoctorOptions,
  runtime: Runtime = platformRuntime(),
): Promise<Report> => {
  const deadline = startDeadline(runtime, options.maxSeconds);
  const leftOut: string[] = [];
  const lists = await loadAll(options.lists, leftOut);
  const run: Run = { options, deadline, runtime, lists, leftOut, ask: createAsk(deadline, runtime) };
  const observed = await observe(run);
  const { browser, page, endpoint } = observed;
  leftOut.push(
    'No event was reported, nothing was pressed, and only one new visitor on a desktop was tried.',
  );
  if (!options.admin)
    leftOut.push('The proxy itself was not asked for its alerts: give --admin and OFFERSIGHT_ADMIN_TOKEN.');
  if ((browser?.offers ?? observed.offers).some(({ isSigned }) => isSigned))
    leftOut.push('Tokens of offers were not verified: only the proxy’s alerts say if it refuses them.');
  if (!options.key) leftOut.push('The API key was not checked: give --site.');
  return {
    ...{ url: page.url, endpoint: endpoint.url, isBrowserUsed: browser !== undefined },
    ...judge(observed),
    leftOut,
    // An event that got no verdict is reported again.
    stoppedEvents: new Set(browser?.stopped.flatMap(({ ids }) => ids)).size,
  };
};
