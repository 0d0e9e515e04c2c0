/** Calls of `offersight` that must and must not compile. */
import {
  type Consent,
  createOfferTracker,
  type DiscardReason,
  type DismissedEvent,
  type ErrorCode,
  explain,
  isOffersightError,
  markOffer,
  type OfferEvent,
  type Offered,
  OffersightError,
  type OfferTracker,
  offerAttributes,
  type Stop,
  type TrackerOptions,
  type TrackerStats,
  type ViewedEvent,
} from 'offersight';

const tracker: OfferTracker = createOfferTracker({ endpoint: '/offer-events' });

const options: TrackerOptions = {
  endpoint: '/offer-events',
  viewability: { ratio: 0.5 },
  dismissal: { controls: '.close', escape: false, labels: ['Fermer'] },
  repeat: 'mount',
  ignore: 5_000,
  occlusion: true,
  dataLayer: 'dataLayer personalized_offer_id',
  consent: 'pending',
  subject: undefined,
  outbox: { name: 'shop', maxEntries: 100 },
  delivery: { maxBatch: 10 },
  debug: explain(({ offerId, reason, element }) => element.setAttribute(offerId, reason)),
  onEvent: (event, isDurable) => {
    isDurable satisfies boolean;
    if (event.type === 'dismissed') event.reason satisfies string;
    // @ts-expect-error only a dismissal has a reason
    else event.reason;
  },
  onError: ({ code, hint, cause }) => [code satisfies ErrorCode, hint.length, cause],
  onDiscard: (event: OfferEvent, reason: DiscardReason, code: string | undefined) => [event, reason, code],
};
createOfferTracker(options);

// Without an endpoint it is /offer-events.
createOfferTracker();
createOfferTracker({});
// @ts-expect-error a word that is no rule for repeating
createOfferTracker({ endpoint: '/offer-events', repeat: 'session' });
// @ts-expect-error an option that is misspelt
createOfferTracker({ endpoint: '/offer-events', onEvents: () => undefined });
// @ts-expect-error milliseconds are a number
createOfferTracker({ endpoint: '/offer-events', viewability: { dwellMs: '1s' } });
// @ts-expect-error options stay as they were given
options.endpoint = '/other';

const stop: Stop = tracker.observe(document.body, { id: 'a52ge40b', expiresAt: Date.now() });
stop();
tracker.observe(document);
tracker.dismiss('a52ge40b', 'api');
tracker.accept('a52ge40b');
const consent: Consent = 'granted';
tracker.consent(consent);
tracker.subject(undefined);
// @ts-expect-error a list of elements is none
tracker.observe(document.querySelectorAll('article'));
// @ts-expect-error what querySelector did not find
tracker.observe(document.querySelector('article'));
// @ts-expect-error seconds of a Date, as the API gives them, are no number
tracker.observe(document.body, { id: 'a52ge40b', expiresAt: new Date() });
// @ts-expect-error no reason that there is
tracker.dismiss('a52ge40b', 'bored');
// @ts-expect-error nobody is undefined
tracker.subject(null);
// @ts-expect-error consent is a word
tracker.consent(true);

export const told = async (): Promise<number> => {
  const stats: TrackerStats = await tracker.stats();
  // @ts-expect-error an offer that was never shown has no counts
  stats.offers.a52ge40b.viewed;
  return (
    (stats.offers.a52ge40b?.viewed ?? 0) +
    (stats.discarded?.expired ?? 0) +
    (stats.outbox?.waiting ?? 0) -
    (stats.outbox?.inMemory ?? 0)
  );
};

export const hintOf = (error: unknown): string | undefined => {
  // @ts-expect-error not yet known to be one of ours
  error.hint;
  return isOffersightError(error) ? error.hint : undefined;
};
new OffersightError('configuration', 'Say more.', new Error('cause'));
// @ts-expect-error no code that there is
new OffersightError('network', 'Say more.');

const offers: readonly Offered[] = [
  'a52ge40b',
  { id: 'a52ge40b', ratio: 0.3, repeat: 'browser' },
  null,
  undefined,
];
for (const offer of offers) markOffer(document.body, offer);
offerAttributes({ id: 'a52ge40b' })['data-offer-id'] satisfies string | undefined;
// @ts-expect-error an offer without an id is none
offerAttributes({ expiresAt: 1 });
// @ts-expect-error an attribute of another library
offerAttributes('a52ge40b')['data-promo-id'];

document.addEventListener('offersight:viewed', (event) => {
  event.detail satisfies ViewedEvent;
  // @ts-expect-error a view has no reason
  event.detail.reason;
});
document.body.addEventListener(
  'offersight:dismissed',
  ({ detail }) => detail.reason satisfies DismissedEvent['reason'],
);
