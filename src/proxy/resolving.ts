/** What is wrong with what a host says of its proxy: a deployment has to fail, not its requests. */
import { OffersightError } from '../errors.js';
import { isGroup } from '../protocol/group.js';
import type { Limits } from './door/budgets.js';
import type { Machines } from './door/machines.js';
import type { Pace } from './forward/gate.js';
import { isDurable } from './intake/durable.js';
import { INSPECTING } from './judging/inspecting.js';
import { checkSecrets } from './judging/signature.js';
import { checkOptionNames } from './option-names.js';
import type { OfferProxyOptions, UsageOptions } from './options.js';
import { type Hook, hookOf } from './telling/cause.js';

type HookOf<Options, Name extends keyof Options> =
  NonNullable<Options[Name]> extends (...given: infer Given) => unknown ? Hook<Given> : never;

/** What usage events need, as the pipeline has it. */
export interface UsageHooks extends Pick<UsageOptions, 'pace'> {
  readonly subscriptionFor: HookOf<UsageOptions, 'subscriptionFor'>;
  readonly propertiesFor?: HookOf<UsageOptions, 'propertiesFor'> | undefined;
}

/** Options as the pipeline has them. */
export interface ResolvedProxyOptions extends Pick<OfferProxyOptions, 'apiKey' | 'intake'> {
  /** In lower case, as Chargebee reads it too. */
  readonly site: string;
  readonly subject: HookOf<OfferProxyOptions, 'subject'> | undefined;
  readonly authorize: HookOf<OfferProxyOptions, 'authorize'> | undefined;
  readonly address: HookOf<OfferProxyOptions, 'address'> | undefined;
  readonly caller: HookOf<OfferProxyOptions, 'caller'> | undefined;
  readonly usage: UsageHooks | undefined;
  readonly baseUrl: string;
  readonly usageBaseUrl: string;
  readonly origins: ReadonlySet<string>;
  readonly isSubjectVouching: boolean;
  readonly secrets: readonly string[] | undefined;
  readonly inspectSecrets: readonly string[];
  readonly limits: Limits;
  readonly trustedHops: number;
  readonly machines: Machines;
  /** The only ones that count; undefined for any. */
  readonly groups: ReadonlySet<string> | undefined;
  /** Headers of every call. */
  readonly constants: Readonly<Record<string, string>>;
  readonly pace: Pace;
}

const SITE = /^[a-z0-9][a-z0-9-]{0,62}$/i;
const API_KEY = /^[\w-]{8,200}$/;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const MAX_HOPS = 16;
const HOOKS = ['subject', 'authorize', 'address', 'caller', 'onAlert', 'onObservation'] as const;
const REACTIONS: ReadonlySet<string> = new Set(['webhook', 'email', 'actions']);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

const checkBaseUrl = (name: string, baseUrl: string): string => {
  if (!URL.canParse(baseUrl))
    throw configuration(`Set ${name} to an origin, such as https://upstream.example.`);
  const { protocol, hostname, origin, pathname, username, password } = new URL(baseUrl);
  // Also an empty query or fragment, which a parsed URL does not show.
  if (pathname !== '/' || username || password || /[?#]/.test(baseUrl))
    throw configuration(`Set ${name} to only an origin, without a user, path, query or hash.`);
  const isLoopback = LOOPBACK.has(hostname);
  if (protocol !== 'https:' && !(isLoopback && protocol === 'http:')) {
    throw configuration(`Set ${name} to an https origin.`);
  }
  // Addresses of a private network would make the proxy a way into it.
  if (!isLoopback && /^[\d.]+$|^\[/.test(hostname))
    throw configuration(`Set ${name} to a name, not an address.`);
  return origin;
};

const checkPace = (name: string, pace: Pace): Pace => {
  if (!isObject(pace)) throw configuration(`Set ${name} to an object, such as { perMinute: 1000 }.`);
  checkOptionNames(name, pace, PACE);
  const limits = Object.values(pace).filter((limit) => limit !== undefined);
  if (!limits.every((limit) => Number.isInteger(limit) && Number(limit) >= 1)) {
    throw configuration(`Set ${name} to whole numbers, at least 1.`);
  }
  return pace;
};

const checkOrigins = (origins: readonly string[]): ReadonlySet<string> => {
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw configuration('Set origins to exact origins, such as https://shop.example, without a path.');
    }
  }
  return new Set(origins);
};

const checkGroups = (groups: readonly string[] | undefined): ReadonlySet<string> | undefined => {
  if (groups === undefined) return undefined;
  const wrong = Array.isArray(groups) ? groups.findIndex((group) => !isGroup(group)) : 0;
  if (wrong >= 0)
    throw configuration(
      `Set groups to a list of names with 1 to 50 characters of A–Z a–z 0–9 _ . : / ~ -, the first a letter or a digit.${Array.isArray(groups) ? ` Number ${wrong + 1} is not such a name.` : ''}`,
    );
  return new Set(groups);
};

const checkUsage = ({ usage, intake }: OfferProxyOptions): void => {
  if (!usage) return;
  checkOptionNames('usage', usage, USAGE);
  if (typeof usage.subscriptionFor !== 'function')
    throw configuration('Set usage.subscriptionFor to a function that names the subscription of an event.');
  if (usage.propertiesFor !== undefined && typeof usage.propertiesFor !== 'function')
    throw configuration('Set usage.propertiesFor to a function that gives the properties of a usage event.');
  // A resend has to be identical, so what was said has to be remembered.
  if (!isDurable(intake))
    throw configuration('Usage events need a durable intake, such as sqliteIntake({ file }).');
  checkPace('usage.pace', usage.pace ?? {});
};

/** The host's functions. Their errors say in which line they were thrown, and nothing of what they were about. */
const hooksOf = (options: OfferProxyOptions) => {
  const { subject, authorize, address, caller, usage } = options;
  // A host's functions may use what is beside them in their own object.
  return {
    subject: subject && hookOf(subject.bind(options)),
    authorize: authorize && hookOf(authorize.bind(options)),
    address: address && hookOf(address.bind(options)),
    caller: caller && hookOf(caller.bind(options)),
    usage: usage && {
      ...usage,
      subscriptionFor: hookOf(usage.subscriptionFor.bind(usage)),
      propertiesFor: usage.propertiesFor && hookOf(usage.propertiesFor.bind(usage)),
    },
  };
};

const PACE = { perMinute: true, concurrent: true } as const;
const LIMITS = { perAddress: true, perSubject: true, perOfferADay: true } as const;
const USAGE = { subscriptionFor: true, propertiesFor: true, baseUrl: true, pace: true } as const;

const NAMES = {
  site: true,
  apiKey: true,
  baseUrl: true,
  origins: true,
  withoutOrigin: true,
  intake: true,
  subject: true,
  authorize: true,
  requireSignedOffers: true,
  inspectSecret: true,
  limits: LIMITS,
  trustedHops: true,
  machines: true,
  groups: true,
  address: true,
  caller: true,
  disable: true,
  pace: PACE,
  usage: USAGE,
  onAlert: true,
  onObservation: true,
  runtime: true,
} as const;

/** Which site it is, with which key, and where its events are kept. */
const checkSite = ({ site, apiKey, intake }: OfferProxyOptions): void => {
  if (typeof site !== 'string' || !SITE.test(site))
    throw configuration('Set site to the name of your Chargebee site, such as acme-test.');
  // Said without the value: messages end up in logs.
  if (typeof apiKey !== 'string' || apiKey === '')
    throw configuration(
      'Set apiKey to the API key of your site, such as from the environment variable OFFERSIGHT_API_KEY: it is empty.',
    );
  if (!API_KEY.test(apiKey))
    throw configuration(
      'Set apiKey to the whole key as Chargebee shows it: 8 to 200 letters, digits, - and _, without spaces.',
    );
  if (!isObject(intake) || !('take' in intake || 'start' in intake))
    throw configuration('Set intake, such as sqliteIntake({ file }).');
  // Its timers and connections end with the request that began them (workerd), so nothing would forward what is kept.
  if (isDurable(intake) && globalThis.navigator?.userAgent === 'Cloudflare-Workers')
    throw configuration(
      'Set intake to directIntake() in a Worker: it runs only while it answers, so it cannot forward what another intake keeps. ' +
        'For a queue that lasts, run the proxy in Node.',
    );
};

/** Whose events are taken, and how many. */
const checkDoor = ({
  subject,
  withoutOrigin = 'refuse',
  machines = 'ignore',
  trustedHops = 0,
  limits = {},
}: OfferProxyOptions): void => {
  if (!['refuse', 'with-subject'].includes(withoutOrigin))
    throw configuration("Set withoutOrigin to 'refuse' or 'with-subject'.");
  if (!['ignore', 'count'].includes(machines)) throw configuration("Set machines to 'ignore' or 'count'.");
  if (withoutOrigin === 'with-subject' && !subject)
    throw configuration('Set subject too, where requests without an origin are taken for it.');
  if (!Number.isInteger(trustedHops) || trustedHops < 0 || trustedHops > MAX_HOPS)
    throw configuration(`Set trustedHops to a whole number from 0 to ${MAX_HOPS}.`);
  if (
    !isObject(limits) ||
    Object.values(limits).some((limit) => limit !== undefined && !(Number(limit) >= 1))
  )
    throw configuration('Set limits to numbers of events, at least 1, or Infinity.');
  checkOptionNames('limits', limits, LIMITS);
};

/** What the host's own functions are asked, and what Chargebee is asked not to do. */
const checkHooks = (options: OfferProxyOptions): void => {
  for (const name of HOOKS)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw configuration(`Set ${name} to a function.`);
  const { disable = [] } = options;
  if (
    !Array.isArray(disable) ||
    !(disable as readonly unknown[]).every((name) => REACTIONS.has(String(name)))
  )
    throw configuration("Set disable to a list of 'webhook', 'email' and 'actions'.");
};

/**
 * Checks what a host gave.
 * @throws {OffersightError} `configuration`, which says what to set.
 */
export const resolveProxyOptions = (options: OfferProxyOptions): ResolvedProxyOptions => {
  checkOptionNames('createOfferProxy', options, NAMES);
  checkSite(options);
  checkDoor(options);
  checkHooks(options);
  checkUsage(options);
  const { site, apiKey, baseUrl, intake, requireSignedOffers, inspectSecret, usage } = options;
  const { withoutOrigin, machines = 'ignore', trustedHops = 0, limits = {}, disable = [] } = options;
  return {
    site: site.toLowerCase(),
    apiKey,
    intake,
    ...hooksOf(options),
    baseUrl: checkBaseUrl('baseUrl', baseUrl ?? `https://${site}.grow.chargebee.com`),
    usageBaseUrl: checkBaseUrl('usage.baseUrl', usage?.baseUrl ?? `https://${site}.ingest.chargebee.com`),
    origins: checkOrigins(options.origins ?? []),
    isSubjectVouching: withoutOrigin === 'with-subject',
    secrets: requireSignedOffers === undefined ? undefined : checkSecrets([requireSignedOffers].flat()),
    inspectSecrets: inspectSecret === undefined ? [] : checkSecrets([inspectSecret].flat(), INSPECTING),
    limits,
    trustedHops,
    machines,
    groups: checkGroups(options.groups),
    constants: Object.fromEntries(disable.map((name) => [`chargebee-event-${name}`, 'all-disabled'])),
    pace: checkPace('pace', options.pace ?? {}),
  };
};
