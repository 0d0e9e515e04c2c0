/** What is wrong with a deployment is said when it starts, in words that name the option and show no secret. */
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createOfferProxy,
  directIntake,
  type Intake,
  isOffersightError,
  type OfferProxyOptions,
} from '../../src/proxy/index.js';
import { sqliteIntake } from '../../src/proxy/intake/sqlite/sqlite.js';
import { temporaryFolder } from '../support/intake.js';
import { CANARY_KEY } from '../support/proxy.js';
import { fakeRuntime } from '../support/runtime.js';

const SECRET = 'canary-secret-0123456789-abcdefghijk';

type Given = { [Name in keyof OfferProxyOptions]?: unknown };

let folder: ReturnType<typeof temporaryFolder>;
let durable: Intake;

beforeAll(() => {
  folder = temporaryFolder();
  durable = sqliteIntake({ file: join(folder.path, 'intake.db') });
});

afterAll(async () => {
  await durable.close();
  folder.remove();
});

const create = (given: Given): unknown => {
  try {
    return createOfferProxy({
      site: 'acme-test',
      apiKey: CANARY_KEY,
      intake: directIntake(),
      runtime: fakeRuntime(),
      ...given,
    } as OfferProxyOptions);
  } catch (error) {
    return error;
  }
};

const expectRefusal = (given: Given, word: RegExp): void => {
  const error = create(given);
  expect(error).toMatchObject({ name: 'OffersightError', code: 'configuration' });
  expect(isOffersightError(error) && error.hint).toMatch(word);
  const shown = `${String(error)} ${inspect(error, { depth: 9, showHidden: true })}`;
  expect(shown).not.toMatch(/canary/i);
};

describe('a proxy does not start', () => {
  it.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['the maker of one', directIntake],
    ['nothing of one', {}],
    ['a path', './intake.db'],
    ['a promise', Promise.resolve(directIntake())],
  ])('with an intake that is none: %s', (_, intake) => {
    expectRefusal({ intake }, /\bintake\b/);
  });

  it.each<[string, unknown]>([
    ['an empty one', ''],
    ['a short one', 'canary'],
    ['31 characters', SECRET.slice(0, 31)],
    ['none of them', []],
    ['a short one among them', [SECRET, 'canary']],
    ['null', null],
    ['a number', 7],
    ['true', true],
  ])('with secrets of signed offers that are none: %s', (_, requireSignedOffers) => {
    expectRefusal({ requireSignedOffers }, /secret/);
  });

  it.each<unknown>([-1, 0.5, 17, Number.NaN, Infinity, '1', null])('with trusted hops: %j', (trustedHops) => {
    expectRefusal({ trustedHops }, /\btrustedHops\b/);
  });

  it.each<unknown>([
    { perAddress: 0 },
    { perSubject: -1 },
    { perOfferADay: Number.NaN },
    { perAddress: 'many' },
    null,
    7,
  ])('with limits: %j', (limits) => {
    expectRefusal({ limits }, /\blimits\b/);
  });

  it.each<unknown>([{ perMinute: 'all' }, { perMinute: 1.5 }, { concurrent: 2.5 }, { concurrent: null }])(
    'with the pace %j',
    (pace) => {
      expectRefusal({ pace }, /\bpace\b/);
    },
  );

  it.each<unknown>(['webhook', ['webhooks'], ['x\r\nauthorization'], [null], {}, true])(
    'with disable: %j',
    (disable) => {
      expectRefusal({ disable }, /\bdisable\b/);
    },
  );

  it.each(['subject', 'authorize', 'address', 'caller', 'onAlert', 'onObservation'] as const)(
    'with a hook that is no function: %s',
    (name) => {
      for (const hook of ['x', true, {}, 7]) expectRefusal({ [name]: hook }, new RegExp(`\\b${name}\\b`));
    },
  );

  it.each<unknown>(['subject', 'with_subject'])('with withoutOrigin: %j', (withoutOrigin) => {
    expectRefusal({ withoutOrigin, subject: () => 'ada' }, /\bwithoutOrigin\b/);
  });

  it('where requests without an origin are taken for a subject that nobody names', () => {
    expectRefusal({ withoutOrigin: 'with-subject' }, /\bsubject\b/);
  });

  it.each<unknown>(['https://shop.example', [null], [7]])('with origins: %j', (origins) => {
    expectRefusal({ origins }, /\borigins\b/);
  });

  it.each<[unknown, RegExp]>([
    [{}, /subscriptionFor/],
    [true, /subscriptionFor/],
    [{ subscriptionFor: 'sub' }, /subscriptionFor/],
    [{ subscriptionFor: () => 'sub', propertiesFor: {} }, /propertiesFor/],
    [{ subscriptionFor: () => 'sub', pace: { perMinute: 0 } }, /pace/],
    [{ subscriptionFor: () => 'sub', baseUrl: 'http://upstream.example' }, /usage\.baseUrl/],
    [{ subscriptionFor: () => 'sub', baseUrl: 'https://10.0.0.7' }, /usage\.baseUrl/],
  ])('with usage events %j', (usage, word) => {
    expectRefusal({ usage, intake: durable }, word);
  });

  it('with usage events over an intake that forgets', () => {
    expectRefusal({ intake: directIntake(), usage: { subscriptionFor: () => 'sub' } }, /durable/);
  });

  it('without any options', () => {
    expect(() => createOfferProxy(undefined as unknown as OfferProxyOptions)).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    );
  });
});

describe('a proxy starts', () => {
  it.each<[string, Given]>([
    ['without limits', { limits: { perAddress: Infinity, perSubject: Infinity, perOfferADay: Infinity } }],
    ['with every reaction switched off', { disable: ['webhook', 'email', 'actions'] }],
    ['behind 16 machines', { trustedHops: 16 }],
    ['with one secret', { requireSignedOffers: SECRET }],
    ['with no option set', { limits: undefined, pace: undefined, usage: undefined, subject: undefined }],
    ['without an intake that remembers', { intake: directIntake() }],
  ])('%s', async (_, given) => {
    const proxy = create(given);
    expect(proxy).toBeTypeOf('function');
    await (proxy as { close(): Promise<void> }).close();
  });
});
