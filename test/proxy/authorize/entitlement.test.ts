import { afterEach, describe, expect, it } from 'vitest';
import { createVerifier } from '../../../src/proxy/authorize/signature.js';
import { type OfferProxyOptions, signOffer } from '../../../src/proxy/index.js';
import { CANARY_KEY, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

const SECRET = 'a-secret-that-only-the-servers-know-1';
const OTHER_SECRET = 'another-secret-that-they-used-before-2';
const DAY = 86_400_000;
const OFFER = 'a52ge1';

const open: { end(): Promise<void> }[] = [];

const start = (options: Partial<Omit<OfferProxyOptions, 'intake'>> = {}): StartedProxy => {
  const started = startProxy({
    subject: (request) => request.headers.get('x-session') ?? undefined,
    ...options,
  });
  open.push(started);
  return started;
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.end()));
});

/** Reports one event of the offer, and returns the status and the whole body of the answer. */
const report = async (
  { proxy }: Pick<StartedProxy, 'proxy'>,
  fields: Record<string, unknown> = {},
  session = 'ada',
  number = 1,
): Promise<string> => {
  const response = await proxy(pageRequest(wireBody([wireEvent(number, fields)]), { 'x-session': session }));
  return `${response.status} ${await response.text()}`;
};

const signed = (options: Partial<Omit<OfferProxyOptions, 'intake'>> = {}): StartedProxy =>
  start({ requireSignedOffers: SECRET, ...options });
const tokenFor = (change: Partial<Parameters<typeof signOffer>[0]> = {}, secret = SECRET): Promise<string> =>
  signOffer({ id: OFFER, subject: 'ada', expiresAt: START + DAY, ...change }, secret);

const ACCEPTED = expect.stringContaining('"accepted"') as string;
const ENDED = expect.stringContaining('"refused","code":"expired"') as string;
const REFUSED = expect.stringMatching(/^200 .*"status":"refused","code":"invalid_event"/) as string;

describe('an event of a type that only a later release knows', () => {
  it('is deferred for an hour and not forwarded, and all others are taken', async () => {
    const started = start();
    const body = wireBody([wireEvent(1, { type: 'shared' }), wireEvent(2)]);
    const response = await started.proxy(pageRequest(body, { 'x-session': 'ada' }));
    expect(await response.json()).toMatchObject({
      results: [
        { status: 'deferred', code: 'unsupported_type', retry_after_ms: 3_600_000 },
        { status: 'accepted' },
      ],
    });
  });

  it.each(['accepted', 'fulfilled'])(
    'is not %s, which is refused: the billing system counts it',
    async (type) => {
      const started = start();
      expect(await report(started, { type })).toEqual(REFUSED);
      await expectUntouched(started);
    },
  );
});

describe('an offer that ends', () => {
  const DAY_AHEAD = { occurred_at: START + DAY - 5_000, sent_at: START + DAY - 4_000 };

  it.each<[what: string, fields: Record<string, unknown>, expected: unknown]>([
    ['an event before its end', { expires_at: START + 1 }, ACCEPTED],
    ['an event before its end that comes after it', { expires_at: START - 3_699 }, ACCEPTED],
    ['an event at its end', { expires_at: START - 3_700 }, ENDED],
    ['an event long after its end', { expires_at: START - DAY }, ENDED],
    [
      'an event before its end, by a clock that is a day ahead',
      { ...DAY_AHEAD, expires_at: START },
      ACCEPTED,
    ],
    [
      'an event after its end, by a clock that is a day ahead',
      { ...DAY_AHEAD, expires_at: START - 1_000 },
      ENDED,
    ],
  ])(
    'counts by the time as the proxy corrects it: %s (fault 57)',
    async (_, { sent_at: sentAt = START, ...fields }, expected) => {
      const started = start();
      const body = wireBody([wireEvent(1, fields)], { sent_at: sentAt });
      const response = await started.proxy(pageRequest(body, { 'x-session': 'ada' }));
      expect(await response.text()).toEqual(expected);
    },
  );
});

describe('if offers have to be signed', () => {
  it('the user of a signed offer may report it (attack 43)', async () => {
    expect(await report(signed(), { token: await tokenFor() })).toEqual(ACCEPTED);
    const { subject: _, ...anybody } = { id: OFFER, subject: 'ada', expiresAt: START + DAY };
    expect(await report(signed(), { token: await signOffer(anybody, SECRET) })).toEqual(ACCEPTED);
  });

  it.each<[string, () => Promise<Record<string, unknown>>, string?]>([
    ['nobody signed', async () => ({})],
    ["was signed for another user's session", async () => ({ token: await tokenFor() }), 'grace'],
    ['is another than was signed', async () => ({ token: await tokenFor({ id: 'a52ge2' }) })],
    ['was signed with another secret', async () => ({ token: await tokenFor({}, OTHER_SECRET) })],
    [
      'has a longer life than was signed',
      async () => ({
        token: (await tokenFor()).replace(/^[\da-z]+/, (START + 9 * DAY).toString(36)),
      }),
    ],
    [
      'has an expiry in capitals',
      async () => ({ token: (await tokenFor()).replace(/^[\da-z]+/, (text) => text.toUpperCase()) }),
    ],
    ['had expired when it was seen', async () => ({ token: await tokenFor({ expiresAt: START - 4_000 }) })],
    ['has half a token', async () => ({ token: (await tokenFor()).slice(0, -1) })],
    ['has a token and a half', async () => ({ token: `${await tokenFor()}A` })],
    ['has an empty token', async () => ({ token: '' })],
    ['has the token in a list', async () => ({ token: [await tokenFor()] })],
    ['has a number for a token', async () => ({ token: 1 })],
    ['has a token of 10 kB', async () => ({ token: 'a'.repeat(10_000) })],
    ['has the MAC of nothing', async () => ({ token: `${(START + DAY).toString(36)}.${'A'.repeat(43)}` })],
    ['has no MAC', async () => ({ token: `${(START + DAY).toString(36)}.` })],
  ])('an offer that %s is refused like any bad event (attack 43)', async (_, fieldsOf, session) => {
    const started = signed();
    expect(await report(started, await fieldsOf(), session)).toEqual(REFUSED);
    await expectUntouched(started);
  });

  it('every changed bit of the token is noticed (attack 63)', async () => {
    const isSigned = createVerifier([SECRET]);
    const token = await tokenFor();
    const claim = { offerId: OFFER, occurredAt: START, subject: 'ada', group: undefined };
    expect((await isSigned({ ...claim, token }, START)).offer).toBe('valid');
    const dot = token.indexOf('.');
    // The last character holds bits beyond the MAC.
    for (let at = dot + 1; at < token.length - 1; at++) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect((await isSigned({ ...claim, token: changed }, START)).offer).toBe('invalid');
    }
  });

  it('an offer that was signed for a user waits while there is no session (attack 43)', async () => {
    const started = signed();
    expect(await report(started, { token: await tokenFor() }, '')).toMatch(
      /"deferred","code":"subject_mismatch"/,
    );
    await expectUntouched(started);
  });

  it('any of several secrets may have signed, so that they can be replaced (attack 43)', async () => {
    const started = signed({ requireSignedOffers: [SECRET, OTHER_SECRET] });
    expect(await report(started, { token: await tokenFor({}, OTHER_SECRET) })).toEqual(ACCEPTED);
  });

  it('one token without a subject allows only so many events a day and type, from all senders together', async () => {
    const started = signed({ subject: () => undefined, limits: { perOfferADay: 2 } });
    const tokenUntil = (expiresAt: number) => signOffer({ id: OFFER, expiresAt }, SECRET);
    const token = await tokenUntil(START + DAY);
    const reportAs = (number: number, fields: Record<string, unknown>) =>
      report(started, { personalized_offer_id: OFFER, ...fields }, '', number);
    expect(await reportAs(1, { token })).toEqual(ACCEPTED);
    // A repeated event does not use up the budget.
    expect(await reportAs(1, { token })).toMatch(/"duplicate"/);
    expect(await reportAs(2, { token })).toEqual(ACCEPTED);
    expect(await reportAs(3, { token })).toEqual(REFUSED);
    expect(await reportAs(4, { token, type: 'dismissed' })).toEqual(ACCEPTED);
    expect(await reportAs(5, { token: await tokenUntil(START + 2 * DAY) })).toEqual(ACCEPTED);
  });

  it('a captured request ends with its token, even after the intake has forgotten its id (attack 42)', async () => {
    const started = signed();
    const captured = { token: await tokenFor({ expiresAt: START }) };
    expect(await report(started, captured)).toEqual(ACCEPTED);
    await started.runtime.advance(1_000);
    // It was taken once, so it stays taken though its token has ended.
    started.runtime.pass(6 * DAY);
    expect(await report(started, captured)).toMatch(/"duplicate"/);
    started.runtime.pass(2 * DAY);
    expect(await report(started, captured, 'ada', 2)).toEqual(REFUSED);
    // Forgetting happens beside taking and forwarding.
    await started.runtime.advance(60_000);
    expect(await report(started, captured)).toEqual(REFUSED);
    await started.runtime.advance(60_000);
    expect(started.runtime.calls).toHaveLength(1);
  });

  it.each([
    ['a short secret', 'short'],
    ['a list with a short secret', [SECRET, 'short']],
    ['no secret at all', []],
    ['an empty secret', ''],
  ])('%s is refused at creation, and not shown (attack 63)', (_, requireSignedOffers) => {
    expect(() => start({ requireSignedOffers })).toThrow(/configuration/);
    expect(() => start({ requireSignedOffers })).not.toThrow(/short/);
  });
});

describe('without signed offers', () => {
  it('a captured request counts again once its id is forgotten, as the documents say (attack 42)', async () => {
    const started = startProxy();
    open.push(started);
    expect(await report(started)).toEqual(ACCEPTED);
    await started.runtime.advance(1_000);
    started.runtime.pass(6 * DAY);
    expect(await report(started)).toMatch(/"duplicate"/);
    started.runtime.pass(2 * DAY);
    // Forgetting happens beside taking and forwarding.
    await report(started, {}, 'ada', 2);
    await started.runtime.advance(60_000);
    expect(await report(started)).toEqual(ACCEPTED);
  });
});

describe("the host's own judgement", () => {
  it('is asked about every event with its request, and refuses like a bad event (attack 43)', async () => {
    const asked: unknown[] = [];
    const started = start({
      authorize: (event, request) => {
        asked.push([event, request.headers.get('x-session')]);
        return request.headers.get('x-session') === 'ada';
      },
    });
    expect(await report(started, {}, 'grace')).toEqual(REFUSED);
    await expectUntouched(started);
    expect(await report(started)).toEqual(ACCEPTED);
    expect(asked).toEqual([
      [expect.objectContaining({ type: 'viewed', offerId: OFFER }), 'grace'],
      [expect.objectContaining({ type: 'viewed', offerId: OFFER }), 'ada'],
    ]);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['1', 1],
    ['"no"', 'no'],
    ['an object', {}],
    ['a promise of an object', Promise.resolve({})],
  ])('does not permit an event by answering %s (attack 43)', async (_, answer) => {
    const started = start({ authorize: () => answer as boolean });
    expect(await report(started)).toEqual(REFUSED);
    await expectUntouched(started);
  });

  it('takes nothing if it throws, and reveals nothing to the sender (attack 43)', async () => {
    const started = start({ authorize: () => Promise.reject(new Error(`down at ${CANARY_KEY}`)) });
    const answer = await report(started);
    expect(answer).toMatch(/^200 .*"status":"deferred","code":"unavailable"/);
    expect(answer).not.toContain(CANARY_KEY);
    await expectUntouched(started);
  });

  it('refuses just like an offer that does not exist, or that never could (attacks 43, 44)', async () => {
    const started = start({ authorize: ({ offerId }) => offerId === 'mine' });
    const answers = new Set<string>();
    for (const personalized_offer_id of ['somebodyelses', 'unknown', '', 'k'.repeat(51), 7, null])
      answers.add(await report(started, { personalized_offer_id }));
    expect(answers.size).toBe(1);
    expect([...answers]).toEqual([REFUSED]);
    await expectUntouched(started);
  });
});

describe('a durable intake', () => {
  const upstream = (status: number, code: string): Response =>
    new Response(
      JSON.stringify({
        message: `${code}: the offer of grace@example.org`,
        api_error_code: code,
        param: 'type',
      }),
      {
        status,
      },
    );

  it('does not reveal which offers exist, since it accepts before it knows (attack 44)', async () => {
    const started = start();
    started.runtime.answer = () => upstream(404, 'resource_not_found');
    expect(await report(started)).toEqual(ACCEPTED);
    await started.runtime.advance(10_000);
    expect(await started.intake.list({ limit: 1 })).toMatchObject([{ state: 'dead' }]);
    expect(await report(started)).toMatch(/"duplicate"/);
    expect(await report(started, { personalized_offer_id: 'other' }, 'ada', 2)).toEqual(ACCEPTED);
  });
});

describe('the group that the ledger counts an event under', () => {
  const groupsOf = async (options: Partial<Omit<OfferProxyOptions, 'intake'>>, ...groups: unknown[]) => {
    const alerts: string[] = [];
    const started = start({ ...options, onAlert: (message) => alerts.push(message) });
    for (const [at, group] of groups.entries())
      expect(await report(started, { group }, 'ada', at + 1)).toContain('accepted');
    const rows = await started.intake.list({ limit: 9 });
    return { groups: rows.map(({ group }) => group).toReversed(), alerts };
  };

  it('is the one that the page names', async () => {
    expect(await groupsOf({}, 'summer', undefined)).toEqual({ groups: ['summer', undefined], alerts: [] });
  });

  it('is nothing for an unusable group, and an alert says what one is', async () => {
    const { groups, alerts } = await groupsOf({}, '{{ campaign }}', 'summer');
    expect(groups).toEqual([undefined, 'summer']);
    expect(alerts).toEqual([
      expect.stringMatching(/unusable group count under \(none\): give data-offer-group/),
    ]);
  });

  it('is (other) for what is not among the groups of the host', async () => {
    expect((await groupsOf({ groups: ['summer'] }, 'summer', 'winter')).groups).toEqual([
      'summer',
      '(other)',
    ]);
  });

  it('is the one that was signed with the offer, however many are new, and (other) for any other one', async () => {
    const alerts: string[] = [];
    const started = signed({ onAlert: (message) => alerts.push(message) });
    const of = async (fields: object, number: number): Promise<void> => {
      const all = { personalized_offer_id: OFFER, ...fields };
      expect(await report(started, all, 'ada', number)).toEqual(ACCEPTED);
    };
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const [at, group] of names.entries()) await of({ token: await tokenFor({ group }), group }, at + 1);
    expect(alerts).toEqual([]);
    const token = await tokenFor({ group: 'a' });
    const forged = `${token.slice(0, -7)}AAAAAAA`;
    const others = [
      { token, group: 'f' },
      { token },
      { token: forged, group: 'a' },
      { token: token.slice(0, -8), group: 'a' },
    ];
    for (const [at, fields] of others.entries()) await of(fields, at + 6);
    const rows = await started.intake.list({ limit: 9 });
    expect(rows.map(({ group }) => group).toReversed()).toEqual([
      ...names,
      ...['(other)', undefined, '(other)', '(other)'],
    ]);
    expect(alerts).toEqual([expect.stringMatching(/signed for another group: give signOffer the group/)]);
  });

  it('is no other than the listed ones, though it is signed', async () => {
    const started = signed({ groups: ['summer'] });
    expect(await report(started, { token: await tokenFor({ group: 'winter' }), group: 'winter' })).toEqual(
      ACCEPTED,
    );
    expect((await started.intake.list({ limit: 1 }))[0]?.group).toBe('(other)');
  });

  it('does not open a budget of its own, if its signature is made up', async () => {
    const started = signed({ limits: { perOfferADay: 1 } });
    const token = await tokenFor({ group: 'a', subject: undefined });
    const of = (given: string, number: number) =>
      report(started, { token: given, group: 'a', personalized_offer_id: OFFER }, '', number);
    expect(await of(token, 1)).toEqual(ACCEPTED);
    expect(await of(`${token.slice(0, -7)}AAAAAAA`, 2)).toEqual(REFUSED);
  });

  it('is not free again if the mark of the group is taken off the token (attack 68)', async () => {
    const started = signed();
    const token = await tokenFor({ group: 'a' });
    const bare = token.slice(0, -8).replace('.sg.', '.s.');
    expect(await report(started, { token: bare, group: 'f' })).toEqual(REFUSED);
    expect(await report(started, { token: bare.replace('.s.', '.g.'), group: 'f' })).toEqual(REFUSED);
  });

  it('does not belong to the identity of an event: the same id with another group is a duplicate', async () => {
    const started = start();
    expect(await report(started, { group: 'summer' })).toContain('accepted');
    expect(await report(started, { group: 'winter' })).toContain('duplicate');
    expect(await report(started)).toContain('duplicate');
  });
});
