/** The operator's door: who passes, what is listed, and what a retry does. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AdmittedEvent,
  createOfferAdmin,
  type Intake,
  type LedgerCell,
  type OfferAdmin,
} from '../../../src/proxy/index.js';
import type { Funnel } from '../../../src/proxy/operator/funnel.js';
import { eachRow } from '../../../src/proxy/operator/listing.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';
import { eventId, START } from '../../support/wire.js';

const TOKEN = 'canary-token-0123456789-abcdefghijkl';

let folder: ReturnType<typeof temporaryFolder>;
let intake: Intake;
let admin: OfferAdmin;

beforeEach(() => {
  folder = temporaryFolder();
  intake = intakeHere({ file: join(folder.path, 'intake.db') });
  admin = createOfferAdmin({ intake, token: TOKEN });
});

afterEach(async () => {
  await intake.close();
  folder.remove();
});

const ask = (
  path: string,
  method = 'GET',
  authorization: string | null = `Bearer ${TOKEN}`,
): Promise<Response> =>
  admin(
    new Request(`https://shop.example/admin/${path}`, {
      method,
      headers: authorization === null ? {} : { authorization },
    }),
  );

const linesOf = async (path: string): Promise<Record<string, unknown>[]> => {
  const response = await ask(path);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const text = await response.text();
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

const numbersOf = (rows: readonly { readonly id?: unknown }[]): number[] =>
  rows.map(({ id }) => Number.parseInt(String(id).slice(-12), 16));

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

const dismissed = (number: number, of: number): AdmittedEvent =>
  admitted(number, { type: 'dismissed', offerId: `offer${of}` });

/** Begins what is due at this time, and ends it with this result. */
const settle = async (now: number, result: 'done' | { readonly dead: string }): Promise<number[]> => {
  const { rows } = await intake.begin({ now, limit: 500, perMinute: 100_000 });
  await intake.finish(
    rows.map(({ id }) => ({
      id,
      result: result === 'done' ? { kind: 'done' } : { kind: 'dead', code: result.dead },
    })),
    now,
  );
  return numbersOf(rows);
};

describe('the door', () => {
  it.each(['bearer', 'BEARER'])(
    'opens to the token behind %s: schemes have no case (RFC 9110, 11.1)',
    async (scheme) => {
      expect((await ask('status', 'GET', `${scheme} ${TOKEN}`)).status).toBe(200);
    },
  );

  it.each<[string, string | null]>([
    ['none, or one only in the address, which would be logged', null],
    ['an empty one', ''],
    ['no token', 'Bearer'],
    ['an empty token', 'Bearer '],
    ['another', `Bearer ${TOKEN.replace('0', 'O')}`],
    ['the beginning of it', `Bearer ${TOKEN.slice(0, -1)}`],
    ['more than it', `Bearer ${TOKEN}x`],
    ['it twice', `Bearer ${TOKEN} ${TOKEN}`],
    ['it as a password', `Basic ${btoa(`:${TOKEN}`)}`],
    ['it without a scheme', TOKEN],
    ['10,000 characters', `Bearer ${'x'.repeat(10_000)}`],
  ])('stays closed to %s', async (_, authorization) => {
    for (const [path, method] of [
      [`status?token=${TOKEN}`, 'GET'],
      ['status', 'GET'],
      ['events', 'GET'],
      ['dead-letters/retry', 'POST'],
    ] as const) {
      const response = await ask(path, method, authorization);
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.text()).not.toContain(TOKEN);
    }
  });

  it.each<unknown>([undefined, '', 'short', 'x'.repeat(31), 7, null])(
    'needs a long token, unlike %j',
    (token) => {
      expect(() => createOfferAdmin({ intake, token: token as string })).toThrow(
        expect.objectContaining({ code: 'configuration', hint: expect.stringMatching(/32/) as string }),
      );
    },
  );

  it.each([
    ['GET', 'nothing'],
    ['GET', ''],
    ['POST', 'status'],
    ['POST', 'events'],
    ['DELETE', 'events'],
    ['GET', 'dead-letters/retry'],
    ['POST', 'dead-letters'],
    ['GET', 'STATUS'],
    ['GET', 'status/'],
    ['PUT', 'dead-letters/retry'],
  ])('has nothing behind it at %s %s', async (method, path) => {
    expect((await ask(path, method)).status).toBe(404);
  });
});

describe('a query', () => {
  it.each([
    ['GET status?lane=usage_events', 'query', 'This path takes limit, page, since.'],
    ['GET funnel?limit=5', 'query', 'This path takes by, group, since, until.'],
    ['GET events?ofer=a52ge40b', 'query', 'This path takes offer, since, lane.'],
    ['GET dead-letters?id=1', 'query', 'This path takes offer, since, lane.'],
    ['POST report?lane=offer_events', 'query', 'This path takes no parameters.'],
    // In the place of one dead letter, it would let all wait again.
    ['POST dead-letters/retry?ids=1', 'query', 'This path takes id, offer, since, lane.'],
    ['GET status?page=1&page=2', 'query', 'Give each parameter once, except id.'],
    ['GET events?since=yesterday', 'query', 'Set since to an ISO date or epoch milliseconds.'],
    ['GET events?since=', 'query', 'Set since to an ISO date or epoch milliseconds. It is empty.'],
    ['GET dead-letters?since=yesterday', 'query', 'Set since to an ISO date or epoch milliseconds.'],
    ['GET events?lane=usage', 'query', 'Set lane to offer_events or usage_events.'],
    ['GET status?limit=1001', 'query', 'Set limit to a whole number from 1 to 1000.'],
    ['GET status?limit=all', 'query', 'Set limit to a whole number from 1 to 1000.'],
    ['GET status?page=0', 'query', 'Set page to a whole number from 1.'],
    ['GET funnel?by=week', 'query', 'Set by to day, group or day,group.'],
    ['GET funnel?until=2026-02-31', 'query', 'Set until to a UTC day, such as 2026-11-01.'],
    [
      'GET funnel?since=2026-11-02&until=2026-11-01',
      'request',
      'Set since to a day that is not after until.',
    ],
    // To find a page, all offers ahead of it have to be sorted.
    ['GET status?page=201', 'request', 'Choose a smaller page: page times limit is at most 20000.'],
    ['GET status?limit=1000&page=21', 'request', 'Choose a smaller page: page times limit is at most 20000.'],
    ['GET status?limit=1&page=20001', 'request', 'Choose a smaller page: page times limit is at most 20000.'],
  ])('is refused with what it may be: %s', async (what, code, detail) => {
    const [method = '', path = ''] = what.split(' ');
    const response = await ask(path, method);
    expect([response.status, await response.json()]).toMatchObject([400, { code, detail }]);
  });
});

describe('the status', () => {
  it('has figures of each offer, and the state of each destination', async () => {
    await intake.take([admitted(1), dismissed(2, 1), admitted(3), admitted(4)]);
    await intake.begin({ now: START, limit: 9, perMinute: 99 });
    await intake.finish(
      [
        { id: eventId(1), result: { kind: 'done' } },
        { id: eventId(3), result: { kind: 'dead', code: 'x' } },
      ],
      START,
    );
    await intake.note({ alert: 'Check the key.', pausedUntil: START + 5_000 });
    expect(await (await ask('status')).json()).toMatchObject({
      offers: [
        { offerId: 'offer1', viewed: 1, dismissed: 1, taken: 2, delivered: 1, waiting: 1, deadLetters: 0 },
        { offerId: 'offer3', viewed: 1, dismissed: 0, taken: 1, delivered: 0, waiting: 0, deadLetters: 1 },
        { offerId: 'offer4', viewed: 1, dismissed: 0, waiting: 1, deadLetters: 0 },
      ],
      lanes: {
        offer_events: {
          waiting: 2,
          oldestAt: START,
          note: { alert: 'Check the key.', pausedUntil: START + 5_000 },
        },
        usage_events: { waiting: 0, note: {} },
      },
    });
  });
});

describe('the status of many offers', () => {
  const OFFERS = 3_500;

  beforeEach(async () => {
    const all = Array.from({ length: OFFERS }, (_, at) => admitted(at + 1));
    for (let from = 0; from < OFFERS; from += 500) await intake.take(all.slice(from, from + 500));
    await intake.take([dismissed(OFFERS + 1, OFFERS)]);
  });

  it('names those with the most events, by default 100 of them, and sums up all', async () => {
    const { offers, all } = (await (await ask('status')).json()) as { offers: unknown[]; all: unknown };
    expect(offers).toHaveLength(100);
    expect(offers[0]).toMatchObject({ offerId: `offer${OFFERS}`, waiting: 2 });
    expect(all).toEqual({
      ...{ offers: OFFERS, viewed: OFFERS, dismissed: 1 },
      ...{ taken: OFFERS + 1, delivered: 0, waiting: OFFERS + 1, deadLetters: 0 },
    });
    const more = (await (await ask('status?limit=1000')).json()) as { offers: unknown[] };
    expect(more.offers).toHaveLength(1_000);
    const last = (await (await ask('status?limit=1000&page=4')).json()) as { offers: unknown[] };
    expect(last.offers).toHaveLength(OFFERS - 3_000);
    expect((await ask('status?limit=1000&page=20')).status).toBe(200);
    const none = await (await ask(`status?since=${START + 1}`)).json();
    expect(none).toMatchObject({ offers: [], all: { offers: 0, taken: 0 } });
  });

  it('does not block the process while it counts', async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    turn();
    await ask('status');
    isOver = true;
    expect(turns).toBeGreaterThan(3);
  });
});

describe('the list of events', () => {
  it.each([1_000, 1_203])('has each of %i once, newest first, over all pages', async (count) => {
    await intake.take(range(1, count).map((number) => admitted(number)));
    expect(numbersOf(await linesOf('events'))).toEqual(range(1, count).reverse());
  });

  it('has each once even if more come, and some are settled, while it is read', async () => {
    await intake.take(range(1, 1_100).map((number) => admitted(number)));
    const seen: number[] = [];
    for await (const row of eachRow(intake)) {
      seen.push(...numbersOf([row]));
      if (seen.length === 300) {
        await intake.take(range(2_001, 2_050).map((number) => admitted(number)));
        await settle(START, 'done');
      }
    }
    expect(seen).toEqual(range(1, 1_100).reverse());
  });

  it('ends when its reader goes away, and the next reader gets all', async () => {
    await intake.take(range(1, 700).map((number) => admitted(number)));
    const reader = (await ask('events')).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await linesOf('events')).toHaveLength(700);
  });

  it('has times as dates, and of an event what the upstream knows it by', async () => {
    await intake.take([admitted(7, { headers: { 'chargebee-request-origin-ip': '203.0.113.9' } })]);
    expect(await linesOf('events')).toEqual([
      {
        id: eventId(7),
        type: 'viewed',
        personalized_offer_id: 'offer7',
        state: 'waiting',
        occurred_at: new Date(START - 3_700).toISOString(),
        received_at: new Date(START).toISOString(),
        attempts: 0,
        is_ambiguous: false,
        maybe_duplicate: false,
      },
    ]);
  });

  it('can be limited to one offer, to events since a time, and to the second destination', async () => {
    await intake.take([
      admitted(1, { receivedAt: START - 60_000 }),
      admitted(2, { offerId: 'offer1', usage: { subscriptionId: 'sub', properties: { a: 1 } } }),
      admitted(3),
    ]);
    const since = new Date(START - 1).toISOString();
    expect(numbersOf(await linesOf('events?offer=offer1'))).toEqual([2, 1]);
    expect(numbersOf(await linesOf(`events?since=${since}`))).toEqual([3, 2]);
    expect(numbersOf(await linesOf(`events?since=${START - 1}&offer=offer1`))).toEqual([2]);
    expect(await linesOf('events?lane=usage_events')).toMatchObject([
      { id: eventId(2), subscription_id: 'sub', properties: { a: 1 } },
    ]);
    expect(await linesOf('events?offer=none')).toEqual([]);
    expect(await linesOf("events?offer=' OR 1=1 --")).toEqual([]);
  });

  it('is a 503 while the intake is away, and nothing is thrown', async () => {
    const away = () => Promise.reject(new Error('/srv/secret/intake.db is gone'));
    const broken = createOfferAdmin({
      intake: {
        ...intake,
        // biome-ignore lint/correctness/useYield: It never comes so far.
        async *tally() {
          await away();
        },
        ...{ status: away, list: away, retry: away },
      },
      token: TOKEN,
    });
    for (const [path, method] of [
      ['status', 'GET'],
      ['dead-letters/retry', 'POST'],
    ] as const) {
      const request = new Request(`https://shop.example/admin/${path}`, {
        method,
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      const response = await broken(request);
      expect(response.status).toBe(503);
      expect(await response.text()).not.toContain('srv');
    }
  });
});

describe('dead letters', () => {
  const retry = async (query = ''): Promise<unknown> =>
    (await ask(`dead-letters/retry${query}`, 'POST')).json();

  it('wait again after a retry of all or some of them; other events are not touched', async () => {
    await intake.take(range(1, 4).map((number) => admitted(number)));
    await intake.begin({ now: START, limit: 9, perMinute: 99 });
    await intake.finish(
      [1, 2, 3].map((number) => ({ id: eventId(number), result: { kind: 'dead', code: 'x' } })),
      START,
    );
    await intake.finish([{ id: eventId(4), result: { kind: 'done' } }], START);
    expect(await linesOf('dead-letters')).toMatchObject(
      [3, 2, 1].map((number) => ({ id: eventId(number), state: 'dead', code: 'x' })),
    );
    expect(await retry(`?id=${eventId(2)}&id=${eventId(4)}&id=${eventId(99)}&id=nonsense`)).toEqual({
      retried: 1,
      unchanged: 3,
    });
    expect(numbersOf(await linesOf('dead-letters'))).toEqual([3, 1]);
    expect(await retry()).toEqual({ retried: 2 });
    expect(await retry()).toEqual({ retried: 0 });
    expect((await settle(Date.now() + 1_000, 'done')).sort()).toEqual([1, 2, 3]);
  });

  it('are sent again if an operator retries one whose outcome nobody knows', async () => {
    await intake.close();
    intake = intakeHere({ file: join(folder.path, 'intake.db'), ambiguous: 'atMostOnce' });
    admin = createOfferAdmin({ intake, token: TOKEN });
    await intake.take([admitted(1)]);
    await intake.begin({ now: START, limit: 9, perMinute: 99 });
    await intake.finish([{ id: eventId(1), result: { kind: 'ambiguous', dueAt: START } }], START);
    expect(await settle(START + 1_800_000, 'done')).toEqual([]);
    expect(await linesOf('dead-letters')).toMatchObject([{ code: 'unknown_outcome' }]);
    expect(await retry()).toEqual({ retried: 1 });
    expect(await settle(Date.now() + 1_000, 'done')).toEqual([1]);
    expect(await linesOf('events')).toMatchObject([{ state: 'done', maybe_duplicate: true }]);
  });

  it('are kept apart by destination', async () => {
    await intake.take([admitted(1, { usage: { subscriptionId: 'sub', properties: {} } })]);
    await intake.usage.begin({ now: START, limit: 9, perMinute: 99 });
    await intake.usage.finish([{ id: eventId(1), result: { kind: 'dead', code: 'y' } }], START);
    expect(await linesOf('dead-letters')).toEqual([]);
    expect(await linesOf('dead-letters?lane=usage_events')).toMatchObject([{ code: 'y' }]);
    expect(await retry()).toEqual({ retried: 0 });
    expect(await retry('?lane=usage_events')).toEqual({ retried: 1 });
  });
});

describe('the funnel', () => {
  it('is summed up by day or by group', async () => {
    await intake.take([admitted(1, { group: 'summer' }), admitted(2)]);
    const day = new Date(START).toISOString().slice(0, 10);
    const response = await ask(`funnel?by=group&since=${day}&until=${day}`);
    expect(await response.json()).toMatchObject({
      by: 'group',
      since: day,
      rows: [
        { group: '(none)', viewed: 1 },
        { group: 'summer', viewed: 1 },
      ],
      all: { viewed: 2, waiting: 2 },
    });
    expect(await (await ask(`funnel?since=${day}`)).json()).toMatchObject({
      by: 'day',
      rows: [{ day }],
    });
  });

  it('is written in slices, so that other requests are answered meanwhile', async () => {
    const groups = Array.from({ length: 100 }, (_, at) => `group${at}`);
    const days = Array.from({ length: 50 }, (_, at) =>
      new Date(START + at * 86_400_000).toISOString().slice(0, 10),
    );
    const cellOf = (day: string, group: string): LedgerCell => ({
      ...{ day, group, type: 'viewed', reason: undefined, taken: 1, delivered: 1 },
      ...{ refused: 0, givenUp: 0, purged: 0, accepted: 0 },
    });
    const large = createOfferAdmin({
      token: TOKEN,
      intake: {
        ...intake,
        async *ledger() {
          for (const day of days) yield groups.map((group) => cellOf(day, group));
        },
      },
    });
    const asked = new Request(`https://shop.example/admin/funnel?by=day,group&since=${days[0]}`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const response = await large(asked);
    let turns = 0;
    const beat = (): void => {
      turns++;
      beating = setImmediate(beat);
    };
    let beating = setImmediate(beat);
    const { rows, all } = (await response.json()) as Funnel;
    clearImmediate(beating);
    expect([rows.length, all.viewed, rows[4_999]?.day]).toEqual([5_000, 5_000, days[49]]);
    expect(turns).toBeGreaterThanOrEqual(9);
  });
});
