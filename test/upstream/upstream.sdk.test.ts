// @vitest-environment node
import { request as httpRequest } from 'node:http';
import Chargebee from 'chargebee';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startUpstream, type Upstream } from '../../src/tools/mock-api/server.js';

const SITE = 'shop-test';
const API_KEY = 'test_key';
const ID = 'a52ge40b';

let upstream: Upstream;
let chargebee: Chargebee;

beforeAll(async () => {
  upstream = await startUpstream({ apiKey: API_KEY, site: SITE });
  chargebee = connect();
});

afterEach(() => upstream.reset());
afterAll(() => upstream.close());

/** The SDK by its own settings; only where names are looked up is decided here, as a hosts file would do it. */
function connect(settings: Partial<ConstructorParameters<typeof Chargebee>[0]> = {}): Chargebee {
  return new Chargebee({
    site: SITE,
    apiKey: API_KEY,
    protocol: 'http',
    hostSuffix: '.localhost',
    port: upstream.port,
    httpClient: { makeApiRequest: throughLoopback },
    ...settings,
  });
}

async function throughLoopback(request: Request, timeout: number): Promise<Response> {
  const url = new URL(request.url);
  const body = Buffer.from(await request.arrayBuffer());
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        host: '127.0.0.1',
        port: url.port,
        path: url.pathname + url.search,
        method: request.method,
        headers: { ...Object.fromEntries(request.headers), host: url.host, 'content-length': body.length },
        agent: false,
        timeout,
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(incoming.headers)) headers.set(name, String(value));
          const status = incoming.statusCode ?? 0;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers }));
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** What the SDK rejects with is a plain object for errors of the API. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was taken'),
    (error: unknown) => error,
  );
}

describe('the vendor’s SDK records offer events', () => {
  it.each(['viewed', 'dismissed'] as const)('it records events of type %s', async (type) => {
    const answer = await chargebee.offerEvent.offerEvents({ personalized_offer_id: ID, type });
    expect(answer).toMatchObject({ httpStatusCode: 204, isIdempotencyReplayed: false });
    expect(upstream.history()).toMatchObject([
      { type, personalized_offer_id: ID, key: null, replayed: false },
    ]);
    expect(upstream.calls()).toMatchObject([
      { method: 'POST', path: '/api/v2/offer_events', host: `shop-test.grow.localhost:${upstream.port}` },
    ]);
  });

  it('once for one idempotency key, and shows the replay', async () => {
    const send = () =>
      chargebee.offerEvent.offerEvents(
        { personalized_offer_id: ID, type: 'viewed' },
        { 'chargebee-idempotency-key': 'oe1-1', 'chargebee-request-origin-ip': '203.0.113.7' },
      );
    expect((await send()).isIdempotencyReplayed).toBe(false);
    expect(await send()).toMatchObject({ httpStatusCode: 204, isIdempotencyReplayed: 'true' });
    expect(upstream.history().map(({ key, replayed }) => [key, replayed])).toEqual([
      ['oe1-1', false],
      ['oe1-1', true],
    ]);
    expect(upstream.calls()[0]?.headers).toMatchObject({ 'chargebee-request-origin-ip': '203.0.113.7' });
  });

  it('without a key of its own making, since it does not hold this call for idempotent', async () => {
    const retrying = connect({ retryConfig: { enabled: true, maxRetries: 1, delayMs: 1, retryOn: [503] } });
    upstream.addFaults({ kind: 'status', status: 503, count: 1 });
    await retrying.offerEvent.offerEvents({ personalized_offer_id: ID, type: 'viewed' });
    expect(upstream.calls().map(({ status, key }) => [status, key])).toEqual([
      [503, null],
      [204, null],
    ]);
  });
});

describe('the vendor’s SDK is refused', () => {
  it('it is refused for a type that does not exist', async () => {
    const input = { personalized_offer_id: ID, type: 'accepted' } as const;
    // @ts-expect-error: the types forbid what the API has to refuse.
    const error = await rejection(chargebee.offerEvent.offerEvents(input));
    expect(error).not.toBeInstanceOf(Error);
    expect(error).toMatchObject({
      http_status_code: 400,
      type: 'invalid_request',
      api_error_code: 'param_wrong_value',
      param: 'type',
      message: expect.any(String),
    });
  });

  it('it is refused with a wrong key', async () => {
    const stranger = connect({ apiKey: 'wrong' });
    const input = { personalized_offer_id: ID, type: 'viewed' } as const;
    expect(await rejection(stranger.offerEvent.offerEvents(input))).toMatchObject({
      http_status_code: 401,
      api_error_code: 'api_authentication_failed',
    });
  });

  it('over the limit, with the time to come back', async () => {
    upstream.setLimits({ per_minute: 1 });
    const input = { personalized_offer_id: ID, type: 'viewed' } as const;
    await chargebee.offerEvent.offerEvents(input);
    expect(await rejection(chargebee.offerEvent.offerEvents(input))).toMatchObject({
      http_status_code: 429,
      api_error_code: 'api_request_limit_exceeded',
      headers: { 'retry-after': expect.stringMatching(/^\d+$/) },
    });
  });

  it('it is refused by a connection that breaks', async () => {
    upstream.addFaults({ kind: 'reset_before', count: 1 });
    const input = { personalized_offer_id: ID, type: 'viewed' } as const;
    expect(await rejection(chargebee.offerEvent.offerEvents(input))).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('the vendor’s SDK shows and fulfils offers', () => {
  const customer = {
    customer_id: 'c1',
    first_name: 'Ada',
    email: 'ada@example.com',
    roles: ['admin'],
    custom: { placement: 'cart' },
    request_context: { locale: 'en', url: 'https://shop.example/cart' },
  };

  it('at most one, with everything that its types promise', async () => {
    const answer = await chargebee.personalizedOffer.personalizedOffers(customer);
    expect(answer.personalized_offers).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-z]{8}$/),
        offer_id: expect.any(String),
        content: { title: expect.any(String), description: expect.stringContaining('<') },
        options: [
          {
            id: expect.any(String),
            label: expect.any(String),
            processing_type: expect.any(String),
            processing_layout: expect.stringMatching(/^(in_app|full_page)$/),
            redirect_url: expect.stringMatching(/^https:/),
          },
        ],
      },
    ]);
    expect(answer.brand).toEqual({ id: expect.any(String), name: expect.any(String) });
    expect(answer.expires_at).toBeGreaterThan(Date.now() / 1000);
  });

  it('it works in the order that the vendor documents: fetch, viewed, fulfil, look', async () => {
    upstream.setOffers({ known_only: true });
    const [offer] = (await chargebee.personalizedOffer.personalizedOffers(customer)).personalized_offers;
    const option = offer?.options[0];
    if (offer === undefined || option === undefined) return expect.fail('there is no offer');
    await chargebee.offerEvent.offerEvents({ personalized_offer_id: offer.id, type: 'viewed' });
    const accepted = await chargebee.offerFulfillment.offerFulfillments({
      personalized_offer_id: offer.id,
      option_id: option.id,
    });
    expect(accepted.offer_fulfillment).toMatchObject({
      personalized_offer_id: offer.id,
      option_id: option.id,
      processing_type: option.processing_type,
    });
    const { id } = accepted.offer_fulfillment;
    const seen = await chargebee.offerFulfillment.offerFulfillmentsGet(id);
    expect(seen.offer_fulfillment).toEqual(accepted.offer_fulfillment);
  });

  it('it reports how a fulfilment ended, once', async () => {
    const id = await openFulfillment();
    const update = () =>
      chargebee.offerFulfillment.offerFulfillmentsUpdate(
        id,
        { id, status: 'failed', failure_reason: 'card declined' },
        { 'chargebee-idempotency-key': 'f1' },
      );
    expect((await update()).offer_fulfillment).toMatchObject({
      status: 'failed',
      error: { code: 'external_fulfillment_failed', message: 'card declined' },
    });
    expect(await update()).toMatchObject({
      isIdempotencyReplayed: 'true',
      offer_fulfillment: { status: 'failed' },
    });
    const late = chargebee.offerFulfillment.offerFulfillmentsUpdate(id, { id, status: 'completed' });
    expect(await rejection(late)).toMatchObject({
      http_status_code: 409,
      api_error_code: 'invalid_state_for_request',
    });
  });

  it('but not an offer or an option that is unknown', async () => {
    const [offer] = (await chargebee.personalizedOffer.personalizedOffers(customer)).personalized_offers;
    const fulfil = (offerId: string) =>
      chargebee.offerFulfillment.offerFulfillments({ personalized_offer_id: offerId, option_id: 'none' });
    expect(await rejection(fulfil('unknown'))).toMatchObject({ http_status_code: 404 });
    expect(await rejection(fulfil(offer?.id ?? ''))).toMatchObject({
      http_status_code: 400,
      param: 'option_id',
    });
  });

  /** Not every customer's offer waits for somebody; one of the first few does. */
  async function openFulfillment(): Promise<string> {
    for (let customerNumber = 0; customerNumber < 50; customerNumber += 1) {
      const customerId = `c${customerNumber}`;
      const [offer] = (await chargebee.personalizedOffer.personalizedOffers({ customer_id: customerId }))
        .personalized_offers;
      const option = offer?.options[0];
      if (offer === undefined || option === undefined || option.processing_type === 'billing_update')
        continue;
      const { offer_fulfillment: fulfillment } = await chargebee.offerFulfillment.offerFulfillments({
        personalized_offer_id: offer.id,
        option_id: option.id,
      });
      return fulfillment.id;
    }
    return expect.fail('no offer waits');
  }
});

describe('the vendor’s SDK ingests usage', () => {
  const usage = (id: string, at = Date.now()) => ({
    subscription_id: 'sub_1',
    deduplication_id: id,
    usage_timestamp: at,
    properties: { offer_event: 'personalized_offer_viewed', personalized_offer_id: ID },
  });

  it('it ingests usage in a batch', async () => {
    const answer = await chargebee.usageEvent.batchIngest({ events: [usage('d1'), usage('d2')] });
    expect(answer).toMatchObject({ batch_id: expect.any(String), failed_events: [], httpStatusCode: 200 });
    expect(upstream.usage().map((row) => row.deduplication_id)).toEqual(['d1', 'd2']);
    expect(upstream.calls()).toMatchObject([
      { path: '/api/v2/batch/usage_events', host: `shop-test.ingest.localhost:${upstream.port}` },
    ]);
  });

  it('it ingests usage with failures inside a success', async () => {
    const expired = usage('old', Date.now() - 13 * 3_600_000);
    const answer = await chargebee.usageEvent.batchIngest({ events: [usage('d1'), expired] });
    const { properties: _, ...identity } = expired;
    expect(answer.failed_events).toEqual([expect.objectContaining(identity)]);
    expect(upstream.usage().map((row) => row.deduplication_id)).toEqual(['d1']);
  });
});
