import type { APIRequestContext, APIResponse } from '@playwright/test';
import { expect, type Stack, test } from '../fixtures/stack.js';

const PAGE = {
  'content-type': 'application/json',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  // Without this, the request says that it comes from a machine.
  'user-agent': 'Firefox',
};

const event = (id: number, change: object = {}) => ({
  id: `018f5a5e-7a00-7000-8000-${String(id).padStart(12, '0')}`,
  type: 'viewed',
  personalized_offer_id: `offer-${id}`,
  occurred_at: Date.now(),
  ...change,
});

const envelope = (...events: object[]) => JSON.stringify({ v: 1, sent_at: Date.now(), events });

const post = (
  request: APIRequestContext,
  stack: Stack,
  data: string,
  headers: Record<string, string> = PAGE,
) => request.post(`${stack.site.url}/offer-events`, { data: Buffer.from(data), headers });

const resultsOf = async (response: APIResponse): Promise<unknown> =>
  ((await response.json()) as { results: unknown }).results;

test.describe('a request that does not come from the product', () => {
  const faults: readonly [
    name: string,
    status: number,
    code: string,
    body: string,
    headers?: Record<string, string>,
  ][] = [
    ['not JSON', 400, 'json', 'v=1&type=viewed'],
    ['a batch of 501 events', 400, 'batch', envelope(...Array.from({ length: 501 }, (_, id) => event(id)))],
    ['2 MB long', 413, 'size', envelope(event(1, { personalized_offer_id: 'x'.repeat(2_000_000) }))],
    ['from a foreign page', 403, 'origin', envelope(event(1)), { ...PAGE, 'sec-fetch-site': 'cross-site' }],
    [
      'from a foreign origin, without fetch metadata',
      403,
      'origin',
      envelope(event(1)),
      { 'content-type': 'application/json', origin: 'https://other.example' },
    ],
    ['of type text/plain', 415, 'type', envelope(event(1)), { ...PAGE, 'content-type': 'text/plain' }],
    ['of an unknown version', 400, 'unsupported', envelope(event(1)).replace('"v":1', '"v":2')],
  ];
  for (const [name, status, code, body, headers] of faults) {
    test(`gets ${status} ${code} if it is ${name}, and the upstream sees nothing`, async ({
      request,
      stack,
    }) => {
      const response = await post(request, stack, body, headers);
      expect(response.status()).toBe(status);
      expect(response.headers()['content-type']).toBe('application/problem+json');
      expect(response.headers()['cache-control']).toBe('no-store');
      expect(Object.keys(response.headers()).filter((header) => header.startsWith('access-control'))).toEqual(
        [],
      );
      expect(await response.json()).toEqual({
        type: `urn:offersight:problem:${code}`,
        title: expect.any(String),
        status,
        code,
      });
      // This request passes. If the proxy had taken anything of the bad request, that would have come first.
      await post(request, stack, envelope(event(7)));
      await stack.expectRecorded(['viewed offer-7']);
      expect(stack.upstream.calls()).toHaveLength(1);
    });
  }
});

test('an event with a bad value is refused by its id, and the good events beside it are accepted', async ({
  request,
  stack,
}) => {
  const response = await post(
    request,
    stack,
    envelope(
      event(1),
      event(2, { personalized_offer_id: 'x'.repeat(51) }),
      event(3, { type: 'accepted' }),
      event(4, { occurred_at: 'now' }),
      event(5, { type: 'dismissed' }),
    ),
  );
  expect(response.status()).toBe(200);
  const refused = (id: number) => ({ id: event(id).id, status: 'refused', code: 'invalid_event' });
  expect(await response.json()).toEqual({
    v: 1,
    results: [
      { id: event(1).id, status: 'accepted' },
      refused(2),
      refused(3),
      refused(4),
      { id: event(5).id, status: 'accepted' },
    ],
  });
  await stack.expectRecorded(['viewed offer-1', 'dismissed offer-5']);
});

test('an event that is sent again is a duplicate, and other content with its id is a conflict', async ({
  request,
  stack,
}) => {
  const first = event(1, { occurred_at: 1_763_600_000_000 });
  await post(request, stack, envelope(first));
  const again = await post(request, stack, envelope(first));
  expect(await resultsOf(again)).toEqual([{ id: first.id, status: 'duplicate' }]);
  const other = await post(request, stack, envelope({ ...first, type: 'dismissed' }));
  expect(await resultsOf(other)).toEqual([{ id: first.id, status: 'refused', code: 'conflict' }]);
  await stack.expectRecorded(['viewed offer-1']);
});
