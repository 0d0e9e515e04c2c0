/** How much one visitor may report, through the whole handler. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { directIntake, type Intake, type OfferProxyOptions } from '../../../src/proxy/index.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const open: StartedProxy[] = [];

const start = (options: Partial<OfferProxyOptions> = {}): StartedProxy => {
  const { intake, ...others } = options;
  // The harness does not care which kind of intake it is.
  const started = startProxy({ ...others, ...(intake && { intake: intake as Intake }) });
  open.push(started);
  return started;
};

afterEach(async () => {
  for (const each of open.splice(0)) {
    each.runtime.answer = noContent;
    await each.end();
  }
});

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

const post = (
  { proxy }: StartedProxy,
  numbers: readonly number[],
  { address, ...headers }: { readonly address?: string } & Record<string, string> = {},
): Promise<Response> =>
  proxy(pageRequest(wireBody(numbers.map((number) => wireEvent(number))), headers), { address });

const statusOf = async (...given: Parameters<typeof post>): Promise<number> => (await post(...given)).status;

const verdictsOf = async (response: Response): Promise<string[]> =>
  ((await response.json()) as { results: { status: string }[] }).results.map(({ status }) => status);

describe('an address that reports too much', () => {
  it('gets a 429 that says when to come back; nothing of the request is taken (attack 55)', async () => {
    const started = start({ limits: { perAddress: 3 } });
    expect(await statusOf(started, [1, 2, 3], { address: '203.0.113.9' })).toBe(200);
    const response = await post(started, [4], { address: '203.0.113.9' });
    expect([response.status, await response.json()]).toMatchObject([429, { code: 'budget', status: 429 }]);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(90);
    expect((await started.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([3, 2, 1].map(eventId));
    expect(await statusOf(started, [4], { address: '203.0.113.10' })).toBe(200);
  });

  it('gets different times to come back, so that a crowd does not come at once (attack 57)', async () => {
    const started = start({ limits: { perAddress: 1 } });
    await post(started, [1], { address: '203.0.113.9' });
    const told = new Set<string | null>();
    for (const random of [0, 0.2, 0.4, 0.6, 0.8, 0.999]) {
      Object.assign(started.runtime, { random: () => random });
      told.add((await post(started, [2], { address: '203.0.113.9' })).headers.get('retry-after'));
    }
    expect(told.size).toBeGreaterThanOrEqual(5);
  });

  it('cannot hide in the rest of its IPv6 network, behind ports or by what it writes in headers (attack 54)', async () => {
    const started = start({ limits: { perAddress: 1 } });
    const written = [
      '2001:db8:1:2::1',
      '[2001:db8:1:2::1]:4711',
      '2001:db8:1:2:ffff::9',
      '2001:DB8:1:2::a%eth0',
    ];
    const statuses: number[] = [];
    for (const [at, address] of written.entries())
      statuses.push(await statusOf(started, [at + 1], { address, 'x-forwarded-for': `198.51.100.${at}` }));
    expect(statuses).toEqual([200, 429, 429, 429]);
  });

  it('is the one that our own machine wrote down, if one is in front', async () => {
    const started = start({ limits: { perAddress: 1 }, trustedHops: 1 });
    const from = (number: number, forwarded: string): Promise<number> =>
      statusOf(started, [number], { address: '10.0.0.5', 'x-forwarded-for': forwarded });
    expect(await from(1, '1.1.1.1, 198.51.100.1')).toBe(200);
    expect(await from(2, '2.2.2.2, 198.51.100.1')).toBe(429);
    expect(await from(3, '198.51.100.1, 198.51.100.2')).toBe(200);
  });

  it('is the one that the host names, which also counts by its network', async () => {
    const started = start({
      limits: { perAddress: 1 },
      address: (request) => request.headers.get('x-client') ?? undefined,
    });
    expect(await statusOf(started, [1], { 'x-client': '2001:db8:1:2::1' })).toBe(200);
    expect(await statusOf(started, [2], { 'x-client': '2001:db8:1:2::2' })).toBe(429);
    expect(await statusOf(started, [3], { 'x-client': '198.51.100.1:80' })).toBe(200);
    expect(await statusOf(started, [4], { 'x-client': '198.51.100.1:81' })).toBe(429);
    // If the host names something else than an address, each name counts as one visitor.
    expect(await statusOf(started, [5], { 'x-client': 'tor-exit' })).toBe(200);
    expect(await statusOf(started, [6], { 'x-client': 'tor-exit' })).toBe(429);
    expect(await statusOf(started, [7])).toBe(200);
    expect(await statusOf(started, [8])).toBe(200);
  });

  it('is nobody if a machine of this site forwards for everybody', async () => {
    const started = start({ limits: { perAddress: 1 } });
    for (const number of range(1, 5))
      expect(await statusOf(started, [number], { address: '10.0.0.5' })).toBe(200);
  });

  it('cannot take more than there is by asking many times at once', async () => {
    const started = start({ limits: { perAddress: 5 } });
    const statuses = await Promise.all(
      range(1, 60).map((number) => statusOf(started, [number], { address: '203.0.113.9' })),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(await started.intake.list({ limit: 99 })).toHaveLength(5);
  });

  it('may send a batch that is larger than all it has, once', async () => {
    const started = start({ limits: { perAddress: 10 } });
    expect(await statusOf(started, range(1, 400), { address: '203.0.113.9' })).toBe(200);
    expect(await statusOf(started, [401], { address: '203.0.113.9' })).toBe(429);
  });
});

describe('a subject that reports too much', () => {
  const bySession = { subject: (request: Request) => request.headers.get('x-session') ?? undefined };

  it('gets a 429 at every address, and others do not', async () => {
    const started = start({ ...bySession, limits: { perSubject: 2 } });
    expect(await statusOf(started, [1, 2], { address: '203.0.113.1', 'x-session': 'ada' })).toBe(200);
    expect(await statusOf(started, [3], { address: '203.0.113.2', 'x-session': 'ada' })).toBe(429);
    expect(await statusOf(started, [4], { address: '203.0.113.1', 'x-session': 'grace' })).toBe(200);
    expect(await statusOf(started, [5, 6, 7], { address: '203.0.113.1' })).toBe(200);
  });

  it('takes nothing from what its address may report once it has used up its own', async () => {
    const started = start({ ...bySession, limits: { perAddress: 3, perSubject: 1 } });
    const from = (number: number, session: string): Promise<number> =>
      statusOf(started, [number], { address: '203.0.113.1', 'x-session': session });
    expect(await from(1, 'ada')).toBe(200);
    for (const number of range(2, 6)) expect(await from(number, 'ada')).toBe(429);
    expect(await from(7, 'grace')).toBe(200);
    expect(await from(8, 'edsger')).toBe(200);
    expect(await from(9, 'barbara')).toBe(429);
  });

  it('has further events of an offer and type refused that day, and no others (attack 45)', async () => {
    const started = start({ ...bySession, limits: { perOfferADay: 2 } });
    const seen = (number: number, fields = {}): Record<string, unknown> =>
      wireEvent(number, { personalized_offer_id: 'same', ...fields });
    const say = async (events: unknown[], session: string): Promise<string[]> =>
      verdictsOf(await started.proxy(pageRequest(wireBody(events), { 'x-session': session })));
    expect(await say([seen(1), seen(2)], 'ada')).toEqual(['accepted', 'accepted']);
    expect(await say([seen(3), wireEvent(5)], 'ada')).toEqual(['refused', 'accepted']);
    expect(await say([seen(4, { type: 'dismissed' })], 'ada')).toEqual(['accepted']);
    expect(await say([seen(6)], 'grace')).toEqual(['accepted']);
  });

  it('cannot report more of an offer by one batch, nor by many at once', async () => {
    const started = start({ ...bySession, limits: { perOfferADay: 5 } });
    const batch = (numbers: readonly number[], offer: string): Promise<string[]> =>
      started
        .proxy(
          pageRequest(
            wireBody(numbers.map((number) => wireEvent(number, { personalized_offer_id: offer }))),
            {
              'x-session': 'ada',
            },
          ),
        )
        .then(verdictsOf);
    const inOne = await batch(range(1, 12), 'one');
    expect(inOne.filter((status) => status === 'accepted')).toHaveLength(5);
    const atOnce = await Promise.all(range(21, 40).map((number) => batch([number], 'two')));
    expect(atOnce.flat().filter((status) => status === 'accepted')).toHaveLength(5);
  });

  it('does not use up its budget by repeating events that were deferred or are known already', async () => {
    const started = start({ ...bySession, limits: { perOfferADay: 2 }, intake: directIntake() });
    const say = async (number: number): Promise<string[]> => {
      const event = wireEvent(number, { personalized_offer_id: 'same' });
      return verdictsOf(await started.proxy(pageRequest(wireBody([event]), { 'x-session': 'ada' })));
    };
    started.runtime.answer = () =>
      new Response('{"api_error_code":"api_authentication_failed"}', { status: 401 });
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
});

describe('an intake that fails', () => {
  it('takes nothing from what a subject may report of an offer that day', async () => {
    const started = start({ limits: { perOfferADay: 1 }, subject: () => 'ada' });
    const taking = vi.spyOn(started.intake, 'take').mockRejectedValue(new Error('The disk is full.'));
    for (let again = 0; again < 3; again++) expect(await statusOf(started, [1])).toBe(503);
    taking.mockRestore();
    expect(await verdictsOf(await post(started, [1]))).toEqual(['accepted']);
  });
});

describe('bodies that never end', () => {
  /** A body that has begun and goes on when the test says so. */
  const unfinished = (bytes: number): { body: ReadableStream<Uint8Array>; breakOff(): void } => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given;
        given.enqueue(new Uint8Array(bytes).fill(0x20));
      },
    });
    return { body, breakOff: () => controller?.error(new Error('the sender went away')) };
  };

  it('fill only a part of the memory if one sender has them all, which is free once they break off', async () => {
    const started = start();
    const bodies = range(1, 42).map(() => unfinished(400_000));
    const held = bodies.map(({ body }) => started.proxy(pageRequest(body), { address: '203.0.113.9' }));
    await started.runtime.advance(0);
    // 16 MB are full, so what it sends further is not read.
    const further = await post(started, [1], { address: '203.0.113.9' });
    expect(further.status).toBe(503);
    expect(Number(further.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await statusOf(started, [2], { address: '198.51.100.1' })).toBe(200);
    for (const { breakOff } of bodies) breakOff();
    expect(new Set((await Promise.all(held)).map(({ status }) => status))).toEqual(new Set([400, 503]));
    expect(await statusOf(started, [3], { address: '203.0.113.9' })).toBe(200);
  });
});
