import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { directIntake, type Intake, type Observation } from '../../../src/proxy/index.js';
import {
  CANARY_KEY,
  hang,
  noContent,
  pageRequest,
  type StartedProxy,
  startProxy,
} from '../../support/proxy.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

let started: StartedProxy;

beforeEach(async () => {
  started = startProxy();
  await started.proxy(pageRequest(wireBody([wireEvent(1)])));
});

afterEach(async () => {
  started.runtime.answer = noContent;
  const ended = started.end();
  // A call that hangs ends by its deadline.
  await started.runtime.advance(10_000);
  await ended;
});

/** Answers once like this, then as the API does on success. */
const once = (response: Response | ((request: Request) => Promise<Response>)): void => {
  started.runtime.answer = (request) => {
    started.runtime.answer = noContent;
    return typeof response === 'function' ? response(request) : response;
  };
};

const KEY = `oe1-${eventId(1)}`;
const UNKNOWN_OFFER = { api_error_code: 'resource_not_found', param: 'personalized_offer_id' };
const BODY = '{"personalized_offer_id":"a52ge1","type":"viewed"}';

describe('an accepted event', () => {
  it('reaches the upstream even if its offer ends while it waits, since it was seen in time', async () => {
    started.runtime.answer = () => new Response(null, { status: 503 });
    const expires = started.runtime.now() + 5_000;
    await started.proxy(pageRequest(wireBody([wireEvent(2, { expires_at: expires })])));
    await started.runtime.advance(20_000);
    started.runtime.answer = noContent;
    await started.runtime.advance(60_000);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ id: eventId(2), state: 'done' }]);
  });

  it('reaches the upstream at once, under a key made of its id', async () => {
    await started.runtime.advance(0);
    const url = 'https://acme-test.grow.chargebee.com/api/v2/offer_events';
    expect(started.runtime.calls).toEqual([{ at: 0, url, key: KEY, body: BODY }]);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ state: 'done', isAmbiguous: false }]);
  });

  it.each<[string, () => Response | ((request: Request) => Promise<Response>)]>([
    ['a 500', () => new Response(null, { status: 500 })],
    ['a 503 with a page', () => new Response('<h1>503', { status: 503 })],
    ['a 200 with a page', () => new Response('<h1>Login', { status: 200 })],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://10.0.0.1/' } })],
    ['a connection that breaks', () => () => Promise.reject(new TypeError('fetch failed'))],
    ['an upstream that never answers', () => hang],
  ])(
    'is sent again after %s, with the same key and content, and marked ambiguous (faults 65, 66)',
    async (_, fault) => {
      once(fault());
      await started.runtime.advance(30_000);
      expect(started.runtime.calls.map(({ key, body }) => [key, body])).toEqual([
        [KEY, BODY],
        [KEY, BODY],
      ]);
      expect(await started.intake.list({ limit: 1 })).toMatchObject([
        { state: 'done', isAmbiguous: true, maybeDuplicate: false, attempts: 2 },
      ]);
    },
  );

  it('is sent after the pause that a 429 asks for', async () => {
    once(
      new Response('{"api_error_code":"api_request_limit_exceeded"}', {
        status: 429,
        headers: { 'retry-after': '17' },
      }),
    );
    await started.runtime.advance(16_999);
    expect(started.runtime.calls.map(({ at }) => at)).toEqual([0]);
    await started.runtime.advance(5_000);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ state: 'done', isAmbiguous: false }]);
  });

  it('is never sent again if the upstream says that it takes no such offer', async () => {
    once(Response.json(UNKNOWN_OFFER, { status: 404 }));
    await started.runtime.advance(600_000);
    expect(started.runtime.calls.map(({ key }) => key)).toEqual([KEY]);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([
      { state: 'dead', code: 'resource_not_found' },
    ]);
  });
});

describe('an alert reports', () => {
  it.each<[string, () => Response, RegExp]>([
    ['a key that is not accepted', () => new Response('{}', { status: 401 }), /key/],
    ['an API that is not enabled', () => new Response('{}', { status: 403 }), /enable offer events/],
    [
      'a site that does not exist',
      () => new Response('{"api_error_code":"site_not_found"}', { status: 404 }),
      /site name/,
    ],
    ['pages where the API should answer', () => new Response('<h1>Welcome', { status: 200 }), /answer/],
    [
      'redirects',
      () => new Response(null, { status: 302, headers: { location: '/login' } }),
      /answer|redirect/,
    ],
  ])('%s, in words and without the key; the event is kept (attacks 49, 51)', async (_, fault, words) => {
    started.runtime.answer = fault;
    await started.runtime.advance(300_000);
    expect(started.alerts[0]).toMatch(words);
    expect(started.alerts.join()).not.toContain(CANARY_KEY);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ settledAt: undefined }]);
    started.runtime.answer = noContent;
    await started.runtime.advance(600_000);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ state: 'done' }]);
  });
});

describe('the observation hook', () => {
  it.each([undefined, directIntake()])('is told that Chargebee knew a call by its key', async (intake) => {
    const replays: unknown[] = [];
    const counted = startProxy({
      ...(intake && { intake: intake as unknown as Intake }),
      onObservation: (observation) => observation.kind === 'call' && replays.push(observation.isReplay),
    });
    try {
      await counted.proxy(pageRequest(wireBody([wireEvent(1)])));
      await counted.runtime.advance(1_000);
      counted.runtime.answer = () =>
        new Response(null, { status: 204, headers: { 'chargebee-idempotency-replayed': 'true' } });
      await counted.proxy(pageRequest(wireBody([wireEvent(2)])));
      await counted.runtime.advance(1_000);
      expect(replays).toEqual([false, true]);
    } finally {
      await counted.end();
    }
  });

  it('gets each call, and its events by type, outcome and code', async () => {
    const seen: Observation[] = [];
    const counted = startProxy({ onObservation: (observation) => seen.push(observation) });
    try {
      counted.runtime.answer = async (request) => {
        const isOther = (await request.clone().text()).includes('a52ge2');
        return isOther ? Response.json(UNKNOWN_OFFER, { status: 404 }) : noContent();
      };
      await counted.proxy(pageRequest(wireBody([wireEvent(1), wireEvent(2, { type: 'dismissed' })])));
      await counted.runtime.advance(1_000);
      const forwarded = seen.filter(({ kind }) => kind === 'forwarded');
      const same = { kind: 'forwarded', destination: 'offer_events', events: 1 };
      expect(forwarded).toHaveLength(2);
      expect(forwarded).toEqual(
        expect.arrayContaining([
          { ...same, type: 'viewed', outcome: 'done', code: undefined },
          { ...same, type: 'dismissed', outcome: 'refused', code: 'resource_not_found' },
        ]),
      );
      expect(seen.filter(({ kind }) => kind === 'call')).toHaveLength(2);
    } finally {
      await counted.end();
    }
  });
});
