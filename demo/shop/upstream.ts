/** What the shop's server asks of the upstream: personalized offers, and their fulfilment. */

/** The upstream as the shop knows it. */
export interface ShopUpstream {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Whether it is the mock API, which takes commands. */
  readonly isMockApi: boolean;
}

/** An offer to render. `title` and `description` are HTML that the merchant wrote. */
export interface ShopOffer {
  readonly id: string;
  /** What it was made from. */
  readonly offerId: string;
  readonly title: string;
  readonly description: string;
  readonly option: { readonly id: string; readonly label: string };
  /** Epoch seconds. */
  readonly expiresAt: number;
}

interface PersonalizedOffers {
  readonly personalized_offers: readonly {
    readonly id: string;
    readonly offer_id: string;
    readonly content: { readonly title: string; readonly description: string };
    readonly options: readonly { readonly id: string; readonly label: string }[];
  }[];
  readonly expires_at: number;
}

const call = async ({ baseUrl, apiKey }: ShopUpstream, path: string, body: object): Promise<unknown> => {
  const response = await fetch(`${baseUrl}/api/v2/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${apiKey}:`)}`,
      'content-type': 'application/json;charset=UTF-8',
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
};

/** The offer for a customer at a placement, if there is one. A shop goes on without its offers. */
const fetchOffer = async (
  upstream: ShopUpstream,
  customerId: string,
  placement: string,
): Promise<ShopOffer | undefined> => {
  try {
    const body = { customer_id: customerId, custom: { placement } };
    const { personalized_offers: offers, expires_at: expiresAt } = (await call(
      upstream,
      'personalized_offers',
      body,
    )) as PersonalizedOffers;
    const [offer] = offers;
    const option = offer?.options[0];
    return offer && option && { id: offer.id, offerId: offer.offer_id, ...offer.content, option, expiresAt };
  } catch {
    return undefined;
  }
};

const PLACES = ['hero', 'aside', 'modal', 'toast', 'late'] as const;
/** So many times another offer is asked for where one would stand on the page twice. */
const MOST_TRIES = 60;

/** The offers of one customer by their place on the page, no two of one kind. */
export const fetchOffers = async (
  upstream: ShopUpstream,
  customerId: string,
): Promise<Readonly<Partial<Record<(typeof PLACES)[number], ShopOffer>>>> => {
  const offers: Partial<Record<(typeof PLACES)[number], ShopOffer>> = {};
  const shown = new Set<string>();
  for (const place of PLACES)
    for (let attempt = 1; attempt <= MOST_TRIES; attempt++) {
      const offer = await fetchOffer(upstream, customerId, attempt === 1 ? place : `${place} ${attempt}`);
      if (!offer) break;
      if (shown.has(offer.offerId) && attempt < MOST_TRIES) continue;
      shown.add(offer.offerId);
      offers[place] = offer;
      break;
    }
  return offers;
};

/** Fulfils an accepted offer. Returns whether the upstream took it. */
export const fulfil = async (upstream: ShopUpstream, offerId: string, optionId: string): Promise<boolean> => {
  try {
    await call(upstream, 'offer_fulfillments', { personalized_offer_id: offerId, option_id: optionId });
    return true;
  } catch {
    return false;
  }
};

/** Switches the mock API's offer events off or on: every call's connection breaks before anything is recorded. */
export const switchUpstream = async ({ baseUrl }: ShopUpstream, isDown: boolean): Promise<void> => {
  await fetch(`${baseUrl}/faults`, { method: 'DELETE' });
  if (isDown)
    await fetch(`${baseUrl}/faults`, {
      method: 'POST',
      body: JSON.stringify({ kind: 'down', match: { path: '/offer_events' } }),
    });
};
