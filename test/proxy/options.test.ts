/** A wrong deployment fails when it starts, in words that name the option and show no secret. */
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
import { temporaryFolder } from '../support/intake.js';
import { CANARY_KEY } from '../support/proxy.js';
import { fakeRuntime } from '../support/runtime.js';
import { intakeHere } from '../support/sqlite.js';

const SECRET = 'canary-secret-0123456789-abcdefghijk';

type Given = { [Name in keyof OfferProxyOptions]?: unknown };

let folder: ReturnType<typeof temporaryFolder>;
let durable: Intake;

beforeAll(() => {
  folder = temporaryFolder();
  durable = intakeHere({ file: join(folder.path, 'intake.db') });
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
    ['nothing', undefined],
    ['null', null],
    ['the function that makes one', directIntake],
    ['an empty object', {}],
    ['a path', './intake.db'],
    ['a promise', Promise.resolve(directIntake())],
  ])('if its intake is not one but %s', (_, intake) => {
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
  ])('if the secrets of signed offers are invalid: %s', (_, requireSignedOffers) => {
    expectRefusal({ requireSignedOffers }, /secret/);
  });

  it.each<unknown>([-1, 0.5, 17, Number.NaN, Infinity, '1', null])('if trustedHops is %j', (trustedHops) => {
    expectRefusal({ trustedHops }, /\btrustedHops\b/);
  });

  it.each<unknown>([
    { perAddress: 0 },
    { perSubject: -1 },
    { perOfferADay: Number.NaN },
    { perAddress: 'many' },
    null,
    7,
  ])('if its limits are %j', (limits) => {
    expectRefusal({ limits }, /\blimits\b/);
  });

  it.each<unknown>([{ perMinute: 'all' }, { perMinute: 1.5 }, { concurrent: 2.5 }, { concurrent: null }])(
    'if its pace is %j',
    (pace) => {
      expectRefusal({ pace }, /\bpace\b/);
    },
  );

  it.each<unknown>(['webhook', ['webhooks'], ['x\r\nauthorization'], [null], {}, true])(
    'if disable is %j',
    (disable) => {
      expectRefusal({ disable }, /\bdisable\b/);
    },
  );

  it.each(['subject', 'authorize', 'address', 'caller', 'onAlert', 'onObservation'] as const)(
    'if a hook is not a function: %s',
    (name) => {
      for (const hook of ['x', true, {}, 7]) expectRefusal({ [name]: hook }, new RegExp(`\\b${name}\\b`));
    },
  );

  it.each<unknown>(['subject', 'with_subject'])('if withoutOrigin is %j', (withoutOrigin) => {
    expectRefusal({ withoutOrigin, subject: () => 'ada' }, /\bwithoutOrigin\b/);
  });

  it('if requests without an origin need a subject that nobody names', () => {
    expectRefusal({ withoutOrigin: 'with-subject' }, /\bsubject\b/);
  });

  it.each<unknown>(['https://shop.example', [null], [7]])('if its origins are %j', (origins) => {
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
  ])('if its usage events are %j', (usage, word) => {
    expectRefusal({ usage, intake: durable }, word);
  });

  it('if usage events would need more than an intake that forgets', () => {
    expectRefusal({ intake: directIntake(), usage: { subscriptionFor: () => 'sub' } }, /durable/);
  });

  it('if it has no options at all', () => {
    expect(() => createOfferProxy(undefined as unknown as OfferProxyOptions)).toThrow(
      expect.objectContaining({ code: 'configuration' }),
    );
  });
});

describe('a proxy', () => {
  it.each<[string, Given]>([
    ['no limits', { limits: { perAddress: Infinity, perSubject: Infinity, perOfferADay: Infinity } }],
    ['every reaction switched off', { disable: ['webhook', 'email', 'actions'] }],
    ['16 machines in front', { trustedHops: 16 }],
    ['one secret', { requireSignedOffers: SECRET }],
    ['no option set', { limits: undefined, pace: undefined, usage: undefined, subject: undefined }],
    ['an intake that does not remember', { intake: directIntake() }],
  ])('starts with %s', async (_, given) => {
    const proxy = create(given);
    expect(proxy).toBeTypeOf('function');
    await (proxy as { close(): Promise<void> }).close();
  });
});
