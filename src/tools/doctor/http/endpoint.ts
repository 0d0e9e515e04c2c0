/**
 * Asks the endpoint without reporting anything: by batches that no proxy of ours takes. It refuses one without events, and one
 * whose events contradict each other, with a problem of code `batch`, which nothing else answers. By then method, origin, type
 * and body have come through its door.
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

/** Its events are like a page's, and have a UUID of version 7 (RFC 9562). */
const eventOf = (index: number, now: number) => ({
  id: `01900000-0000-7000-8000-${String(index).padStart(12, '0')}`,
  type: 'viewed',
  personalized_offer_id: 'offersight-doctor',
  occurred_at: now,
  group: 'offersight-doctor',
});

/**
 * A batch whose last two events say different things under one id: all of it is refused before anything of it is
 * looked up, counted or kept.
 * @param bytes About how long the body gets.
 */
export const contradictingBatch = (now: number, bytes = 0): string => {
  const count = Math.ceil(bytes / JSON.stringify(eventOf(0, now)).length);
  const events: object[] = Array.from({ length: count }, (_, index) => eventOf(index + 1, now));
  events.push(eventOf(0, now), { ...eventOf(0, now), type: 'dismissed', reason: 'control' });
  return JSON.stringify({ v: 1, sent_at: now, events });
};

/** Such a batch in a body as long as the longest that a page sends when it is left. */
export const longBatch = (now: number): string => contradictingBatch(now, LONG_BYTES);

/** What is asked. */
export interface Question {
  readonly endpoint: string;
  /** The page's URL. */
  readonly page: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Asks in the place of the page: with the headers that a browser sends from there (Fetch Metadata, W3C). */
export const askEndpoint = (
  ask: Ask,
  { endpoint, page, now }: Question,
  batch: (now: number) => string = emptyBatch,
): Promise<Asked> => {
  const { origin } = new URL(page);
  const isSameOrigin = new URL(endpoint).origin === origin;
  return ask(endpoint, {
    method: 'POST',
    body: batch(now),
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

/** The code of a problem of the proxy's; undefined if the answer is not the proxy's. */
export const problemOf = ({ text }: Pick<Answer, 'text'>): string | undefined => {
  try {
    const { type, code } = JSON.parse(text) as { readonly type?: unknown; readonly code?: unknown };
    return typeof code === 'string' && type === `urn:offersight:problem:${code}` ? code : undefined;
  } catch {
    return undefined;
  }
};
