/** A misspelt option is refused: ignored, it would switch off in silence what it asks for. */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  createOfferAdmin,
  createOfferProxy,
  directIntake,
  isOffersightError,
  type OfferProxy,
} from '../../src/proxy/index.js';
import { bullmqIntake } from '../../src/proxy/intake/bullmq/bullmq.js';
import { sqliteIntake } from '../../src/proxy/intake/sqlite/sqlite.js';
import { toNodeListener } from '../../src/proxy/node.js';
import { nearestOf } from '../../src/proxy/option-names.js';
import { temporaryFolder } from '../support/intake.js';
import { CANARY_KEY } from '../support/proxy.js';
import { fakeRuntime } from '../support/runtime.js';

const folder = temporaryFolder();

afterAll(() => folder.remove());

/** As a host without types calls it. */
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

describe('an option that nobody knows', () => {
  it.each<[string, Call, object, string]>([
    [
      'of the proxy, which would let unsigned offers in',
      proxyWith,
      { requireSignedOffer: 'canary' },
      'There is no option requireSignedOffer of createOfferProxy. Is it requireSignedOffers?',
    ],
    [
      'in other case',
      proxyWith,
      { trustedhops: 1 },
      'no option trustedhops of createOfferProxy. Is it trustedHops?',
    ],
    ['of its pace', proxyWith, { pace: { perMinutes: 1 } }, 'no option perMinutes of pace. Is it perMinute?'],
    [
      'of its limits',
      proxyWith,
      { limits: { perAdress: 9 } },
      'no option perAdress of limits. Is it perAddress?',
    ],
    [
      'of its usage events',
      proxyWith,
      { usage: { subscriptionFor: () => undefined, propertyFor: 1 } },
      'no option propertyFor of usage. Is it propertiesFor?',
    ],
    [
      'of the door for operators',
      createOfferAdmin as Call,
      { token: 'a'.repeat(32), intake: {}, origins: [] },
      'no option origins of createOfferAdmin.',
    ],
    [
      'of the direct intake',
      directIntake,
      { remembers: 1 },
      'no option remembers of directIntake. Is it remember?',
    ],
    [
      'of an intake in a file',
      sqliteIntake as Call,
      { file: join(folder.path, 'never.db'), maxWait: 1 },
      'no option maxWait of sqliteIntake. Is it maxWaiting?',
    ],
    [
      'of an intake in Redis',
      bullmqIntake as Call,
      { connection: 'redis://127.0.0.1:1', prefix: 'shop' },
      'no option prefix of bullmqIntake.',
    ],
    [
      'of the listener for Node',
      (given) => toNodeListener(proxyWith({}) as OfferProxy, given),
      { paths: '/offer-events' },
      'no option paths of toNodeListener. Is it path?',
    ],
  ])('%s is refused at creation, with the name that is meant', (_, call, given, words) => {
    expect(hintOf(call, given)).toContain(words);
    expect(hintOf(call, given)).toMatch(/^configuration: /);
    expect(hintOf(call, given)).not.toContain('canary');
  });

  it('is refused also where it is undefined, since the name is what is wrong', () => {
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

describe('the name that is meant', () => {
  it.each([
    ['origns', ['origins', 'site'], ' Is it origins?'],
    ['something-else', ['origins', 'site'], ''],
  ])('of %s is the nearest, unless it is another word', (name, known, words) => {
    expect(nearestOf(name, known)).toBe(words);
  });
});
