import { makeOffer } from './catalogue.js';
import { type Endpoint, refuse } from './endpoint.js';
import { badRequest, ok, wrongValue } from './errors.js';
import { idFault } from './offer-events.js';
import { isObject, type JsonObject } from './shape.js';

/** Answers the offer for a customer, at most one. Input that it does not know is ignored: the operation takes much. */
export const personalizedOffers: Endpoint = (site, body) => {
  if (!isObject(body)) return refuse(badRequest('The body must be a JSON object.'));
  const customerId = body.customer_id;
  const fault = idFault(customerId);
  if (fault !== null) return refuse(wrongValue('customer_id', fault));
  const run = () => {
    const { none, lifetime_ms: lifetimeMs } = site.offers.settings;
    const offers = none ? [] : [makeOffer(site.name, String(customerId), placementOf(body))];
    for (const offer of offers) site.offers.handOut(offer);
    return ok({
      personalized_offers: offers,
      brand: { id: 'demo', name: 'Demo' },
      expires_at: Math.floor((site.now() + lifetimeMs) / 1000),
    });
  };
  return { job: { fingerprint: JSON.stringify(body), run } };
};

function placementOf(body: JsonObject): string {
  if (typeof body.placement === 'string') return body.placement;
  // The SDK's input type has no placement; `custom` is where its users can put one.
  const custom = body.custom;
  return isObject(custom) && typeof custom.placement === 'string' ? custom.placement : '';
}
