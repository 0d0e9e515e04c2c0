/** Calls of `offersight/testing` that must and must not compile. */
import type { OfferTracker } from 'offersight';
import { createFakeEndpoint, createFakeTracker, type FakeTracker, type OfferEvent } from 'offersight/testing';

const tracker: FakeTracker = createFakeTracker({
  consent: 'pending',
  onEvent: (event, isDurable) => isDurable && event.offerId,
});
export const asGivenToAPage: OfferTracker = tracker;
tracker.see('a52ge40b');
tracker.close(document.body, 'escape');
export const [first]: readonly OfferEvent[] = tracker.events;
// @ts-expect-error no reason that there is
tracker.close('a52ge40b', 'bored');
// @ts-expect-error what was recorded is not the test's to change
tracker.events.push();
// @ts-expect-error nothing leaves, so there is nowhere to
createFakeTracker({ endpoint: '/offer-events' });

const endpoint = createFakeEndpoint();
export const answer: Promise<Response> = endpoint.handle(
  new Request('/offer-events', { method: 'POST', body: '{}' }),
);
endpoint.reply(null);
endpoint.clear();
// @ts-expect-error a text, as it was posted
endpoint.reply({ events: [] });
