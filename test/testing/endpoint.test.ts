import { describe, expect, test } from 'vitest';
import { encodeRequest } from '../../src/protocol/encode.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { createFakeEndpoint } from '../../src/testing.js';

const ID = '01976f0e-0000-7000-8000-000000000001';
const event: OfferEvent = {
  type: 'viewed',
  id: ID,
  offerId: 'a52ge40b',
  impressionId: 'i',
  occurredAt: 1_763_600_000_000,
  expiresAt: 1_893_456_000_000,
};

describe('the fake endpoint', () => {
  test('answers what a tracker says as the proxy does, and keeps each event once', () => {
    const endpoint = createFakeEndpoint();
    const body = encodeRequest([event], event.occurredAt);
    expect(endpoint.reply(body)).toEqual({ v: 1, results: [{ id: ID, status: 'accepted' }] });
    expect(endpoint.reply(body)).toEqual({ v: 1, results: [{ id: ID, status: 'duplicate' }] });
    expect(endpoint.events).toEqual([
      {
        id: ID,
        mayBeKnown: false,
        type: 'viewed',
        offerId: 'a52ge40b',
        occurredAt: 1_763_600_000_000,
        expiresAt: 1_893_456_000_000,
        subject: undefined,
        token: undefined,
      },
    ]);
    endpoint.clear();
    expect(endpoint.events).toEqual([]);
  });

  test('refuses by name what the proxy refuses', () => {
    const endpoint = createFakeEndpoint();
    const body = encodeRequest([{ ...event, offerId: 'no id' }], event.occurredAt);
    expect(endpoint.reply(body)?.results).toEqual([{ id: ID, status: 'refused', code: 'invalid_event' }]);
    expect(endpoint.events).toEqual([]);
  });

  test('answers requests, also those that no tracker makes', async () => {
    const endpoint = createFakeEndpoint();
    const ask = (body: string): Promise<Response> =>
      endpoint.handle(new Request('https://shop.example/offer-events', { method: 'POST', body }));
    const answer = await ask(encodeRequest([event], event.occurredAt));
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { v: 1, results: [{ id: ID, status: 'accepted' }] },
    ]);
    expect((await ask('nonsense')).status).toBe(400);
    expect(endpoint.reply(null)).toBeUndefined();
  });
});
