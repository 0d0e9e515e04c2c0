import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Endpoint, Job } from './endpoint.js';
import { type Answer, badRequest, failure } from './errors.js';
import { MAX_KEY_LENGTH } from './idempotency.js';
import { recordOfferEvent } from './offer-events.js';
import { fulfil, showFulfillment, updateFulfillment } from './offer-fulfillments.js';
import { personalizedOffers } from './personalized-offers.js';
import { OFFER_EVENTS_PATH } from './recorded.js';
import { hasRepeatedName, parseJson } from './shape.js';
import type { Site } from './site.js';
import { ingestUsage, USAGE_EVENTS_PATH } from './usage-events.js';

/** Where the API begins. */
export const API_ROOT = '/api/v2';

/** One call, read to its end. `body` is null when it was too long. */
export interface Visit {
  readonly method: string;
  /** Below the root. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string | null;
  /** Waits as long as a fault wants it; rejects when the site's life ends. */
  readonly pause: () => Promise<void>;
  /** Called once the call counts, with the function that ends its counting. */
  readonly onEnter: (leave: () => void) => void;
}

type Operations = Readonly<Partial<Record<string, Endpoint>>>;

const ROUTES: readonly { readonly pattern: RegExp; readonly operations: Operations }[] = [
  // The documentation shows a GET here too, but no list operation is published.
  { pattern: new RegExp(`^${OFFER_EVENTS_PATH}$`), operations: { POST: recordOfferEvent } },
  { pattern: /^\/personalized_offers$/, operations: { POST: personalizedOffers } },
  { pattern: /^\/offer_fulfillments$/, operations: { POST: fulfil } },
  {
    pattern: /^\/offer_fulfillments\/([^/]+)$/,
    operations: { GET: showFulfillment, POST: updateFulfillment },
  },
  { pattern: new RegExp(`^${USAGE_EVENTS_PATH}$`), operations: { POST: ingestUsage } },
];

/** Answers a call as the vendor does when nothing goes wrong on the way. */
export async function answerCall(site: Site, visit: Visit): Promise<Answer> {
  const admitted = admit(site, visit);
  if ('refusal' in admitted) {
    await visit.pause();
    return admitted.refusal;
  }
  const { job, key } = admitted;
  if (key === null || site.keys.settings.mode === 'ignore') {
    await visit.pause();
    return job.run(key);
  }
  return answerOnce(site, visit, job, key);
}

/** The key is claimed before the wait: a second call meanwhile must find it busy. */
async function answerOnce(site: Site, visit: Visit, job: Job, key: string): Promise<Answer> {
  const claim = site.keys.claim(visit.path, key, job.fingerprint, site.now());
  switch (claim.kind) {
    case 'busy':
      return failure(409, 'lock_timeout', {
        message: 'Another call with this idempotency key is in progress.',
      });
    case 'mismatch':
      return badRequest('This idempotency key was used for another request.');
    case 'replay':
      await visit.pause();
      job.onReplay?.(key);
      return {
        ...claim.answer,
        headers: { ...claim.answer.headers, 'chargebee-idempotency-replayed': 'true' },
      };
    case 'new':
      try {
        await visit.pause();
        const answer = job.run(key);
        // An error had no effect, so there is nothing to protect: a repeat is judged again.
        if (answer.status < 300) claim.settle(answer);
        else claim.release();
        return answer;
      } catch (error) {
        claim.release();
        throw error;
      }
  }
}

type Admitted = { readonly refusal: Answer } | { readonly job: Job; readonly key: string | null };

function admit(site: Site, visit: Visit): Admitted {
  const identity = identify(site, visit.headers);
  if (identity !== null) return { refusal: identity };
  const entrance = site.gate.enter(site.now(), visit.path !== USAGE_EVENTS_PATH);
  if ('retryAfter' in entrance) {
    const message = 'Sorry, access has been blocked temporarily: too many requests.';
    const { retryAfter } = entrance;
    return { refusal: failure(429, 'api_request_limit_exceeded', { message, retryAfter }) };
  }
  visit.onEnter(entrance.leave);

  const route = ROUTES.find(({ pattern }) => pattern.test(visit.path));
  if (route === undefined) {
    return {
      refusal: failure(404, 'url_not_found', { message: 'Sorry, there is nothing at this address.' }),
    };
  }
  const operation = route.operations[visit.method];
  if (operation === undefined) {
    const refusal = failure(405, 'http_method_not_supported', {
      message: `${visit.method} is not supported here.`,
    });
    const allow = Object.keys(route.operations).join(', ');
    return { refusal: { ...refusal, headers: { ...refusal.headers, allow } } };
  }
  const id = visit.path.match(route.pattern)?.[1] ?? null;
  if (visit.method !== 'GET') return admitPost(site, visit, operation, id);
  const prepared = operation(site, undefined, id);
  return 'refusal' in prepared ? prepared : { job: prepared.job, key: null };
}

function admitPost(site: Site, visit: Visit, operation: Endpoint, id: string | null): Admitted {
  const type = visit.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    return { refusal: badRequest('The content type must be application/json.') };
  const key = keyOf(visit.headers);
  if (key !== null && key.length > MAX_KEY_LENGTH) {
    return { refusal: badRequest(`An idempotency key cannot exceed ${MAX_KEY_LENGTH} characters.`) };
  }
  if (visit.body === null) return { refusal: badRequest('The body is too long.') };
  const body = parseJson(visit.body);
  if (body === undefined) return { refusal: badRequest('The body is not JSON.') };
  // Nobody can know which of the two was meant.
  if (hasRepeatedName(visit.body)) return { refusal: badRequest('A field is there twice.') };
  const prepared = operation(site, body, id);
  return 'refusal' in prepared ? prepared : { job: prepared.job, key };
}

/** The idempotency key of a call; an empty one counts as missing. */
export function keyOf(headers: IncomingHttpHeaders): string | null {
  const value = headers['chargebee-idempotency-key'];
  return typeof value === 'string' && value !== '' ? value : null;
}

function identify(site: Site, headers: IncomingHttpHeaders): Answer | null {
  // Only a host that names a site can name the wrong one; a bare address leaves it open.
  const named = headers.host?.match(/^([^.]+)\.(?:grow|ingest)\./)?.[1];
  if (site.isHostChecked && named !== undefined && named !== site.name) {
    return failure(404, 'site_not_found', { message: `There is no site ${named}.` });
  }
  const expected = `Basic ${Buffer.from(`${site.apiKey}:`).toString('base64')}`;
  if (isSame(headers.authorization ?? '', expected)) return null;
  const answer = failure(401, 'api_authentication_failed', {
    message: 'Sorry, authentication failed. Invalid API key.',
  });
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="API"' } };
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
