/** The headers of calls with usage events: a call has them once, for all of its events. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Caller, OfferProxyOptions } from '../../../src/proxy/index.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { failure, numberOfUsage, type ToldUsage, taken } from '../../support/usage.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

/** A call with usage events, in short. */
interface Told {
  readonly numbers: readonly number[];
  readonly headers: Readonly<Record<string, string>>;
}

const IP = 'chargebee-request-origin-ip';
const USER = 'chargebee-request-origin-user-encoded';
const ENTITY = 'chargebee-business-entity-id';

let started: StartedProxy;
let told: Told[];
/** Who caused an event, by its number. */
let callers: Readonly<Record<number, Caller>>;
let answer: () => Response;
/** How long a call takes, and how many were under way at once. */
let delayMs: number;
let underWay: number;
let most: number;

const start = (options: Partial<OfferProxyOptions> = {}): void => {
  const { intake: _, ...others } = options;
  started = startProxy({
    usage: { subscriptionFor: () => 'sub' },
    caller: ({ id }) => callers[Number.parseInt(id.slice(-12), 16)],
    ...others,
  });
  started.runtime.answer = async (request) => {
    if (!request.url.includes('.ingest.')) return noContent();
    most = Math.max(most, ++underWay);
    await new Promise<void>((resolve) => started.runtime.after(delayMs, resolve));
    underWay--;
    const { events } = (await request.json()) as { events: ToldUsage[] };
    const ours = [...request.headers].filter(([name]) => name.startsWith('chargebee-'));
    told.push({ numbers: events.map(numberOfUsage), headers: Object.fromEntries(ours) });
    return answer();
  };
};

const report = async (...numbers: readonly number[]): Promise<void> => {
  const events = numbers.map((number) => wireEvent(number));
  await started.proxy(pageRequest(wireBody(events, { sent_at: START })));
};

beforeEach(() => {
  told = [];
  callers = {};
  answer = () => taken();
  [delayMs, underWay, most] = [0, 0, 0];
});

afterEach(async () => {
  const ended = started.end();
  await started.runtime.advance(20_000);
  await ended;
});

describe('a call with usage events', () => {
  const ada = { ip: '203.0.113.9', user: 'ada', businessEntityId: 'be-1' };
  it.each<[string, Readonly<Record<number, Caller>>, Record<string, string>]>([
    [
      'who caused them if all are from one caller',
      { 1: ada, 2: ada },
      { [IP]: ada.ip, [USER]: btoa('ada'), [ENTITY]: 'be-1' },
    ],
    [
      'only the business entity if they are from several',
      { 1: ada, 2: { ...ada, user: 'bo' } },
      { [ENTITY]: 'be-1' },
    ],
    ['nothing if one of them has no caller', { 2: { ip: ada.ip } }, {}],
  ])('says %s', async (_, given, headers) => {
    callers = given;
    start();
    await report(1, 2);
    await started.runtime.advance(2_000);
    expect(told).toEqual([{ numbers: [1, 2], headers }]);
  });

  it('has events of one business entity, and no two such calls are under way because of that', async () => {
    const [one, other] = [{ businessEntityId: 'be-1' }, { businessEntityId: 'be-2' }];
    callers = { 1: one, 2: other, 4: one };
    start();
    delayMs = 100;
    await report(1, 2, 3, 4);
    await started.runtime.advance(3_000);
    expect(told).toEqual([
      { numbers: [1, 4], headers: { [ENTITY]: 'be-1' } },
      { numbers: [2], headers: { [ENTITY]: 'be-2' } },
      { numbers: [3], headers: {} },
    ]);
    expect(most).toBe(1);
  });

  it('is not made for another business entity while the upstream wants none', async () => {
    callers = { 1: { businessEntityId: 'be-1' }, 2: { businessEntityId: 'be-2' } };
    start();
    answer = () => failure(429, 'api_request_limit_exceeded', { 'retry-after': '30' });
    await report(1, 2);
    await started.runtime.advance(20_000);
    expect(told.map(({ numbers }) => numbers)).toEqual([[1]]);
    answer = () => taken();
    await started.runtime.advance(60_000);
    expect(
      told
        .slice(1)
        .flatMap(({ numbers }) => numbers)
        .sort(),
    ).toEqual([1, 2]);
    const rows = await started.intake.usage.list({ limit: 9 });
    expect(rows.map(({ id, state }) => [id, state]).sort()).toEqual([
      [eventId(1), 'done'],
      [eventId(2), 'done'],
    ]);
  });

  it('is not made for a further business entity after this process stopped leading', async () => {
    callers = Object.fromEntries(
      [1, 2, 3, 4].map((number) => [number, { businessEntityId: `be-${number}` }]),
    );
    start();
    const { lead } = started.intake.usage;
    delayMs = 7_000;
    await report(1, 2, 3, 4);
    await started.runtime.advance(2_000);
    // It learns so when it renews the lead, which is during the second call.
    started.intake.usage.lead = async () => false;
    await started.runtime.advance(60_000);
    expect(told.map(({ numbers }) => numbers)).toEqual([[1], [2]]);
    started.intake.usage.lead = lead;
    await started.runtime.advance(60_000);
    expect(told.map(({ numbers }) => numbers)).toEqual([[1], [2], [3], [4]]);
  });

  it('is made for one event alone while the upstream is tried, also for a further business entity', async () => {
    callers = { 1: { businessEntityId: 'be-1' } };
    start();
    started.runtime.answer = async (request) => {
      if (!request.url.includes('.ingest.')) return noContent();
      const { events } = (await request.json()) as { events: ToldUsage[] };
      const numbers = events.map(numberOfUsage);
      told.push({ numbers, headers: {} });
      if (numbers.includes(4)) return failure(429, 'api_request_limit_exceeded', { 'retry-after': '1' });
      await new Promise<void>((resolve) => started.runtime.after(7_000, resolve));
      return failure(503);
    };
    await report(1, 2, 3);
    await started.runtime.advance(2_000);
    await report(4);
    await started.runtime.advance(30_000);
    expect(told.slice(0, 2).map(({ numbers }) => numbers)).toEqual([[1], [4]]);
    expect(told.length).toBeGreaterThan(3);
    expect(told.map(({ numbers }) => numbers.length)).toEqual(told.map(() => 1));
  });

  it('names the business entity of a retried dead letter, and nothing else of its caller', async () => {
    callers = {
      1: { ip: '203.0.113.9', user: 'ada', businessEntityId: 'be-1' },
      2: { ip: '203.0.113.9', user: 'ada' },
    };
    start();
    answer = () => failure(400, 'param_wrong_value');
    await report(1, 2);
    await started.runtime.advance(5_000);
    const dead = await started.intake.usage.list({ limit: 9, states: ['dead'] });
    expect(dead.map(({ id, headers }) => [id, headers])).toEqual([
      [eventId(2), undefined],
      [eventId(1), undefined],
    ]);
    told = [];
    answer = () => taken();
    await started.intake.usage.retry(undefined, started.runtime.now());
    await started.runtime.advance(5_000);
    expect(told).toEqual([
      { numbers: [1], headers: { [ENTITY]: 'be-1' } },
      { numbers: [2], headers: {} },
    ]);
  });

  it('switches off what the site switched off', async () => {
    start({ disable: ['webhook', 'email'] });
    await report(1);
    await started.runtime.advance(2_000);
    expect(told).toEqual([
      {
        numbers: [1],
        headers: {
          'chargebee-event-webhook': 'all-disabled',
          'chargebee-event-email': 'all-disabled',
        },
      },
    ]);
  });
});
