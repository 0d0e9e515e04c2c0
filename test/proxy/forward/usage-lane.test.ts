/** Usage events through the whole proxy: made, kept, sent and aged beside offer events, and independent of them. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UsageOptions } from '../../../src/proxy/index.js';
import { temporaryFolder } from '../../support/intake.js';
import { hang, noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { failure, numberOfUsage, type ToldUsage, taken } from '../../support/usage.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

const HOUR_MS = 3_600_000;

const open: StartedProxy[] = [];
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
});

afterEach(async () => {
  for (const each of open.splice(0)) {
    each.runtime.answer = answering();
    const ended = each.end();
    await each.runtime.advance(20_000);
    await ended;
  }
  folder.remove();
});

/** Answers each API in its own way, by default well. */
const answering =
  ({
    offers = noContent,
    usage = () => taken(),
  }: {
    offers?: (request: Request) => Response | Promise<Response>;
    usage?: (request: Request) => Response | Promise<Response>;
  } = {}) =>
  (request: Request): Response | Promise<Response> =>
    request.url.includes('.ingest.') ? usage(request) : offers(request);

const start = (
  usage: Partial<UsageOptions> = {},
  options: Parameters<typeof startProxy>[0] = {},
): StartedProxy => {
  const started = startProxy({
    usage: { subscriptionFor: ({ offerId }) => `sub-${offerId}`, ...usage },
    ...options,
  });
  started.runtime.answer = answering();
  open.push(started);
  return started;
};

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

const report = async (
  { proxy }: StartedProxy,
  numbers: readonly number[],
  fields = {},
): Promise<string[]> => {
  const body = wireBody(
    numbers.map((number) => wireEvent(number, fields)),
    { sent_at: START },
  );
  const { results = [] } = (await (await proxy(pageRequest(body))).json()) as {
    results?: { status: string }[];
  };
  return results.map(({ status }) => status);
};

/** Batches of usage events that reached the upstream. */
const batchesOf = ({ runtime }: StartedProxy): ToldUsage[][] =>
  runtime.calls
    .filter(({ url }) => url.includes('.ingest.'))
    .map(({ body }) => (JSON.parse(body) as { events: ToldUsage[] }).events);

const offersOf = ({ runtime }: StartedProxy): number =>
  runtime.calls.filter(({ url }) => url.includes('.grow.')).length;

/** How usage events stand: number → state, or why they are dead. */
const usageStates = async ({ intake }: StartedProxy): Promise<Record<number, string>> =>
  Object.fromEntries(
    (await intake.usage.list({ limit: 5_000 })).map((row) => [
      Number.parseInt(row.id.slice(-12), 16),
      row.code ?? row.state,
    ]),
  );

const statesOf = async ({ intake }: StartedProxy): Promise<string[]> =>
  (await intake.list({ limit: 2_000 })).map(({ code, state }) => code ?? state).reverse();

describe('usage events', () => {
  it('are sent beside offer events, with what the host says and nothing of the browser', async () => {
    const started = start({}, { subject: () => 'ada' });
    await report(started, [1], { type: 'dismissed', occurred_at: START - 5_000 });
    await started.runtime.advance(2_000);
    expect(batchesOf(started)).toEqual([
      [
        {
          subscription_id: 'sub-a52ge1',
          deduplication_id: eventId(1),
          usage_timestamp: START - 5_000,
          properties: { offer_event: 'dismissed', personalized_offer_id: 'a52ge1' },
        },
      ],
    ]);
    expect(started.runtime.calls.map(({ url }) => url).sort()).toEqual([
      'https://acme-test.grow.chargebee.com/api/v2/offer_events',
      'https://acme-test.ingest.chargebee.com/api/v2/batch/usage_events',
    ]);
  });

  it('are sent at most 500 in a call, each once', async () => {
    const started = start();
    await report(started, range(1, 500));
    await report(started, range(501, 1_000));
    await report(started, range(1_001, 1_100));
    await started.runtime.advance(5_000);
    const batches = batchesOf(started);
    expect(Math.max(...batches.map(({ length }) => length))).toBe(500);
    expect(batches).toHaveLength(3);
    expect(
      batches
        .flat()
        .map(numberOfUsage)
        .sort((a, b) => a - b),
    ).toEqual(range(1, 1_100));
  });

  it('are sent together if they come within a second', async () => {
    const started = start();
    // The first look is over: it would find what comes while it lasts.
    await started.runtime.advance(0);
    await report(started, [1]);
    await started.runtime.advance(600);
    await report(started, [2]);
    expect(batchesOf(started)).toEqual([]);
    await started.runtime.advance(400);
    expect(batchesOf(started).map((batch) => batch.map(numberOfUsage))).toEqual([[1, 2]]);
    await started.runtime.advance(300);
    await report(started, [3]);
    await started.runtime.advance(700);
    await report(started, [4]);
    await started.runtime.advance(300);
    expect(batchesOf(started).map((batch) => batch.map(numberOfUsage))).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('are never sent faster in any 60 s than the pace allows', async () => {
    const started = start({ pace: { perMinute: 120 } });
    await report(started, range(1, 300));
    await started.runtime.advance(59_000);
    expect(batchesOf(started).flat()).toHaveLength(120);
    await started.runtime.advance(4_000);
    expect(batchesOf(started).flat()).toHaveLength(240);
  });
});

describe('a usage event that spoils its batch', () => {
  /** Poisoned batches are answered in the same moment as the good one beside them, and before it. */
  const together = (
    runtime: StartedProxy['runtime'],
  ): ((events: readonly ToldUsage[]) => Promise<Response>) => {
    const waiting: { readonly isGood: boolean; answer(): void }[] = [];
    const answerAll = (): void => {
      const all = waiting.splice(0).sort((a, b) => Number(a.isGood) - Number(b.isGood));
      for (const { answer } of all) answer();
    };
    return (events) =>
      new Promise((resolve) => {
        const isGood = !events.some((event) => numberOfUsage(event) === 3);
        waiting.push({
          isGood,
          answer: () => resolve(isGood ? taken() : failure(400, 'param_wrong_value')),
        });
        if (waiting.length === 2) answerAll();
        else runtime.after(100, answerAll);
      });
  };

  it('is found even while many other batches are sent beside it', async () => {
    const started = start();
    const answer = together(started.runtime);
    started.runtime.answer = answering({
      usage: async (request) => answer(((await request.json()) as { events: ToldUsage[] }).events),
    });
    for (const first of range(0, 7).map((at) => 500 * at + 1))
      await report(started, range(first, first + 499));
    await started.runtime.advance(20_000);
    const states = await usageStates(started);
    expect(Object.entries(states).filter(([, state]) => state !== 'done')).toEqual([
      ['3', 'param_wrong_value'],
    ]);
    // Two calls for each halving down to one and back up, and the calls beside them.
    expect(batchesOf(started).length).toBeLessThanOrEqual(60);
    // No event is sent again and again because of the others in its batch.
    const times = new Map<number, number>();
    for (const event of batchesOf(started).flat())
      times.set(numberOfUsage(event), (times.get(numberOfUsage(event)) ?? 0) + 1);
    expect(Math.max(...times.values())).toBeLessThanOrEqual(12);
  });
});

describe('a usage event', () => {
  it('stays what it was when it is retried, regardless of what the host says of its subscription by then', async () => {
    const subscriptions = ['first', 'second', 'third', 'fourth'];
    const started = start({ subscriptionFor: async () => subscriptions.shift() });
    started.runtime.answer = answering({ usage: () => new Response('<h1>', { status: 502 }) });
    await report(started, [1]);
    await started.runtime.advance(3_000);
    await report(started, [1]);
    started.runtime.jump(-4_000);
    await started.runtime.advance(20_000);
    started.runtime.answer = answering();
    await started.runtime.advance(60_000);
    const told = batchesOf(started).map((batch) => JSON.stringify(batch));
    expect(told.length).toBeGreaterThan(3);
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toContain('"first"');
    expect(await usageStates(started)).toEqual({ 1: 'done' });
  });

  it('stays what it was when the process dies during a call and the next one sends it again', async () => {
    const file = join(folder.path, 'shared.db');
    const first = start({}, { intake: intakeHere({ file }) });
    first.runtime.answer = answering({ usage: hang });
    await report(first, [1, 2]);
    await first.runtime.advance(1_000);
    // It never hears an answer, and its lead runs out.
    const intake = intakeHere({ file });
    // The fake random numbers would give both the same name as leader.
    const usage = { ...intake.usage, lead: (_: string, now: number) => intake.usage.lead('second', now) };
    const second = start({ subscriptionFor: () => 'another' }, { intake: { ...intake, usage } });
    await second.runtime.advance(60_000);
    expect(batchesOf(first)).toHaveLength(1);
    expect(batchesOf(second)).toEqual(batchesOf(first));
    expect(await usageStates(second)).toEqual({ 1: 'done', 2: 'done' });
  });
});

describe('the 12 hours of the API', () => {
  it('make an older event a dead letter without a call, even if an operator retries it; its offer event is sent', async () => {
    const started = start();
    await report(started, [1], { occurred_at: START - 12 * HOUR_MS - 1 });
    await report(started, [2], { occurred_at: START - 11.9 * HOUR_MS });
    await started.runtime.advance(5_000);
    expect(await statesOf(started)).toEqual(['done', 'done']);
    expect(await started.intake.usage.retry(undefined, started.runtime.now())).toBe(1);
    await started.runtime.advance(60_000);
    expect(batchesOf(started).flat().map(numberOfUsage)).toEqual([2]);
    expect(await usageStates(started)).toEqual({ 1: 'expired', 2: 'done' });
  });

  it('end the calls of an event that grew older while the upstream was away', async () => {
    const started = start();
    started.runtime.answer = answering({ usage: () => failure(503) });
    await report(started, [1]);
    await started.runtime.advance(60_000);
    started.runtime.pass(12 * HOUR_MS);
    await started.runtime.advance(30_000);
    const calls = batchesOf(started).length;
    started.runtime.answer = answering();
    await started.runtime.advance(120_000);
    expect(batchesOf(started)).toHaveLength(calls);
    expect(await usageStates(started)).toEqual({ 1: 'expired' });
  });
});

describe('of one destination and the other', () => {
  it('each has its own dead letters, and one is retried without the other', async () => {
    const started = start();
    started.runtime.answer = answering({ usage: () => failure(400, 'param_wrong_value') });
    await report(started, [1]);
    await started.runtime.advance(3_000);
    expect(await usageStates(started)).toEqual({ 1: 'param_wrong_value' });
    expect(await started.intake.retry(undefined, started.runtime.now())).toBe(0);
    started.runtime.answer = answering();
    await started.intake.usage.retry([eventId(1)], started.runtime.now());
    await started.runtime.advance(30_000);
    expect(await usageStates(started)).toEqual({ 1: 'done' });
    expect(offersOf(started)).toBe(1);
  });
});

describe('the subscription that an event counts for', () => {
  it('is asked of the host with the corrected event and the request’s own subject', async () => {
    const asked: unknown[] = [];
    const started = start(
      { subscriptionFor: (event, subject) => void asked.push(event, subject) },
      { subject: () => 'ada' },
    );
    await report(started, [1], { occurred_at: START + 9_000 });
    expect(asked).toEqual([{ id: eventId(1), type: 'viewed', offerId: 'a52ge1', occurredAt: START }, 'ada']);
  });

  it('is nobody’s if the host says so: only the offer event is sent', async () => {
    const started = start({ subscriptionFor: async () => undefined });
    expect(await report(started, [1])).toEqual(['accepted']);
    await started.runtime.advance(3_000);
    expect([offersOf(started), batchesOf(started), started.alerts]).toEqual([1, [], []]);
  });

  it.each<[hook: string, title: string, value: unknown]>([
    ['subscriptionFor', 'an empty text', ''],
    ['subscriptionFor', '51 characters', 's'.repeat(51)],
    ['subscriptionFor', 'a number', 17],
    ['subscriptionFor', 'an object', { id: 'sub' }],
    ['propertiesFor', 'nested', { a: { b: 1 } }],
    ['propertiesFor', 'a list', { a: [1] }],
    ['propertiesFor', 'null', { a: null }],
    ['propertiesFor', 'too large', { a: 'x'.repeat(1_000) }],
    ['propertiesFor', 'too large only in bytes', { a: 'é'.repeat(450) }],
    ['propertiesFor', 'nothing', undefined],
    ['propertiesFor', 'no number', { a: Number.NaN }],
    ['propertiesFor', 'a function', { a: () => 1 }],
    ['propertiesFor', 'more digits than JSON has', { a: 1n }],
    ['propertiesFor', 'a string', 'offer'],
  ])(
    'leads to an alert if %s gives what the API does not take (%s): only the offer event is sent',
    async (hook, _, value) => {
      const started = start({ [hook]: () => value });
      expect(await report(started, [1])).toEqual(['accepted']);
      await started.runtime.advance(3_000);
      expect([offersOf(started), batchesOf(started)]).toEqual([1, []]);
      expect(started.alerts).toEqual([expect.stringMatching(hook)]);
    },
  );

  it('gets properties that the host may take a moment to find', async () => {
    const properties = Promise.resolve({ plan: 'gold' }) as unknown as Record<string, string>;
    const started = start({ propertiesFor: () => properties });
    expect(await report(started, [1])).toEqual(['accepted']);
    await started.runtime.advance(3_000);
    expect(batchesOf(started)).toMatchObject([[{ properties: { plan: 'gold' } }]]);
  });
});
