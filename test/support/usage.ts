/** The usage destination over an upstream that answers batches as a test says. */
import type { Destination, Forwarded, Outcome } from '../../src/proxy/forward/destination.js';
import { usageEvents } from '../../src/proxy/forward/usage-events.js';
import { requestOf } from './request-of.js';
import { type FakeRuntime, fakeRuntime } from './runtime.js';
import { eventId, START } from './wire.js';

/** One usage event as the upstream got it. */
export interface ToldUsage {
  readonly subscription_id: string;
  readonly deduplication_id: string;
  readonly usage_timestamp: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A destination and what it got. */
export interface UsageStage {
  readonly runtime: FakeRuntime;
  readonly destination: Destination;
  /** Numbers of the events of each call. */
  readonly batches: number[][];
  answer: (events: readonly ToldUsage[], request: Request) => Response | Promise<Response>;
  /**
   * The outcomes of these events, in short: the kind, the code of a refusal, or `waiting`. This calls like a forwarder,
   * in batches as large as they may be, until there is trouble.
   * @param hasDelivered Whether the site has taken a usage event before. @default true
   */
  outcomesOf(rows: readonly Forwarded[], hasDelivered?: boolean): Promise<string[]>;
}

export const numberOfUsage = ({ deduplication_id }: Pick<ToldUsage, 'deduplication_id'>): number =>
  Number.parseInt(deduplication_id.slice(-12), 16);

/** An event with its usage, of a subscription of its own. */
export const usageRow = (number: number, fields: Partial<Forwarded> = {}): Forwarded => ({
  id: eventId(number),
  type: 'viewed',
  offerId: `offer${number}`,
  occurredAt: START - number,
  headers: undefined,
  usage: { subscriptionId: `sub${number}`, properties: { offer_event: 'viewed' } },
  ...fields,
});

export const usageRows = (count: number): Forwarded[] =>
  Array.from({ length: count }, (_, at) => usageRow(at + 1));

/** The documented success, perhaps a partial one. */
export const taken = (failed: unknown = []): Response =>
  Response.json({ batch_id: 'b1', failed_events: failed });

/** An answer that is not the documented success. This code comes with the field that it blames. */
export const failure = (status: number, code?: string, headers: Record<string, string> = {}): Response =>
  new Response(
    JSON.stringify({
      message: 'no',
      api_error_code: code,
      ...(code === 'param_wrong_value' && { param: 'events' }),
    }),
    { status, headers },
  );

/** The outcomes that stop the forwarder. */
const TROUBLE: ReadonlySet<string> = new Set(['throttled', 'ambiguous', 'unavailable', 'misconfigured']);

/** The outcome that asks for a smaller batch. */
const SMALLER: ReadonlySet<string> = new Set(['crowded']);

const shortOf = (outcome: Outcome): string => (outcome.kind === 'refused' ? outcome.code : outcome.kind);

/** Makes one. */
export const startUsage = (): UsageStage => {
  const batches: number[][] = [];
  const runtime = fakeRuntime({
    fetch: async (input, init) => {
      const request = requestOf(input, init);
      const { events } = (await request.json()) as { events: ToldUsage[] };
      batches.push(events.map(numberOfUsage));
      return stage.answer(events, request);
    },
  });
  const stage: UsageStage = {
    runtime,
    destination: usageEvents({ baseUrl: 'https://acme-test.ingest.chargebee.com', apiKey: 'k' }, runtime),
    batches,
    answer: () => taken(),
    async outcomesOf(rows, hasDelivered = true) {
      const settled = new Map<string, string>();
      let waiting = [...rows];
      while (waiting.length) {
        const batch = waiting.slice(0, stage.destination.maxEvents);
        const outcomes = await stage.destination.forward(batch, hasDelivered);
        batch.forEach(({ id }, at) => {
          const outcome = outcomes[at];
          if (outcome && !SMALLER.has(outcome.kind)) settled.set(id, shortOf(outcome));
        });
        waiting = waiting.filter(({ id }) => !settled.has(id));
        // The forwarder would wait now.
        if (outcomes.some(({ kind }) => TROUBLE.has(kind))) break;
      }
      return rows.map(({ id }) => settled.get(id) ?? 'waiting');
    },
  };
  return stage;
};
