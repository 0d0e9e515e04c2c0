import type { PersonalizedOffer } from './catalogue.js';

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
  readonly #start: OfferSettings;
  #settings: OfferSettings;
  readonly #handedOut = new Map<string, PersonalizedOffer>();

  /** @param start What is not named is lenient about ids, one offer for everybody, valid for a day. */
  constructor(start: Partial<OfferSettings> = {}) {
    this.#start = { ...DEFAULT_OFFERS, ...start };
    this.#settings = this.#start;
  }

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
    this.#settings = this.#start;
    this.#handedOut.clear();
  }
}
