/** Many events → one call of Chargebee's batch usage API, and what its answer means for each. */
import type { Runtime } from '../../runtime.js';
import type { Destination, Forwarded, Outcome } from './destination.js';
import { type Call, codeOf, post, type Upstream } from './http.js';
import { type Answer, forSupport, outcomeOf, refusalCodeOf, refusalOf } from './offer-events.js';
import { isRestricted } from './restricted.js';

interface UsageEvent {
  readonly subscription_id: string;
  readonly deduplication_id: string;
  readonly usage_timestamp: number;
  readonly properties: Readonly<Record<string, string | number | boolean>>;
}

/** Most that the API takes of one event (usage events API: 1 KB); 500 of them and what stands around fit 500 KB. */
export const MAX_USAGE_EVENT_BYTES = 998;
const MAX_EVENTS = 500;
const LINGER_MS = 1_000;

/**
 * What the API gets: (usage_timestamp, subscription_id, deduplication_id) is its identity, so nothing of it ever changes.
 */
export const usageEventOf = ({
  id,
  occurredAt,
  usage,
}: Pick<Forwarded, 'id' | 'occurredAt' | 'usage'>): UsageEvent => ({
  subscription_id: usage?.subscriptionId ?? '',
  deduplication_id: id,
  usage_timestamp: occurredAt,
  properties: usage?.properties ?? {},
});

type Codes = Readonly<Partial<Record<'error_code' | 'api_error_code', unknown>>>;
type FailedEvent = Codes & { readonly error?: Codes | null } & Partial<Record<keyof UsageEvent, unknown>>;

const failureOf = (
  answer: Answer,
  apiKey: string,
  { error_code, api_error_code, error }: FailedEvent,
): Outcome => {
  const errorCode = codeOf(error_code ?? error?.error_code, apiKey);
  const code = codeOf(api_error_code ?? error?.api_error_code, apiKey);
  if (isRestricted(code, errorCode)) return forSupport({ ...answer, code, errorCode }, 'usage events');
  return { kind: 'refused', code: refusalCodeOf(errorCode ?? code ?? 'failed_event') };
};

/** The whole answer was taken; some of its events may not have been. Undefined if nobody can tell which. */
const outcomesOf = (
  rows: readonly Forwarded[],
  answer: Answer,
  apiKey: string,
): readonly Outcome[] | undefined => {
  const failed = (answer.body as { failed_events?: unknown } | null | undefined)?.failed_events ?? [];
  const elements = (Array.isArray(failed) ? failed : [failed]) as unknown[];
  const failures = new Map<string, Outcome>();
  for (const element of elements) {
    // The API does not document the elements' shape: the identity is in them or one level below.
    const event = {
      ...(element as object | null),
      ...((element as { event?: object } | null)?.event ?? {}),
    } as FailedEvent;
    // With one event there is nothing to match.
    if (rows[0] && rows.length === 1) {
      failures.set(rows[0].id, failureOf(answer, apiKey, event));
      break;
    }
    const match = rows.find(
      (row) =>
        row.id === event.deduplication_id &&
        row.usage?.subscriptionId === event.subscription_id &&
        row.occurredAt === Number(event.usage_timestamp),
    );
    if (!match) return undefined;
    failures.set(match.id, failureOf(answer, apiKey, event));
  }
  return rows.map(({ id }) => failures.get(id) ?? { kind: 'done' });
};

/** The header that says to which business entity of the site a call belongs. */
const ENTITY = 'chargebee-business-entity-id';

/** What an event's own headers say. A retried one has no headers any more, and still belongs to its entity. */
const saidOf = (row: Forwarded): Readonly<Record<string, string>> => {
  const said = row.headers ?? {};
  const entity = row.usage?.businessEntityId;
  return entity === undefined ? said : { ...said, [ENTITY]: entity };
};

/** A call has its headers once: they describe a caller only if all of its events are from that caller. */
const sharedBy = (rows: readonly Forwarded[]): Readonly<Record<string, string>> => {
  const [first = {}, ...others] = rows.map(saidOf);
  const text = JSON.stringify(first);
  if (others.every((other) => JSON.stringify(other) === text)) return first;
  // All events of a call have the same one.
  const { [ENTITY]: entity } = first;
  return entity === undefined ? {} : { [ENTITY]: entity };
};

/** An answer may name every event of the batch. */
const MAX_REPLY_BYTES = 1_000_000;

/** @param constants Headers of every call. */
export const usageEvents = (
  upstream: Upstream,
  runtime: Pick<Runtime, 'after' | 'fetch'>,
  constants: Readonly<Record<string, string>> = {},
): Destination => {
  let maxEvents = MAX_EVENTS;

  const read = (
    rows: readonly Forwarded[],
    answer: Call,
    hasDelivered: boolean,
  ): readonly Outcome[] | undefined => {
    const judging = { api: 'usage events', hasDelivered } as const;
    const isTooLarge = answer.kind === 'answered' && answer.status === 413;
    const outcome = isTooLarge ? refusalOf(answer, judging) : outcomeOf(answer, judging);
    if (outcome.kind === 'done' && answer.kind === 'answered')
      return outcomesOf(rows, answer, upstream.apiKey);
    const isOfBatch = rows.length > 1 && (outcome.kind === 'refused' || isTooLarge);
    return isOfBatch ? undefined : rows.map(() => outcome);
  };

  return {
    get maxEvents() {
      return maxEvents;
    },
    lingerMs: LINGER_MS,
    keyOf: (row) => saidOf(row)[ENTITY] ?? '',
    async forward(rows, hasDelivered) {
      const body = { events: rows.map(usageEventOf) };
      const headers = sharedBy(rows);
      const answer = await post(
        upstream,
        {
          path: '/api/v2/batch/usage_events',
          body,
          headers: { ...headers, ...constants },
          maxReplyBytes: MAX_REPLY_BYTES,
        },
        runtime,
      );
      const outcomes = read(rows, answer, hasDelivered);
      // One event can spoil a batch, and is found by halves, each at its own turn. What was taken already is not
      // counted twice, being the same.
      if (!outcomes) maxEvents = Math.max(1, Math.min(maxEvents, rows.length >> 1));
      // What began before the last halving says nothing of it.
      else if (rows.length <= maxEvents) maxEvents = Math.min(MAX_EVENTS, maxEvents * 2);
      return outcomes ?? rows.map(() => ({ kind: 'crowded' }));
    },
  };
};
