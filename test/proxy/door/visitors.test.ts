/** How much one visitor may report: whole requests wait, others go on, and memory stays bounded. */
import { describe, expect, it } from 'vitest';
import { pageRequest } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { body, post, start } from '../../support/visitors.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const bySession = (request: Request): string | undefined => request.headers.get('x-session') ?? undefined;

describe('an address that has used up its budget', () => {
  it('gets a 429 for the whole request that says when to come back, and nothing is taken (attack 55)', async () => {
    const started = start({ limits: { perAddress: 3 } });
    expect((await post(started, body(3))).status).toBe(200);
    const response = await post(started, body(2));
    expect([response.status, await response.json()]).toEqual([
      429,
      {
        type: 'urn:offersight:problem:budget',
        title: expect.any(String) as string,
        status: 429,
        code: 'budget',
      },
    ]);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await started.intake.list({ limit: 99 })).toHaveLength(3);
    await started.runtime.advance(120_000);
    expect(started.runtime.calls).toHaveLength(3);
  });

  it('is refused before its body is read (attack 55)', async () => {
    const started = start({ limits: { perAddress: 1 } });
    await post(started);
    const pulled: number[] = [];
    const stream = new ReadableStream<Uint8Array>({ pull: () => void pulled.push(1) }, { highWaterMark: 0 });
    expect((await started.proxy(pageRequest(stream), { address: '203.0.113.7' })).status).toBe(429);
    expect(pulled).toEqual([]);
  });

  it('has room again after the minute, and others had it all the time (attack 55)', async () => {
    const started = start({ limits: { perAddress: 1 } });
    await post(started);
    expect((await post(started)).status).toBe(429);
    expect((await post(started, body(), {}, { address: '203.0.113.8' })).status).toBe(200);
    expect((await post(started, body(), {}, { address: '2001:db8:0:1::7' })).status).toBe(200);
    await started.runtime.advance(59_000);
    expect((await post(started)).status).toBe(429);
    await started.runtime.advance(1_001);
    expect((await post(started)).status).toBe(200);
  });

  it('also pays for events that are refused, but not for malformed requests (attack 55)', async () => {
    const started = start({ limits: { perAddress: 2 } });
    for (const text of ['{', wireBody([]), wireBody([wireEvent(1)], { v: 2 })])
      for (let left = 9; left > 0; left--) expect((await post(started, text)).status).toBe(400);
    expect((await post(started, body(2, { type: 'x' }))).status).toBe(200);
    expect((await post(started)).status).toBe(429);
    await expectUntouched(started);
  });

  it('lets a batch pass that is larger than the budget, once (attack 55)', async () => {
    const started = start({ limits: { perAddress: 5 } });
    expect((await post(started, body(300))).status).toBe(200);
    expect((await post(started)).status).toBe(429);
  });

  it.each([
    ['at the same moment', (text: string) => text],
    [
      'whose bodies all end at the same moment',
      (text: string) =>
        new ReadableStream<Uint8Array>({
          async pull(controller) {
            await new Promise(setImmediate);
            controller.enqueue(new TextEncoder().encode(text));
            controller.close();
          },
        }),
    ],
  ])('cannot be overdrawn by 50 requests %s (attack 55)', async (_, bodyOf) => {
    for (const options of [
      { limits: { perAddress: 1 } },
      { limits: { perSubject: 1 }, subject: () => 'ada' },
    ]) {
      const started = start(options);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () =>
          started.proxy(pageRequest(bodyOf(body())), { address: '203.0.113.7' }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(49);
      expect(await started.intake.list({ limit: 99 })).toHaveLength(1);
    }
  });
});

describe('a subject that has used up its budget', () => {
  it('gets a 429 from every address, while others can still report from there (attacks 45, 55)', async () => {
    const started = start({ limits: { perSubject: 2 }, subject: bySession });
    const as = (session: string, address: string) =>
      post(started, body(), { 'x-session': session }, { address });
    for (const [address, status] of [
      ['203.0.113.1', 200],
      ['203.0.113.2', 200],
      ['203.0.113.3', 429],
    ] as const)
      expect((await as('ada', address)).status).toBe(status);
    expect((await as('grace', '203.0.113.3')).status).toBe(200);
    expect((await post(started)).status).toBe(200);
  });

  it('is the one of the session, regardless of what the request says of itself (attack 22)', async () => {
    const started = start({ limits: { perSubject: 1 }, subject: bySession });
    const claims = { cookie: 'subject=grace', 'x-subject': 'grace', 'x-user': 'grace' };
    const as = { 'x-session': 'ada' };
    expect((await post(started, body(), as)).status).toBe(200);
    expect((await post(started, body(1, { subject: 'grace' }), { ...as, ...claims })).status).toBe(429);
  });

  it('reports an offer only so often a day, and other offers as before (attack 45)', async () => {
    const started = start({ limits: { perOfferADay: 3 }, subject: bySession });
    const report = async (fields: Record<string, unknown>, session = 'ada'): Promise<unknown> => {
      const response = await post(started, body(1, fields), { 'x-session': session });
      return ((await response.json()) as { results: { status: string; code?: string }[] }).results.map(
        ({ status, code }) => code ?? status,
      );
    };
    const one = { personalized_offer_id: 'one' };
    for (let left = 3; left > 0; left--) expect(await report(one)).toEqual(['accepted']);
    expect(await report(one)).toEqual(['invalid_event']);
    expect(await report({ ...one, type: 'dismissed' })).toEqual(['accepted']);
    expect(await report({ personalized_offer_id: 'other' })).toEqual(['accepted']);
    expect(await report(one, 'grace')).toEqual(['accepted']);
    await started.runtime.advance(86_400_001);
    expect(await report(one)).toEqual(['accepted']);
  });

  it('reports an offer no more often in one batch than in single requests (attack 45)', async () => {
    const started = start({ limits: { perOfferADay: 3 }, subject: bySession });
    const response = await post(started, body(9, { personalized_offer_id: 'one' }), { 'x-session': 'ada' });
    const { results } = (await response.json()) as { results: { status: string }[] };
    expect(results.map(({ status }) => status)).toEqual([
      ...Array<string>(3).fill('accepted'),
      ...Array<string>(6).fill('refused'),
    ]);
  });
});

describe('after an outage', () => {
  it('senders over their budget get different times to come back (attack 57)', async () => {
    const started = start({ limits: { perAddress: 1 } });
    await post(started);
    const told = new Set<number>();
    for (let at = 0; at < 50; at++) {
      started.runtime.random = () => at / 50;
      told.add(Number((await post(started)).headers.get('retry-after')));
    }
    expect(told.size).toBeGreaterThan(20);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(60);
    expect(Math.max(...told)).toBeLessThanOrEqual(91);
  });

  it('senders whose events could not be taken get different times to come back (attack 57)', async () => {
    const started = start({ subject: () => Promise.reject(new Error('session store down')) });
    const told = new Set<number>();
    for (let at = 0; at < 50; at++) {
      started.runtime.random = () => at / 50;
      const response = await post(started);
      expect(response.status).toBe(503);
      told.add(Number(response.headers.get('retry-after')));
    }
    expect(told.size).toBeGreaterThan(2);
    expect(Math.min(...told)).toBeGreaterThanOrEqual(5);
  });
});

describe('a host whose session store is down', () => {
  it('is alerted once in ten minutes, however many requests fail (attack 60)', async () => {
    const started = start({ subject: () => Promise.reject(new Error('session store down')) });
    for (let times = 1; times <= 3; times++) {
      for (let left = 150; left > 0; left--) await post(started);
      expect(started.alerts).toHaveLength(times);
      await started.runtime.advance(600_000);
    }
  });
});

describe('every verdict of a request within its budget', () => {
  it('is as it would be without one', async () => {
    const started = start({
      limits: { perAddress: Infinity, perSubject: Infinity, perOfferADay: Infinity },
      subject: () => 'ada',
    });
    expect(await (await post(started, wireBody([wireEvent(1)]))).json()).toEqual({
      v: 1,
      results: [{ id: eventId(1), status: 'accepted' }],
    });
  });
});
