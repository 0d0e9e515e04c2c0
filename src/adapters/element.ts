/**
 * Offersight as a custom element, for pages of any make:
 * `<offer-impression data-offer-id="a52ge40b">…`. Importing it defines the element, once. On a
 * server, which has no elements, it does nothing.
 * @module offersight/element
 */
import { createOfferTracker, markOffer, type Offered, type OfferTracker } from '../index.js';

/** On a server nothing is ever constructed. */
const Base = globalThis.HTMLElement ?? Object;

/**
 * An element that shows an offer, as its attributes or its property say. It is laid out as the page's style sheets say,
 * by default inline.
 */
export class OfferImpressionElement extends Base {
  /** The attributes whose changes the browser reports. */
  static readonly observedAttributes = ['endpoint'];
  /** The page's tracker for the `endpoint`: started by this element, unless it was there already. */
  tracker: OfferTracker | undefined;
  #offer: Offered;

  /** The offer that it shows, for frameworks that set properties: its id, or its id and settings. */
  get offer(): Offered {
    return this.#offer;
  }
  /** Writes its attributes. */
  set offer(value: Offered) {
    this.#offer = value;
    markOffer(this, value);
  }

  /** Called by the browser. */
  attributeChangedCallback(_name: string, _before: string | null, endpoint: string | null): void {
    if (endpoint) this.tracker = createOfferTracker({ endpoint });
  }

  /** Called by the browser. */
  connectedCallback(): void {
    // Set before the element was defined, it would hide the property.
    if (!Object.hasOwn(this, 'offer')) return;
    const { offer } = this as { offer?: Offered };
    Reflect.deleteProperty(this, 'offer');
    this.offer = offer;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'offer-impression': OfferImpressionElement;
  }
}

const NAME = 'offer-impression';
if (globalThis.customElements && !customElements.get(NAME))
  customElements.define(NAME, OfferImpressionElement);
