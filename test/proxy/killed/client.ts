/** Makes events and posts them as a page does: oldest first, and again until each is taken. */
import type { Chance } from '../../simulation/chance.js';
import { eventId, wireBody } from '../../support/wire.js';

/** An event as it was made. */
export interface Made {
  readonly id: string;
  readonly type: 'viewed' | 'dismissed';
  readonly offerId: string;
}

/** Offer → what happened to it, in order. */
export const byOffer = (events: readonly Made[]): Record<string, string[]> => {
  const offers: Record<string, string[]> = {};
  for (const { id, type, offerId } of events) {
    const happened = offers[offerId] ?? [];
    happened.push(`${type} ${id}`);
    offers[offerId] = happened;
  }
  return offers;
};

/** One browser's pages, one after another. */
export interface Client {
  /** All events that were ever made, in order. */
  readonly made: readonly Made[];
  /** Makes and posts events until nobody answers any more. */
  postWhileAnswered(url: string): Promise<void>;
  /** Posts until nothing is left. */
  postTheRest(url: string): Promise<void>;
}

interface Reply {
  readonly results: readonly { readonly id: string; readonly status: string }[];
}

const BATCH = 4;
/** What waits for the disk or the server for longer than this is answered 503, and has to be sent again. */
const PATIENCE_MS = 5_000;

/**
 * Makes a client.
 * @param number Makes its events and offers different from those of other clients.
 */
export const createClient = (number: number, chance: Chance): Client => {
  const made: Made[] = [];
  const outbox = new Map<string, Made>();

  const make = (type: Made['type'], offerId: string): void => {
    const event = { id: eventId(number * 1_000_000 + made.length), type, offerId };
    made.push(event);
    outbox.set(event.id, event);
  };
  /** Some offers are seen twice, some are closed. */
  const makeSome = (): void => {
    while (outbox.size < BATCH) {
      const offerId = `offer-${number}-${made.length}`;
      make('viewed', offerId);
      if (chance.is(0.3)) make('viewed', offerId);
      if (chance.is(0.6)) make('dismissed', offerId);
    }
  };

  const post = async (url: string): Promise<boolean> => {
    const batch = [...outbox.values()].slice(0, chance.whole(1, BATCH));
    const events = batch.map(({ id, type, offerId }) => ({
      id,
      type,
      personalized_offer_id: offerId,
      occurred_at: 1_763_600_000_000,
    }));
    const headers = {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      'user-agent': 'Firefox',
    };
    const postedAt = performance.now();
    const answered = await fetch(url, { method: 'POST', headers, body: wireBody(events) })
      .then(async (response) => ({ status: response.status, reply: (await response.json()) as Reply }))
      // Nobody is there any more, or the answer breaks off.
      .catch(() => undefined);
    if (!answered) return false;
    const isPatient = performance.now() - postedAt >= PATIENCE_MS;
    if (answered.status === 503 && isPatient) return true;
    if (answered.status !== 200) throw new Error(`the proxy answered ${answered.status}`);
    for (const { id, status } of answered.reply.results)
      if (status === 'accepted' || status === 'duplicate') outbox.delete(id);
    return true;
  };

  return {
    made,
    async postWhileAnswered(url) {
      do makeSome();
      while (await post(url));
    },
    async postTheRest(url) {
      while (outbox.size) await post(url);
    },
  };
};
