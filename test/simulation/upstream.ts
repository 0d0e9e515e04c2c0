/** The simulated upstream: how it treats calls and keys, and what it counts. */
import type { Chance } from './chance.js';
import { type Clock, START } from './clock.js';
import type { Recorder } from './recorder.js';

/** How the upstream treats keys. */
export type KeyMode = 'honours' | 'ignores' | 'window';

/** The result of one call. */
export type UpstreamFault =
  | 'throttled'
  | 'throttled-soon'
  | 'unavailable'
  | 'unavailable-after'
  | 'server-page'
  | 'reset-before'
  | 'reset-after'
  | 'refused'
  | 'page'
  | 'page-after'
  | 'redirect'
  | 'hang'
  | 'hang-after'
  /** It arrives and counts long after the proxy gave up waiting. */
  | 'late'
  | 'truncated-after'
  | 'locked'
  | 'unknown-offer'
  /** A refusal that blames no field. */
  | 'invalid'
  | 'bad-key'
  | 'not-enabled';

/** The part of a Response that a caller reads. */
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The upstream. */
export interface Upstream {
  /** A proxy's network to it. */
  fetchOf(proxy: { readonly name: string; readonly isDead: boolean; readonly chance: Chance }): typeof fetch;
  fail(faults: readonly UpstreamFault[]): void;
  setRegime(fault: UpstreamFault | undefined): void;
  /** The most calls in any minute by processes that share one pace. */
  readonly mostAMinute: number;
  /** How many calls have not arrived yet, whether or not their proxy still waits. */
  readonly onTheirWay: number;
}

const KEY_WINDOW_MS = 30 * 60_000;
/** A minute, less the time that passes between counting a call and sending it. */
const MINUTE_MS = 59_500;

const json = (code: string, more: object = {}): string =>
  JSON.stringify({ message: 'no', api_error_code: code, ...more });
const PAGE = '<!doctype html><title>gateway</title>';

/** What is answered, and whether the event was counted before. */
const ANSWERS: Partial<Record<UpstreamFault, Answer & { readonly counts?: boolean }>> = {
  throttled: { status: 429, headers: { 'retry-after': '30' }, body: json('api_request_limit_exceeded') },
  'throttled-soon': { status: 429, body: json('api_request_limit_exceeded') },
  unavailable: { status: 503, body: json('internal_error') },
  'unavailable-after': { status: 500, body: json('internal_error'), counts: true },
  'server-page': { status: 502, body: PAGE },
  page: { status: 200, body: PAGE },
  'page-after': { status: 200, body: PAGE, counts: true },
  redirect: { status: 302, headers: { location: 'http://10.0.0.1/' } },
  locked: { status: 409, body: json('lock_timeout') },
  'unknown-offer': { status: 404, body: json('resource_not_found', { param: 'personalized_offer_id' }) },
  invalid: { status: 400, body: json('invalid_request') },
  'bad-key': { status: 401, body: json('api_authentication_failed') },
  'not-enabled': {
    status: 400,
    body: json('configuration_incompatible', { error_code: 'api_restricted' }),
  },
};

const REPLAYED: Answer = { status: 204, headers: { 'chargebee-idempotency-replayed': 'true' } };

const isJson = (body: string): boolean => {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return body === '';
  }
};

/** Whether the API itself said what became of the event. */
const isClear = ({ status, body = '' }: Answer): boolean =>
  status === 429 || (isJson(body) && (status < 300 || (status >= 400 && status < 500)));

const never = new Promise<never>(() => undefined);
const systemError = (code: string): TypeError =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

/**
 * Makes an upstream.
 * @param isPacedApart Whether each process that calls it keeps to the pace by itself, rather than all together.
 */
export const createUpstream = (
  clock: Clock,
  { write, number }: Recorder,
  keys: KeyMode,
  isPacedApart: boolean,
): Upstream => {
  const counted = new Map<string, number>();
  /** The times of the last minute's calls, by the callers that share a pace. */
  const paces = new Map<string, number[]>();
  let next: UpstreamFault[] = [];
  let regime: UpstreamFault | undefined;
  let mostAMinute = 0;
  let onTheirWay = 0;
  write({ kind: 'mode', keys, ...(keys === 'window' && { windowMs: KEY_WINDOW_MS }) });

  /** @returns Whether it was counted before, and the key says so. */
  const count = (
    call: number,
    key: string,
    type: string,
    offerId: string,
    id: string | undefined,
  ): boolean => {
    const at = START + clock.elapsed;
    const before = counted.get(key);
    const isReplay =
      before !== undefined && (keys === 'honours' || (keys === 'window' && at - before < KEY_WINDOW_MS));
    if (isReplay) return true;
    counted.set(key, at);
    write({ kind: 'effect', number: call, id, type, offerId });
    return false;
  };

  return {
    fetchOf: (proxy) => async (input, init) => {
      const request = new Request(input, init);
      // A request that nothing holds would lose its own with its garbage (https://github.com/nodejs/undici/issues/4068).
      const signal = init?.signal ?? request.signal;
      const key = request.headers.get('chargebee-idempotency-key') ?? '';
      const { personalized_offer_id: offerId, type } = JSON.parse(await request.text()) as Record<
        string,
        string
      > & {
        personalized_offer_id: string;
        type: string;
      };
      if (proxy.isDead) return never;
      const id = /^oe1-([0-9a-f-]{36})/.exec(key)?.[1];
      const call = number();
      write({ kind: 'forwarded', number: call, key, id, type, offerId, proxy: proxy.name });
      const pacer = isPacedApart ? proxy.name : '';
      const calls = [...(paces.get(pacer) ?? []), clock.elapsed].filter(
        (at) => at > clock.elapsed - MINUTE_MS,
      );
      paces.set(pacer, calls);
      mostAMinute = Math.max(mostAMinute, calls.length);
      const fault = next.shift() ?? regime;
      if (fault) write({ kind: 'fault', where: 'upstream', what: fault, target: key });

      return new Promise<Response>((resolve, reject) => {
        let isEnded = false;
        const finish = (act: () => void, status: number | undefined, isAmbiguous: boolean): void => {
          if (isEnded || proxy.isDead) return;
          isEnded = true;
          write({ kind: 'forward-ended', number: call, status, isAmbiguous });
          act();
        };
        const doCount = (): boolean => count(call, key, type, offerId, id);
        const answer = (given: Answer): void =>
          finish(
            () =>
              resolve({
                status: given.status,
                ok: given.status < 300,
                headers: new Headers(given.headers),
                body: (async function* () {
                  yield new TextEncoder().encode(given.body ?? '');
                })(),
                clone: () => undefined,
              } as unknown as Response),
            given.status,
            !isClear(given),
          );
        signal.addEventListener('abort', () =>
          finish(() => reject(new DOMException('aborted', 'AbortError')), undefined, true),
        );
        const there = proxy.chance.whole(5, 60);
        const back = proxy.chance.whole(5, 60);
        if (fault === 'refused') {
          clock.after(1, () => finish(() => reject(systemError('ECONNREFUSED')), undefined, false));
          return;
        }
        if (fault === 'hang') return;
        const delay = fault === 'late' ? proxy.chance.whole(9_000, 60_000) : there;
        onTheirWay++;
        clock.after(delay, () => {
          onTheirWay--;
          if (fault === 'reset-before') {
            finish(() => reject(systemError('ECONNRESET')), undefined, true);
            return;
          }
          const scripted = fault && ANSWERS[fault];
          const isReplay = (scripted?.counts || !scripted) && doCount();
          if (fault === 'hang-after') return;
          clock.after(back, () => {
            if (fault === 'reset-after') finish(() => reject(systemError('ECONNRESET')), undefined, true);
            else if (fault === 'truncated-after') answer({ status: 200, body: '{"id' });
            else answer(scripted ?? (isReplay ? REPLAYED : { status: 204 }));
          });
        });
      });
    },
    fail: (faults) => void next.push(...faults),
    setRegime(fault) {
      regime = fault;
      if (!fault) next = [];
    },
    get onTheirWay() {
      return onTheirWay;
    },
    get mostAMinute() {
      return mostAMinute;
    },
  };
};
