/** What a host says of its proxy, and what is wrong with it: a deployment has to fail, not its requests. */
import { OffersightError } from '../errors.js';
import type { OfferEventType } from '../protocol/event.js';
import type { Runtime } from '../runtime.js';
import type { Limits } from './door/budgets.js';
import type { Pace } from './forward/gate.js';
import type { DirectIntake } from './intake/direct/direct.js';
import { isDurable } from './intake/durable.js';
import type { Intake, UsageFields } from './intake/intake.js';
import { checkSecrets } from './judging/signature.js';
import type { OnAlert } from './telling/alert.js';
import type { OnObservation } from './telling/observation.js';

/** An event as hooks of the host see it. */
export interface ReportedEvent {
  /** The idempotency key, made by the client. */
  readonly id: string;
  /** What happened. */
  readonly type: OfferEventType;
  /** The personalized offer's `id`. */
  readonly offerId: string;
  /** Corrected for the sender's clock, epoch milliseconds. */
  readonly occurredAt: number;
}

/** Who caused an event, as Chargebee's request headers tell it. Personal data: off unless the host gives it. */
export interface Caller {
  /** `chargebee-request-origin-ip`. */
  readonly ip?: string | undefined;
  /** `chargebee-request-origin-user-encoded`; any text. */
  readonly user?: string | undefined;
  /** `chargebee-request-origin-device`. */
  readonly device?: string | undefined;
  /** `chargebee-business-entity-id`. */
  readonly businessEntityId?: string | undefined;
}

/** Usage events beside offer events, for plans that are billed by what offers did. */
export interface UsageOptions {
  /**
   * Whose subscription an event counts for, from the host's own records; undefined for none. Never from the browser.
   * If it throws, the event is not taken at all, and comes again.
   */
  readonly subscriptionFor: (
    event: ReportedEvent,
    subject: string | undefined,
  ) => string | undefined | Promise<string | undefined>;
  /** What the usage event says. @default `{ offer_event: type, personalized_offer_id: offerId }` */
  readonly propertiesFor?: (
    event: ReportedEvent,
    subject: string | undefined,
  ) => UsageFields['properties'] | Promise<UsageFields['properties']>;
  /** Origin of the usage API. @default `https://{site}.ingest.chargebee.com` */
  readonly baseUrl?: string;
  /** What it allows. @default 10,000 events a minute, 2 calls at once */
  readonly pace?: Pace;
}

/** Options of {@link createOfferProxy}. */
export interface OfferProxyOptions {
  /** The Chargebee site's name, such as `acme-test`. */
  readonly site: string;
  /** A full-access or Growth API key. It never leaves this process but to the upstream. */
  readonly apiKey: string;
  /**
   * Origin of the upstream, https, or http on a loopback address.
   * @default `https://{site}.grow.chargebee.com`
   */
  readonly baseUrl?: string;
  /**
   * This site's own origins, such as `https://shop.example`, for browsers that send no fetch metadata.
   * @default []
   */
  readonly origins?: readonly string[];
  /**
   * What becomes of requests with neither fetch metadata nor an Origin: old browsers and servers. `'with-subject'`
   * takes them where `subject` names a user; only for a subject from a token that the page itself adds to the request,
   * never from a cookie, which any site could make a browser send.
   * @default 'refuse'
   */
  readonly withoutOrigin?: 'refuse' | 'with-subject';
  /** Who answers for admitted events, such as `sqliteIntake({ file })` or `directIntake()`. */
  readonly intake: Intake | DirectIntake;
  /**
   * The opaque user of a request, from the host's own verified session. With it an event that names another
   * subject is deferred until its subject is back.
   */
  readonly subject?: (request: Request) => string | undefined | Promise<string | undefined>;
  /**
   * Whether the request's user may report this event; a refusal looks like that of an unknown offer. All hooks together
   * have 6 s for a request; what they have not judged by then is deferred.
   */
  readonly authorize?: (event: ReportedEvent, request: Request) => boolean | Promise<boolean>;
  /**
   * Takes only events of offers that {@link signOffer} signed, with this secret or any of these, each at least 32
   * characters.
   */
  readonly requireSignedOffers?: string | readonly string[];
  /** How much one visitor may report. */
  readonly limits?: Limits;
  /**
   * How many machines of this site's own stand between the visitor and this process, each of which appends to
   * `X-Forwarded-For`. With 0 a private address on the socket has no budget, since it stands for all visitors at once.
   * @default 0
   */
  readonly trustedHops?: number;
  /** The visitor's address, where the host knows it better than the socket does. */
  readonly address?: (request: Request) => string | undefined;
  /** Who caused an event, told to Chargebee in request headers. @default nothing is told */
  readonly caller?: (event: ReportedEvent, request: Request) => Caller | undefined;
  /** Which of Chargebee's reactions to the event to switch off. @default none */
  readonly disable?: readonly ('webhook' | 'email' | 'actions')[];
  /** What the upstream allows. */
  readonly pace?: Pace;
  /** Usage events as a second destination, with a durable intake only. @default off */
  readonly usage?: UsageOptions;
  /**
   * Told, in words, what an operator has to do, and what broke: a copy of the error without what else a driver puts on
   * it. The words of errors that your own hooks throw are passed on as they are.
   * @default writes to standard error
   */
  readonly onAlert?: OnAlert;
  /** Told of every request, verdict and call, for metrics. */
  readonly onObservation?: OnObservation;
  /** Clock, timers, random and network. @default the platform's */
  readonly runtime?: Runtime;
}

/** Options as the pipeline has them. */
export interface ResolvedProxyOptions extends Pick<OfferProxyOptions, 'apiKey' | 'intake'> {
  /** In lower case, as Chargebee reads it too. */
  readonly site: string;
  readonly subject: OfferProxyOptions['subject'] | undefined;
  readonly authorize: OfferProxyOptions['authorize'] | undefined;
  readonly address: OfferProxyOptions['address'] | undefined;
  readonly caller: OfferProxyOptions['caller'] | undefined;
  readonly usage: UsageOptions | undefined;
  readonly baseUrl: string;
  readonly usageBaseUrl: string;
  readonly origins: ReadonlySet<string>;
  readonly isSubjectVouching: boolean;
  readonly secrets: readonly string[] | undefined;
  readonly limits: Limits;
  readonly trustedHops: number;
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
  const { protocol, hostname, origin, pathname } = new URL(baseUrl);
  if (pathname !== '/') throw configuration(`Set ${name} to an origin alone, without a path.`);
  const isLoopback = LOOPBACK.has(hostname);
  if (protocol !== 'https:' && !(isLoopback && protocol === 'http:')) {
    throw configuration(`Set ${name} to an https origin.`);
  }
  // Addresses of a private network would make the proxy a way into it.
  if (!isLoopback && /^[\d.]+$|^\[/.test(hostname))
    throw configuration(`Set ${name} to a name, not an address.`);
  return origin;
};

const checkPace = (pace: Pace): Pace => {
  if (!isObject(pace)) throw configuration('Set pace to an object, such as { perMinute: 1000 }.');
  const limits = Object.values(pace).filter((limit) => limit !== undefined);
  if (!limits.every((limit) => Number.isInteger(limit) && Number(limit) >= 1)) {
    throw configuration('Set pace to whole numbers, at least 1.');
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

const checkUsage = ({ usage, intake }: OfferProxyOptions): void => {
  if (!usage) return;
  if (typeof usage.subscriptionFor !== 'function')
    throw configuration('Set usage.subscriptionFor to a function that names the subscription of an event.');
  if (usage.propertiesFor !== undefined && typeof usage.propertiesFor !== 'function')
    throw configuration('Set usage.propertiesFor to a function that gives the properties of a usage event.');
  // A resend has to be identical, so what was said has to be remembered.
  if (!isDurable(intake))
    throw configuration('Usage events need a durable intake, such as sqliteIntake({ file }).');
  checkPace(usage.pace ?? {});
};

/**
 * Checks what a host gave.
 * @throws {OffersightError} `configuration`, which says what to set.
 */
export const resolveProxyOptions = (options: OfferProxyOptions): ResolvedProxyOptions => {
  const {
    site,
    apiKey,
    baseUrl,
    intake,
    subject,
    withoutOrigin = 'refuse',
    requireSignedOffers,
    usage,
  } = options;
  if (typeof site !== 'string' || !SITE.test(site))
    throw configuration('Set site to the name of your Chargebee site, such as acme-test.');
  // Said without the value: messages end up in logs.
  if (typeof apiKey !== 'string' || !API_KEY.test(apiKey))
    throw configuration('Set apiKey to the key as Chargebee shows it, without spaces.');
  if (!isObject(intake) || !('take' in intake || 'start' in intake))
    throw configuration('Set intake, such as sqliteIntake({ file }).');
  if (!['refuse', 'with-subject'].includes(withoutOrigin))
    throw configuration("Set withoutOrigin to 'refuse' or 'with-subject'.");
  const isSubjectVouching = withoutOrigin === 'with-subject';
  if (isSubjectVouching && !subject)
    throw configuration('Set subject too, where requests without an origin are taken for it.');
  const { trustedHops = 0, limits = {}, disable = [] } = options;
  if (!Number.isInteger(trustedHops) || trustedHops < 0 || trustedHops > MAX_HOPS)
    throw configuration(`Set trustedHops to a whole number from 0 to ${MAX_HOPS}.`);
  if (
    !isObject(limits) ||
    Object.values(limits).some((limit) => limit !== undefined && !(Number(limit) >= 1))
  )
    throw configuration('Set limits to numbers of events, at least 1, or Infinity.');
  for (const name of HOOKS) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw configuration(`Set ${name} to a function.`);
  }
  if (
    !Array.isArray(disable) ||
    !(disable as readonly unknown[]).every((name) => REACTIONS.has(String(name)))
  )
    throw configuration("Set disable to a list of 'webhook', 'email' and 'actions'.");
  checkUsage(options);
  return {
    site: site.toLowerCase(),
    apiKey,
    intake,
    subject,
    authorize: options.authorize,
    address: options.address,
    caller: options.caller,
    usage,
    baseUrl: checkBaseUrl('baseUrl', baseUrl ?? `https://${site}.grow.chargebee.com`),
    usageBaseUrl: checkBaseUrl('usage.baseUrl', usage?.baseUrl ?? `https://${site}.ingest.chargebee.com`),
    origins: checkOrigins(options.origins ?? []),
    isSubjectVouching,
    secrets: requireSignedOffers === undefined ? undefined : checkSecrets([requireSignedOffers].flat()),
    limits,
    trustedHops,
    constants: Object.fromEntries(disable.map((name) => [`chargebee-event-${name}`, 'all-disabled'])),
    pace: checkPace(options.pace ?? {}),
  };
};
