/**
 * Why the endpoint takes no events. It is asked with a batch of no events: the proxy refuses that by a code of its own, which
 * nothing else answers, and nothing can be recorded by it.
 */
import type { Pause } from '../../client/outbox/records.js';
import type { Runtime } from '../../runtime.js';
import { isNative } from './changed.js';
import type { Fact } from './waiting.js';
import { momentOf } from './words.js';

/** Asks, and says what the latest answer means. */
export interface Asking {
  /**
   * Asks if that has not been done since the latest failure. Without a failure the refusal would
   * only confuse readers of the console.
   * @param failure When that was, and what was answered then, if anything was; left out if nothing has failed since events
   * were taken.
   */
  ask(failure: Pick<Pause, 'failedAt' | 'status'> | undefined): Promise<void>;
  /** Compares the clock with the server's, once. */
  compareClock(): Promise<void>;
  /** What is wrong; nothing if the proxy answered. */
  facts(): readonly Fact[];
  stop(): void;
}

/** The tracker itself gives up soon after that, milliseconds. */
const PATIENCE_MS = 10_000;
/** Below this a clock is only a little off, milliseconds. */
const CLOCK_MS = 300_000;
/** What a refusal of the proxy's own means, by its code. */
const REFUSALS: Readonly<Record<string, string>> = {
  path: 'It answers another path: set path (--path) to this one.',
  origin: 'A machine before it drops Sec-Fetch-Site, or on plain http its origins lack this one.',
  budget: 'If all visitors share one address, set trustedHops.',
  unavailable: 'A body parser may run before it, or its intake cannot be written: its log says which.',
};

const EXEMPT = 'exempt the path from the login, firewall or check of forms (CSRF)';

/** What to do about an answer that is not the proxy's. */
const ANSWERS: Readonly<Record<number, string>> = {
  401: EXEMPT,
  403: EXEMPT,
  404: 'mount the proxy at this path, or name its path as the endpoint',
  429: 'raise the limit of requests for this path',
};
const repairOf = (status: number): string =>
  ANSWERS[status] ?? (status < 500 ? 'route the path to the proxy' : 'look whether the proxy runs');

/** The code of the proxy's own refusal. */
const codeOf = (text: string): string | undefined => /"urn:offersight:problem:([a-z]+)"/.exec(text)?.[1];

/** The page's latest request to an address, as the browser saw it: code of the page cannot get in between. */
const lastTo = (endpoint: string): Partial<PerformanceResourceTiming> | undefined =>
  globalThis.performance.getEntriesByName(endpoint, 'resource').at(-1);

/** The page's service worker, if it takes requests to an address into its hands. */
const workerOf = (endpoint: string): string => {
  const worker = lastTo(endpoint)?.workerStart && globalThis.navigator.serviceWorker.controller;
  return worker
    ? ` The service worker ${worker.scriptURL} handles this request: it has to leave POSTs to this path alone.`
    : '';
};

const REPLACED = 'Code of this page has replaced fetch: let it pass such requests on as they are.';

/** Wrappers of statistics and API clients are not native code. */
const isReplaced = (): boolean => !isNative(globalThis.fetch);

const clockWords = (date: string | null, now: number): string | undefined => {
  const server = Date.parse(date ?? '');
  const [where, when] = now > server ? ['ahead', 'early'] : ['behind', 'late'];
  return Math.abs(now - server) > CLOCK_MS
    ? `This browser’s clock is ${where}: the server’s says ${momentOf(server, now)}. Here offers with data-offer-expires seem to end too ${when}; the proxy goes by its own clock.`
    : undefined;
};

/**
 * Makes what asks.
 * @param endpoint Absolute, of this page's origin.
 */
export const createAsking = (endpoint: string, runtime: Pick<Runtime, 'after' | 'fetch' | 'now'>): Asking => {
  let asked: number | undefined;
  /** How often it was asked: a late answer says nothing of a later question. */
  let turn = 0;
  let isCompared = false;
  let wrong: string | undefined;
  let clock: string | undefined;
  let policy: string | undefined;

  const onViolation = ({
    blockedURI,
    disposition,
    effectiveDirective,
    originalPolicy,
  }: SecurityPolicyViolationEvent): void => {
    if (disposition === 'enforce' && blockedURI === endpoint)
      policy =
        new RegExp(`${effectiveDirective} [^;,]*`).exec(originalPolicy)?.[0] ??
        /default-src [^;,]*/.exec(originalPolicy)?.[0];
  };
  document.addEventListener('securitypolicyviolation', onViolation);

  // Redirects have to be visible, and nothing may come out of a store.
  const send = (url: string, init: RequestInit): Promise<Response> =>
    runtime.fetch(url, { ...init, cache: 'no-store', redirect: 'manual' });

  const LATE = `POST ${endpoint} got no answer within ${PATIENCE_MS / 1_000} s: the server takes the request and does not answer. Its log may say why, such as a body parser ahead of the proxy.`;

  /** Why there was no answer. */
  const silence = async (): Promise<string> => {
    // First, since a violation may be reported only after the request has failed.
    const page = await send(location.href, { method: 'HEAD' }).catch(() => undefined);
    if (policy)
      return `The page’s Content-Security-Policy blocks POST ${endpoint}: ${policy}. Add 'self' to connect-src.`;
    if (isReplaced()) return `POST ${endpoint} got no answer. ${REPLACED}`;
    const worker = workerOf(endpoint);
    if (worker) return `POST ${endpoint} got no answer.${worker}`;
    return page
      ? `POST ${endpoint} got no answer, though this site does answer: a content blocker, another extension of this browser or a firewall drops it.`
      : 'This site does not answer at all.';
  };

  const CONSUMED = `POST ${endpoint} was answered, and code of this page that has replaced fetch read the answer, so the tracker cannot. Let it read response.clone().`;

  /** @param isUnread Whether the tracker could not read an answer that arrived. */
  const judge = async (response: Response, isUnread: boolean): Promise<string | undefined> => {
    if (response.type === 'opaqueredirect')
      return `POST ${endpoint} is redirected, which events do not follow: name the final path, or exempt this one.`;
    if (response.url && response.url !== endpoint)
      return isReplaced()
        ? `POST ${endpoint} went to ${response.url}. ${REPLACED}`
        : `POST ${endpoint} is answered with ${response.url}.${workerOf(endpoint) || ' Something on the way leads it there.'}`;
    const { status, headers } = response;
    let text: string;
    try {
      text = await response.text();
    } catch {
      return isReplaced() ? CONSUMED : `The answer to POST ${endpoint} broke off.`;
    }
    const code = codeOf(text);
    // A wrapper may read only what does not refuse.
    if (code === 'batch') return isUnread ? CONSUMED : undefined;
    if (code !== undefined)
      return `The proxy refuses POST ${endpoint} as “${code}”. ${REFUSALS[code] ?? 'Something on the way changes the request.'}`;
    const worker = workerOf(endpoint);
    return `POST ${endpoint} is answered ${status} (${headers.get('content-type') ?? 'no content type'}), and not by the proxy.${worker || ` To do: ${repairOf(status)}.`}`;
  };

  return {
    async ask({ failedAt, status } = {}) {
      if (asked === failedAt) return;
      asked = failedAt;
      const own = ++turn;
      // What was wrong is shown until there is an answer: it is asked after each failure.
      if (failedAt === undefined) {
        wrong = undefined;
        return;
      }
      const isUnread = isReplaced() && !status && lastTo(endpoint)?.responseStatus === 200;
      const answered = send(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ v: 1, sent_at: runtime.now(), events: [] }),
      }).then((response) => judge(Object(response) as Response, isUnread), silence);
      const late = new Promise<string>((resolve) => {
        const stop = runtime.after(PATIENCE_MS, () => resolve(LATE));
        void answered.finally(stop);
      });
      const said = await Promise.race([answered, late]);
      if (own === turn) wrong = said;
    },
    async compareClock() {
      if (isCompared) return;
      isCompared = true;
      const response = await send(location.href, { method: 'HEAD' }).catch(() => undefined);
      // What code of the page gives in the place of an answer may have none.
      const { headers }: Partial<Response> = response ?? {};
      // A stored answer may have the time at which it was stored.
      if (headers && !headers.has('age')) clock = clockWords(headers.get('date'), runtime.now());
    },
    facts: () => [
      ...(wrong === undefined ? [] : [{ label: 'Endpoint', words: wrong, isWrong: true }]),
      ...(clock === undefined ? [] : [{ label: 'Clock', words: clock, isWrong: true }]),
    ],
    stop: () => document.removeEventListener('securitypolicyviolation', onViolation),
  };
};
