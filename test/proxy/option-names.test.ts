/** A misspelt option is refused: if it were ignored, nobody would notice that its protection is missing. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  createOfferAdmin,
  createOfferProxy,
  directIntake,
  isOffersightError,
  type OfferProxy,
} from '../../src/proxy/index.js';
import { postgresIntake } from '../../src/proxy/intake/postgres/postgres.js';
import { sqliteIntake } from '../../src/proxy/intake/sqlite/sqlite.js';
import { toNodeListener } from '../../src/proxy/node.js';
import { nearestOf } from '../../src/proxy/option-names.js';
import { temporaryFolder } from '../support/intake.js';
import { CANARY_KEY } from '../support/proxy.js';
import { fakeRuntime } from '../support/runtime.js';

const folder = temporaryFolder();

afterAll(() => folder.remove());

/** Calls it as a host without types may. */
type Call = (given: object) => unknown;

const proxyWith: Call = (given) =>
  createOfferProxy({
    site: 'acme-test',
    apiKey: CANARY_KEY,
    intake: directIntake(),
    runtime: fakeRuntime(),
    ...given,
  });

const hintOf = (call: Call, given: object): string | undefined => {
  try {
    call(given);
    return undefined;
  } catch (error) {
    return isOffersightError(error) ? `${error.code}: ${error.hint}` : String(error);
  }
};

describe('an unknown option', () => {
  it.each<[string, Call, object, string]>([
    [
      'of the proxy, which would let unsigned offers in',
      proxyWith,
      { requireSignedOffer: 'canary' },
      'Unknown option requireSignedOffer of createOfferProxy. Did you mean requireSignedOffers?',
    ],
    [
      'that belongs into another one',
      proxyWith,
      { perMinute: 600 },
      'Unknown option perMinute of createOfferProxy. Did you mean pace.perMinute?',
    ],
    [
      'that has the name of a property of every object',
      proxyWith,
      { toString: 600 },
      'Unknown option toString of createOfferProxy.',
    ],
    [
      'in other case',
      proxyWith,
      { trustedhops: 1 },
      'Unknown option trustedhops of createOfferProxy. Did you mean trustedHops?',
    ],
    [
      'of its pace',
      proxyWith,
      { pace: { perMinutes: 1 } },
      'Unknown option perMinutes of pace. Did you mean perMinute?',
    ],
    [
      'of its limits',
      proxyWith,
      { limits: { perAdress: 9 } },
      'Unknown option perAdress of limits. Did you mean perAddress?',
    ],
    [
      'of its usage events',
      proxyWith,
      { usage: { subscriptionFor: () => undefined, propertyFor: 1 } },
      'Unknown option propertyFor of usage. Did you mean propertiesFor?',
    ],
    [
      'of the door for operators',
      createOfferAdmin as Call,
      { token: 'a'.repeat(32), intake: {}, origins: [] },
      'Unknown option origins of createOfferAdmin.',
    ],
    [
      'of the direct intake',
      directIntake,
      { remembers: 1 },
      'Unknown option remembers of directIntake. Did you mean remember?',
    ],
    [
      'of an intake in a file',
      sqliteIntake as Call,
      { file: join(folder.path, 'never.db'), maxWait: 1 },
      'Unknown option maxWait of sqliteIntake. Did you mean maxWaiting?',
    ],
    [
      'of an intake in Postgres',
      postgresIntake as Call,
      { connection: 'postgres://127.0.0.1:1/shop', schema: 'shop' },
      'Unknown option schema of postgresIntake.',
    ],
    [
      'of the listener for Node',
      (given) => toNodeListener(proxyWith({}) as OfferProxy, given),
      { paths: '/offer-events' },
      'Unknown option paths of toNodeListener. Did you mean path?',
    ],
  ])('%s is refused at creation, with a suggestion', (_, call, given, words) => {
    expect(hintOf(call, given)).toContain(words);
    expect(hintOf(call, given)).toMatch(/^configuration: /);
    expect(hintOf(call, given)).not.toContain('canary');
  });

  it('is refused even if it is undefined, since its name is wrong', () => {
    expect(hintOf(proxyWith, { requireSignedOffer: undefined })).toMatch(/requireSignedOffers/);
  });
});

describe('every option that the types name', () => {
  it('is known', () => {
    const given = {
      baseUrl: undefined,
      origins: undefined,
      withoutOrigin: undefined,
      subject: undefined,
      authorize: undefined,
      requireSignedOffers: undefined,
      limits: undefined,
      trustedHops: undefined,
      address: undefined,
      caller: undefined,
      disable: undefined,
      pace: undefined,
      usage: undefined,
      onAlert: undefined,
      onObservation: undefined,
    };
    expect(hintOf(proxyWith, given)).toBeUndefined();
  });
});

describe('the suggested option', () => {
  it.each([
    ['origns', ['origins', 'site'], ' Did you mean origins?'],
    ['permin', ['port', 'per-minute'], ' Did you mean per-minute?'],
    ['something-else', ['origins', 'site'], ''],
  ])('for %s is the nearest name, if any is similar', (name, known, words) => {
    expect(nearestOf(name, known)).toBe(words);
  });
});
