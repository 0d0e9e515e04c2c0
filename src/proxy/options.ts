/** The options of a proxy. Only types. */
import type { Runtime } from '../runtime.js';
import type { OnAlert } from './alerts/alert.js';
import type { OnObservation } from './alerts/observation.js';
import type { Machines } from './door/admission.js';
import type { Limits } from './door/budgets.js';
import type { Pace } from './forward/gate.js';
import type { UsageFields } from './intake/admitted.js';
import type { DirectIntake } from './intake/direct/direct.js';
import type { Intake } from './intake/intake.js';
import type { Caller, ReportedEvent } from './reported.js';

/** Usage events beside offer events, for plans that are billed by what offers did. */
export interface UsageOptions {
  /**
   * Whose subscription an event counts for, from the host's own records; undefined for none. Never from the browser.
   * If it throws, the event is not taken at all, and is sent again.
   * @range a function, also an async one
   * @example `(event, subject) => (subject ? 'sub-4711' : undefined)`
   */
  readonly subscriptionFor: (
    event: ReportedEvent,
    subject: string | undefined,
  ) => string | undefined | Promise<string | undefined>;
  /**
   * What the usage event says.
   * @default `{ offer_event: type, personalized_offer_id: offerId }`
   * @range a function, also an async one, that gives texts, numbers and booleans; an event of at most 998 bytes as JSON
   * @example `(event) => ({ offer_event: event.type })`
   */
  readonly propertiesFor?: (
    event: ReportedEvent,
    subject: string | undefined,
  ) => UsageFields['properties'] | Promise<UsageFields['properties']>;
  /**
   * Origin of the usage API.
   * @default `https://{site}.ingest.chargebee.com`
   * @range an https origin by name, or an http one on a loopback address
   * @example `'https://acme-test.ingest.eu.chargebee.com'`
   */
  readonly baseUrl?: string;
  /**
   * What it allows.
   * @default 10,000 events a minute, 2 calls at once
   * @range an object of whole numbers from 1
   * @example `{ perMinute: 5_000, concurrent: 1 }`
   */
  readonly pace?: Pace;
}

/** Options of {@link createOfferProxy}. */
export interface OfferProxyOptions {
  /**
   * The Chargebee site's name.
   * @range 1–63 letters, digits and dashes
   * @example `'acme-test'`
   */
  readonly site: string;
  /**
   * A full-access or Growth API key. It never leaves this process but to the upstream.
   * @range 8–200 letters, digits, `_` and `-`
   * @example `secrets.apiKey`
   */
  readonly apiKey: string;
  /**
   * Origin of the upstream.
   * @default `https://{site}.grow.chargebee.com`
   * @range an https origin by name, or an http one on a loopback address
   * @example `'http://127.0.0.1:4401'`
   */
  readonly baseUrl?: string;
  /**
   * This site's own origins, for browsers that send no fetch metadata.
   * @default []
   * @range exact origins, without a path
   * @example `['https://shop.example']`
   */
  readonly origins?: readonly string[];
  /**
   * What becomes of requests with neither fetch metadata nor an Origin: old browsers and servers. `'with-subject'`
   * takes them where `subject` names a user; only for a subject from a token that the page itself adds to the request,
   * never from a cookie, which any site could make a browser send.
   * @default 'refuse'
   * @range `'refuse'`, or `'with-subject'` if `subject` is set too
   * @example `'with-subject'`
   */
  readonly withoutOrigin?: 'refuse' | 'with-subject';
  /**
   * Who answers for admitted events.
   * @range `sqliteIntake(…)`, `postgresIntake(…)` or `directIntake(…)`
   * @example `directIntake()`
   */
  readonly intake: Intake | DirectIntake;
  /**
   * The opaque user of a request, from the host's own verified session. With it an event that names another
   * subject is deferred until its subject is back.
   * @default no request has a user
   * @range a function, also an async one, that gives 1–128 characters of `A–Z a–z 0–9 _ . : ~ -`, or undefined for nobody
   * @example `async (request) => request.headers.get('x-session-user') ?? undefined`
   */
  readonly subject?: (request: Request) => string | undefined | Promise<string | undefined>;
  /**
   * Whether the request's user may report this event. A refusal looks like that of an unknown
   * offer. All hooks together have 6 s for a request; events that they have not judged by then are
   * deferred.
   * @default every event may be reported
   * @range a function, also an async one; only `true` is a yes
   * @example `(event) => event.offerId.startsWith('a')`
   */
  readonly authorize?: (event: ReportedEvent, request: Request) => boolean | Promise<boolean>;
  /**
   * Takes only events of offers that {@link signOffer} signed, with this secret or any of these.
   * @default offers need no signature
   * @range one secret or several, each of at least 32 characters
   * @example `secrets.signing`
   */
  readonly requireSignedOffers?: string | readonly string[];
  /**
   * Opens the inspector for links of {@link inspectLink} that were made with this secret or any of these.
   * @default no link opens it
   * @range one secret or several, each of at least 32 characters
   * @example `secrets.admin`
   */
  readonly inspectSecret?: string | readonly string[];
  /** How much one visitor may report. */
  readonly limits?: Limits;
  /**
   * How many machines of this site's own are between the visitor and this process, each of which
   * appends to `X-Forwarded-For`. With 0 a private address on the socket has no budget, since all
   * visitors share it.
   * @default 0
   * @range a whole number from 0 to 16
   * @example `1`
   */
  readonly trustedHops?: number;
  /**
   * What becomes of what declared machines report, such as crawlers and monitors, by the `User-Agent` of pages of this site:
   * refused with the code `machine`, or taken like a visitor's. Pages of a loopback host (localhost, 127.0.0.1, [::1], by the
   * request's Origin) are always taken.
   * @default 'ignore'
   * @range `'ignore'` or `'count'`
   * @example `'count'`
   */
  readonly machines?: Machines;
  /**
   * The visitor's address, where the host knows it better than the socket does.
   * @default the socket's, or what `trustedHops` says of `X-Forwarded-For`
   * @range a function that gives an address, or undefined
   * @example `(request) => request.headers.get('cf-connecting-ip') ?? undefined`
   */
  readonly address?: (request: Request) => string | undefined;
  /**
   * The only groups that the ledger keeps apart; all others count under `(other)`.
   * @default any, within the intake's bounds
   * @range names with 1–50 characters of `A–Z a–z 0–9 _ . : / ~ -`, the first a letter or a digit
   * @example `['autumn-sale', 'home']`
   */
  readonly groups?: readonly string[];
  /**
   * Who caused an event, sent to Chargebee in request headers.
   * @default nothing is sent
   * @range a function that gives `ip`, `user`, `device` or `businessEntityId`, or undefined
   * @example `() => ({ businessEntityId: 'be-1' })`
   */
  readonly caller?: (event: ReportedEvent, request: Request) => Caller | undefined;
  /**
   * Which of Chargebee's reactions to the event to switch off.
   * @default none
   * @range a list of `'webhook'`, `'email'` and `'actions'`
   * @example `['webhook', 'email']`
   */
  readonly disable?: readonly ('webhook' | 'email' | 'actions')[];
  /** What the upstream allows. */
  readonly pace?: Pace;
  /** Usage events as a second destination, with a durable intake only. @default off */
  readonly usage?: UsageOptions;
  /**
   * Called with a message about what an operator has to do, and with what broke: a copy of the
   * error without the fields that a driver adds, and without the words of errors that your own hooks throw.
   * @default writes to standard error
   * @range a function, also an async one; what it throws is ignored
   * @example `(message, cause) => console.error(message, cause)`
   */
  readonly onAlert?: OnAlert;
  /**
   * Called for every request, verdict and call, for metrics.
   * @default nothing is called
   * @range a function, also an async one; what it throws is an alert
   * @example `(observation) => console.log(observation.kind)`
   */
  readonly onObservation?: OnObservation;
  /**
   * Clock, timers, random and network, for tests.
   * @default the platform's
   * @range an object of type `Runtime`
   * @example `runtime`
   */
  readonly runtime?: Runtime;
}
