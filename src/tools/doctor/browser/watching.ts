/** Listens to a page: requests for our files, what the browser blocked, the console; and stops what would report an event. */
import type { CDPSession, ConsoleMessage, HTTPRequest, HTTPResponse, Page } from 'puppeteer-core';
import { isEmptyBatch } from '../http/endpoint.js';
import { MAX_ELEMENTS, MAX_TEXT } from '../limits.js';
import type { Asked, FileRequest, Violation } from '../observed.js';
import { isFileUrl } from '../tags.js';
import { decide, STOPPED } from './guard.js';

/** What was heard so far. */
export interface Heard {
  readonly files: FileRequest[];
  readonly violations: Violation[];
  readonly console: string[];
  readonly stopped: { readonly url: string; readonly ids: readonly string[] }[];
  /** The answer to the request that has this body, once it is there; it may be that none comes. */
  answerTo(body: string): Promise<Asked>;
}

/** Lines about this product. The note for a driven browser is not a fault of the page. */
const isOurs = (line: string): boolean =>
  /offersight|offer-events/i.test(line) && !/a script drives this browser/.test(line);

const bodyOf = async (request: HTTPRequest): Promise<string | undefined> =>
  request.hasPostData() ? request.fetchPostData().catch(() => undefined) : '';

/** Decides about each request of the page, its frames and its workers. */
const guard = async (
  page: Page,
  endpoint: () => string,
  stopped: Heard['stopped'],
  bodies: WeakMap<HTTPRequest, string>,
): Promise<void> => {
  await page.setBypassServiceWorker(true);
  await page.setRequestInterception(true);
  page.on('request', async (request) => {
    const url = request.url();
    const body = await bodyOf(request);
    if (body) bodies.set(request, body);
    const departure = { url, method: request.method(), body };
    const decision = decide(departure, endpoint(), page.url());
    if (decision.kind === 'stop') stopped.push({ url, ids: decision.ids });
    // A request may be over before it is answered: nobody waits for it then.
    await (decision.kind === 'stop' ? request.respond(STOPPED) : request.continue()).catch(() => undefined);
  });
};

const fileOf = (request: HTTPRequest, response?: HTTPResponse): FileRequest => {
  const failure = request.failure()?.errorText;
  return {
    url: request.url(),
    ...(response && { status: response.status(), type: response.headers()['content-type'] ?? '' }),
    ...(failure !== undefined && { failure }),
  };
};

/** The first answer counts: the tracker follows no redirect. */
const toAsked = async (response: HTTPResponse): Promise<Asked> => {
  const request = response.request();
  const first = request.redirectChain()[0]?.response() ?? response;
  const text = first === response ? await response.text().catch(() => '') : '';
  return {
    ...{ kind: 'answered', url: first.url(), status: first.status(), headers: first.headers() },
    ...{ text: text.slice(0, MAX_TEXT), redirects: [] },
  };
};

const watchIssues = async (session: CDPSession, violations: Violation[]): Promise<void> => {
  session.on('Audits.issueAdded', ({ issue }) => {
    const policy = issue.details.contentSecurityPolicyIssueDetails;
    if (!policy || policy.isReportOnly || violations.length >= MAX_ELEMENTS) return;
    violations.push({ directive: policy.violatedDirective, blocked: policy.blockedURL ?? 'inline' });
  });
  await session.send('Audits.enable');
};

/** Errors thrown in a file of ours. The console does not show these. */
const watchExceptions = async (session: CDPSession, lines: string[]): Promise<void> => {
  session.on('Runtime.exceptionThrown', ({ exceptionDetails: { exception, text, url = '' } }) => {
    const line = `uncaught: ${(exception?.description ?? text).split('\n', 1)[0]} (${url})`;
    if (isFileUrl(url) && lines.length < MAX_ELEMENTS) lines.push(line.slice(0, MAX_TEXT));
  });
  await session.send('Runtime.enable');
};

const lineOf = (message: ConsoleMessage): string => {
  const { url } = message.location();
  return `${message.type()}: ${message.text()}${url && !message.text().includes(url) ? ` (${url})` : ''}`;
};

/** Keeps a line of the console that is about us. */
const hearLine = (message: ConsoleMessage, endpoint: string, lines: string[]): void => {
  const line = lineOf(message);
  // The doctor's own question also shows there.
  const isStatus = message.location().url === endpoint && /responded with a status/.test(line);
  if (isStatus || !['error', 'warn'].includes(message.type()) || !isOurs(line)) return;
  if (lines.length < MAX_ELEMENTS) lines.push(line.slice(0, MAX_TEXT));
};

/**
 * Starts listening, before the page is opened.
 * @param endpoint As far as it is known by now.
 */
export const watch = async (page: Page, session: CDPSession, endpoint: () => string): Promise<Heard> => {
  const files: FileRequest[] = [];
  const violations: Violation[] = [];
  const lines: string[] = [];
  const stopped: Heard['stopped'] = [];
  const answers = new Map<string, Asked>();
  const waiting = new Map<string, (asked: Asked) => void>();
  const bodies = new WeakMap<HTTPRequest, string>();
  const add = (request: HTTPRequest, response?: HTTPResponse): void => {
    const isOwn = request.frame() === page.mainFrame() && isFileUrl(request.url());
    if (isOwn && files.length < MAX_ELEMENTS) files.push(fileOf(request, response));
  };
  page.on('console', (message) => hearLine(message, endpoint(), lines));
  page.on('requestfailed', (request) => add(request));
  page.on('response', async (response) => {
    const request = response.request();
    add(request, response);
    const [origin = request] = request.redirectChain();
    const body = bodies.get(origin);
    if (body === undefined || !isEmptyBatch(body)) return;
    const asked = await toAsked(response);
    answers.set(body, asked);
    waiting.get(body)?.(asked);
  });
  await watchIssues(session, violations);
  await watchExceptions(session, lines);
  await guard(page, endpoint, stopped, bodies);
  const answerTo = (body: string): Promise<Asked> =>
    new Promise((resolve) => {
      const known = answers.get(body);
      if (known) resolve(known);
      else waiting.set(body, resolve);
    });
  return { files, violations, console: lines, stopped, answerTo };
};
