/** The way of each event: what the proxy said of it to the page, and what the mock API said of it to the proxy. */
import type { Call } from '../mock-api/calls.js';
import { endOf, shown } from './call-lines.js';

/** One event and how far it came. */
export interface DevEvent {
  /** The event's own id, a UUID. */
  readonly id: string;
  /** `viewed` or `dismissed`; something else only if a page made it up, which the proxy refuses. */
  readonly type: string;
  /** The personalized offer's id, as the page sent it. */
  readonly offerId: string;
  /** What its page calls the thing that it shows to many, as the page sent it. */
  readonly group: string | undefined;
  /** How the offer was closed, as the page sent it. */
  readonly dismissReason: string | undefined;
  /** The path of the page that reported it, if its browser said so. */
  readonly page: string | undefined;
  /** When it happened, epoch milliseconds; until the page's request is answered, when the proxy forwarded it. */
  readonly at: number;
  /** `waiting` at the proxy or in the page, `delivered` to the mock API, or `refused` by one of the two. */
  readonly state: 'waiting' | 'delivered' | 'refused';
  /** Why it waits or was refused: a code, or what became of the last call. */
  readonly reason: string | undefined;
  /** How many calls carried it to the mock API. */
  readonly calls: number;
}

/** A request that the proxy did not admit. */
export interface DevProblem {
  /** When it was answered, epoch milliseconds. */
  readonly at: number;
  /** The status of the answer. */
  readonly status: number;
  /** The problem's code, such as `origin`. */
  readonly code: string;
  /** The problem in words. */
  readonly title: string;
  /** The path of the page that sent it, if its browser said so. */
  readonly page: string | undefined;
}

/** What happened, latest last. */
export interface Trail {
  events(): DevEvent[];
  problems(): readonly DevProblem[];
  /** A request of a page was answered. */
  answered(exchange: Exchange): void;
  /** A call to the mock API ended. */
  called(call: Call): void;
  /** Chargebee will never take this event; its offer, if it is known. */
  buried(id: string, code: string): string | undefined;
  /** Forgets all. */
  clear(): void;
}

/** A request of a page, and its answer. */
export interface Exchange {
  readonly body: string;
  readonly page: string | undefined;
  readonly status: number;
  readonly answer: string;
}

const MAX_EVENTS = 10_000;
const MAX_PROBLEMS = 50;
/** What the proxy puts ahead of an event's id to make the idempotency key. */
const KEY_PREFIX = 'oe1-';

const objectOf = (text: string): Record<string, unknown> => {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    // The proxy says so itself.
    return {};
  }
};

const listOf = (value: unknown): readonly Record<string, unknown>[] =>
  Array.isArray(value) ? value.map((item) => Object(item) as Record<string, unknown>) : [];

/**
 * Keeps the latest events and problems.
 * @param onChange Called with an event that came further, and with nothing after anything else.
 */
export const createTrail = (now: () => number, onChange: (event?: DevEvent) => void): Trail => {
  const events = new Map<string, DevEvent>();
  let problems: DevProblem[] = [];

  /** What waits is what people look for. */
  const dropOne = (): void => {
    let [first] = events.keys();
    for (const [id, { state }] of events)
      if (state !== 'waiting') {
        first = id;
        break;
      }
    if (first !== undefined) events.delete(first);
  };

  const put = (id: string, next: Partial<DevEvent>): void => {
    const known = events.get(id);
    const event: DevEvent = {
      id,
      type: '',
      offerId: '',
      group: undefined,
      dismissReason: undefined,
      page: undefined,
      at: now(),
      state: 'waiting',
      reason: undefined,
      calls: 0,
      ...known,
      ...next,
      // Regardless of the answer that its page gets afterwards.
      ...(known?.state === 'delivered' && { state: known.state, reason: undefined }),
    };
    events.set(id, event);
    if (events.size > MAX_EVENTS) dropOne();
    onChange(event.state === known?.state && event.reason === known.reason ? undefined : event);
  };

  return {
    events: () => [...events.values()],
    problems: () => problems,
    answered({ body, page, status, answer }) {
      const reply = objectOf(answer);
      if (status !== 200) {
        const problem = { at: now(), status, code: shown(reply.code), title: shown(reply.title), page };
        problems = [...problems, problem].slice(-MAX_PROBLEMS);
        onChange();
      }
      const verdicts = new Map(listOf(reply.results).map((result) => [result.id, result]));
      for (const sent of listOf(objectOf(body).events)) {
        const verdict = verdicts.get(sent.id);
        if (typeof sent.id !== 'string' || !verdict) continue;
        const isTaken = verdict.status === 'accepted' || verdict.status === 'duplicate';
        const code = shown(verdict.code);
        const isRefused = verdict.status === 'refused';
        const known = events.get(sent.id);
        // Something else under its name changes nothing about it.
        if (known && verdict.code === 'conflict') continue;
        // What the mock API said to the proxy says more than what the proxy says to the page.
        const said = known?.calls ? known.reason : undefined;
        put(sent.id, {
          type: shown(sent.type),
          offerId: shown(sent.personalized_offer_id),
          ...(sent.group !== undefined && { group: shown(sent.group) }),
          ...(sent.reason !== undefined && { dismissReason: shown(sent.reason) }),
          page,
          ...(typeof sent.occurred_at === 'number' && { at: sent.occurred_at }),
          ...(isRefused && { state: 'refused', reason: said?.replace(/^\d+ /, '') ?? code }),
          ...(!isRefused && { reason: isTaken ? said : (said ?? code) }),
        });
      }
    },
    called(call) {
      if (!call.key?.startsWith(KEY_PREFIX)) return;
      const id = call.key.slice(KEY_PREFIX.length);
      put(id, {
        type: shown(call.type ?? ''),
        offerId: shown(call.personalized_offer_id ?? ''),
        calls: (events.get(id)?.calls ?? 0) + 1,
        ...(call.recorded ? { state: 'delivered', reason: undefined } : { reason: endOf(call) }),
      });
    },
    buried(id, code) {
      const { state, offerId } = events.get(id) ?? {};
      if (state === 'waiting') put(id, { state: 'refused', reason: code });
      return offerId;
    },
    clear() {
      events.clear();
      problems = [];
      onChange();
    },
  };
};
