import { makeOffer, type PersonalizedOffer } from './catalogue.js';
import { type Endpoint, refuse } from './endpoint.js';
import { badRequest, ok, wrongValue } from './errors.js';
import { idFault } from './offer-events.js';
import { isObject, type JsonObject } from './shape.js';

const MAX_OFFERS = 50_000;

/** How offers are made and checked. */
export interface OfferSettings {
  /** Whether events for ids that were never handed out are refused. [?] of the live API. */
  readonly known_only: boolean;
  /** Whether there is no offer for anybody: an empty list, which is a normal answer. */
  readonly none: boolean;
  /** From the making to `expires_at`. */
  readonly lifetime_ms: number;
}

/** Lenient about ids, one offer for everybody, valid for a day. */
const DEFAULT_OFFERS: OfferSettings = { known_only: false, none: false, lifetime_ms: 24 * 3_600_000 };

/** Makes offers and remembers which it handed out. */
export class Offers {
  #settings: OfferSettings = DEFAULT_OFFERS;
  readonly #handedOut = new Map<string, PersonalizedOffer>();

  get settings(): OfferSettings {
    return this.#settings;
  }

  get size(): number {
    return this.#handedOut.size;
  }

  set(settings: Partial<OfferSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  knows(id: string): boolean {
    return this.#handedOut.has(id);
  }

  find(id: string): PersonalizedOffer | undefined {
    return this.#handedOut.get(id);
  }

  handOut(offer: PersonalizedOffer): void {
    this.#handedOut.set(offer.id, offer);
    const [oldest] = this.#handedOut.keys();
    if (this.#handedOut.size > MAX_OFFERS && oldest !== undefined) this.#handedOut.delete(oldest);
  }

  clear(): void {
    this.#settings = DEFAULT_OFFERS;
    this.#handedOut.clear();
  }
}

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
