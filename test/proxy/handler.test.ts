import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { Intake, Lane } from '../../src/proxy/index.js';
import { CANARY_KEY, pageRequest, type StartedProxy, startProxy } from '../support/proxy.js';
import { eventId, START, wireBody, wireEvent } from '../support/wire.js';

const open: StartedProxy[] = [];

const start = (options: Parameters<typeof startProxy>[0] = {}): StartedProxy => {
  const started = startProxy(options);
  open.push(started);
  return started;
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.end()));
});

const resultsOf = async ({ proxy }: StartedProxy, body: string): Promise<unknown> => {
  const response = await proxy(pageRequest(body));
  return ((await response.json()) as { results?: unknown }).results;
};

/** What reached the upstream: key and body of each call. */
const reached = ({ runtime }: StartedProxy): unknown[] =>
  runtime.calls.map(({ key, body }) => [key, JSON.parse(body) as unknown]);

const idleLane: Lane = {
  lead: async () => true,
  resign: async () => undefined,
  begin: async () => ({ rows: [], nextAt: undefined, expired: 0 }),
  finish: async () => undefined,
  note: async () => undefined,
  status: async () => ({ waiting: 0, oldestAt: undefined, lastMinute: 0, note: {}, dead: {} }),
  list: async () => [],
  async *tally() {},
  retry: async () => 0,
  purge: async () => 0,
};

/** An intake that cannot take anything, like one whose disk is full. */
const brokenIntake = (): Intake => ({
  claim: () => undefined,
  take: () => Promise.reject(new Error('SQLITE_FULL: database or disk is full at /srv/secret/intake.db')),
  ...idleLane,
  usage: idleLane,
  knows: async () => new Set(),
  accept: async () => new Map(),
  nameKey: async () => 'a secret of the intake',
  async *ledger() {},
  endSessions: async () => undefined,
  sessionsEnded: async () => 0,
  noteDoor: async () => undefined,
  door: async () => ({ requests: {}, refused: {}, alerts: [] }),
  close: async () => undefined,
});

describe('every event has one verdict, in the order of the request', () => {
  it('good and bad ones are mixed, and only the good ones are forwarded', async () => {
    const started = start();
    const body = wireBody([
      wireEvent(3, { type: 'Clicked' }),
      wireEvent(2, { type: 'dismissed' }),
      wireEvent(5, { personalized_offer_id: 'k'.repeat(51) }),
      wireEvent(4),
    ]);
    expect(await resultsOf(started, body)).toEqual([
      { id: eventId(3), status: 'refused', code: 'invalid_event' },
      { id: eventId(2), status: 'accepted' },
      { id: eventId(5), status: 'refused', code: 'invalid_event' },
      { id: eventId(4), status: 'accepted' },
    ]);
    await started.runtime.advance(2_000);
    expect(reached(started)).toEqual([
      [`oe1-${eventId(2)}`, { personalized_offer_id: 'a52ge2', type: 'dismissed' }],
      [`oe1-${eventId(4)}`, { personalized_offer_id: 'a52ge4', type: 'viewed' }],
    ]);
  });

  it('a repetition is a duplicate, other content under a known id a conflict (fault 59) (attacks 37, 38)', async () => {
    const started = start();
    await resultsOf(started, wireBody([wireEvent(1), wireEvent(2)]));
    await started.runtime.advance(2_000);
    const again = wireBody([wireEvent(1), wireEvent(2, { type: 'dismissed' }), wireEvent(3)], {
      sent_at: START + 9_999,
    });
    expect(await resultsOf(started, again)).toEqual([
      { id: eventId(1), status: 'duplicate' },
      { id: eventId(2), status: 'refused', code: 'conflict' },
      { id: eventId(3), status: 'accepted' },
    ]);
    await started.runtime.advance(2_000);
    expect(started.runtime.calls.map(({ key }) => key)).toEqual([1, 2, 3].map((id) => `oe1-${eventId(id)}`));
  });

  it('one of 100 parallel copies of a request is forwarded (attack 41)', async () => {
    const started = start();
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, () => resultsOf(started, wireBody([wireEvent(7)]))),
    );
    expect(verdicts.filter((results) => JSON.stringify(results).includes('accepted'))).toEqual([
      [{ id: eventId(7), status: 'accepted' }],
    ]);
    expect(verdicts.filter((results) => JSON.stringify(results).includes('duplicate'))).toHaveLength(99);
    await started.runtime.advance(5_000);
    expect(started.runtime.calls.map(({ key }) => key)).toEqual([`oe1-${eventId(7)}`]);
  });

  it('an event that the intake said nothing about is deferred', async () => {
    const started = start({ intake: { ...brokenIntake(), take: async () => new Map() } });
    expect(await resultsOf(started, wireBody([wireEvent(1)]))).toEqual([
      { id: eventId(1), status: 'deferred', code: 'unavailable' },
    ]);
  });
});

describe('the time of an event', () => {
  it.each([
    ['the clock runs an hour ahead', { sent_at: START + 3_600_000 }, 3_599_000, -1_000],
    ['the clock runs a day behind', { sent_at: START - 86_400_000 }, -86_405_000, -5_000],
    ['it would be after its arrival', { sent_at: START }, 777_000, 0],
    ['it would be far after its arrival, by the wildest clocks', { sent_at: -8.64e15 }, 8.64e15 - START, 0],
    ['it would be before any date, by the wildest clocks', { sent_at: 8.64e15 }, -8.64e15 - START, -START],
  ])('is corrected if %s (fault 57) (attack 35)', async (_, fields, occurredAt, expected) => {
    const started = start();
    await resultsOf(started, wireBody([wireEvent(1, { occurred_at: START + occurredAt })], fields));
    expect((await started.intake.list({ limit: 1 })).map((row) => row.occurredAt - START)).toEqual([
      expected,
    ]);
  });
});

describe('an event of another subject', () => {
  const body = wireBody([
    wireEvent(1, { subject: 'ada' }),
    wireEvent(2, { subject: 'grace' }),
    wireEvent(3),
    wireEvent(4, { subject: 'Ada' }),
  ]);

  it('is deferred by name, and neither kept nor forwarded (attack 22)', async () => {
    const started = start({ subject: (request) => request.headers.get('x-session') ?? undefined });
    const response = await started.proxy(pageRequest(body, { 'x-session': 'ada' }));
    const deferred = { status: 'deferred', code: 'subject_mismatch', retry_after_ms: 60_000 };
    expect(((await response.json()) as { results: unknown }).results).toEqual([
      { id: eventId(1), status: 'accepted' },
      { id: eventId(2), ...deferred },
      { id: eventId(3), status: 'accepted' },
      { id: eventId(4), ...deferred },
    ]);
    expect((await started.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(3), eventId(1)]);
  });

  it('is accepted once its subject is back', async () => {
    let owner = 'nobody';
    const started = start({ subject: async () => owner });
    const later = wireBody([wireEvent(2, { subject: 'grace' })]);
    expect(await resultsOf(started, later)).toMatchObject([{ code: 'subject_mismatch' }]);
    owner = 'grace';
    expect(await resultsOf(started, later)).toEqual([{ id: eventId(2), status: 'accepted' }]);
  });

  it('is accepted if the proxy has no subject hook', async () => {
    expect(await resultsOf(start(), body)).toMatchObject([1, 2, 3, 4].map(() => ({ status: 'accepted' })));
  });

  it('is a conflict under an id that another subject has taken (fault 59) (attack 39)', async () => {
    const started = start();
    await resultsOf(started, wireBody([wireEvent(1, { subject: 'ada' })]));
    expect(await resultsOf(started, wireBody([wireEvent(1, { subject: 'grace' })]))).toEqual([
      { id: eventId(1), status: 'refused', code: 'conflict' },
    ]);
  });

  it('is the same event when the session changed in between', async () => {
    const owners = ['ada', 'grace'];
    const started = start({ subject: () => owners.shift() });
    await resultsOf(started, wireBody([wireEvent(1)]));
    expect(await resultsOf(started, wireBody([wireEvent(1)]))).toEqual([
      { id: eventId(1), status: 'duplicate' },
    ]);
  });
});

describe('an intake that cannot take', () => {
  it('leads to a 503 that says when to come back, one alert in words and nothing forwarded (fault 64)', async () => {
    const started = start({ intake: brokenIntake() });
    const response = await started.proxy(pageRequest(wireBody([wireEvent(1)])));
    expect([response.status, await response.json()]).toEqual([
      503,
      {
        type: 'urn:offersight:problem:unavailable',
        title: expect.any(String) as string,
        status: 503,
        code: 'unavailable',
      },
    ]);
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d?$/);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(started.alerts).toEqual([expect.stringMatching(/Clients keep theirs/)]);
    expect(started.alerts.join()).not.toMatch(/SQLITE|srv/);
    await started.runtime.advance(120_000);
    expect(started.runtime.calls).toEqual([]);
  });

  it('is answered with 503, not 400, if something else has read its body: a page would park the events', async () => {
    const started = start();
    const { proxy } = started;
    const read = pageRequest(wireBody([wireEvent(1)]));
    await read.text();
    const locked = pageRequest(wireBody([wireEvent(2)]));
    locked.body?.getReader();
    for (const request of [read, locked]) {
      const response = await proxy(request);
      expect([response.status, response.headers.has('retry-after')]).toEqual([503, true]);
    }
    expect(started.alerts).toHaveLength(1);
  });

  it('shows its error to the alert hook, not to the sender', async () => {
    const causes: unknown[] = [];
    const { proxy } = start({ intake: brokenIntake(), onAlert: (_, cause) => causes.push(cause) });
    const response = await proxy(pageRequest(wireBody([wireEvent(1)])));
    expect(causes).toEqual([
      expect.objectContaining({ message: expect.stringContaining('SQLITE_FULL') as string }),
    ]);
    expect(await response.text()).not.toMatch(/SQLITE|srv/);
  });

  it('does not change the verdict of refused events, which do not need the intake', async () => {
    const started = start({ intake: brokenIntake() });
    expect(await resultsOf(started, wireBody([wireEvent(1, { type: 'X' })]))).toEqual([
      { id: eventId(1), status: 'refused', code: 'invalid_event' },
    ]);
  });
});

describe('a closed proxy', () => {
  it('answers 503 and may be closed again', async () => {
    const started = start();
    await started.proxy.close();
    expect((await started.proxy(pageRequest(wireBody([wireEvent(1)])))).status).toBe(503);
    await expect(started.proxy.close()).resolves.toBeUndefined();
  });

  it('leaves what waits to the next one on the same file', async () => {
    const started = start();
    started.runtime.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '60' } });
    await resultsOf(started, wireBody([wireEvent(1)]));
    await started.runtime.advance(1_000);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ id: eventId(1), state: 'waiting' }]);
  });
});

describe('the API key is shown only to the upstream', () => {
  it('and is in no reply, alert or inspection, even if the upstream echoes it (attacks 51, 53)', async () => {
    const { proxy, runtime, alerts } = start();
    const basic = btoa(`${CANARY_KEY}:`);
    const answers = [
      new Response(JSON.stringify({ message: CANARY_KEY, api_error_code: CANARY_KEY }), { status: 400 }),
      new Response(JSON.stringify({ message: basic }), { status: 401 }),
      new Response(`<p>${CANARY_KEY} ${basic}`, { status: 502, headers: { 'x-key': CANARY_KEY } }),
    ];
    runtime.answer = () => answers.shift() ?? Promise.reject(new Error(CANARY_KEY));
    const shown: string[] = [];
    for (const body of [wireBody([wireEvent(1), wireEvent(2), wireEvent(3)]), '<', wireBody([])]) {
      const response = await proxy(pageRequest(body));
      shown.push(JSON.stringify([...response.headers]), await response.text());
      await runtime.advance(60_000);
    }
    shown.push(...alerts, inspect(proxy, { depth: 9, showHidden: true }), JSON.stringify(proxy) ?? '');
    expect(alerts).not.toEqual([]);
    expect(shown.filter((text) => text.includes(CANARY_KEY) || text.includes(basic))).toEqual([]);
  });

  it('and no reply reveals where the upstream is (attack 51)', async () => {
    const { proxy, runtime } = start();
    runtime.answer = () => Promise.reject(new TypeError('fetch failed'));
    const response = await proxy(pageRequest(wireBody([wireEvent(1)])));
    await runtime.advance(10_000);
    const again = await proxy(pageRequest(wireBody([wireEvent(1)])));
    const shown = [await response.text(), await again.text(), JSON.stringify([...response.headers])];
    expect(shown.filter((text) => /chargebee|acme/.test(text))).toEqual([]);
  });
});
