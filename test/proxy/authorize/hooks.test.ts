/** Who may report what, through the whole handler: signed offers, `authorize`, subjects and callers. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Caller, signOffer } from '../../../src/proxy/index.js';
import { incomingOf, toNodeListener } from '../../../src/proxy/node.js';
import { noContent, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

const SECRET = 'canary-secret-0123456789-abcdefghijk';
const OLDER = 'older-secret-0123456789-abcdefghijkl';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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

const REFUSED = 'refused invalid_event';

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

describe('if pages and the session name users differently', () => {
  const startWith = (name: string): StartedProxy => start({ subject: () => name });
  const of = (subject: string, from: number, count: number) =>
    Array.from({ length: count }, (_, at) => wireEvent(from + at, { subject }));

  it('an alert says so after ten events in a row, since the pages keep them and nothing else would show it', async () => {
    const started = startWith('user-4711');
    await report(started, of('ada', 1, 9));
    expect(started.alerts).toEqual([]);
    expect(await report(started, of('ada', 10, 1))).toEqual(['deferred subject_mismatch']);
    expect(started.alerts).toEqual([expect.stringMatching(/^Events of users are deferred/)]);
  });

  it('there is no alert as long as some agree: others have signed out', async () => {
    const started = startWith('ada');
    for (const from of [1, 21, 41])
      await report(started, [...of('grace', from, 9), ...of('ada', from + 9, 1)]);
    expect(started.alerts).toEqual([]);
  });

  it('events without a subject do not count in that row of ten', async () => {
    const started = startWith('user-4711');
    await report(started, of('ada', 1, 9));
    expect(await report(started, [wireEvent(20)])).toEqual(['accepted']);
    expect(started.alerts).toEqual([]);
    await report(started, of('ada', 10, 1));
    expect(started.alerts).toHaveLength(1);
  });
});

describe('if offers have to be signed', () => {
  const sign = (number: number, fields: object = {}, secret = SECRET): Promise<string> =>
    signOffer({ id: `a52ge${number}`, expiresAt: START + HOUR_MS, ...fields }, secret);

  it('nobody can invent an id, move a token to another offer, or leave it out (attack 43)', async () => {
    const started = start({ requireSignedOffers: SECRET });
    const token = await sign(1);
    expect(
      await report(started, [
        wireEvent(1, { token }),
        wireEvent(2, { token }),
        wireEvent(3),
        wireEvent(4, { token: `${'1'.repeat(8)}.${'A'.repeat(43)}` }),
        wireEvent(5, { token: null }),
        wireEvent(6, { token: await sign(6, {}, OLDER) }),
        wireEvent(7, { token: 'x'.repeat(65) }),
        wireEvent(8, { token: 7 }),
      ]),
    ).toEqual(['accepted', REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, REFUSED]);
    expect(await reachedOf(started)).toEqual([`oe1-${eventId(1)}`]);
  });

  it('a refusal looks like that of a malformed event', async () => {
    const started = start({ requireSignedOffers: SECRET });
    const unsigned = await started.proxy(pageRequest(wireBody([wireEvent(1)])));
    const invalid = await started.proxy(pageRequest(wireBody([wireEvent(1, { type: 'Clicked' })])));
    expect(await unsigned.text()).toBe(await invalid.text());
    expect([...unsigned.headers]).toEqual([...invalid.headers]);
  });

  it('both types of event may use one token, and are duplicates when repeated', async () => {
    const started = start({ requireSignedOffers: SECRET });
    const token = await sign(1);
    const events = [
      wireEvent(1, { token }),
      wireEvent(2, { personalized_offer_id: 'a52ge1', type: 'dismissed', token }),
    ];
    expect(await report(started, events)).toEqual(['accepted', 'accepted']);
    expect(await report(started, events)).toEqual(['duplicate', 'duplicate']);
  });

  it('the token does not belong to an event’s content, since a page may be signed again', async () => {
    const started = start({ requireSignedOffers: SECRET });
    expect(await report(started, [wireEvent(1, { token: await sign(1) })])).toEqual(['accepted']);
    const again = await sign(1, { expiresAt: START + 2 * HOUR_MS });
    expect(await report(started, [wireEvent(1, { token: again })])).toEqual(['duplicate']);
  });

  it('a token for a user is good only for that user', async () => {
    const started = start({
      requireSignedOffers: SECRET,
      subject: (request) => request.headers.get('x-session') ?? undefined,
    });
    const token = await sign(1, { subject: 'ada' });
    expect(await report(started, [wireEvent(1, { token })], { 'x-session': 'grace' })).toEqual([REFUSED]);
    // Ada may soon be signed in again.
    expect(await report(started, [wireEvent(1, { token })])).toEqual(['deferred subject_mismatch']);
    // Naming her in the event changes nothing.
    expect(
      await report(started, [wireEvent(1, { token, subject: 'ada' })], { 'x-session': 'grace' }),
    ).toEqual(['deferred subject_mismatch']);
    expect(await report(started, [wireEvent(1, { token })], { 'x-session': 'ada' })).toEqual(['accepted']);
  });

  it('a token for a user is useless without a hook that names users, and an alert says so', async () => {
    const started = start({ requireSignedOffers: SECRET });
    expect(await report(started, [wireEvent(1, { token: await sign(1, { subject: 'ada' }) })])).not.toEqual([
      'accepted',
    ]);
    expect(started.alerts).toHaveLength(1);
  });

  it('an event that was seen in time is taken days later, one that was seen later is not', async () => {
    const started = start({ requireSignedOffers: SECRET });
    const token = await sign(1, { expiresAt: START - 5 * DAY_MS });
    const other = await sign(2, { expiresAt: START - 5 * DAY_MS });
    expect(
      await report(started, [
        wireEvent(1, { token, occurred_at: START - 5 * DAY_MS - 1 }),
        wireEvent(2, { token: other, occurred_at: START - 5 * DAY_MS + 1 }),
      ]),
    ).toEqual(['accepted', REFUSED]);
  });

  it('no event is taken once a client cannot have kept it any more (attack 42)', async () => {
    const started = start({ requireSignedOffers: SECRET });
    const token = await sign(1, { expiresAt: START - 6 * DAY_MS - 1 });
    expect(await report(started, [wireEvent(1, { token, occurred_at: START - 7 * DAY_MS })])).toEqual([
      REFUSED,
    ]);
  });

  it('either of two secrets may have signed', async () => {
    const started = start({ requireSignedOffers: [SECRET, OLDER] });
    const events = [
      wireEvent(1, { token: await sign(1) }),
      wireEvent(2, { token: await sign(2, {}, OLDER) }),
    ];
    expect(await report(started, events)).toEqual(['accepted', 'accepted']);
  });

  it('a proxy without this option neither asks for a token nor looks at it', async () => {
    const token = `${'1'.repeat(8)}.${'A'.repeat(43)}`;
    expect(await report(start(), [wireEvent(1), wireEvent(2, { token })])).toEqual(['accepted', 'accepted']);
  });
});

describe('the hook `authorize`', () => {
  it.each<[string, unknown]>([
    ['false', false],
    ['a promise of false', Promise.resolve(false)],
    ['nothing', undefined],
    ['null', null],
    ['1', 1],
    ['a string', 'yes'],
  ])('refuses an event by %s, and the refusal looks like that of an unknown offer', async (_, answer) => {
    const started = start({ authorize: () => answer as boolean });
    expect(await report(started, [wireEvent(1)])).toEqual([REFUSED]);
    expect(await reachedOf(started)).toEqual([]);
  });

  it('refuses events one by one, and gets the event and the request', async () => {
    const asked: unknown[] = [];
    const started = start({
      authorize: async (event, request) => {
        asked.push(event, request.headers.get('cookie'));
        return event.offerId !== 'a52ge2';
      },
    });
    const events = [
      wireEvent(1, { occurred_at: START + 7_000 }),
      wireEvent(2),
      wireEvent(3, { type: 'dismissed' }),
    ];
    expect(await report(started, events, { cookie: 'session=1' })).toEqual(['accepted', REFUSED, 'accepted']);
    expect(asked.slice(0, 2)).toEqual([
      { id: eventId(1), type: 'viewed', offerId: 'a52ge1', occurredAt: START },
      'session=1',
    ]);
    expect(asked).toHaveLength(6);
  });

  it.each<[string, () => boolean | Promise<boolean>]>([
    [
      'throws',
      () => {
        throw new Error('no such customer');
      },
    ],
    ['rejects', () => Promise.reject(new Error('database is away'))],
  ])('defers an event for which it %s, and the others are taken', async (_, fail) => {
    const started = start({ authorize: ({ offerId }) => (offerId === 'a52ge2' ? fail() : true) });
    const verdicts = await report(started, [wireEvent(1), wireEvent(2), wireEvent(3)]);
    expect(verdicts.map((verdict) => verdict.split(' ')[0])).toEqual(['accepted', 'deferred', 'accepted']);
    expect(started.alerts).toHaveLength(1);
    expect(await reachedOf(started)).toHaveLength(2);
  });
});

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

describe('a hook that answers', () => {
  it('is never called late, however long ago that was', async () => {
    const started = start({ authorize: async () => true });
    expect(await report(started, [wireEvent(1)])).toEqual(['accepted']);
    await started.runtime.advance(30_000);
    expect(started.alerts).toEqual([]);
  });
});

describe('a hook that hangs', () => {
  it.each(['authorize', 'subscriptionFor'] as const)(
    'holds up neither the other events nor the answer for longer than a client waits: %s',
    async (name) => {
      const hook = ({ offerId }: { readonly offerId: string }): Promise<never> | string | boolean =>
        offerId === 'a52ge2' ? new Promise<never>(() => undefined) : name === 'authorize' || 'sub';
      const started = start(
        name === 'authorize'
          ? { authorize: hook as () => boolean }
          : { usage: { subscriptionFor: hook as () => string } },
      );
      const verdicts = report(started, [wireEvent(1), wireEvent(2), wireEvent(3)]);
      await started.runtime.advance(8_000);
      expect((await verdicts).map((verdict) => verdict.split(' ')[0])).toEqual([
        'accepted',
        'deferred',
        'accepted',
      ]);
    },
  );
});

describe('a hook that says null or nothing names nobody', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['an empty string', ''],
  ])('%s does not vouch for a request without an origin (attack 16)', async (_, nobody) => {
    const started = start({ subject: () => nobody as string, withoutOrigin: 'with-subject' });
    const headers = { 'sec-fetch-site': undefined };
    const { status } = await started.proxy(pageRequest(wireBody([wireEvent(1)]), headers));
    expect(status).toBe(403);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['an empty string', ''],
  ])('%s is not one user, whose budget all visitors would share', async (_, nobody) => {
    const started = start({ subject: () => nobody as string, limits: { perSubject: 2, perOfferADay: 1 } });
    for (let number = 1; number < 6; number++)
      expect(await report(started, [wireEvent(number, { personalized_offer_id: 'same' })])).toEqual([
        'accepted',
      ]);
  });

  it('null is not an address either', async () => {
    const started = start({ address: () => null as unknown as string, limits: { perAddress: 1 } });
    for (let number = 1; number < 4; number++)
      expect(await report(started, [wireEvent(number)])).toEqual(['accepted']);
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

  it('is not sent to the upstream unless the host says so', async () => {
    expect(await toldOf({})).toEqual([{}]);
  });

  it.each<[string, { [Name in keyof Caller]?: unknown } | undefined | null]>([
    ['nobody', undefined],
    ['null', null],
    ['nothing of them', {}],
    ['empty strings', { ip: '', user: '', device: '', businessEntityId: '' }],
  ])('is not sent if the host says %s', async (_, fields) => {
    expect(await toldOf({ caller: () => fields as Caller })).toEqual([{}]);
  });

  it('is sent in the headers of the API, with the user in base64', async () => {
    const fields = {
      ip: '203.0.113.9',
      user: 'Zoë <z@shop.example>',
      device: 'Firefox 145',
      businessEntityId: 'be_1',
    };
    expect(await toldOf(caller(fields))).toEqual([
      {
        'chargebee-request-origin-ip': '203.0.113.9',
        'chargebee-request-origin-user-encoded': Buffer.from(fields.user).toString('base64'),
        'chargebee-request-origin-device': 'Firefox 145',
        'chargebee-business-entity-id': 'be_1',
      },
    ]);
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

  it.each<[string, unknown]>([
    ['is one character longer than Chargebee takes', 'x'.repeat(51)],
    ['is a number, from a hook without types', 4_711],
    ['has letters beyond ASCII', 'Zoë'],
  ])('names no business entity if its id %s, and an alert says so: the event is sent', async (_, id) => {
    expect(await toldOf(caller({ businessEntityId: id, device: 'Firefox' }))).toEqual([
      { 'chargebee-request-origin-device': 'Firefox' },
    ]);
    expect(open.at(-1)?.alerts).toEqual([expect.stringMatching(/sent without their business entity/)]);
  });

  it('names a business entity whose id is as long as Chargebee takes', async () => {
    const businessEntityId = 'x'.repeat(50);
    expect(await toldOf(caller({ businessEntityId }))).toEqual([
      { 'chargebee-business-entity-id': businessEntityId },
    ]);
    expect(open.at(-1)?.alerts).toEqual([]);
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
