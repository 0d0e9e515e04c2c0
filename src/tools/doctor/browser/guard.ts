/** What the doctor's browser may send: nothing that reports an event. Pure. */
import { isEmptyBatch } from '../http/endpoint.js';

/** A request that the page is about to make. */
export interface Departure {
  readonly url: string;
  readonly method: string;
  /** Undefined if it has one that cannot be read. */
  readonly body: string | undefined;
}

/** What becomes of a request. */
export type Decision =
  | { readonly kind: 'pass' }
  /** With the ids of the events that it reports, as far as they can be read. */
  | { readonly kind: 'stop'; readonly ids: readonly string[] };

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
/** How every batch of ours begins, in each version of the wire. */
const BATCH = /^\s*\{\s*"v"\s*:\s*\d+\s*,\s*"sent_at"/;

const idsOf = (body: string): string[] => {
  try {
    const { events } = JSON.parse(body) as { readonly events?: unknown };
    return Array.isArray(events) ? events.map((event) => String((event as { id?: unknown } | null)?.id)) : [];
  } catch {
    return [];
  }
};

/**
 * Decides. A batch is recognized by its form, so it is stopped under any name of the endpoint. A
 * request to the endpoint is stopped with any content.
 * @param endpoint As far as it is known.
 * @param page The page's URL.
 */
export const decide = ({ url, method, body }: Departure, endpoint: string, page: string): Decision => {
  if (READING.has(method)) return { kind: 'pass' };
  if (body !== undefined && isEmptyBatch(body)) return { kind: 'pass' };
  if (body !== undefined && BATCH.test(body)) return { kind: 'stop', ids: idsOf(body) };
  // A body that cannot be read may be a batch.
  const isOpaque = body === undefined && new URL(url).origin === new URL(page).origin;
  return url === endpoint || isOpaque ? { kind: 'stop', ids: [] } : { kind: 'pass' };
};

/** The answer to what was stopped: one that has no verdict, after which a page keeps its events and says nothing. */
export const STOPPED = {
  status: 200,
  contentType: 'application/json',
  headers: { 'access-control-allow-origin': '*' },
  body: '{"v":1,"results":[]}',
} as const;
