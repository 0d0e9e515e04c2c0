/** How much one visitor may report, through the whole handler: whole requests wait, and others go on. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { directIntake, type OfferProxyOptions } from '../../../src/proxy/index.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const VISITOR = '203.0.113.7';
const OTHER = '198.51.100.1';
const DAY_MS = 86_400_000;

let started: StartedProxy;
let last = 0;

const start = (options: Partial<OfferProxyOptions> = {}): void => {
  // The harness does not care which kind of intake it is.
  started = startProxy(options as Parameters<typeof startProxy>[0]);
};

afterEach(async () => {
  started.runtime.answer = noContent;
  await started.end();
});

const bySession = (request: Request): string | undefined => request.headers.get('x-session') ?? undefined;

/** So many new events. */
const body = (events = 1, fields: object = {}): string =>
  wireBody(Array.from({ length: events }, () => wireEvent(++last, { ...fields })));

const post = (
  text: BodyInit | null = body(),
  address = VISITOR,
  headers: Record<string, string> = {},
): Promise<Response> => started.proxy(pageRequest(text, headers), { address });
const statusOf = async (...given: Parameters<typeof post>): Promise<number> => (await post(...given)).status;

/** The verdicts on such events of a user. */
const verdictsOn = async (text: string, session = 'ada'): Promise<string[]> => {
  const response = await post(text, VISITOR, { 'x-session': session });
  return ((await response.json()) as { results: { status: string }[] }).results.map(({ status }) => status);
};

describe('an address that has used up its budget', () => {
  it('gets a 429 for the whole request that says when to come back, and nothing is taken (attack 55)', async () => {
    start({ limits: { perAddress: 3 } });
    expect(await statusOf(body(3))).toBe(200);
    const response = await post(body(2));
    expect([response.status, await response.json()]).toMatchObject([429, { code: 'budget', status: 429 }]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
    await started.runtime.advance(0);
    expect(started.runtime.calls).toHaveLength(3);
  });

  it('is refused before its body is read (attack 55)', async () => {
    start({ limits: { perAddress: 1 } });
    await post();
    const pulled: number[] = [];
    const stream = new ReadableStream<Uint8Array>({ pull: () => void pulled.push(1) }, { highWaterMark: 0 });
    expect([await statusOf(stream), pulled]).toEqual([429, []]);
  });

  it('has room again after the minute, and others had it all the time (attack 55)', async () => {
    start({ limits: { perAddress: 1 } });
    expect(await statusOf()).toBe(200);
    for (const address of [OTHER, '2001:db8:0:1::7']) expect(await statusOf(body(), address)).toBe(200);
    await started.runtime.advance(59_000);
    expect(await statusOf()).toBe(429);
    await started.runtime.advance(1_001);
    expect(await statusOf()).toBe(200);
  });

  it('also pays for events that are refused, but not for malformed requests (attack 55)', async () => {
    start({ limits: { perAddress: 2 } });
    for (const text of ['{', wireBody([]), wireBody([wireEvent(1)], { v: 2 })])
      for (let left = 9; left > 0; left--) expect(await statusOf(text)).toBe(400);
    expect(await statusOf(body(2, { type: 'x' }))).toBe(200);
    expect(await statusOf()).toBe(429);
    await expectUntouched(started);
  });

  it('may send a batch that is larger than all it has, once (attack 55)', async () => {
    start({ limits: { perAddress: 5 } });
    expect([await statusOf(body(300)), await statusOf()]).toEqual([200, 429]);
  });

  it.each([
    ['an address', { limits: { perAddress: 1 } }],
    ['a user', { limits: { perSubject: 1 }, subject: () => 'ada' }],
  ])(
    'is not overdrawn if it is of %s with 50 requests whose bodies end at once (attack 55)',
    async (_, options) => {
      start(options);
      const late = (text: string): ReadableStream<Uint8Array> =>
        new ReadableStream({
          async pull(controller) {
            await new Promise(setImmediate);
            controller.enqueue(new TextEncoder().encode(text));
            controller.close();
          },
        });
      for (const bodyOf of [(text: string) => text, late]) {
        const statuses = await Promise.all(Array.from({ length: 50 }, () => statusOf(bodyOf(body()))));
        expect(statuses.filter((status) => status !== 429)).toEqual([200]);
        await started.runtime.advance(60_001);
      }
      expect(await started.intake.list({ limit: 99 })).toHaveLength(2);
    },
  );

  it('gets different times to come back, so that a crowd does not come at once (attack 57)', async () => {
    start({ limits: { perAddress: 1 } });
    await post();
    const told = new Set<number>();
    for (let at = 0; at < 50; at++) {
      started.runtime.random = () => at / 50;
      told.add(Number((await post()).headers.get('retry-after')));
    }
    expect(told.size).toBeGreaterThan(20);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...told)).toBeLessThanOrEqual(91);
  });
});

describe('the address that counts', () => {
  const rotating = Array.from({ length: 6 }, (_, at) => `198.51.100.${at}`);
  type Sender = readonly [address: string, forwardedFor?: string];
  const client = (request: Request): string | undefined => request.headers.get('x-client') ?? undefined;

  it.each<[string, Partial<OfferProxyOptions>, readonly Sender[], number[]]>([
    [
      'is the socket’s, whatever headers say',
      {},
      rotating.map((from) => [VISITOR, from]),
      [200, 429, 429, 429, 429, 429],
    ],
    [
      'is its network if it is IPv6, however it is written',
      {},
      [
        ['2001:db8:1:2::1'],
        ['[2001:db8:1:2::1]:4711'],
        ['2001:db8:1:2:ffff::9'],
        ['2001:DB8:1:2::a%eth0'],
        ['2001:db8:1:3::1'],
      ],
      [200, 429, 429, 429, 200],
    ],
    [
      'is the one that our own machine wrote down, not what is before it',
      { trustedHops: 1 },
      [
        ['10.0.0.5', `1.1.1.1, ${OTHER}`],
        ['10.0.0.5', `2.2.2.2, ${OTHER}`],
        ['10.0.0.5', `${OTHER}, 198.51.100.2`],
      ],
      [200, 429, 200],
    ],
    [
      'is the one that the outermost of our three machines wrote down',
      { trustedHops: 3 },
      rotating.map((from) => ['10.0.0.9', `${from}, ${VISITOR}, 10.0.0.0, 10.0.0.1`]),
      [200, 429, 429, 429, 429, 429],
    ],
    [
      'is the socket’s if the header is missing, short or none',
      { trustedHops: 2 },
      [[VISITOR], [VISITOR, ','], [VISITOR, OTHER], [VISITOR, 'unknown, unknown']],
      [200, 429, 429, 429],
    ],
    [
      'is nobody’s if a machine of this site forwards for everybody',
      {},
      rotating.map((from) => ['10.0.0.5', from]),
      rotating.map(() => 200),
    ],
    [
      'is the one that the host names, also by its network, or any other name',
      { address: client },
      [
        [OTHER, '2001:db8:1:2::1'],
        [OTHER, '2001:db8:1:2::2'],
        [OTHER, `${VISITOR}:80`],
        [OTHER, `${VISITOR}:81`],
        [OTHER, 'tor-exit'],
        [OTHER, 'tor-exit'],
        [OTHER],
        [OTHER],
      ],
      [200, 429, 200, 429, 200, 429, 200, 200],
    ],
  ])('%s (attack 54)', async (_, options, senders, expected) => {
    start({ limits: { perAddress: 1 }, ...options });
    const statuses: number[] = [];
    for (const [address, from] of senders)
      statuses.push(
        await statusOf(
          body(),
          address,
          from === undefined ? {} : { 'x-forwarded-for': from, 'x-client': from },
        ),
      );
    expect(statuses).toEqual(expected);
  });
});

describe('a subject that reports too much', () => {
  it('gets a 429 from every address, while others can still report from there (attacks 45, 55)', async () => {
    start({ limits: { perSubject: 2 }, subject: bySession });
    const as = (session: string, address: string) => statusOf(body(), address, { 'x-session': session });
    expect([await as('ada', VISITOR), await as('ada', OTHER), await as('ada', OTHER)]).toEqual([
      200, 200, 429,
    ]);
    expect([await as('grace', OTHER), await statusOf(body(9))]).toEqual([200, 200]);
  });

  it('takes nothing from what its address may report once it has used up its own', async () => {
    start({ subject: bySession, limits: { perAddress: 3, perSubject: 1 } });
    const statuses: number[] = [];
    for (const session of ['ada', 'ada', 'ada', 'grace', 'edsger', 'barbara'])
      statuses.push(await statusOf(body(), VISITOR, { 'x-session': session }));
    expect(statuses).toEqual([200, 429, 429, 200, 200, 429]);
  });

  it('is the one of the session, regardless of what the request says of itself (attack 22)', async () => {
    start({ limits: { perSubject: 1 }, subject: bySession });
    const claims = { cookie: 'subject=grace', 'x-subject': 'grace', 'x-user': 'grace' };
    expect(await statusOf(body(), VISITOR, { 'x-session': 'ada' })).toBe(200);
    expect(await statusOf(body(1, { subject: 'grace' }), VISITOR, { 'x-session': 'ada', ...claims })).toBe(
      429,
    );
  });

  const one = { personalized_offer_id: 'one' };

  it('reports an offer only so often a day and type, in one batch or many, and others as before (attack 45)', async () => {
    start({ limits: { perOfferADay: 3 }, subject: bySession });
    expect(await verdictsOn(body(5, one))).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'refused',
      'refused',
    ]);
    expect(await verdictsOn(body(1, one))).toEqual(['refused']);
    expect(await verdictsOn(body(1, { ...one, type: 'dismissed' }))).toEqual(['accepted']);
    expect(await verdictsOn(body())).toEqual(['accepted']);
    expect(await verdictsOn(body(1, one), 'grace')).toEqual(['accepted']);
    started.runtime.pass(DAY_MS + 1);
    const atOnce = await Promise.all(Array.from({ length: 9 }, () => verdictsOn(body(1, one))));
    expect(atOnce.flat().filter((status) => status === 'accepted')).toHaveLength(3);
  });

  it('does not use up that budget by repeating events that were deferred or are known already', async () => {
    start({ subject: bySession, limits: { perOfferADay: 2 }, intake: directIntake() });
    const say = (number: number): Promise<string[]> => verdictsOn(wireBody([wireEvent(number, one)]));
    started.runtime.answer = () => new Response('{}', { status: 401 });
    for (let again = 0; again < 5; again++) {
      expect(await say(1)).toEqual(['deferred']);
      await started.runtime.advance(61_000);
    }
    started.runtime.answer = noContent;
    expect(await say(1)).toEqual(['accepted']);
    for (let again = 0; again < 5; again++) expect(await say(1)).toEqual(['duplicate']);
    expect(await say(2)).toEqual(['accepted']);
    expect(await say(3)).toEqual(['refused']);
    // An event that was accepted once is known, however much was reported since.
    expect(await say(1)).toEqual(['duplicate']);
  });

  it('does not use it up while the intake fails', async () => {
    start({ limits: { perOfferADay: 1 }, subject: bySession });
    const taking = vi.spyOn(started.intake, 'take').mockRejectedValue(new Error('The disk is full.'));
    const text = body();
    for (let again = 0; again < 3; again++)
      expect(await statusOf(text, VISITOR, { 'x-session': 'ada' })).toBe(503);
    taking.mockRestore();
    expect(await verdictsOn(text)).toEqual(['accepted']);
  });
});

describe('a host whose session store is down', () => {
  beforeEach(() => start({ subject: () => Promise.reject(new Error('session store down')) }));

  it('is alerted once in ten minutes, however many requests fail (attack 60)', async () => {
    for (let times = 1; times <= 3; times++) {
      for (let left = 150; left > 0; left--) await post();
      expect(started.alerts).toHaveLength(times);
      await started.runtime.advance(600_000);
    }
  });

  it('has senders come back at different times (attack 57)', async () => {
    const told = new Set<number>();
    for (let at = 0; at < 50; at++) {
      started.runtime.random = () => at / 50;
      const response = await post();
      expect(response.status).toBe(503);
      told.add(Number(response.headers.get('retry-after')));
    }
    expect(told.size).toBeGreaterThan(2);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(5);
  });
});

it('every verdict of a request is as it would be if budgets are switched off', async () => {
  start({
    limits: { perAddress: Infinity, perSubject: Infinity, perOfferADay: Infinity },
    subject: () => 'ada',
  });
  expect(await (await post(wireBody([wireEvent(1)]))).json()).toEqual({
    v: 1,
    results: [{ id: eventId(1), status: 'accepted' }],
  });
});
