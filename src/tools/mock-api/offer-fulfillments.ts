import { type Endpoint, refuse } from './endpoint.js';
import { badRequest, failure, ok, wrongValue } from './errors.js';
import type { Fulfillment } from './fulfillments.js';
import { idFault } from './offer-events.js';
import { isObject } from './shape.js';

/** Accepts an offer that was handed out, by one of its options. */
export const fulfil: Endpoint = (site, body) => {
  if (!isObject(body)) return refuse(badRequest('The body must be a JSON object.'));
  for (const name of ['personalized_offer_id', 'option_id'] as const) {
    const fault = idFault(body[name]);
    if (fault !== null) return refuse(wrongValue(name, fault));
  }
  const offerId = String(body.personalized_offer_id);
  const offer = site.offers.find(offerId);
  if (offer === undefined) {
    const details = { message: `${offerId} not found`, param: 'personalized_offer_id' };
    return refuse(failure(404, 'resource_not_found', details));
  }
  const option = offer.options.find(({ id }) => id === body.option_id);
  if (option === undefined) return refuse(wrongValue('option_id', 'is not an option of this offer'));
  const run = () => {
    const seconds = Math.floor(site.now() / 1000);
    // What billing can do by itself is done at once; the rest waits for the customer or for the host's server.
    const isImmediate = option.processing_type === 'billing_update';
    const fulfillment: Fulfillment = {
      id: site.fulfillments.nextId(),
      personalized_offer_id: offerId,
      option_id: option.id,
      processing_type: option.processing_type,
      status: isImmediate ? 'completed' : 'in_progress',
      redirect_url: option.redirect_url,
      created_at: seconds,
      ...(isImmediate ? { completed_at: seconds } : {}),
    };
    site.fulfillments.put(fulfillment);
    return ok({ offer_fulfillment: fulfillment });
  };
  return { job: { fingerprint: JSON.stringify(body), run } };
};

/** Answers one accepted offer. */
export const showFulfillment: Endpoint = (site, _body, id) => {
  const fulfillment = site.fulfillments.find(id);
  if (fulfillment === undefined)
    return refuse(failure(404, 'resource_not_found', { message: `${id} not found` }));
  return { job: { fingerprint: '', run: () => ok({ offer_fulfillment: fulfillment }) } };
};

/** The host's server reports how an accepted offer ended; only once. */
export const updateFulfillment: Endpoint = (site, body, id) => {
  if (!isObject(body)) return refuse(badRequest('The body must be a JSON object.'));
  const { status } = body;
  if (status !== 'completed' && status !== 'failed') {
    return refuse(wrongValue('status', 'must be one of completed, failed'));
  }
  const run = () => {
    // Looked up here and not before: a repeat with the same key must find its answer, not the new state.
    const found = site.fulfillments.find(id);
    if (found === undefined) return failure(404, 'resource_not_found', { message: `${id} not found` });
    if (found.status !== 'in_progress') {
      return failure(409, 'invalid_state_for_request', { message: `${id} is ${found.status} already` });
    }
    const seconds = Math.floor(site.now() / 1000);
    const reason = typeof body.failure_reason === 'string' ? body.failure_reason : 'failed';
    const ending =
      status === 'completed'
        ? { completed_at: seconds }
        : { failed_at: seconds, error: { code: 'external_fulfillment_failed', message: reason } };
    const fulfillment: Fulfillment = { ...found, status, ...ending };
    site.fulfillments.put(fulfillment);
    return ok({ offer_fulfillment: fulfillment });
  };
  return { job: { fingerprint: `${id} ${JSON.stringify(body)}`, run } };
};
