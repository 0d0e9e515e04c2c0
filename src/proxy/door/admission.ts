/**
 * Who may speak to the proxy, and how much: method, origin, type, budget of the address, counted bytes. Nothing behind
 * this room sees a request that did not pass.
 */
import { createIsBotFromList, findBotPatterns, list } from 'isbot';
import { MAX_REQUEST_BYTES } from '../../protocol/limits.js';
import type { Budget } from './budgets.js';
import { type Incoming, type ProblemCode, type Rejection, rejection } from './exchange.js';

/** An admitted request's body, or why it was not admitted. */
export type Admission = { readonly text: string } | Rejection;

export interface AdmissionRules {
  /** Exact serialized origins of this site, for browsers without fetch metadata. */
  readonly origins: ReadonlySet<string>;
  /** Says of a request with neither fetch metadata nor an Origin whether a user's token vouches for it. */
  readonly isVouched: (incoming: Incoming) => Promise<boolean>;
  readonly budget: Budget;
  /** Seconds to say in Retry-After, spread so that not all come back at once. */
  readonly retryAfter: (delayMs: number) => string;
}

/** Bodies of all requests together that are in memory at once. */
const MAX_BUFFERED_BYTES = 64_000_000;
const BUSY_MS = 2_000;

/** Between its parts only blanks and tabs, as HTTP has it (RFC 9110 §5.6.3): `\s` would also take a no-break space. */
const JSON_TYPE = /^application\/json[ \t]*(;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

export const createAdmission = ({
  origins,
  isVouched,
  budget,
  retryAfter,
}: AdmissionRules): ((incoming: Incoming, address: string | undefined) => Promise<Admission>) => {
  let bufferedBytes = 0;
  const bytesOf = new Map<string, number>();

  const hold = (address: string | undefined, bytes: number): void => {
    bufferedBytes += bytes;
    if (address === undefined) return;
    const sum = (bytesOf.get(address) ?? 0) + bytes;
    if (sum) bytesOf.set(address, sum);
    else bytesOf.delete(address);
  };

  /** One sender must not fill what is there for all. */
  const isFull = (address: string | undefined): boolean =>
    bufferedBytes > MAX_BUFFERED_BYTES ||
    (address !== undefined && (bytesOf.get(address) ?? 0) > MAX_BUFFERED_BYTES / 4);

  /**
   * Whether a page of this site sent the request. `Sec-Fetch-Site` cannot be set by scripts (Fetch Metadata, W3C);
   * browsers without it are known by an exact Origin. The request's own Host proves nothing and is not asked.
   */
  const isFromOurPages = (incoming: Incoming): boolean | Promise<boolean> => {
    const { headers } = incoming;
    const site = headers.get('sec-fetch-site');
    const origin = headers.get('origin');
    const isNavigation =
      headers.get('sec-fetch-mode') === 'navigate' || headers.get('sec-fetch-dest') === 'document';
    if (isNavigation) return false;
    if (site !== null) return site === 'same-origin';
    return origin === null ? isVouched(incoming) : origins.has(origin);
  };

  /** Reads the body, regardless of Content-Length. */
  const readText = async (incoming: Incoming, address: string | undefined): Promise<Admission> => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    let text = '';
    let bytes = 0;
    let code: ProblemCode | undefined;
    const decode = (chunk?: Uint8Array): void => {
      try {
        text += decoder.decode(chunk, { stream: chunk !== undefined });
      } catch {
        code = 'json';
      }
    };
    const take = (chunk: Uint8Array): boolean => {
      bytes += chunk.length;
      hold(address, chunk.length);
      if (bytes > MAX_REQUEST_BYTES) code = 'size';
      else if (isFull(address)) code = 'unavailable';
      else decode(chunk);
      return code === undefined;
    };
    try {
      // A sender that went away will send the events again.
      if (!(await incoming.read(take))) code = 'incomplete';
      if (!code) decode();
    } finally {
      hold(address, -bytes);
    }
    if (!code) return { text };
    return rejection(code, code === 'unavailable' ? { 'retry-after': retryAfter(BUSY_MS) } : {});
  };

  /** Cheapest check first. */
  return async (incoming, address) => {
    const { method, headers } = incoming;
    if (method !== 'POST') return rejection('method', { allow: 'POST' });
    if (!(await isFromOurPages(incoming))) return rejection('origin');
    if (!JSON_TYPE.test(headers.get('content-type') ?? '')) return rejection('type');
    // Nothing here inflates, so nothing can be a bomb.
    if (headers.has('content-encoding')) return rejection('type');
    if (Number(headers.get('content-length') ?? 0) > MAX_REQUEST_BYTES) return rejection('size');
    const waitMs = address === undefined ? undefined : budget.waitMs(address);
    if (waitMs !== undefined) return rejection('budget', { 'retry-after': retryAfter(waitMs) });
    return readText(incoming, address);
  };
};

/** What becomes of what machines report. */
export type Machines = 'ignore' | 'count';

/**
 * Leaves out patterns that recognize machines only by the shape of their name: an application of
 * the site's own that shows its pages may have such a name.
 */
const SHAPES = new Set(['Shop', 'Shop/3', 'Shop/3.1', 'Our Shop'].flatMap((name) => findBotPatterns(name)));
const isDeclared = createIsBotFromList(list.filter((pattern) => !SHAPES.has(pattern)));

/** Pages of a machine under somebody's desk: who develops drives a browser by a script. */
const LOOPBACK = /^(?:.+\.)?localhost$|^127\.0\.0\.1$|^\[::1]$/;

const isLoopback = (origin: string | null): boolean =>
  origin !== null && URL.canParse(origin) && LOOPBACK.test(new URL(origin).hostname);

/**
 * Makes the check whether a request was sent by such an agent. A request that no page sent, and that a user's token vouches
 * for, is from a site's own application, whose HTTP library names itself.
 */
export const createMachineCheck =
  (machines: Machines): ((incoming: Pick<Incoming, 'headers'>) => boolean) =>
  ({ headers }) => {
    if (machines === 'count') return false;
    const origin = headers.get('origin');
    const isFromPage = origin !== null || headers.has('sec-fetch-site');
    return isFromPage && !isLoopback(origin) && isDeclared(headers.get('user-agent'));
  };
