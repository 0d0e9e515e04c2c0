/**
 * One attempt to deliver one batch, and what it came to. It never retries by itself; the outbox owns the schedule.
 */
import type { Verdict } from '../../../protocol/batch.js';
import { encodeRequest, type Outgoing } from '../../../protocol/encode.js';
import { MAX_LEAVE_BYTES } from '../../../protocol/limits.js';
import { decodeReply } from '../../../protocol/reply.js';
import type { Runtime } from '../../../runtime.js';
import type { Outbox } from '../../outbox/outbox.js';
import type { Pause } from '../../outbox/records.js';
import { ATTEMPT_MS } from '../outbox/reading.js';
import { parseRetryAfter } from './backoff.js';
import { post } from './post.js';

/** What an attempt came to. */
export type Attempt =
  /** The proxy said what becomes of each event. */
  | { readonly kind: 'answered'; readonly verdicts: ReadonlyMap<string, Verdict> }
  /** Something in the batch, or between, does not take it as it is. */
  | { readonly kind: 'unsplit'; readonly cause: number }
  /**
   * The outbox has to wait: nobody knows what arrived (`back-off`), the answer asks for it
   * (`throttled`), or the endpoint is absent, forbidden or of another version (`circuit`).
   */
  | {
      readonly kind: Exclude<Pause['kind'], 'none'>;
      readonly retryAfterMs: number;
      readonly cause: unknown;
      /** Whether it looks as if no proxy were there: 404, 405, or a page in its place. */
      readonly isAbsent?: boolean;
    };

/**
 * Posts events once.
 * @param isOver Whether no other request may leave: they may be another user's by now.
 */
export type Transport = (events: readonly Outgoing[], isOver: () => boolean) => Promise<Attempt>;

const MISDEPLOYED = [401, 403, 404, 405, 415];
const UNSPLIT = [400, 413, 422];

const attemptOf = ({ status, headers }: Response, body: string): Attempt => {
  const verdicts = status === 200 && decodeReply(body);
  if (verdicts) return { kind: 'answered', verdicts };
  // Old and new releases can meet: a version that the proxy does not know is a fault of the deployment.
  const isMisdeployed = MISDEPLOYED.includes(status) || (status >= 400 && body.includes('"unsupported"'));
  if (!isMisdeployed && UNSPLIT.includes(status)) return { kind: 'unsplit', cause: status };
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'), headers.get('date'));
  const kind = isMisdeployed ? 'circuit' : status === 429 || retryAfterMs ? 'throttled' : 'back-off';
  const isAbsent = [404, 405].includes(status) || (status === 200 && /^\s*</.test(body));
  return { kind, retryAfterMs, cause: status, isAbsent };
};

/** Makes the transport to an outbox's endpoint. */
export const createTransport =
  (
    runtime: Pick<Runtime, 'now' | 'after' | 'fetch'>,
    outbox: Pick<Outbox, 'endpoint' | 'inFlight'>,
  ): Transport =>
  async (events, isOver) => {
    const controller = new AbortController();
    const { signal } = controller;
    const stopTimer = runtime.after(ATTEMPT_MS, () => controller.abort());
    const body = encodeRequest(events, runtime.now());
    const attempt = async (keepalive: boolean): Promise<Attempt> => {
      const keptBytes = keepalive ? body.length : 0;
      outbox.inFlight += keptBytes;
      try {
        const response = await post(outbox.endpoint, {
          body,
          headers: { 'content-type': 'application/json' },
          fetch: runtime.fetch,
          signal,
          redirect: 'error',
          cache: 'no-store',
          keepalive,
        });
        return attemptOf(response, await response.text());
      } catch (cause) {
        // Other scripts of the page may have used up the keepalive quota, which looks like a network error; ky 2 has an error of
        // its own for that.
        if (keepalive && !signal.aborted && !isOver()) return await attempt(false);
        return { kind: 'back-off', retryAfterMs: 0, cause };
      } finally {
        outbox.inFlight -= keptBytes;
      }
    };
    const outcome = await attempt(outbox.inFlight + body.length <= MAX_LEAVE_BYTES);
    stopTimer();
    return outcome;
  };
