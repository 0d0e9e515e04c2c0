/**
 * Asks the endpoint without reporting anything: by a batch of no events. A proxy of ours refuses it with a problem of code
 * `batch`, which nothing else answers, and has then let the request through its door: method, origin, type and body arrived.
 */
import type { Answer, Asked } from '../observed.js';
import type { Ask } from './asking.js';

/** A batch without events. */
export const emptyBatch = (now: number): string => JSON.stringify({ v: 1, sent_at: now, events: [] });

/** Whether a body is such a batch, which reports nothing. */
export const isEmptyBatch = (body: string): boolean => /^\{"v":1,"sent_at":\d+,"events":\[\]\}$/.test(body);

const LOOPBACK = /^(?:.+\.)?localhost$|^127(?:\.\d+){3}$|^\[::1]$/;

/** Whether browsers send fetch metadata from there: by https, and on this machine (Secure Contexts, W3C). */
export const isTrustworthy = (page: string): boolean => {
  const { protocol, hostname } = new URL(page);
  return protocol === 'https:' || LOOPBACK.test(hostname);
};

/** Asks in the place of the page: with the headers that a browser sends from there (Fetch Metadata, W3C). */
export const askEndpoint = (ask: Ask, endpoint: string, page: string, now: number): Promise<Asked> => {
  const { origin } = new URL(page);
  const isSameOrigin = new URL(endpoint).origin === origin;
  return ask(endpoint, {
    method: 'POST',
    body: emptyBatch(now),
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
export const askEndpointAgain = (...asking: Parameters<typeof askEndpoint>): Promise<readonly Asked[]> =>
  Promise.all(Array.from({ length: TIMES }, () => askEndpoint(...asking)));

/** The code of a problem of the proxy's; undefined if the answer is not the proxy's. */
export const problemOf = ({ text }: Pick<Answer, 'text'>): string | undefined => {
  try {
    const { type, code } = JSON.parse(text) as { readonly type?: unknown; readonly code?: unknown };
    return typeof code === 'string' && type === `urn:offersight:problem:${code}` ? code : undefined;
  } catch {
    return undefined;
  }
};
