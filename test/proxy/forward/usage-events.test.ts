import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_USAGE_EVENT_BYTES, usageEventOf } from '../../../src/proxy/forward/usage-events.js';
import {
  failure,
  numberOfUsage,
  startUsage,
  type ToldUsage,
  taken,
  type UsageStage,
  usageRow,
  usageRows,
} from '../../support/usage.js';
import { eventId, START } from '../../support/wire.js';

let stage: UsageStage;

beforeEach(() => {
  stage = startUsage();
});

/** The events of these numbers, in the shape that is asked for. */
const failing =
  (numbers: readonly number[], shape: (event: ToldUsage) => unknown) => (events: readonly ToldUsage[]) =>
    taken(events.filter((event) => numbers.includes(numberOfUsage(event))).map(shape));

const ERROR = { api_error_code: 'unable_to_process_request', message: 'no' };

const identity = ({ subscription_id, deduplication_id, usage_timestamp }: ToldUsage): object => ({
  subscription_id,
  deduplication_id,
  usage_timestamp,
});

/** Done except the events of these numbers. */
const doneBut = (count: number, numbers: readonly number[], code: string): string[] =>
  usageRows(count).map((_, at) => (numbers.includes(at + 1) ? code : 'done'));

describe('a usage event', () => {
  it('is sent as its identity and its properties only', async () => {
    const told: unknown[] = [];
    stage.answer = (events) => {
      told.push(...events);
      return taken();
    };
    await stage.outcomesOf([usageRow(3, { headers: { 'chargebee-request-origin-ip': '203.0.113.9' } })]);
    expect(told).toEqual([
      {
        subscription_id: 'sub3',
        deduplication_id: eventId(3),
        usage_timestamp: START - 3,
        properties: { offer_event: 'viewed' },
      },
    ]);
  });

  it('fits with 499 others in 500,000 bytes, even if all are of the largest size that is taken', () => {
    const rows = usageRows(500).map((row) => {
      const bytes = JSON.stringify(
        usageEventOf({ ...row, usage: { subscriptionId: 's', properties: { a: '' } } }),
      );
      const a = 'x'.repeat(MAX_USAGE_EVENT_BYTES - bytes.length);
      return usageEventOf({ ...row, usage: { subscriptionId: 's', properties: { a } } });
    });
    expect(rows.map((row) => JSON.stringify(row).length)).toEqual(rows.map(() => MAX_USAGE_EVENT_BYTES));
    expect(JSON.stringify({ events: rows }).length).toBeLessThanOrEqual(500_000);
  });
});

describe('an answer that takes the batch', () => {
  it.each<[string, () => Response]>([
    ['without failures', () => taken()],
    ['that leaves them out', () => Response.json({ batch_id: 'b' })],
    ['with null failures', () => taken(null)],
    ['of 204', () => new Response(null, { status: 204 })],
  ])('%s is done for every event, in one call', async (_, answer) => {
    stage.answer = answer;
    expect(await stage.outcomesOf(usageRows(4))).toEqual(['done', 'done', 'done', 'done']);
    expect(stage.batches).toEqual([[1, 2, 3, 4]]);
  });

  it.each<[string, (event: ToldUsage) => unknown]>([
    ['beside the error', (event) => ({ ...identity(event), ...ERROR })],
    ['with everything that was sent', (event) => ({ ...event, ...ERROR })],
    [
      'with a time in words of digits',
      (event) => ({ ...identity(event), usage_timestamp: `${event.usage_timestamp}`, ...ERROR }),
    ],
    ['below `event`', (event) => ({ event, ...ERROR })],
    ['below `event`, with the error beside it', (event) => ({ event: identity(event), error: ERROR })],
  ])('and names what failed %s refuses only these, by the code of the upstream', async (_, shape) => {
    stage.answer = failing([2, 5], shape);
    expect(await stage.outcomesOf(usageRows(6))).toEqual(doneBut(6, [2, 5], 'unable_to_process_request'));
    expect(stage.batches).toHaveLength(1);
  });

  it('and refuses an event by a word of ours counts it as refused', async () => {
    stage.answer = failing([1], (event) => ({ ...identity(event), api_error_code: 'purged' }));
    expect(await stage.outcomesOf(usageRows(1))).toEqual(['upstream_purged']);
  });

  it('and names an event twice refuses it once', async () => {
    stage.answer = (events) =>
      taken(
        events.slice(0, 1).flatMap((event) => [
          { ...event, ...ERROR },
          { ...event, ...ERROR },
        ]),
      );
    expect(await stage.outcomesOf(usageRows(3))).toEqual(doneBut(3, [1], 'unable_to_process_request'));
  });

  it.each<[string, (event: ToldUsage) => unknown]>([
    ['only an error', () => ERROR],
    ['another subscription', (event) => ({ ...identity(event), subscription_id: 'sub1', ...ERROR })],
    ['another time', (event) => ({ ...identity(event), usage_timestamp: 7, ...ERROR })],
    ['a place in the batch', () => 4],
    ['nothing', () => null],
  ])('and names a failure by %s leads to halves, which find the event', async (_, shape) => {
    stage.answer = failing([5], shape);
    const outcomes = await stage.outcomesOf(usageRows(8));
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(7);
    expect(outcomes[4]).toMatch(/^(unable_to_process_request|failed_event)$/);
    expect(stage.batches.length).toBeLessThanOrEqual(9);
  });

  it.each<[string, object]>([
    ['beside the error', { api_error_code: 'configuration_incompatible', error_code: 'api_restricted' }],
    ['below `error`', { error: { error_code: 'usage_ingestion_not_enabled' } }],
  ])('and says of each event that the site may not, %s, refuses none of them', async (_, error) => {
    stage.answer = failing([1, 2, 3], (event) => ({ ...identity(event), ...error }));
    expect(await stage.outcomesOf(usageRows(3))).toEqual(usageRows(3).map(() => 'misconfigured'));
  });

  it('and fails all of 500 in a long answer refuses all of them', async () => {
    stage.answer = (events) =>
      taken(
        events.map((event) => ({ ...identity(event), ...ERROR, message: 'The subscription is cancelled.' })),
      );
    const outcomes = await stage.outcomesOf(usageRows(500));
    expect(new Set(outcomes)).toEqual(new Set(['unable_to_process_request']));
  });

  it('never counts an event as failed that the answer does not name', async () => {
    stage.answer = () =>
      taken([
        { subscription_id: 'sub77', deduplication_id: eventId(77), usage_timestamp: START - 77, ...ERROR },
      ]);
    const outcomes = await stage.outcomesOf([usageRow(1), usageRow(2)]);
    // Nobody can tell what such an answer means; each event is at least sent by itself.
    expect(stage.batches).toEqual([[1, 2], [1], [2]]);
    expect(outcomes).toHaveLength(2);
  });
});

describe('an answer that refuses the batch', () => {
  it.each([400, 422, 413])(
    'is followed by halves if one of 500 gets a %i, and the others are taken',
    async (status) => {
      stage.answer = (events) =>
        events.some((event) => numberOfUsage(event) === 321) ? failure(status, 'param_wrong_value') : taken();
      const outcomes = await stage.outcomesOf(usageRows(500));
      expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(499);
      expect(outcomes[320]).not.toBe('done');
      // Two calls for each halving of 500 down to 1 and as many back up again, at most.
      expect(stage.batches.length).toBeLessThanOrEqual(40);
      const takenTimes = new Map<number, number>();
      for (const batch of stage.batches) {
        if (batch.includes(321)) continue;
        for (const number of batch) takenTimes.set(number, (takenTimes.get(number) ?? 0) + 1);
      }
      expect([...takenTimes.values()].filter((times) => times !== 1)).toEqual([]);
    },
  );

  it('by 413 and blames no field is no verdict on a single event before the site has taken any', async () => {
    stage.answer = () => failure(413, 'invalid_request');
    expect(await stage.outcomesOf([usageRow(1)], false)).toEqual(['misconfigured']);
    expect(await stage.outcomesOf([usageRow(1)])).toEqual(['invalid_request']);
  });

  it('is followed by halves also before the site has taken any, if it blames a field', async () => {
    stage.answer = (events) =>
      events.some((event) => numberOfUsage(event) === 3)
        ? Response.json(
            { api_error_code: 'param_wrong_value', param: 'events[subscription_id][2]' },
            { status: 400 },
          )
        : taken();
    expect(await stage.outcomesOf(usageRows(8), false)).toEqual(doneBut(8, [3], 'param_wrong_value'));
  });
});
