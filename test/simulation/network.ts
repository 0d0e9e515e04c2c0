/** The network between pages and proxies: what arrives, what comes back, and what others answer instead. */
import type { RowVerdict } from '../history/row.js';
import type { Chance } from './chance.js';
import { type Clock, START } from './clock.js';
import type { DiskUser } from './disk.js';
import type { ProxyProcess } from './proxies.js';
import type { Recorder } from './recorder.js';

/** What goes wrong with one request. */
export type NetworkFault =
  | 'drop-before'
  | 'drop-after'
  /** It arrives again, a while later. */
  | 'duplicate'
  /** It arrives long after the page gave up. */
  | 'late'
  | 'hang'
  | 'hang-after'
  /** Headers come, the body never ends. */
  | 'endless-body'
  | 'page'
  | 'page-after'
  | 'truncated-after'
  /** Another version's reply. */
  | 'version'
  /** Verdicts about other ids, and none about these. */
  | 'other-ids'
  /** Verdicts about some of the ids only. */
  | 'partial-after'
  | 'redirect'
  | '204-after'
  | '400'
  | '401'
  | '404'
  | '405'
  | '408'
  | '409'
  | '413-many'
  | '429'
  | '429-date'
  | '429-garbage'
  | '429-huge'
  | '500-after'
  | '503'
  | '503-negative'
  | 'unsupported';

/** What the page sees of one request. */
interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request of a page. */
export interface Posted {
  readonly endpoint: string;
  readonly body: string;
  readonly signal: AbortSignal | undefined;
  readonly isKeptAlive: boolean;
  readonly isFarewell: boolean;
}

/** A page as the network sees it. */
export interface Poster extends DiskUser {
  /** Bytes that the browser counts as in flight with keepalive. */
  keptBytes: number;
  /** Bytes of replies that have arrived and were not read. */
  unreadBytes: number;
  /** The last request that the browser refused for its keepalive, by its body. */
  refusedBody: string | undefined;
}

/** The network. */
export interface Network {
  post(page: Poster, posted: Posted): Promise<Response>;
  fail(faults: readonly NetworkFault[]): void;
  setRegime(fault: NetworkFault | undefined): void;
  /** Sets what answers in an endpoint's place until the next call. */
  setAbsent(endpoint: string, as: NetworkFault | undefined): void;
  isOnline: boolean;
  /** Who is logged in, as the servers know by the browser's cookies. */
  session: string | undefined;
  /** All bytes that pages have received. */
  readonly heard: string[];
  /** How many requests have not arrived yet, whether or not their page still waits. */
  readonly onTheirWay: number;
}

const MAX_KEPT_BYTES = 65_536;
/** A browser gives up a request after this long. */
const LONGEST_MS = 300_000;
const PAGE = '<!doctype html><title>sign in</title>';
const GONE_BY = { date: new Date(START).toUTCString() };

const SCRIPTED: Partial<Record<NetworkFault, Reply>> = {
  page: { status: 200, body: PAGE, headers: {} },
  version: { status: 200, body: '{"v":2,"results":[]}', headers: {} },
  '400': { status: 400, body: '{"code":"batch"}', headers: {} },
  '401': { status: 401, body: PAGE, headers: {} },
  '404': { status: 404, body: PAGE, headers: {} },
  '405': { status: 405, body: '', headers: {} },
  '408': { status: 408, body: '', headers: {} },
  '409': { status: 409, body: '', headers: {} },
  '429': { status: 429, body: '', headers: { 'retry-after': '7' } },
  '429-date': {
    status: 429,
    body: '',
    headers: { 'retry-after': new Date(START + 20_000).toUTCString(), ...GONE_BY },
  },
  '429-garbage': { status: 429, body: '', headers: { 'retry-after': 'soon' } },
  '429-huge': { status: 429, body: '', headers: { 'retry-after': '1000000000' } },
  '503': { status: 503, body: PAGE, headers: { 'retry-after': '12' } },
  '503-negative': { status: 503, body: PAGE, headers: { 'retry-after': '-5' } },
  unsupported: { status: 400, body: '{"code":"unsupported"}', headers: {} },
};

/** More events than this are too many for a gateway in between. */
const GATEWAY_EVENTS = 1;

const lost = (): TypeError => new TypeError('Failed to fetch');

const idsOf = (body: string): string[] =>
  (JSON.parse(body) as { events: { id: string }[] }).events.map(({ id }) => id);

const contentsOf = (body: string): Record<string, string> =>
  Object.fromEntries(
    (JSON.parse(body) as { events: { id: string }[] }).events.map((event) => [
      event.id,
      // Fields that serve only figures may be left out, and an earlier request is no content.
      JSON.stringify({ ...event, group: undefined, reason: undefined, may_be_known: undefined }),
    ]),
  );

/** The verdicts of a reply that counts. The harness judges this itself. */
const verdictsOf = ({ status, body }: Reply): Record<string, RowVerdict> | undefined => {
  if (status !== 200) return undefined;
  try {
    const { v, results } = JSON.parse(body) as {
      v: number;
      results: readonly { id: string; status: RowVerdict['kind']; code?: string }[];
    };
    if (v !== 1) return undefined;
    return Object.fromEntries(results.map(({ id, status: kind, code }) => [id, { kind, code }]));
  } catch {
    return undefined;
  }
};

const WIRE = [
  ...['id', 'type', 'personalized_offer_id', 'occurred_at', 'expires_at', 'subject', 'token'],
  ...['group', 'reason', 'may_be_known'],
];

/** Fields of events that the wire does not have. */
const extrasOf = (body: string): string[] =>
  (JSON.parse(body) as { events: object[] }).events.flatMap((event) =>
    Object.keys(event).filter((field) => !WIRE.includes(field)),
  );

/** Whether it looks as if no proxy was there. */
const isAbsence = ({ status, body }: Reply): boolean =>
  status === 404 || status === 405 || (status === 200 && body.startsWith('<'));

/** What a sensible Retry-After asks for, milliseconds. */
const retryAfterOf = ({ headers }: Reply): number | undefined => {
  const given = headers['retry-after'] ?? '';
  const delayMs = /^\d+$/.test(given)
    ? Number(given) * 1_000
    : Date.parse(given) - Date.parse(headers.date ?? '');
  return delayMs > 0 ? Math.min(Math.max(delayMs, 1_000), 3_600_000) : undefined;
};

/**
 * Makes a network.
 * @param proxies Those that live now and answer at an endpoint.
 */
export const createNetwork = (
  clock: Clock,
  { write, number }: Recorder,
  chance: Chance,
  proxies: (endpoint: string) => readonly ProxyProcess[],
): Network => {
  let next: NetworkFault[] = [];
  let regime: NetworkFault | undefined;
  let onTheirWay = 0;
  const absent = new Map<string, NetworkFault | undefined>();
  const heard: string[] = [];

  /** Brings a body to one of the endpoint's proxies. Nothing comes back if that one dies. */
  const arrive = async (
    endpoint: string,
    body: string,
    session: string | undefined,
  ): Promise<Reply | undefined> => {
    const alive = proxies(endpoint);
    if (!alive.length) return { status: 502, body: PAGE, headers: {} };
    const proxy = chance.one(alive);
    const response = await Promise.race([proxy.handle(body, session), proxy.died]);
    if (!response) return undefined;
    return {
      status: response.status,
      body: await response.text(),
      headers: Object.fromEntries(response.headers),
    };
  };

  const change = (fault: NetworkFault | undefined, reply: Reply, body: string): Reply => {
    switch (fault) {
      case 'page-after':
        return { ...reply, status: 200, body: PAGE };
      case 'truncated-after':
        return { ...reply, body: reply.body.slice(0, reply.body.length >> 1) };
      case '204-after':
        return { status: 204, body: '', headers: {} };
      case '500-after':
        return { status: 500, body: PAGE, headers: {} };
      case 'partial-after': {
        const ids = idsOf(body).filter((_, at) => at % 2 === 0);
        const results = ids.map((id) => ({ id, status: 'accepted' }));
        // A forged reply may call only those events taken that the proxy really took.
        const taken = verdictsOf(reply);
        return {
          ...reply,
          body: JSON.stringify({
            v: 1,
            results: results.filter(({ id }) => taken?.[id]?.kind === 'accepted'),
          }),
        };
      }
      default:
        return reply;
    }
  };

  const network: Network = {
    isOnline: true,
    session: undefined,
    heard,
    get onTheirWay() {
      return onTheirWay;
    },
    fail: (faults) => void next.push(...faults),
    setRegime(fault) {
      regime = fault;
      if (!fault) next = [];
    },
    setAbsent: (endpoint, as) => void absent.set(endpoint, as),
    post(page, { endpoint, body, signal, isKeptAlive, isFarewell }) {
      const { session } = network;
      const call = number();
      const ids = idsOf(body);
      const isRepeat = !isKeptAlive && page.refusedBody === body;
      page.refusedBody = undefined;
      write({
        kind: 'requested',
        number: call,
        tab: page.name,
        ids,
        isFarewell,
        endpoint,
        extras: extrasOf(body),
        session,
        ...(isRepeat && { isRepeat }),
        contents: contentsOf(body),
      });
      const fault = network.isOnline ? (absent.get(endpoint) ?? next.shift() ?? regime) : undefined;
      if (fault) write({ kind: 'fault', where: 'network', what: fault, target: `${call}` });

      return new Promise<Response>((resolve, reject) => {
        let isEnded = false;
        let isHeld = isKeptAlive;
        if (isKeptAlive) page.keptBytes += body.length;
        let isUnread = false;
        const letGo = (): void => {
          if (isHeld) page.keptBytes -= body.length;
          if (isUnread) page.unreadBytes -= body.length;
          isHeld = false;
          isUnread = false;
        };
        /** The page hears, when it can, that its request ended. */
        const end = (act: () => void, reply?: Reply): void => {
          page.run(() => {
            if (isEnded) return;
            isEnded = true;
            const retryAfterMs = reply && retryAfterOf(reply);
            const verdicts = reply && verdictsOf(reply);
            write({
              kind: 'answered',
              number: call,
              tab: page.name,
              status: reply?.status,
              ...(verdicts && { verdicts }),
              ...(reply && isAbsence(reply) && { isAbsent: true }),
              ...(retryAfterMs && { retryAfterMs }),
            });
            act();
          });
        };
        const fail = (): void => {
          letGo();
          if (isKeptAlive) page.refusedBody = body;
          end(() => reject(lost()));
        };
        const abort = (): void => {
          letGo();
          end(() => reject(new DOMException('aborted', 'AbortError')));
        };
        signal?.addEventListener('abort', abort);
        // The browser gives up even if the page would wait for ever.
        clock.after(LONGEST_MS, fail);
        const answer = (reply: Reply): void => {
          heard.push(reply.body);
          page.run(() => {
            if (isEnded) return;
            isUnread = isHeld && fault !== 'endless-body';
            if (isUnread) page.unreadBytes += body.length;
            // The headers are here; what counts is the body, which is read when the page asks for it.
            resolve({
              status: reply.status,
              ok: reply.status >= 200 && reply.status < 300,
              headers: new Headers(reply.headers),
              text: () =>
                new Promise<string>((resolveBody, rejectBody) => {
                  signal?.addEventListener('abort', () =>
                    rejectBody(new DOMException('aborted', 'AbortError')),
                  );
                  if (fault === 'endless-body') return;
                  clock.after(1, () => {
                    letGo();
                    end(() => resolveBody(reply.body), reply);
                  });
                }),
              clone: () => undefined,
            } as unknown as Response);
          });
        };

        if (!network.isOnline) {
          clock.after(1, fail);
          return;
        }
        if (isKeptAlive && page.keptBytes > MAX_KEPT_BYTES) {
          clock.after(0, fail);
          return;
        }
        const there = chance.whole(5, 80);
        const back = chance.whole(5, 80);
        const bring = (delayMs: number, onReply: (reply: Reply | undefined) => void): void => {
          onTheirWay++;
          clock.after(delayMs, () => {
            onTheirWay--;
            void arrive(endpoint, body, session).then((reply) => clock.after(back, () => onReply(reply)));
          });
        };
        switch (fault) {
          case 'drop-before':
          case 'redirect':
            clock.after(there, fail);
            return;
          case 'hang':
            return;
          case 'hang-after':
            bring(there, () => undefined);
            return;
          case 'drop-after':
            bring(there, fail);
            return;
          case 'late':
            bring(chance.whole(13_000, 90_000), () => undefined);
            return;
          case 'other-ids':
            clock.after(there + back, () =>
              answer({
                status: 200,
                body: JSON.stringify({
                  v: 1,
                  results: [{ id: '019aa02f-3c00-7000-8000-000000000000', status: 'accepted' }],
                }),
                headers: {},
              }),
            );
            return;
          case '413-many':
            if (ids.length > GATEWAY_EVENTS) {
              clock.after(there, () => answer({ status: 413, body: PAGE, headers: {} }));
              return;
            }
            break;
          default:
        }
        const scripted = fault && SCRIPTED[fault];
        if (scripted) {
          clock.after(there + back, () => answer(scripted));
          return;
        }
        if (fault === 'duplicate') bring(there + chance.whole(1, 120_000), () => undefined);
        bring(there, (reply) => (reply ? answer(change(fault, reply, body)) : fail()));
      });
    },
  };
  return network;
};
