/**
 * The proxy's pipeline: admit → decode → take → answer. One verdict for every event, a problem body for what is
 * no request of ours; it never throws, and it alone knows the API key.
 */
import { OffersightError } from '../errors.js';
import { type Verdict, WIRE_VERSION, type WireReply, type WireResult } from '../protocol/batch.js';
import { type DecodedEvent, decodeRequest } from '../protocol/decode.js';
import { platformRuntime, type Runtime } from '../runtime.js';
import { admit } from './admission.js';
import { type OnAlert, quietly } from './alert.js';
import { createForwarder, type Pace } from './forward/forwarder.js';
import { offerEvents } from './forward/offer-events.js';
import type { AdmittedEvent, Intake } from './intake/intake.js';
import { problem, REPLY_HEADERS } from './problem.js';

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
  /** Who answers for admitted events, such as `sqliteIntake({ file })`. */
  readonly intake: Intake;
  /**
   * The opaque user of a request, from the host's own verified session. With it an event that names another
   * subject is deferred until its subject is back.
   */
  readonly subject?: (request: Request) => string | undefined | Promise<string | undefined>;
  /** What the upstream allows. */
  readonly pace?: Pace;
  /**
   * Told, in words, what an operator has to do, and what broke if something of the host's own did.
   * @default writes to standard error
   */
  readonly onAlert?: OnAlert;
  /** Clock, timers, random and network. @default the platform's */
  readonly runtime?: Runtime;
}

/** Answers requests of the endpoint, and forwards until closed. */
export interface OfferProxy {
  (request: Request): Promise<Response>;
  /** Ends forwarding after the calls under way, and closes the intake. */
  close(): Promise<void>;
}

const SITE = /^[a-z0-9][a-z0-9-]{0,62}$/i;
const API_KEY = /^[\w-]{8,200}$/;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const SUBJECT_DEFER_MS = 60_000;
const BUSY_SECONDS = 5;

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

const baseUrlOf = ({ site, baseUrl }: OfferProxyOptions): string => {
  if (typeof site !== 'string' || !SITE.test(site))
    throw configuration('Set site to the name of your Chargebee site, such as acme-test.');
  if (baseUrl === undefined) return `https://${site}.grow.chargebee.com`;
  if (!URL.canParse(baseUrl))
    throw configuration('Set baseUrl to an origin, such as https://upstream.example.');
  const { protocol, hostname, origin, pathname } = new URL(baseUrl);
  if (pathname !== '/') throw configuration('Set baseUrl to an origin alone, without a path.');
  const isLoopback = LOOPBACK.has(hostname);
  if (protocol !== 'https:' && !(isLoopback && protocol === 'http:')) {
    throw configuration('Set baseUrl to an https origin.');
  }
  // Addresses of a private network would make the proxy a way into it.
  if (!isLoopback && /^[\d.]+$|^\[/.test(hostname))
    throw configuration('Set baseUrl to a name, not an address.');
  return origin;
};

const checkApiKey = (apiKey: string): void => {
  // Said without the value: messages end up in logs.
  if (typeof apiKey !== 'string' || !API_KEY.test(apiKey))
    throw configuration('Set apiKey to the key as Chargebee shows it, without spaces.');
};

const checkPace = (pace: Pace): Pace => {
  if (Object.values(pace).some((limit) => !(Number(limit) >= 1))) {
    throw configuration('Set pace to numbers of calls, at least 1.');
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

/** Corrects what a skewed clock reported, once, and never dates an event after its arrival. */
const toAdmitted = (event: DecodedEvent, sentAt: number, receivedAt: number): AdmittedEvent => {
  const { id, type, offerId, occurredAt, expiresAt } = event;
  return {
    id,
    type,
    offerId,
    occurredAt: Math.max(0, Math.min(receivedAt, occurredAt + receivedAt - Math.round(sentAt))),
    expiresAt,
    receivedAt,
    content: JSON.stringify([type, offerId, occurredAt, expiresAt, event.subject]),
  };
};

const toResult = (id: string, verdict: Verdict): WireResult => {
  switch (verdict.kind) {
    case 'accepted':
    case 'duplicate':
      return { id, status: verdict.kind };
    case 'refused':
      return { id, status: 'refused', code: verdict.code };
    case 'deferred':
      return {
        id,
        status: 'deferred',
        code: verdict.code,
        ...(verdict.retryAfterMs !== undefined && { retry_after_ms: verdict.retryAfterMs }),
      };
    default:
      return verdict satisfies never;
  }
};

/**
 * Makes the proxy of one Chargebee site. Forwarding starts at once, with what an earlier process left.
 * @throws {OffersightError} `configuration` if an option is wrong: a deployment has to fail, not its requests.
 */
export const createOfferProxy = (options = {} as OfferProxyOptions): OfferProxy => {
  const { apiKey, intake, subject } = options;
  const baseUrl = baseUrlOf(options);
  checkApiKey(apiKey);
  if (typeof intake?.take !== 'function') throw configuration('Set intake, such as sqliteIntake({ file }).');
  const origins = checkOrigins(options.origins ?? []);
  const pace = checkPace(options.pace ?? {});
  const runtime = options.runtime ?? platformRuntime();
  const onAlert: OnAlert =
    options.onAlert ?? ((message, cause) => console.error(`offersight: ${message}`, cause ?? ''));
  const alert = quietly(onAlert, runtime);
  const destination = offerEvents({ baseUrl, apiKey }, runtime);
  const forwarder = createForwarder(intake, destination, runtime, pace, onAlert);

  const decide = async (request: Request, text: string): Promise<Response> => {
    const decoded = decodeRequest(text);
    if (decoded.kind === 'fault') return problem(decoded.fault);
    const receivedAt = runtime.now();
    const owner = subject && (await subject(request));
    const verdicts = new Map<string, Verdict>();
    const admitted: AdmittedEvent[] = [];
    for (const item of decoded.items) {
      if ('refusedFor' in item) {
        verdicts.set(item.id, { kind: 'refused', code: 'invalid_event' });
      } else if (subject && item.event.subject !== undefined && item.event.subject !== owner) {
        verdicts.set(item.id, { kind: 'deferred', code: 'subject_mismatch', retryAfterMs: SUBJECT_DEFER_MS });
      } else admitted.push(toAdmitted(item.event, decoded.sentAt, receivedAt));
    }
    if (admitted.length) {
      for (const [id, verdict] of await intake.take(admitted)) verdicts.set(id, verdict);
      forwarder.wake();
    }
    const results = decoded.items.map(({ id }) =>
      toResult(id, verdicts.get(id) ?? { kind: 'deferred', code: 'unavailable' }),
    );
    return Response.json({ v: WIRE_VERSION, results } satisfies WireReply, { headers: REPLY_HEADERS });
  };

  const handle = async (request: Request): Promise<Response> => {
    try {
      const admission = await admit(request, origins);
      return admission.kind === 'admitted' ? await decide(request, admission.text) : admission.response;
    } catch (cause) {
      alert('Events could not be taken: see what broke. Clients keep theirs and send them again.', cause);
      return problem('unavailable', {
        'retry-after': `${BUSY_SECONDS + Math.floor(runtime.random() * BUSY_SECONDS)}`,
      });
    }
  };

  return Object.assign(handle, {
    async close() {
      await forwarder.close();
      await intake.close();
    },
  });
};
