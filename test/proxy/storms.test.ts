/** Twenty thousand events under a virtual clock, through storms of 429 and 500. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/intake.js';
import { pageRequest, type StartedProxy, startProxy } from '../support/proxy.js';
import { type FakeRuntime, fakeRuntime } from '../support/runtime.js';
import { intakeHere } from '../support/sqlite.js';
import { eventId, wireBody, wireEvent } from '../support/wire.js';

const EVENTS = 20_000;
const BATCH = 500;
const PER_MINUTE = 1_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

interface Answer {
  readonly status: number;
  /** Whether the event counts despite the status. */
  readonly counts: boolean;
  readonly retryAfter?: string;
}

const DONE: Answer = { status: 204, counts: true };

/** What the upstream answers at a time: storms of a minute or so, and then a few failures here and there. */
const answerAt = (elapsed: number, call: number): Answer => {
  const minute = elapsed / MINUTE_MS;
  if (minute >= 1.5 && minute < 2.2) return { status: 429, counts: false, retryAfter: '15' };
  if (minute >= 4 && minute < 5.5) return { status: 500, counts: call % 2 === 0 };
  if (minute >= 7 && minute < 7.3) return { status: 429, counts: false };
  if (minute >= 9 && minute < 14 && call % 17 === 0) return { status: 503, counts: call % 3 === 0 };
  if (minute >= 14 && minute < 16 && call % 301 === 0) return { status: 429, counts: false, retryAfter: '2' };
  return DONE;
};

let folder: ReturnType<typeof temporaryFolder>;
let runtime: FakeRuntime;
let started: StartedProxy;
/** When each call came, milliseconds after the start. */
let calls: number[];
/** How often each status was answered. */
let statuses: Record<number, number>;
/** The events that counted, in order, by key. */
let counted: Map<string, { readonly offerId: string; readonly type: string }>;

beforeEach(() => {
  calls = [];
  statuses = {};
  counted = new Map();
  folder = temporaryFolder();
  runtime = fakeRuntime({
    async fetch(input, init) {
      const request = new Request(input, init);
      const key = request.headers.get('chargebee-idempotency-key') ?? '';
      const { personalized_offer_id: offerId, type } = (await request.json()) as Record<string, string>;
      const { status, counts, retryAfter } = answerAt(runtime.elapsed(), calls.push(runtime.elapsed()));
      statuses[status] = (statuses[status] ?? 0) + 1;
      // A known key does not count again.
      if (counts && !counted.has(key)) counted.set(key, { offerId: `${offerId}`, type: `${type}` });
      await new Promise<void>((resolve) => runtime.after(40 + (calls.length % 7) * 30, resolve));
      const body = status === 204 ? null : '{"message":"no","api_error_code":"internal_error"}';
      return new Response(body, { status, ...(retryAfter && { headers: { 'retry-after': retryAfter } }) });
    },
  });
  const intake = intakeHere({ file: join(folder.path, 'intake.db') });
  started = startProxy({ runtime, intake, pace: { perMinute: PER_MINUTE } });
});

afterEach(async () => {
  await started.end();
  folder.remove();
});

/** Three of each five events are of one offer, which was seen twice and closed, and two of another one. */
const made = (number: number): { readonly offerId: string; readonly type: string } => {
  const place = number % 5;
  return {
    offerId: `offer-${Math.floor(number / 5)}-${place < 3 ? 'a' : 'b'}`,
    type: place === 2 || place === 4 ? 'dismissed' : 'viewed',
  };
};

/** Offer → keys and types in order. */
const byOffer = (events: Iterable<readonly [key: string, { offerId: string; type: string }]>) => {
  const offers = new Map<string, string[]>();
  for (const [key, { offerId, type }] of events)
    offers.set(offerId, [...(offers.get(offerId) ?? []), `${type} ${key}`]);
  return [...offers].toSorted(([a], [b]) => (a < b ? -1 : 1));
};

const post = async (numbers: readonly number[]): Promise<void> => {
  const events = numbers.map((number) => {
    const { offerId, type } = made(number);
    return wireEvent(number, { personalized_offer_id: offerId, type });
  });
  const response = await started.proxy(pageRequest(wireBody(events)));
  const { results } = (await response.json()) as { results: { status: string }[] };
  expect(results.filter(({ status }) => status !== 'accepted')).toEqual([]);
};

describe('20,000 events and an upstream that has storms', () => {
  it('keep the pace in any 60 seconds and the order of each offer, and count once each', async () => {
    const numbers = Array.from({ length: EVENTS }, (_, at) => at);
    for (let from = 0; from < EVENTS; from += BATCH) {
      await post(numbers.slice(from, from + BATCH));
      await runtime.advance(15 * SECOND_MS);
    }
    for (let minute = 0; minute < 40 && counted.size < EVENTS; minute++) await runtime.advance(MINUTE_MS);
    // Lets the calls under way end.
    await runtime.advance(MINUTE_MS);

    const bursts = calls.filter((at, index) => at - (calls[index - PER_MINUTE] ?? -MINUTE_MS) < MINUTE_MS);
    expect(bursts).toEqual([]);
    const all = numbers.map((number) => [`oe1-${eventId(number)}`, made(number)] as const);
    expect(byOffer(counted)).toEqual(byOffer(all));
    const open = await started.intake.list({ limit: 5, states: ['waiting', 'forwarding', 'dead'] });
    expect(open).toEqual([]);
    // Every kind of answer really occurred.
    expect(Object.keys(statuses)).toEqual(['204', '429', '500', '503']);
  }, 300_000);
});
