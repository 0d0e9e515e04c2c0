/** Gives values to what really checks them: the options of each source, by the name that the reference has for them. */
import { vi } from 'vitest';
import { ruleOf } from '../../src/client/detect/viewability.js';
import { batchSize } from '../../src/client/later/delivery/batch-size.js';
import { ignoreOf } from '../../src/client/later/more/ignoring.js';
import { resolveOptions } from '../../src/client/options.js';
import { resolveDevOptions } from '../../src/dev/options.js';
import { isOffersightError } from '../../src/errors.js';
import { isOfferId } from '../../src/protocol/event.js';
import { isGroup } from '../../src/protocol/group.js';
import { isSubject } from '../../src/protocol/subject.js';
import { directIntake } from '../../src/proxy/intake/direct/direct.js';
import type { Intake } from '../../src/proxy/intake/intake.js';
import { postgresIntake } from '../../src/proxy/intake/postgres/postgres.js';
import { resolveBounds } from '../../src/proxy/intake/rules.js';
import { inspectLink } from '../../src/proxy/judging/inspecting.js';
import { createOfferServer } from '../../src/proxy/node.js';
import { createOfferAdmin } from '../../src/proxy/operator/admin.js';
import { resolveProxyOptions } from '../../src/proxy/resolving.js';
import type { Answer } from './range.js';

/** Gives a value to an option. */
export type Probe = (value: never) => Answer | Promise<Answer>;

/** Whether a check throws. Any other error than that of a configuration is a fault of the probe. */
const thrownBy = async (check: () => unknown, isPlain = false): Promise<Answer> => {
  try {
    await check();
    return 'accepted';
  } catch (cause) {
    if (!isPlain && !isOffersightError(cause)) throw cause;
    return 'refused';
  }
};

const isFit = (is: boolean): Answer => (is ? 'accepted' : 'refused');

const within = (path: string, value: unknown): object => {
  const [own = '', member] = path.split('.');
  return { [own]: member === undefined ? value : { [member]: value } };
};

/** A page, as far as checking options needs one. */
const onPage = (): void => {
  vi.stubGlobal('location', new URL('https://shop.example/'));
  vi.stubGlobal('navigator', { webdriver: false });
};

const tracker =
  (path: string): Probe =>
  (value) => {
    onPage();
    return thrownBy(() => resolveOptions(within(path, value)), true);
  };

const RULE = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };
const offer =
  (name: 'ratio' | 'dwellMs'): Probe =>
  (value) => {
    // The default is in the range, so another rule shows whether the value took its place.
    const read = ruleOf({ ...RULE, [name]: Math.PI }, { [name]: value })[name];
    return read === value ? 'accepted' : 'left out';
  };

const ignore: Probe = (value) => (ignoreOf(value) === value ? 'accepted' : 'left out');

const SECRET = 'a'.repeat(32);
const proxy =
  (path: string): Probe =>
  (value) =>
    thrownBy(() =>
      resolveProxyOptions({
        ...{ site: 'acme-test', apiKey: 'test_key_1', intake: directIntake() },
        ...within(path, value),
      }),
    );

const usagePace: Probe = (value) =>
  thrownBy(() =>
    resolveProxyOptions({
      ...{ site: 'acme-test', apiKey: 'test_key_1', intake: { take: () => undefined } as unknown as Intake },
      usage: { subscriptionFor: () => undefined, pace: { perMinute: value, concurrent: value } },
    }),
  );

const bound =
  (name: string): Probe =>
  (value) =>
    thrownBy(() => resolveBounds({ [name]: value }));

/** The bounds of each intake are checked in one place. */
const boundsOf = (source: string): Record<string, Probe> =>
  Object.fromEntries(
    ['maxWaiting', 'maxDelayMs', 'ledgerDays'].map((name) => [`${source}.${name}`, bound(name)]),
  );

const dev =
  (name: string): Probe =>
  (value) =>
    thrownBy(() => resolveDevOptions({ folder: '.', [name]: value }));

const keepAlive: Probe = (value) =>
  thrownBy(() => createOfferServer(() => undefined, { keepAliveMs: value }).close());

const admin: Probe = (token) =>
  thrownBy(() => createOfferAdmin({ intake: { lane: () => undefined } as unknown as Intake, token }));

/** An intake is not opened: something else is wrong as well, and is found later. */
const named = (open: () => unknown): Answer => {
  try {
    open();
  } catch (cause) {
    const words = isOffersightError(cause) ? cause.hint : String(cause);
    if (words.startsWith('Set name ')) return 'refused';
    if (/^Set (?:either url|connection) /.test(words)) return 'accepted';
  }
  throw new Error('The intake was opened.');
};

const ADDRESS = 'https://ops.example/';

/** By the name of the source and of the option. A string has the length of the bound. */
export const PROBES: Readonly<Record<string, Probe>> = {
  'TrackerOptions.viewability.ratio': tracker('viewability.ratio'),
  'TrackerOptions.viewability.dwellMs': tracker('viewability.dwellMs'),
  'TrackerOptions.viewability.largeAreaPx': tracker('viewability.largeAreaPx'),
  'TrackerOptions.viewability.largeRatio': tracker('viewability.largeRatio'),
  'TrackerOptions.ignore': ignore,
  'TrackerOptions.subject': (value) => isFit(isSubject(value)),
  'TrackerOptions.delivery.maxBatch': (value: number) => {
    const size = batchSize(value, 1_000_000);
    return size === value ? 'accepted' : size;
  },
  'ObservedOffer.ratio': offer('ratio'),
  'ObservedOffer.dwellMs': offer('dwellMs'),
  'ObservedOffer.ignore': ignore,
  'ObservedOffer.id': (value) => isFit(isOfferId(value)),
  'ObservedOffer.group': (value) => isFit(isGroup(value)),
  'OfferProxyOptions.site': proxy('site'),
  'OfferProxyOptions.apiKey': proxy('apiKey'),
  'OfferProxyOptions.requireSignedOffers': proxy('requireSignedOffers'),
  'OfferProxyOptions.inspectSecret': proxy('inspectSecret'),
  'OfferProxyOptions.groups': (value) => (proxy('groups') as (value: unknown) => Promise<Answer>)([value]),
  'OfferProxyOptions.subject': (value) => isFit(isSubject(value)),
  'OfferProxyOptions.limits.perAddress': proxy('limits.perAddress'),
  'OfferProxyOptions.limits.perSubject': proxy('limits.perSubject'),
  'OfferProxyOptions.limits.perOfferADay': proxy('limits.perOfferADay'),
  'OfferProxyOptions.trustedHops': proxy('trustedHops'),
  'OfferProxyOptions.pace.perMinute': proxy('pace.perMinute'),
  'OfferProxyOptions.pace.concurrent': proxy('pace.concurrent'),
  'OfferProxyOptions.usage.pace': usagePace,
  ...boundsOf('SqliteIntakeOptions'),
  ...boundsOf('PostgresIntakeOptions'),
  'PostgresIntakeOptions.name': (name) =>
    named(() => postgresIntake({ connection: 'mysql://db/shop', name })),
  'DirectIntakeOptions.remember': (remember) => thrownBy(() => directIntake({ remember })),
  'OfferServerOptions.keepAliveMs': keepAlive,
  'OfferAdminOptions.token': admin,
  'InspectLinkOptions.secret': (secret) => thrownBy(() => inspectLink('https://shop.example/', { secret })),
  'InspectLinkOptions.operatorUrl': (value: string) => {
    const operatorUrl = `${ADDRESS}${value.slice(ADDRESS.length + 1)}/`;
    return thrownBy(() => inspectLink('https://shop.example/', { secret: SECRET, operatorUrl }));
  },
  'DevOptions.port': dev('port'),
  'DevOptions.upstreamPort': dev('upstreamPort'),
  'DevOptions.adminPort': dev('adminPort'),
};
