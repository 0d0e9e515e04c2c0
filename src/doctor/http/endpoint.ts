/**
 * Asks the endpoint without reporting anything: by a batch of no events. A proxy of ours refuses it with a problem of code
 * `batch`, which nothing else answers, and has then let the request through its door: method, origin, type and body arrived.
 */
import type { Answer, Asked } from '../observed.js';
import type { Ask } from './asking.js';

/** A batch without events. */
export const emptyBatch = (now: number): string => JSON.stringify({ v: 1, sent_at: now, events: [] });

/** As much as browsers let a page send while it is left (Fetch, keepalive: 64 KiB), without what headers take. */
export const LONG_BYTES = 60_000;

/** Whether a body is such a batch, which reports nothing. */
export const isEmptyBatch = (body: string): boolean => /^\{"v":1,"sent_at":\d+,"events":\[\]\}$/.test(body);

const LOOPBACK = /^(?:.+\.)?localhost$|^127(?:\.\d+){3}$|^\[::1]$/;

/** Whether browsers send fetch metadata from there: by https, and on this machine (Secure Contexts, W3C). */
export const isTrustworthy = (page: string): boolean => {
  const { protocol, hostname } = new URL(page);
  return protocol === 'https:' || LOOPBACK.test(hostname);
};

/**
 * Such a batch in a body as long as the longest that a page sends when it is left. JSON allows any white space around a value
 * (RFC 8259, § 2).
 */
const longBatch = (now: number): string => emptyBatch(now).padEnd(LONG_BYTES);

/** What is asked. */
export interface Question {
  readonly endpoint: string;
  /** The page's URL. */
  readonly page: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Asks in the place of the page: with the headers that a browser sends from there (Fetch Metadata, W3C). */
export const askEndpoint = (ask: Ask, { endpoint, page, now }: Question, isLong = false): Promise<Asked> => {
  const { origin } = new URL(page);
  const isSameOrigin = new URL(endpoint).origin === origin;
  return ask(endpoint, {
    method: 'POST',
    body: isLong ? longBatch(now) : emptyBatch(now),
    headers: {
      'content-type': 'application/json',
      origin,
      ...(isTrustworthy(page) && {
        'sec-fetch-site': isSameOrigin ? 'same-origin' : 'cross-site',
        'sec-fetch-mode': 'cors',
        'sec-fetch-dest': 'empty',
      }),
    },
  });
};

/** So often the endpoint is asked at once, each time on a connection of its own, to meet each machine behind a balancer. */
const TIMES = 5;

/** Asks a few times at once. */
export const askEndpointAgain = (ask: Ask, question: Question): Promise<readonly Asked[]> =>
  Promise.all(Array.from({ length: TIMES }, () => askEndpoint(ask, question)));

/** The code of a problem of the proxy's; undefined if the answer is not the proxy's. */
export const problemOf = ({ text }: Pick<Answer, 'text'>): string | undefined => {
  try {
    const { type, code } = JSON.parse(text) as { readonly type?: unknown; readonly code?: unknown };
    return typeof code === 'string' && type === `urn:offersight:problem:${code}` ? code : undefined;
  } catch {
    return undefined;
  }
};
