/** A wrong deployment fails when it starts, in words that name the option and show no secret. */
import { inspect } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  createOfferAdmin,
  createOfferProxy,
  directIntake,
  isOffersightError,
  type OfferProxy,
  type OfferProxyOptions,
} from '../../src/proxy/index.js';
import { postgresIntake } from '../../src/proxy/intake/postgres/postgres.js';
import { sqliteIntake } from '../../src/proxy/intake/sqlite/sqlite.js';
import { toNodeListener } from '../../src/proxy/node.js';
import { nearestOf } from '../../src/proxy/option-names.js';
import { temporaryFolder } from '../support/intake.js';
import { CANARY_KEY } from '../support/proxy.js';
import { fakeRuntime } from '../support/runtime.js';

const SECRET = 'canary-secret-0123456789-abcdefghijk';

type Given = { [Name in keyof OfferProxyOptions]?: unknown };
/** Calls it as a host without types may. */
type Call = (given: object) => unknown;

const folder = temporaryFolder();
const durable = sqliteIntake({ file: `${folder.path}/intake.db` });
afterAll(async () => {
  await durable.close();
  folder.remove();
});

const proxyWith: Call = (given) =>
  createOfferProxy({
    site: 'acme-test',
    apiKey: CANARY_KEY,
    intake: directIntake(),
    runtime: fakeRuntime(),
    ...given,
  });

/** What the error of such a call says, which never shows a secret; undefined if there is none. */
const hintOf = (given: object, call = proxyWith): string | undefined => {
  try {
    call(given);
    return undefined;
  } catch (error) {
    const shown = [String(error), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join(
      '\n',
    );
    expect(shown).not.toMatch(/canary/i);
    const { apiKey } = given as Given;
    if (typeof apiKey === 'string' && apiKey.trim().length > 6) expect(shown).not.toContain(apiKey);
    return isOffersightError(error) ? `${error.code}: ${error.hint}` : shown;
  }
};

/** The option that the error names, and what is wrong for it. */
const WRONG: readonly (readonly [
  name: keyof OfferProxyOptions,
  title: string,
  values: readonly unknown[],
])[] = [
  [
    'site',
    'is not a name (attack 48)',
    [
      '',
      'acme.test',
      'acme-test.grow.chargebee.com',
      'https://acme-test',
      'acme/x',
      'acme test',
      'acme@evil.example',
      'acme#',
      '-acme',
      'acme\n',
      'a'.repeat(64),
      '\u0430cme',
      undefined,
      null,
    ],
  ],
  [
    'apiKey',
    'is mistyped, and the message does not show it (attack 52)',
    [
      undefined,
      null,
      '',
      '        ',
      ` ${CANARY_KEY}`,
      'live_CANARY q7Zx81vN',
      `${CANARY_KEY}\n`,
      `${CANARY_KEY}\r\nx-a: b`,
      `${CANARY_KEY}:`,
      `"${CANARY_KEY}"`,
      `https://x.example/?key=${CANARY_KEY}`,
      `${CANARY_KEY}\u00e9`,
      CANARY_KEY.repeat(60),
    ],
  ],
  ['intake', 'is none', [undefined, null, directIntake, {}, './intake.db', Promise.resolve(directIntake())]],
  [
    'origins',
    'are not exact origins',
    [
      'https://shop.example',
      ...[
        'shop.example',
        'https://shop.example/',
        'https://shop.example/cart',
        'HTTPS://shop.example',
        'https://Shop.example',
        'https://shop.example:443',
        'https:// .shop.example',
        'null',
        '',
        '*',
        'https://a.example, https://b.example',
        null,
        7,
      ].map((origin) => [origin]),
      ['https://good.example', 'data:text/html,x'],
    ],
  ],
  [
    'requireSignedOffers',
    'are no secrets',
    ['', 'canary', SECRET.slice(0, 31), [], [SECRET, 'canary'], null, 7, true],
  ],
  ['trustedHops', 'is no such number', [-1, 0.5, 17, Number.NaN, Infinity, '1', null]],
  [
    'limits',
    'are none',
    [{ perAddress: 0 }, { perSubject: -1 }, { perOfferADay: Number.NaN }, { perAddress: 'many' }, null, 7],
  ],
  [
    'pace',
    'is none, or one by which nothing would be forwarded',
    [
      { perMinute: 0 },
      { perMinute: -1 },
      { perMinute: Number.NaN },
      { perMinute: 'all' },
      { perMinute: 1.5 },
      { concurrent: 0 },
      { concurrent: 2.5 },
      { concurrent: null },
    ],
  ],
  ['disable', 'is no list of reactions', ['webhook', ['webhooks'], ['x\r\nauthorization'], [null], {}, true]],
  ...(['subject', 'authorize', 'address', 'caller', 'onAlert', 'onObservation'] as const).map(
    (name) => [name, 'is not a function', ['x', true, {}, 7]] as const,
  ),
  ['withoutOrigin', 'is another word', ['subject', 'with_subject']],
  ['machines', 'is another word', ['ignored', true]],
  [
    'usage',
    'is incomplete or wrong',
    [
      {},
      true,
      { subscriptionFor: 'sub' },
      { subscriptionFor: () => 'sub', propertiesFor: {} },
      { subscriptionFor: () => 'sub', pace: { perMinute: 0 } },
    ],
  ],
];
const WORDS: Partial<Record<keyof OfferProxyOptions, RegExp>> = {
  requireSignedOffers: /secret/,
  usage: /subscriptionFor|propertiesFor|pace/,
};

describe('a proxy does not start if', () => {
  it.each(WRONG)('%s %s', (name, _, values) => {
    for (const value of values) {
      const given = { [name]: value, ...(name === 'usage' && { intake: durable }) };
      expect([value, hintOf(given)]).toEqual([
        value,
        expect.stringMatching(WORDS[name] ?? new RegExp(`\\b${name}\\b`)),
      ]);
      expect(hintOf(given)).toMatch(/^configuration: /);
    }
  });

  it.each<unknown>([
    '',
    'upstream.example',
    '/api',
    'http://upstream.example',
    'ftp://localhost',
    'ws://127.0.0.1:9',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://10.0.0.7',
    'https://169.254.169.254',
    'https://192.168.1.1:8443',
    'https://0x0a000007',
    'https://167772167',
    'https://[fd00::7]',
    'https://[::ffff:10.0.0.7]',
    'http://127.0.0.1.evil.example',
    'http://localhost@evil.example',
    'https://user@upstream.example',
    'https://:secret@upstream.example',
    'https://upstream.example/?',
    'https://upstream.example?site=other',
    'https://upstream.example#',
  ])('its base URL, also for usage events, is %j (attack 48)', (baseUrl) => {
    expect(hintOf({ baseUrl })).toMatch(/^configuration: .*\bbaseUrl\b/);
    expect(hintOf({ usage: { subscriptionFor: () => 'sub', baseUrl } })).toMatch(/\busage\.baseUrl\b/);
  });

  it('requests without an origin need a subject that nobody names', () => {
    expect(hintOf({ withoutOrigin: 'with-subject' })).toMatch(/\bsubject\b/);
  });

  it('usage events need more than an intake that forgets', () => {
    expect(hintOf({ usage: { subscriptionFor: () => 'sub' } })).toMatch(
      /durable intake, such as sqliteIntake/,
    );
  });

  it('what forwards later would run in a Worker, which runs only while it answers', () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    expect(hintOf({ intake: durable })).toMatch(/directIntake\(\) in a Worker/);
    expect(hintOf({})).toBeUndefined();
  });

  it('it has no options at all', () => {
    expect(hintOf({}, () => createOfferProxy(undefined as unknown as OfferProxyOptions))).toMatch(
      /^configuration/,
    );
  });
});

describe('a proxy starts', () => {
  it.each<[string, Given]>([
    ['no limits', { limits: { perAddress: Infinity, perSubject: Infinity, perOfferADay: Infinity } }],
    ['every reaction switched off', { disable: ['webhook', 'email', 'actions'] }],
    ['16 machines in front', { trustedHops: 16 }],
    ['one secret', { requireSignedOffers: SECRET }],
    [
      'every optional one undefined',
      Object.fromEntries(
        'baseUrl origins withoutOrigin subject authorize requireSignedOffers limits trustedHops address caller disable pace usage onAlert onObservation'
          .split(' ')
          .map((name) => [name, undefined]),
      ),
    ],
    ...[
      'https://upstream.example',
      'https://upstream.example/',
      'https://upstream.example:8443',
      'http://localhost:3001',
      'http://127.0.0.1:3001',
      'http://[::1]:3001',
    ].map((baseUrl) => [`the base URL ${baseUrl}`, { baseUrl }] as [string, Given]),
  ])('with %s', (_, given) => {
    expect(hintOf(given)).toBeUndefined();
  });
});

describe('an unknown option is refused, since nobody would notice that its protection is missing:', () => {
  it.each<[Call, object, string]>([
    [
      proxyWith,
      { requireSignedOffer: 'canary' },
      'requireSignedOffer of createOfferProxy. Did you mean requireSignedOffers?',
    ],
    [
      proxyWith,
      { requireSignedOffer: undefined },
      'requireSignedOffer of createOfferProxy. Did you mean requireSignedOffers?',
    ],
    [proxyWith, { perMinute: 600 }, 'perMinute of createOfferProxy. Did you mean pace.perMinute?'],
    [proxyWith, { toString: 600 }, 'toString of createOfferProxy.'],
    [proxyWith, { trustedhops: 1 }, 'trustedhops of createOfferProxy. Did you mean trustedHops?'],
    [proxyWith, { pace: { perMinutes: 1 } }, 'perMinutes of pace. Did you mean perMinute?'],
    [proxyWith, { limits: { perAdress: 9 } }, 'perAdress of limits. Did you mean perAddress?'],
    [
      proxyWith,
      { usage: { subscriptionFor: () => undefined, propertyFor: 1 } },
      'propertyFor of usage. Did you mean propertiesFor?',
    ],
    [
      createOfferAdmin as Call,
      { token: 'a'.repeat(32), intake: {}, origins: [] },
      'origins of createOfferAdmin.',
    ],
    [directIntake, { remembers: 1 }, 'remembers of directIntake. Did you mean remember?'],
    [
      sqliteIntake as Call,
      { file: `${folder.path}/never.db`, maxWait: 1 },
      'maxWait of sqliteIntake. Did you mean maxWaiting?',
    ],
    [
      postgresIntake as Call,
      { connection: 'postgres://127.0.0.1:1/shop', schema: 'shop' },
      'schema of postgresIntake.',
    ],
    [
      (given) => toNodeListener(proxyWith({}) as OfferProxy, given),
      { paths: '/x' },
      'paths of toNodeListener. Did you mean path?',
    ],
  ])('%o %j', (call, given, words) => {
    expect(hintOf(given, call)).toContain(`configuration: Unknown option ${words}`);
  });

  it.each([
    ['origns', ['origins', 'site'], ' Did you mean origins?'],
    ['permin', ['port', 'per-minute'], ' Did you mean per-minute?'],
    ['something-else', ['origins', 'site'], ''],
  ])('for %s the nearest name is suggested, if any is similar', (name, known, words) => {
    expect(nearestOf(name, known)).toBe(words);
  });
});
