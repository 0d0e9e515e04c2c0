/**
 * Why the endpoint takes no events. It is asked with a batch of no events: the proxy refuses that by a code of its own, which
 * nothing else answers, and nothing can be recorded by it.
 */
import type { Pause } from '../../client/outbox/records.js';
import type { Runtime } from '../../runtime.js';
import type { Fact } from './waiting.js';

/** Asks, and says what the latest answer means. */
export interface Asking {
  /**
   * Asks if that has not been done since the latest failure. Without a failure the refusal would
   * only confuse readers of the console.
   * @param failure When that was; left out if nothing has failed since events were taken.
   */
  ask(failure: Pick<Pause, 'failedAt'> | undefined): Promise<void>;
  /** What is wrong; nothing if the proxy answered. */
  facts(): readonly Fact[];
  stop(): void;
}

/** The tracker itself gives up soon after that, milliseconds. */
const PATIENCE_MS = 10_000;
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

/**
 * Makes what asks.
 * @param endpoint Absolute, of this page's origin.
 */
export const createAsking = (endpoint: string, runtime: Pick<Runtime, 'after' | 'fetch' | 'now'>): Asking => {
  let asked: number | undefined;
  /** How often it was asked: a late answer says nothing of a later question. */
  let turn = 0;
  let wrong: string | undefined;
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
    return page
      ? `POST ${endpoint} got no answer, though this site does answer: a content blocker, another extension of this browser, a firewall or code of this page drops it.`
      : 'This site does not answer at all.';
  };

  const judge = async (response: Response): Promise<string | undefined> => {
    if (response.type === 'opaqueredirect')
      return `POST ${endpoint} is redirected, which events do not follow: name the final path, or exempt this one.`;
    if (response.url && response.url !== endpoint)
      return `POST ${endpoint} is answered with ${response.url}. Something on the way leads it there, such as a service worker or code of this page.`;
    const { status, headers } = response;
    const text = await response.text().catch(() => undefined);
    if (text === undefined)
      return `The answer to POST ${endpoint} broke off, or code of this page has read it.`;
    const code = codeOf(text);
    if (code === 'batch') return undefined;
    return code === undefined
      ? `POST ${endpoint} is answered ${status} (${headers.get('content-type') ?? 'no content type'}), and not by the proxy. To do: ${repairOf(status)}.`
      : `The proxy refuses POST ${endpoint} as “${code}”. ${REFUSALS[code] ?? 'Something on the way changes the request.'}`;
  };

  return {
    async ask({ failedAt } = {}) {
      if (asked === failedAt) return;
      asked = failedAt;
      const own = ++turn;
      // What was wrong is shown until there is an answer: it is asked after each failure.
      if (failedAt === undefined) {
        wrong = undefined;
        return;
      }
      const answered = send(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ v: 1, sent_at: runtime.now(), events: [] }),
      }).then(judge, silence);
      const late = new Promise<string>((resolve) => {
        const stop = runtime.after(PATIENCE_MS, () => resolve(LATE));
        void answered.finally(stop);
      });
      const said = await Promise.race([answered, late]);
      if (own === turn) wrong = said;
    },
    facts: () => (wrong === undefined ? [] : [{ label: 'Endpoint', words: wrong, isWrong: true }]),
    stop: () => document.removeEventListener('securitypolicyviolation', onViolation),
  };
};
