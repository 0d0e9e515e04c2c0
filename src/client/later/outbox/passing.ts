/** A lease: a pass over the database or, while that fails, over the mirror. */
import type { OfferEvent } from '../../../protocol/event.js';
import type { Mirrored, Outbox, Owner } from '../../outbox/outbox.js';
import type { LeasedEntry, Loss, OutboxEntry, RecordKey, Rows } from '../../outbox/records.js';
import type { Choose, Pass } from './choosing.js';
import { isGranted, type Ways } from './giving-up.js';
import { ATTEMPT_MS, isEntry, lossOf } from './reading.js';
import type { Remembered } from './remembering.js';
import { createTell, type Tell } from './told.js';

/** What {@link Leases.lease} gives. */
export interface Leased {
  /** Oldest first; a `dismissed` comes after its `viewed`. */
  readonly entries: readonly LeasedEntry[];
  /** When something else is due, epoch milliseconds; undefined if nothing waits. */
  readonly nextAt?: number | undefined;
}

/** What gives leases. */
export interface Leases {
  /**
   * Reserves due entries for the holder of `token`, who sends them at once; gives up what expired or exceeds the cap.
   * @param isTrial Whether an open circuit may be tried, if nobody has tried it for 5 s.
   */
  lease(token: string, limit: number, isTrial?: boolean): Promise<Leased>;
  readonly tell: Tell;
}

/** What else the leasing side asks of it. */
export interface Passes extends Leases {
  startPass(limit: number, token?: string): Pass;
  /** Goes over the mirror, since the database fails. */
  chooseCopies(pass: Pass): unknown;
  /** A farewell leaves this out until then, epoch milliseconds. */
  hold(id: string, heldUntil: number): void;
}

/** What leases work with. */
export interface PassesContext {
  readonly outbox: Outbox<Rows>;
  readonly owner: Owner;
  readonly now: () => number;
  /** Most entries that may wait. */
  readonly cap: number;
  readonly choose: Choose;
  readonly ways: Ways;
  readonly remembered: Remembered;
  readonly onRecorded: ((event: OfferEvent, isDurable: boolean) => void) | undefined;
}

/** An open circuit is tried at most so often, by all tabs together. */
const TRIAL_MS = 5_000;
/** What is left of the first lease when a pass ends: an attempt, and one more portion. */
const SHORTEST_LEASE_MS = ATTEMPT_MS + 2_000;
/** A database that failed is asked again after this long where something waits for it, and else after the longer. */
const AGAIN_MS = 5_000;
const IDLE_MS = 30_000;

/** Makes what gives leases. */
export const createPasses = ({
  outbox,
  owner,
  now,
  cap,
  choose,
  ways: { visit, giveUp },
  remembered: { readPause, knownPause, remember },
  onRecorded,
}: PassesContext): Passes => {
  const { mirror, endpoint } = outbox;

  const hold = (id: string, heldUntil: number): void => {
    const copy = mirror.get(id);
    // What a farewell may not say at all stays so when it comes back from an attempt.
    if (copy && copy.heldUntil < Infinity) copy.heldUntil = heldUntil;
  };

  const tell = createTell(outbox, onRecorded);

  const startPass = (limit: number, token = ''): Pass => ({
    token,
    limit,
    pausedUntil: 0,
    excess: mirror.size - cap,
    reason: 'outbox-full',
    taken: [],
    heldOffers: new Set(),
    lost: new Map(),
  });

  /** Lets a pass try an open circuit, if that is due. Returns whether it does. */
  const tries = (pass: Pass, isTrial = false): boolean => {
    const { kind, at, triedAt = 0 } = outbox.pause;
    const isTried = isTrial && kind === 'circuit' && !(Math.abs(now() - triedAt) < TRIAL_MS);
    pass.pausedUntil = isTried ? 0 : at;
    return isTried;
  };

  /** Learns of a dismissal whether its view was given up, perhaps by another page. */
  const learnLoss = async (
    rows: Rows,
    [key, value]: readonly [RecordKey, unknown],
    lost: Map<string, Loss>,
  ): Promise<void> => {
    if (!isEntry(value, key) || value.event.type === 'viewed') return;
    const { impressionId } = value.event;
    const loss = await lossOf(rows, impressionId);
    if (loss) lost.set(impressionId, loss);
  };

  /** A pass over the database. What that does not have yet holds back what it has of the same offer. */
  const leaseStored = async (pass: Pass, isTrial?: boolean): Promise<LeasedEntry[]> => {
    const entries: LeasedEntry[] = [];
    let { heldOffers: held, lost } = pass;
    await visit(async (rows, discard, portion) => {
      await readPause(rows);
      // A portion that is repeated begins with what the pass was before it.
      pass.heldOffers = new Set([...held, ...unstored().map(({ event }) => event.offerId)]);
      pass.lost = new Map(lost);
      pass.excess = (await rows.query('count', 'entry')) - cap;
      const isTried = tries(pass, isTrial);
      pass.taken = [];
      await Promise.all(portion.map((record) => learnLoss(rows, record, pass.lost)));
      const isThrough = choose(portion, pass, discard);
      pass.taken = await Promise.all(
        pass.taken.map(async (entry) => {
          const { id } = entry.event;
          const isSaid = !mirror.has(id) && (await rows.get(['seen', id, 'said']));
          return isSaid ? { ...entry, mayBeKnown: true } : entry;
        }),
      );
      for (const entry of pass.taken) rows.put(['entry', entry.event.id], entry);
      if (isTried && pass.taken[0])
        rows.put(['state', 'pause', endpoint], { ...outbox.pause, triedAt: now() });
      rows.onComplete(() => {
        held = pass.heldOffers;
        lost = pass.lost;
        entries.push(...pass.taken);
        pass.limit -= pass.taken.length;
      });
      const [first = pass.taken[0]] = entries;
      // The database is slow, and the first leases run: their sender will ask again for the entries after them.
      return isThrough || (first && !pass.lost.size && first.lease.until < now() + SHORTEST_LEASE_MS);
    });
    return entries;
  };

  /** What the database does not have, as far as the page knows. */
  const unstored = (): Mirrored[] => [...mirror.values()].filter(({ isStored }) => !isStored);

  const chooseCopies = (pass: Pass): unknown =>
    choose(
      [...mirror.values()].map(({ event, heldUntil }) => [
        ['entry', event.id],
        { v: 1, event, endpoint, notBeforeAt: heldUntil } satisfies OutboxEntry,
      ]),
      pass,
      giveUp,
    );

  /** A pass over the mirror, since the database fails. */
  const leaseCopies = (pass: Pass, cause: unknown, isTrial?: boolean): LeasedEntry[] => {
    const waiting = unstored();
    const { name, message } = Object(cause) as Error;
    // A database that is only slow will say later whether the offer was known already. So will one
    // whose transactions the page ended itself, because it was left or frozen.
    if (message !== 'timeout' && name !== 'AbortError')
      for (const copy of waiting)
        if (copy.isOnce) {
          Object.assign(copy, { isOnce: false, heldUntil: 0 });
          remember(copy.event);
        }
    tell(true);
    knownPause();
    const isTried = tries(pass, isTrial);
    chooseCopies(pass);
    if (isTried && pass.taken[0]) outbox.pause = { ...outbox.pause, triedAt: now() };
    const againAt = now() + (waiting[0] ? AGAIN_MS : IDLE_MS);
    pass.nextAt = Math.min(pass.nextAt ?? againAt, againAt);
    return pass.taken;
  };

  return {
    tell,
    startPass,
    chooseCopies,
    hold,

    async lease(token, limit, isTrial) {
      if (!isGranted(owner)) return { entries: [] };
      let pass = startPass(limit, token);
      let entries: readonly LeasedEntry[];
      try {
        await outbox.commit();
        tell();
        entries = await leaseStored(pass, isTrial);
        // Its callers retry when that is over. Entries that were given up on the way are gone by
        // then, so the next pass is shorter.
        const { until = Infinity } = entries[0]?.lease ?? {};
        if (until < now() + ATTEMPT_MS) return { entries: [], nextAt: until };
      } catch (cause) {
        // The user took it back meanwhile.
        if (!isGranted(owner)) return { entries: [] };
        pass = startPass(limit, token);
        entries = leaseCopies(pass, cause, isTrial);
      }
      // On its way, so a farewell has no need to take it along.
      for (const { event, lease } of entries) hold(event.id, lease.until);
      return { entries, nextAt: pass.nextAt };
    },
  };
};
