/** What reaches the upstream is rebuilt from checked values and constants: nothing of a request passes through. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tallyOf } from '../../support/intake.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const MARK = 'q7Zx';

let started: StartedProxy;
/** What the upstream got, header by header. */
let reached: { readonly url: string; readonly headers: Record<string, string>; readonly body: string }[];

const record = async (request: Request): Promise<Response> => {
  reached.push({
    url: request.url,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  });
  return noContent();
};

beforeEach(() => {
  started = startProxy();
  reached = [];
  started.runtime.answer = record;
});

afterEach(async () => {
  await started.end();
});

const HOSTILE = {
  authorization: `Basic ${MARK}`,
  'proxy-authorization': `Basic ${MARK}`,
  cookie: `session=${MARK}`,
  host: `${MARK}.example`,
  forwarded: `for=${MARK};host=${MARK}.example`,
  'x-forwarded-for': `10.0.0.1, ${MARK}`,
  'x-forwarded-host': `${MARK}.example`,
  'x-forwarded-proto': MARK,
  'x-real-ip': MARK,
  'x-original-url': `/${MARK}`,
  'x-rewrite-url': `/${MARK}`,
  'x-http-method-override': 'DELETE',
  connection: `close, ${MARK}`,
  te: MARK,
  via: MARK,
  'user-agent': MARK,
  referer: `https://shop.example/${MARK}`,
  'accept-encoding': MARK,
  'idempotency-key': MARK,
  'chargebee-idempotency-key': MARK,
  'chargebee-request-origin-ip': MARK,
  'chargebee-request-origin-user': MARK,
  'chargebee-request-origin-device': MARK,
  'chargebee-business-entity-id': MARK,
  'chargebee-event-webhook': 'all-disabled',
  'chargebee-event-email': 'all-disabled',
  'chargebee-event-actions': 'all-disabled',
  traceparent: `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-01`,
  baggage: MARK,
};

describe("the upstream's request", () => {
  it('has our headers and no other, regardless of what the request brought (attacks 40, 46)', async () => {
    const response = await started.proxy(pageRequest(wireBody([wireEvent(1)]), HOSTILE));
    expect(response.status).toBe(200);
    await started.runtime.advance(1_000);
    expect(reached).toEqual([
      {
        url: 'https://acme-test.grow.chargebee.com/api/v2/offer_events',
        headers: {
          accept: 'application/json',
          authorization: expect.stringMatching(/^Basic /),
          'chargebee-idempotency-key': `oe1-${eventId(1)}`,
          'content-type': 'application/json;charset=UTF-8',
        },
        body: '{"personalized_offer_id":"a52ge1","type":"viewed"}',
      },
    ]);
    expect(JSON.stringify(reached)).not.toContain(MARK);
    expect(JSON.stringify([...response.headers])).not.toContain(MARK);
  });

  it('has only those of the host’s values about its user that a header can hold (attack 47)', async () => {
    await started.end();
    const user = `Zo\u00eb\r\nX-A: ${MARK}`;
    started = startProxy({
      caller: () => ({
        ip: `10.0.0.1\r\nX-A: ${MARK}`,
        device: `\u{1f4f1} ${MARK}`,
        businessEntityId: `${MARK}\0`,
        user,
      }),
    });
    started.runtime.answer = record;
    await started.proxy(pageRequest(wireBody([wireEvent(1)])));
    await started.runtime.advance(1_000);
    const [{ headers } = { headers: {} as Record<string, string> }] = reached;
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'authorization',
      'chargebee-idempotency-key',
      'chargebee-request-origin-user-encoded',
      'content-type',
    ]);
    const encoded = headers['chargebee-request-origin-user-encoded'] ?? '';
    expect(Buffer.from(encoded, 'base64').toString()).toBe(user);
  });

  it('has no field that this release does not know, and neither has the intake (attack 30)', async () => {
    const strange = {
      [MARK]: { of: [MARK] },
      url: `https://${MARK}.example/`,
      headers: { [MARK]: MARK },
      site: MARK,
    };
    const body = wireBody([wireEvent(1, strange)], strange);
    expect((await started.proxy(pageRequest(body))).status).toBe(200);
    await started.runtime.advance(1_000);
    expect(reached.map(({ body: sent }) => sent)).toEqual([
      '{"personalized_offer_id":"a52ge1","type":"viewed"}',
    ]);
    expect(JSON.stringify([reached, await started.intake.list({ limit: 9 })])).not.toContain(MARK);
  });

  it('has the checked value once if the body had two keys with one name (attack 28)', async () => {
    const text = wireBody([wireEvent(1)])
      .replace('"type":"viewed"', `"type":"${MARK}","type":"viewed","\\u0074ype":"dismissed"`)
      .replace('"a52ge1"', `"${MARK}","personalized_offer_id":"last"`);
    expect((await started.proxy(pageRequest(text))).status).toBe(200);
    await started.runtime.advance(1_000);
    expect(reached.map(({ body }) => body)).toEqual(['{"personalized_offer_id":"last","type":"dismissed"}']);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'is that of an offer like any other if the id is %s (attacks 29, 32)',
    async (id) => {
      await started.proxy(pageRequest(wireBody([wireEvent(1, { personalized_offer_id: id })])));
      await started.runtime.advance(1_000);
      expect(reached.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        { personalized_offer_id: id, type: 'viewed' },
      ]);
      expect(await tallyOf(started.intake)).toMatchObject([{ offerId: id, state: 'done', events: 1 }]);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['an offer id', { personalized_offer_id: `a\r\nX-A: ${MARK}` }],
    ['a type', { type: `viewed\r\nX-A: ${MARK}` }],
    ['a subject', { subject: `ada\r\nX-A: ${MARK}` }],
    ['a time', { occurred_at: `1763600000000\r\nX-A: ${MARK}` }],
    ['an end', { expires_at: `1763600000000\r\nX-A: ${MARK}` }],
  ])('never has a line feed of %s in it (attack 47)', async (_, fields) => {
    const response = await started.proxy(pageRequest(wireBody([wireEvent(1, fields)])));
    expect(await response.json()).toEqual({
      v: 1,
      results: [{ id: eventId(1), status: 'refused', code: 'invalid_event' }],
    });
    await expectUntouched(started);
  });
});

describe('while the upstream wants no call', () => {
  it('events are accepted as ever, and go when the pause is over (attack 58)', async () => {
    started.runtime.answer = () => new Response('{}', { status: 429, headers: { 'retry-after': '600' } });
    const take = (number: number) => started.proxy(pageRequest(wireBody([wireEvent(number)])));
    await take(1);
    await started.runtime.advance(1_000);
    for (let number = 2; number <= 40; number++) {
      expect(await (await take(number)).json()).toMatchObject({ results: [{ status: 'accepted' }] });
      await started.runtime.advance(10_000);
    }
    expect(started.runtime.calls.map(({ key }) => key)).toEqual([`oe1-${eventId(1)}`]);
    started.runtime.answer = noContent;
    await started.runtime.advance(900_000);
    expect((await tallyOf(started.intake)).filter(({ state }) => state !== 'done')).toEqual([]);
    expect(new Set(started.runtime.calls.map(({ key }) => key)).size).toBe(40);
  });
});
