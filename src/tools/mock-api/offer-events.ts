import { type Endpoint, refuse } from './endpoint.js';
import { type Answer, badRequest, failure, wrongValue } from './errors.js';
import { eventFingerprint, RECORDED } from './recorded.js';
import { isObject, unknownField } from './shape.js';
import type { Enabled } from './site.js';

const MAX_ID_LENGTH = 50;

const NOT_ENABLED = 'This API operation is not enabled for this site. Please contact support.';

/** Why the site may not use offer events. */
const RESTRICTIONS: Readonly<Record<Enabled['offer_events'], Answer | undefined>> = {
  ok: undefined,
  // As a live site answered for another operation: https://github.com/chargebee/chargebee-ruby/issues/66
  api_restricted: failure(400, 'configuration_incompatible', {
    message: NOT_ENABLED,
    errorCode: 'api_restricted',
  }),
  // The second form: https://github.com/chargebee/chargebee-node/issues/10
  feature_not_enabled: failure(400, 'invalid_request', {
    message: NOT_ENABLED,
    errorCode: 'offer_events_feature_not_enabled',
  }),
  403: failure(403, 'api_authorization_failed', { message: NOT_ENABLED }),
  404: failure(404, 'url_not_found', { message: 'Sorry, there is nothing at this address.' }),
};

/** Takes an offer event: exactly two fields, and no body in the answer. */
export const recordOfferEvent: Endpoint = (site, body) => {
  const restriction = RESTRICTIONS[site.enabled.offer_events];
  if (restriction) return refuse(restriction);
  if (!isObject(body)) return refuse(badRequest('The body must be a JSON object.'));
  const { personalized_offer_id: id, type } = body;
  const faultyId = idFault(id);
  if (faultyId !== null) return refuse(wrongValue('personalized_offer_id', faultyId));
  if (type !== 'viewed' && type !== 'dismissed') {
    const message = type === undefined ? 'cannot be blank' : 'must be one of viewed, dismissed';
    return refuse(wrongValue('type', message));
  }
  const surplus = unknownField(body, ['personalized_offer_id', 'type']);
  if (surplus !== undefined) return refuse(wrongValue(surplus, 'is not a field of an offer event'));

  const event = { type, personalized_offer_id: String(id) } as const;
  const record = (key: string | null, replayed: boolean) =>
    site.record({ at: site.now(), ...event, key, replayed });
  const run = (key: string | null): Answer => {
    if (site.offers.settings.known_only && !site.offers.knows(event.personalized_offer_id)) {
      const message = `${event.personalized_offer_id} not found`;
      return failure(404, 'resource_not_found', { message, param: 'personalized_offer_id' });
    }
    record(key, false);
    return RECORDED;
  };
  return { job: { fingerprint: eventFingerprint(event), run, onReplay: (key) => record(key, true) } };
};

/** Why a value cannot be an id; null when it can. */
export function idFault(id: unknown): string | null {
  if (id === undefined || id === null || id === '') return 'cannot be blank';
  if (typeof id !== 'string') return 'must be a string';
  return Array.from(id).length > MAX_ID_LENGTH ? `cannot exceed ${MAX_ID_LENGTH} characters` : null;
}
