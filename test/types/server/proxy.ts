/** Calls of `offersight/proxy` that must and must not compile, without the DOM's declarations. */
import {
  createOfferAdmin,
  createOfferProxy,
  type DirectIntake,
  directIntake,
  type Intake,
  isOffersightError,
  type Observation,
  type OfferAdmin,
  type OfferProxy,
  type OfferProxyOptions,
  type ReportedEvent,
  signOffer,
} from 'offersight/proxy';

declare const kept: Intake;
const forwarding: DirectIntake = directIntake({ remember: 100 });
const required = { site: 'shop', apiKey: 'key', intake: forwarding } satisfies OfferProxyOptions;

const proxy: OfferProxy = createOfferProxy(required);
export const answer: Promise<Response> = proxy(new Request('http://localhost/'), { address: '203.0.113.7' });
// A router's own second argument is ignored.
proxy(new Request('http://localhost/'), { params: Promise.resolve({}) });
// @ts-expect-error a path is no request
proxy('/offer-events');

createOfferProxy({
  ...required,
  subject: async (request) => request.headers.get('x-user') ?? undefined,
  authorize: (event: ReportedEvent, request: Request) => request.url.length > 0 && event.offerId !== '',
  caller: () => ({ ip: '203.0.113.7', user: undefined }),
  disable: ['webhook'],
  limits: { perAddress: 60 },
  pace: { perMinute: 100 },
  trustedHops: 1,
  onAlert: (message, cause) => console.error(message, cause),
  onObservation: (seen: Observation) => {
    if (seen.kind === 'call') seen.destination satisfies 'offer_events' | 'usage_events';
    if (seen.kind === 'forwarded') seen.type satisfies 'viewed' | 'dismissed';
    // @ts-expect-error a request goes to no destination
    if (seen.kind === 'request') seen.destination;
  },
  requireSignedOffers: ['a secret of thirty-two characters'],
  inspectSecret: 'a secret of thirty-two characters',
  usage: { subscriptionFor: (_event, subject) => subject },
});
// @ts-expect-error without options nothing is known
createOfferProxy();
// @ts-expect-error without an intake nobody answers for an event
createOfferProxy({ site: 'shop', apiKey: 'key' });
// @ts-expect-error the subject is a text or nobody
createOfferProxy({ ...required, subject: () => null });
// @ts-expect-error a reaction that there is not
createOfferProxy({ ...required, disable: ['sms'] });
// @ts-expect-error usage events are of a subscription
createOfferProxy({ ...required, usage: {} });

export const admin: OfferAdmin = createOfferAdmin({
  intake: kept,
  token: 'a token of thirty-two characters',
});
// @ts-expect-error an intake that forwards has nothing to list
createOfferAdmin({ intake: forwarding, token: 'a token of thirty-two characters' });

export const token: Promise<string> = signOffer({ id: 'a52ge40b', expiresAt: Date.now() }, 'secret');
// @ts-expect-error what is signed ends
signOffer({ id: 'a52ge40b' }, 'secret');
export const codeOf = (error: unknown) => (isOffersightError(error) ? error.code : undefined);
