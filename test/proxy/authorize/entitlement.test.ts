/** Who may report what, through the whole handler: signed offers, `authorize`, subjects, ends of offers and groups. */
import { afterEach, describe, expect, it } from 'vitest';
import { type OfferProxyOptions, type SignableOffer, signOffer } from '../../../src/proxy/index.js';
import { CANARY_KEY, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, START, wireBody, wireEvent } from '../../support/wire.js';

const SECRET = 'a-secret-that-only-the-servers-know-1';
const OTHER_SECRET = 'another-secret-that-they-used-before-2';
const DAY = 86_400_000;
const OFFER = 'a52ge1';

let started: StartedProxy;

type Options = Partial<Omit<OfferProxyOptions, 'intake'>>;
const BY_SESSION: Options = { subject: (request) => request.headers.get('x-session') ?? undefined };

const start = (options: Options = {}, others = BY_SESSION): void => {
  started = startProxy({ ...others, ...options });
};
const startSigned = (options: Options = {}, others = BY_SESSION): void =>
  start({ requireSignedOffers: SECRET, ...options }, others);

afterEach(() => started.end());

const send = (events: readonly object[], session = 'ada', fields = {}): Promise<Response> =>
  started.proxy(pageRequest(wireBody(events, fields), { 'x-session': session }));

/** Reports events in one request, and returns the verdict on each. */
const reportAll = async (events: readonly object[], session?: string): Promise<string[]> => {
  const { results } = (await (await send(events, session)).json()) as {
    results: { status: string; code?: string }[];
  };
  return results.map(({ status, code }) => (code ? `${status} ${code}` : status));
};
/** Reports one event of the offer. */
const report = async (fields: object = {}, session = 'ada', number = 1): Promise<string> =>
  (await reportAll([wireEvent(number, { personalized_offer_id: OFFER, ...fields })], session))[0] ?? '';

const tokenFor = (change: Partial<SignableOffer> = {}, secret = SECRET): Promise<string> =>
  signOffer({ id: OFFER, subject: 'ada', expiresAt: START + DAY, ...change }, secret);

const REFUSED = 'refused invalid_event';
const MISMATCH = 'deferred subject_mismatch';

describe('an event of a type that only a later release knows', () => {
  it('is deferred for an hour and not forwarded, and all others are taken', async () => {
    start();
    const response = await send([wireEvent(1, { type: 'shared' }), wireEvent(2)]);
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
      start();
      expect(await report({ type })).toBe(REFUSED);
      await expectUntouched(started);
    },
  );
});

describe('an offer that ends', () => {
  const DAY_AHEAD = { occurred_at: START + DAY - 5_000, sent_at: START + DAY - 4_000 };

  it.each<[what: string, fields: Record<string, unknown>, expected: object]>([
    ['an event before its end', { expires_at: START + 1 }, { status: 'accepted' }],
    ['an event before its end that comes after it', { expires_at: START - 3_699 }, { status: 'accepted' }],
    ['an event at its end', { expires_at: START - 3_700 }, { code: 'expired' }],
    ['an event long after its end', { expires_at: START - DAY }, { code: 'expired' }],
    [
      'an event before its end, by a clock that is a day ahead',
      { ...DAY_AHEAD, expires_at: START },
      { status: 'accepted' },
    ],
    [
      'an event after its end, by a clock that is a day ahead',
      { ...DAY_AHEAD, expires_at: START - 1_000 },
      { code: 'expired' },
    ],
  ])(
    'counts by the time as the proxy corrects it: %s (fault 57)',
    async (_, { sent_at = START, ...fields }, expected) => {
      start();
      const response = await send([wireEvent(1, fields)], 'ada', { sent_at });
      expect(await response.json()).toMatchObject({ results: [expected] });
    },
  );
});

describe('if pages and the session name users differently', () => {
  const of = (subject: string, from: number, count: number) =>
    Array.from({ length: count }, (_, at) => wireEvent(from + at, { subject }));

  it('an alert says so after ten such events in a row, since the pages keep them and nothing else would show it', async () => {
    start({ subject: () => 'user-4711' });
    await reportAll(of('ada', 1, 9));
    expect(await report({}, 'ada', 20)).toBe('accepted');
    expect(started.alerts).toEqual([]);
    expect(await reportAll(of('ada', 10, 1))).toEqual([MISMATCH]);
    expect(started.alerts).toEqual([expect.stringMatching(/^Events of users are deferred/)]);
  });

  it('there is no alert as long as some agree: others have signed out', async () => {
    start();
    for (const from of [1, 21, 41]) await reportAll([...of('grace', from, 9), ...of('ada', from + 9, 1)]);
    expect(started.alerts).toEqual([]);
  });
});

describe('if offers have to be signed', () => {
  const moved = async (): Promise<string> =>
    (await tokenFor()).replace(/^[\da-z]+/, (START + 9 * DAY).toString(36));

  it.each<[string, () => Promise<object>, session?: string, verdict?: string]>([
    ['was signed for its user', async () => ({ token: await tokenFor() }), 'ada', 'accepted'],
    [
      'was signed for anybody',
      async () => ({ token: await tokenFor({ subject: undefined }) }),
      'grace',
      'accepted',
    ],
    ['nobody signed', async () => ({})],
    ['was signed for another user', async () => ({ token: await tokenFor() }), 'grace'],
    // That user may soon be signed in again.
    ['was signed for a user, while nobody is there', async () => ({ token: await tokenFor() }), '', MISMATCH],
    [
      'was signed for another user, whom the event names',
      async () => ({ token: await tokenFor(), subject: 'ada' }),
      'grace',
      MISMATCH,
    ],
    ['is another than was signed', async () => ({ token: await tokenFor({ id: 'a52ge2' }) })],
    ['was signed with another secret', async () => ({ token: await tokenFor({}, OTHER_SECRET) })],
    ['has a longer life than was signed', async () => ({ token: await moved() })],
    ['had expired when it was seen', async () => ({ token: await tokenFor({ expiresAt: START - 4_000 }) })],
    ['has half a token', async () => ({ token: (await tokenFor()).slice(0, -1) })],
    ['has a token in a list', async () => ({ token: [await tokenFor()] })],
    ['has a number for a token', async () => ({ token: 1 })],
    ['has null for a token', async () => ({ token: null })],
    ['has a token of 10 kB', async () => ({ token: 'a'.repeat(10_000) })],
  ])(
    'an offer that %s has one verdict (attack 43)',
    async (_, fieldsOf, session = 'ada', verdict = REFUSED) => {
      startSigned();
      expect(await report(await fieldsOf(), session)).toBe(verdict);
      if (verdict !== 'accepted') await expectUntouched(started);
    },
  );

  it('both types of event may use one token, any token of the same offer, and are duplicates when repeated', async () => {
    startSigned();
    const events = async () => {
      const all = {
        personalized_offer_id: OFFER,
        token: await tokenFor({ expiresAt: started.runtime.now() + DAY }),
      };
      return [wireEvent(1, all), wireEvent(2, { ...all, type: 'dismissed' })];
    };
    expect(await reportAll(await events())).toEqual(['accepted', 'accepted']);
    started.runtime.pass(DAY);
    expect(await reportAll(await events())).toEqual(['duplicate', 'duplicate']);
  });

  it('a token for a user is useless without a hook that names users, and an alert says so', async () => {
    startSigned({}, {});
    expect(await report({ token: await tokenFor() })).toBe(REFUSED);
    expect(started.alerts).toHaveLength(1);
  });

  it('any of several secrets may have signed, so that they can be replaced (attack 43)', async () => {
    startSigned({ requireSignedOffers: [SECRET, OTHER_SECRET] });
    expect(await report({ token: await tokenFor({}, OTHER_SECRET) })).toBe('accepted');
  });

  it('one token without a subject allows only so many events a day and type, from all senders together', async () => {
    startSigned({ subject: () => undefined, limits: { perOfferADay: 2 } });
    const token = await tokenFor({ subject: undefined });
    expect(await report({ token }, '', 1)).toBe('accepted');
    // A repeated event does not use up the budget.
    expect(await report({ token }, '', 1)).toBe('duplicate');
    expect(await report({ token }, '', 2)).toBe('accepted');
    expect(await report({ token }, '', 3)).toBe(REFUSED);
    expect(await report({ token, type: 'dismissed' }, '', 4)).toBe('accepted');
    const other = await tokenFor({ subject: undefined, expiresAt: START + 2 * DAY });
    expect(await report({ token: other }, '', 5)).toBe('accepted');
  });

  it('a captured request ends with its token, even after the intake has forgotten its id (attack 42)', async () => {
    startSigned();
    const captured = { token: await tokenFor({ expiresAt: START }) };
    expect(await report(captured)).toBe('accepted');
    await started.runtime.advance(1_000);
    // It was taken once, so it stays taken though its token has ended.
    started.runtime.pass(6 * DAY);
    expect(await report(captured)).toBe('duplicate');
    started.runtime.pass(2 * DAY);
    expect(await report(captured, 'ada', 2)).toBe(REFUSED);
    // Forgetting happens beside taking and forwarding.
    await started.runtime.advance(60_000);
    expect(await report(captured)).toBe(REFUSED);
    await started.runtime.advance(60_000);
    expect(started.runtime.calls).toHaveLength(1);
  });

  it.each([
    ['a short secret', 'short'],
    ['a list with a short secret', [SECRET, 'short']],
    ['no secret at all', []],
    ['an empty secret', ''],
  ])('%s is refused at creation, and not shown (attack 63)', (_, requireSignedOffers) => {
    expect(() => startProxy({ requireSignedOffers })).toThrow(/configuration/);
    expect(() => startProxy({ requireSignedOffers })).not.toThrow(/short/);
  });
});

describe('without signed offers', () => {
  it('a token is not looked at', async () => {
    start();
    expect(await report({ token: `${'1'.repeat(8)}.${'A'.repeat(43)}` })).toBe('accepted');
  });

  it('a captured request counts again once its id is forgotten, as the documents say (attack 42)', async () => {
    start({}, {});
    expect(await report()).toBe('accepted');
    await started.runtime.advance(1_000);
    started.runtime.pass(6 * DAY);
    expect(await report()).toBe('duplicate');
    started.runtime.pass(2 * DAY);
    // Forgetting happens beside taking and forwarding.
    await report({}, 'ada', 2);
    await started.runtime.advance(60_000);
    expect(await report()).toBe('accepted');
  });
});

describe("the host's own judgement", () => {
  it('is asked about every event with its request, and refuses one by one (attack 43)', async () => {
    const asked: unknown[] = [];
    start({
      authorize: async (event, request) => {
        asked.push([event, request.headers.get('x-session')]);
        return event.offerId !== 'a52ge2';
      },
    });
    const events = [
      wireEvent(1, { occurred_at: START + 7_000 }),
      wireEvent(2),
      wireEvent(3, { type: 'dismissed' }),
    ];
    expect(await reportAll(events)).toEqual(['accepted', REFUSED, 'accepted']);
    expect(asked).toEqual([
      [{ id: eventId(1), type: 'viewed', offerId: OFFER, occurredAt: START }, 'ada'],
      [expect.objectContaining({ offerId: 'a52ge2' }), 'ada'],
      [expect.objectContaining({ type: 'dismissed', offerId: 'a52ge3' }), 'ada'],
    ]);
  });

  it.each<[string, unknown]>([
    ['false', false],
    ['a promise of false', Promise.resolve(false)],
    ['undefined', undefined],
    ['null', null],
    ['1', 1],
    ['"no"', 'no'],
    ['a promise of an object', Promise.resolve({})],
  ])('does not permit an event by answering %s (attack 43)', async (_, answer) => {
    start({ authorize: () => answer as boolean });
    expect(await report()).toBe(REFUSED);
    await expectUntouched(started);
  });

  it.each<[string, () => Promise<never>]>([
    [
      'it throws',
      () => {
        throw new Error(`no such customer at ${CANARY_KEY}`);
      },
    ],
    ['it rejects', () => Promise.reject(new Error(`down at ${CANARY_KEY}`))],
    ['it hangs', () => new Promise(() => undefined)],
  ])(
    'defers an event for which %s, reveals nothing, and the others are taken (attack 43)',
    async (_, fail) => {
      start({ authorize: ({ offerId }) => (offerId === 'a52ge2' ? fail() : true) });
      const answering = send([wireEvent(1), wireEvent(2), wireEvent(3)]);
      await started.runtime.advance(8_000);
      const text = await (await answering).text();
      expect(JSON.parse(text)).toMatchObject({
        results: [
          { status: 'accepted' },
          { status: 'deferred', code: 'unavailable' },
          { status: 'accepted' },
        ],
      });
      expect(text).not.toContain(CANARY_KEY);
      expect(started.alerts).toHaveLength(1);
    },
  );

  it('is never called late once it has answered, however long ago that was', async () => {
    start({ authorize: async () => true });
    expect(await report()).toBe('accepted');
    await started.runtime.advance(30_000);
    expect(started.alerts).toEqual([]);
  });

  it('refuses just like a missing signature, and an offer that does not or never could exist (attacks 43, 44)', async () => {
    const answers = new Set<string>();
    const answer = async (fields: Record<string, unknown>): Promise<void> => {
      const response = await send([wireEvent(1, fields)]);
      answers.add(JSON.stringify([await response.text(), [...response.headers]]));
    };
    startSigned();
    await answer({});
    await started.end();
    start({ authorize: ({ offerId }) => offerId === 'mine' });
    for (const personalized_offer_id of ['somebodyelses', 'unknown', '', 'k'.repeat(51), 7, null])
      await answer({ personalized_offer_id });
    await answer({ type: 'Clicked' });
    expect(answers.size).toBe(1);
    await expectUntouched(started);
  });
});

it('a durable intake does not reveal which offers exist, since it accepts before it knows (attack 44)', async () => {
  start();
  started.runtime.answer = () =>
    Response.json(
      { message: 'grace@example.org', api_error_code: 'resource_not_found', param: 'type' },
      { status: 404 },
    );
  expect(await report()).toBe('accepted');
  await started.runtime.advance(10_000);
  expect(await started.intake.list({ limit: 1 })).toMatchObject([{ state: 'dead' }]);
  expect(await report()).toBe('duplicate');
  expect(await report({ personalized_offer_id: 'other' }, 'ada', 2)).toBe('accepted');
});

describe('the group that the ledger counts an event under', () => {
  const groups = async (): Promise<unknown[]> =>
    (await started.intake.list({ limit: 9 })).map(({ group }) => group).toReversed();

  it.each<[string, string[] | undefined, unknown[], unknown[], RegExp?]>([
    ['is the one that the page names', undefined, ['summer', undefined], ['summer', undefined]],
    [
      'is nothing for an unusable group',
      undefined,
      ['{{ campaign }}', 'summer'],
      [undefined, 'summer'],
      /unusable group count under/,
    ],
    [
      'is (other) for what is not among the groups of the host',
      ['summer'],
      ['summer', 'winter'],
      ['summer', '(other)'],
    ],
  ])('%s', async (_, listed, given, counted, alert) => {
    start(listed && { groups: listed });
    for (const [at, group] of given.entries())
      expect(await report({ group }, 'ada', at + 1)).toBe('accepted');
    expect(await groups()).toEqual(counted);
    expect(started.alerts).toEqual(alert ? [expect.stringMatching(alert)] : []);
  });

  it('is the one that was signed with the offer, however many are new, and (other) for any other one', async () => {
    startSigned();
    const of = async (fields: object, number: number): Promise<void> =>
      expect(await report(fields, 'ada', number)).toBe('accepted');
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const [at, group] of names.entries()) await of({ token: await tokenFor({ group }), group }, at + 1);
    expect(started.alerts).toEqual([]);
    const token = await tokenFor({ group: 'a' });
    await of({ token, group: 'f' }, 6);
    await of({ token }, 7);
    await of({ token: `${token.slice(0, -7)}AAAAAAA`, group: 'a' }, 8);
    await of({ token: token.slice(0, -8), group: 'a' }, 9);
    expect(await groups()).toEqual([...names, '(other)', undefined, '(other)', '(other)']);
    expect(started.alerts).toEqual([
      expect.stringMatching(/signed for another group: give signOffer the group/),
    ]);
  });

  it('is no other than the listed ones, though it is signed', async () => {
    startSigned({ groups: ['summer'] });
    expect(await report({ token: await tokenFor({ group: 'winter' }), group: 'winter' })).toBe('accepted');
    expect(await groups()).toEqual(['(other)']);
  });

  it('does not open a budget of its own, if its signature is made up', async () => {
    startSigned({ limits: { perOfferADay: 1 } });
    const token = await tokenFor({ group: 'a', subject: undefined });
    expect(await report({ token, group: 'a' }, '', 1)).toBe('accepted');
    expect(await report({ token: `${token.slice(0, -7)}AAAAAAA`, group: 'a' }, '', 2)).toBe(REFUSED);
  });

  it('is not free again if the mark of the group is taken off the token (attack 68)', async () => {
    startSigned();
    const bare = (await tokenFor({ group: 'a' })).slice(0, -8).replace('.sg.', '.s.');
    expect(await report({ token: bare, group: 'f' })).toBe(REFUSED);
    expect(await report({ token: bare.replace('.s.', '.g.'), group: 'f' })).toBe(REFUSED);
  });

  it('does not belong to the identity of an event: the same id with another group is a duplicate', async () => {
    start();
    expect(await report({ group: 'summer' })).toBe('accepted');
    expect(await report({ group: 'winter' })).toBe('duplicate');
    expect(await report()).toBe('duplicate');
  });
});
