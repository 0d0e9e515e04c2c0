/**
 * The outbox: events that were recorded and are not settled yet. An event is in the mirror at once,
 * and in the database as soon as that takes it; the farewell reads the mirror without waiting for
 * storage. What delivery does to entries is leasing.ts, which loads with delivery. It never knows
 * who fills it or who empties it.
 */
import type { OfferEvent } from '../../protocol/event.js';
import type { Runtime } from '../../runtime.js';
import type { BareRows, Loss, Mark, OutboxEntry, Pause, Records } from './records.js';

/** What the user said to keeping and reporting events. */
export type Consent = 'granted' | 'pending' | 'denied';

/** Who has the page, and what they said. */
export interface Owner {
  /** The opaque user: what belongs to another one waits. */
  readonly subject?: string | undefined;
  readonly consent: Consent;
}

/** An unsettled event of this page, in memory. */
export interface Mirrored {
  readonly event: OfferEvent;
  /** It counts only if no page or tab has recorded this type for this offer, which a commit finds out. */
  isOnce: boolean;
  /** Not to be said by a farewell, since it is on its way, not due or not known to count, until then; epoch milliseconds. */
  heldUntil: number;
  /** Whether the database has it, as far as the page knows: a put that was given up may take effect later. */
  isStored?: boolean;
  /** Whether it was reported to the page. */
  isTold?: boolean;
}

/** The part of the outbox that a page loads first. */
export interface Outbox<Row extends BareRows = BareRows> {
  /** The records that keep the entries. Delivery replaces them by records that recover from faults. */
  records: Records<Row>;
  /** Unsettled events of this page by id, oldest first. */
  readonly mirror: Map<string, Mirrored>;
  /** By impression, what this page knows of views that were given up. */
  readonly lost: Map<string, Loss>;
  /** Where its events go: absolute, of this origin. */
  readonly endpoint: string;
  /** The pause as last read or written. */
  pause: Pause;
  /** Our bytes in flight with `keepalive`, by all that send so: the browser's quota is the page's. */
  inFlight: number;
  /** Whether it was reported that nothing can be stored; storing an event ends it. */
  isBlocked?: boolean;
  /** Records an event in the mirror. */
  add(event: OfferEvent, isOnce: boolean): void;
  /**
   * Writes what the database does not have, in one transaction, and then what came meanwhile; nothing without consent. What
   * fails is written by the next commit.
   */
  commit(): Promise<void>;
}

/** What is known of an offer is remembered this long: 30 days. Its end is by a clock that the page does not have. */
export const MARK_MS = 2_592_000_000;

/**
 * Makes an outbox over records.
 * @param records Where it keeps entries; outboxes over the same records, also of other tabs, work together.
 * @param endpoint Where its events go: absolute, of this origin.
 * @param owner Who has the page; called whenever something is written.
 */
export const createOutbox = <Row extends BareRows>(
  records: Records<Row>,
  runtime: Pick<Runtime, 'now'>,
  endpoint: string,
  owner: Pick<Owner, 'consent'>,
): Outbox<Row> => {
  const mirror = new Map<string, Mirrored>();
  /** Offers of which events are being written. */
  const writing = new Set<string>();

  const write = async (rows: Row, copies: readonly Mirrored[]): Promise<void> => {
    for (const copy of copies) {
      const { event, isOnce, heldUntil } = copy;
      const { id, offerId, type } = event;
      // It went another way meanwhile, or a later commit stored it.
      if (copy.isStored || !mirror.has(id)) continue;
      // A read costs time that a closing page may not have, so only what needs one waits for it.
      if (isOnce) {
        const known = (await rows.get(['seen', offerId, type])) as Mark | undefined;
        // Unless it was reported as recorded meanwhile, because the database had failed for so long.
        const isKnown = known && copy.isOnce && known.id !== id && known.until > runtime.now();
        const until = runtime.now() + MARK_MS;
        rows.put(['seen', offerId, type], {
          offerId,
          type,
          until,
          id: isKnown ? known.id : id,
        } satisfies Mark);
        if (isKnown) {
          mirror.delete(id);
          continue;
        }
      }
      // An attempt that was given up may have stored it all the same, and another tab have leased it since.
      if (copy.isStored === false && (await rows.get(['entry', id]))) continue;
      copy.isStored = false;
      const notBeforeAt = isOnce ? 0 : heldUntil;
      rows.put(['entry', id], { v: 1, event, endpoint, notBeforeAt } satisfies OutboxEntry);
    }
  };

  const outbox: Outbox<Row> = {
    records,
    mirror,
    lost: new Map(),
    endpoint,
    inFlight: 0,
    pause: { at: 0, failures: 0, kind: 'none' },

    add(event, isOnce) {
      // Only a commit shows whether an offer that counts once was known already.
      mirror.set(event.id, { event, isOnce, heldUntil: isOnce ? Infinity : 0 });
    },

    async commit() {
      // The events of an offer one after the other: a `dismissed` may not be stored before its
      // `viewed`, which may still fail.
      const copies = [...mirror.values()].filter(
        ({ event, isStored }) => !isStored && !writing.has(event.offerId),
      );
      if (owner.consent !== 'granted' || !copies.length) return;
      for (const { event } of copies) writing.add(event.offerId);
      try {
        await outbox.records.transact((rows) => write(rows, copies));
        outbox.isBlocked = false;
        for (const copy of copies) {
          // What a denial took out meanwhile was not, or is given up.
          copy.isStored = mirror.has(copy.event.id);
          // A dismissal's view may be another tab's, and not upstream yet, so it cannot say farewell.
          if (copy.isOnce && copy.event.type === 'viewed') copy.heldUntil = 0;
        }
      } finally {
        for (const { event } of copies) writing.delete(event.offerId);
      }
      // What came meanwhile for the same offers.
      await outbox.commit();
    },
  };
  return outbox;
};
