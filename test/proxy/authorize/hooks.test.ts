/** What the host's functions say of a request's user, and of the caller of an event. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/proxy/index.js';
import { incomingOf, toNodeListener } from '../../../src/proxy/node.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

const open: StartedProxy[] = [];

const start = (options: Parameters<typeof startProxy>[0] = {}): StartedProxy => {
  const started = startProxy(options);
  open.push(started);
  return started;
};

afterEach(async () => {
  for (const each of open.splice(0)) {
    each.runtime.answer = noContent;
    await each.end();
  }
});

/** The verdict of each event: its status, and its code if it has one. */
const report = async (
  { proxy }: StartedProxy,
  events: readonly Record<string, unknown>[],
  headers: Record<string, string> = {},
): Promise<string[]> => {
  const response = await proxy(pageRequest(wireBody(events, { sent_at: START }), headers));
  const { results = [] } = (await response.json()) as { results?: { status: string; code?: string }[] };
  return results.map(({ status, code }) => (code ? `${status} ${code}` : status));
};

const reachedOf = async ({ runtime }: StartedProxy): Promise<(string | null)[]> => {
  await runtime.advance(5_000);
  return runtime.calls.map(({ key }) => key);
};

describe('every hook', () => {
  it('is called on the object that it was given in, so that it can use what is beside it', async () => {
    const baseUrl = 'https://usage.example';
    const beside: [name: string, of: unknown][] = [];
    const hear = (name: string, of: unknown): void => void beside.push([name, of]);
    const started = start({
      subject() {
        hear('subject', this.trustedHops);
        return 'ada';
      },
      authorize() {
        hear('authorize', this.trustedHops);
        return true;
      },
      address() {
        hear('address', this.trustedHops);
        return '203.0.113.9';
      },
      caller() {
        hear('caller', this.trustedHops);
        return undefined;
      },
      onAlert() {
        hear('onAlert', this.trustedHops);
      },
      onObservation() {
        hear('onObservation', this.trustedHops);
        throw new Error('so that there is an alert');
      },
      usage: {
        baseUrl,
        subscriptionFor() {
          hear('subscriptionFor', this.baseUrl);
          return 'sub-4711';
        },
        propertiesFor() {
          hear('propertiesFor', this.baseUrl);
          return {};
        },
      },
      trustedHops: 3,
    });
    await report(started, [wireEvent(1)]);
    expect(Object.fromEntries(beside)).toEqual({
      ...{ subject: 3, authorize: 3, address: 3, caller: 3, onAlert: 3, onObservation: 3 },
      ...{ subscriptionFor: baseUrl, propertiesFor: baseUrl },
    });
  });
});

describe.each<[string, unknown]>([
  ['null', null],
  ['an empty string', ''],
])('a hook that gives %s names nobody, so it', (_, nobody) => {
  it('does not vouch for a request without an origin (attack 16)', async () => {
    const started = start({ subject: () => nobody as string, withoutOrigin: 'with-subject' });
    const headers = { 'sec-fetch-site': undefined };
    const { status } = await started.proxy(pageRequest(wireBody([wireEvent(1)]), headers));
    expect(status).toBe(403);
  });

  it('names neither one user nor one address whose budget all visitors would share', async () => {
    const started = start({
      subject: () => nobody as string,
      address: () => nobody as string,
      limits: { perSubject: 2, perOfferADay: 1, perAddress: 1 },
    });
    for (let number = 1; number < 6; number++)
      expect(await report(started, [wireEvent(number, { personalized_offer_id: 'same' })])).toEqual([
        'accepted',
      ]);
  });
});

describe('a hook that names users in a way that pages cannot', () => {
  it.each<[string, unknown]>([
    ['an e-mail address', 'ada@shop.example'],
    ['an object', { id: 42 }],
    ['yes', true],
  ])('leads to one alert: %s', async (_, subject) => {
    const started = start({ subject: () => subject as string });
    for (const number of [1, 2]) await report(started, [wireEvent(number)]);
    expect(started.alerts).toEqual([expect.stringMatching(/subject/)]);
  });
});

describe('the caller of an event', () => {
  const HEADERS = [
    'chargebee-request-origin-ip',
    'chargebee-request-origin-user',
    'chargebee-request-origin-user-encoded',
    'chargebee-request-origin-device',
    'chargebee-business-entity-id',
    'chargebee-event-webhook',
    'chargebee-event-email',
    'chargebee-event-actions',
  ];

  const toldOf = async (
    options: Parameters<typeof startProxy>[0],
    events = [wireEvent(1)],
  ): Promise<unknown> => {
    const started = start(options);
    const told: unknown[] = [];
    started.runtime.answer = (request) => {
      told.push(
        Object.fromEntries(
          HEADERS.flatMap((name) => {
            const value = request.headers.get(name);
            return value === null ? [] : [[name, value]];
          }),
        ),
      );
      return noContent();
    };
    const verdicts = await report(started, events, {
      'user-agent': 'Firefox',
      'x-forwarded-for': '203.0.113.9',
    });
    expect(verdicts).toEqual(events.map(() => 'accepted'));
    await started.runtime.advance(5_000);
    return told;
  };

  const caller = (fields: { [Name in keyof Caller]?: unknown }) => ({ caller: () => fields as Caller });

  const ADA = {
    ip: '203.0.113.9',
    user: 'Zoë <z@shop.example>',
    device: 'Firefox 145',
    businessEntityId: 'be_1',
  };
  const UNUSABLE = [expect.stringMatching(/sent without their business entity/)];

  it.each<[string, { [Name in keyof Caller]?: unknown } | undefined | null, object, unknown[]?]>([
    ['nobody', undefined, {}],
    ['null', null, {}],
    ['nothing of them', {}, {}],
    ['empty strings', { ip: '', user: '', device: '', businessEntityId: '' }, {}],
    [
      'everything: the user goes in base64',
      ADA,
      {
        'chargebee-request-origin-ip': '203.0.113.9',
        'chargebee-request-origin-user-encoded': Buffer.from(ADA.user).toString('base64'),
        'chargebee-request-origin-device': 'Firefox 145',
        'chargebee-business-entity-id': 'be_1',
      },
    ],
    [
      'the longest business entity',
      { businessEntityId: 'x'.repeat(50) },
      { 'chargebee-business-entity-id': 'x'.repeat(50) },
    ],
    ['a longer one', { businessEntityId: 'x'.repeat(51) }, {}, UNUSABLE],
    ['a number for it', { businessEntityId: 4_711 }, {}, UNUSABLE],
    ['letters beyond ASCII in it', { businessEntityId: 'Zoë' }, {}, UNUSABLE],
  ])('is sent in the headers of the API as the host says: %s', async (_, fields, headers, alerts = []) => {
    expect(await toldOf({ caller: () => fields as Caller })).toEqual([headers]);
    expect(open.at(-1)?.alerts).toEqual(alerts);
  });

  it.each<[string, string]>([
    ['a line feed', 'a\nx-evil: 1'],
    ['a return', 'a\r\nx-evil: 1'],
    ['a NUL', 'a\u0000b'],
    ['a tab', 'a\tb'],
    ['letters beyond ASCII', 'Zoë'],
    ['an escape', '\u001b[31m'],
    ['a line separator', 'a\u2028b'],
    ['DEL', 'a\u007fb'],
  ])('is never sent with what a header cannot hold: %s (attack 47)', async (_, text) => {
    const [told] = (await toldOf(caller({ ip: text, device: text, businessEntityId: text, user: text }))) as [
      object,
    ];
    expect(Object.keys(told)).toEqual(['chargebee-request-origin-user-encoded']);
    expect(Object.values(told)).toEqual([Buffer.from(text).toString('base64')]);
  });

  it('is never sent with values that are so long that the upstream would refuse the call', async () => {
    const text = 'x'.repeat(100_000);
    const [told] = (await toldOf(caller({ ip: text, device: text, businessEntityId: text, user: text }))) as [
      Record<string, string>,
    ];
    expect(Object.values(told).filter(({ length }) => length > 1_200)).toEqual([]);
  });

  it('is asked for each event by itself', async () => {
    const told = await toldOf({ caller: ({ offerId }) => ({ device: `for ${offerId}` }) }, [
      wireEvent(1),
      wireEvent(2),
    ]);
    expect(told).toEqual(
      [1, 2].map((number) => ({ 'chargebee-request-origin-device': `for a52ge${number}` })),
    );
  });

  it('is forgotten once the event is settled, whether it was taken or refused', async () => {
    const started = start(caller({ ip: '203.0.113.9' }));
    started.runtime.answer = () => new Response(null, { status: 503 });
    await report(started, [wireEvent(1), wireEvent(2)]);
    await started.runtime.advance(0);
    expect((await started.intake.list({ limit: 9 })).map(({ headers }) => headers)).toEqual(
      [1, 2].map(() => ({ 'chargebee-request-origin-ip': '203.0.113.9' })),
    );
    started.runtime.answer = (request) =>
      new Response(null, {
        status: request.headers.get('chargebee-idempotency-key')?.endsWith('1') ? 204 : 400,
      });
    await started.runtime.advance(120_000);
    expect((await started.intake.list({ limit: 9 })).map(({ state, headers }) => [state, headers])).toEqual([
      ['dead', undefined],
      ['done', undefined],
    ]);
  });

  it('cannot replace a header of ours', async () => {
    const started = start({
      caller: () => ({ ip: '1.2.3.4', authorization: 'Basic x', 'chargebee-idempotency-key': 'y' }) as Caller,
    });
    await report(started, [wireEvent(1)]);
    expect(await reachedOf(started)).toEqual([`oe1-${eventId(1)}`]);
  });

  it('is joined by headers that switch off the upstream’s own reactions if `disable` says so', async () => {
    expect(await toldOf({ disable: ['webhook', 'actions'] })).toEqual([
      { 'chargebee-event-webhook': 'all-disabled', 'chargebee-event-actions': 'all-disabled' },
    ]);
  });

  it('does not hold back another event if the hook fails for one', async () => {
    const started = start({
      caller: ({ offerId }) => {
        if (offerId === 'a52ge1') throw new Error('x');
        return undefined;
      },
    });
    expect(await report(started, [wireEvent(1), wireEvent(2)])).toEqual([expect.any(String), 'accepted']);
  });
});

describe("under Node's http", () => {
  it("hooks find the host's own request behind the one that they are given", async () => {
    const seen: unknown[] = [];
    const started = startProxy({
      subject: (request) => {
        const incoming: (IncomingMessage & { session?: { user: string } }) | undefined = incomingOf(request);
        seen.push(incoming?.session?.user);
        return incoming?.session?.user;
      },
    });
    const listener = toNodeListener(started.proxy);
    const server = createServer((incoming, outgoing) => {
      // A middleware for sessions would do the same.
      Object.assign(incoming, { session: { user: 'ada' } });
      listener(incoming, outgoing);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'sec-fetch-site': 'same-origin',
        'user-agent': 'Firefox',
      },
      body: wireBody([wireEvent(1, { subject: 'ada' })]),
    });
    expect(await response.json()).toMatchObject({ results: [{ status: 'accepted' }] });
    expect(seen).toEqual(['ada']);
    expect(incomingOf(new Request('https://shop.example/'))).toBeUndefined();
    server.close();
    server.closeAllConnections();
    await started.end();
  });
});
