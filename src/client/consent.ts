/**
 * What follows when the user decides, or another user has the page: what waits is committed or given up, what is
 * stored is purged, what is on its way is the last that leaves. One decision after the other; free of window and
 * document.
 */
import { OffersightError } from '../errors.js';
import { isSubject } from '../protocol/subject.js';
import type { Runtime } from '../runtime.js';
import type { Delivering } from './delivering.js';
import type { OnDiscard } from './outbox/leasing.js';
import type { Consent, Recordable } from './outbox/outbox.js';

/** What decisions work with. */
export interface ConsentContext {
  /** Who has the page, and what they said last. */
  readonly owner: { consent: Consent; subject?: string | undefined };
  readonly delivering: Pick<Delivering, 'records' | 'leasing' | 'flusher'>;
  readonly runtime: Pick<Runtime, 'after'>;
  /** What is not committed yet; while consent is pending, everything. */
  readonly waiting: Recordable[];
  /** Commits it. */
  commit(): Promise<void>;
  /** Reads what was accepted on other pages; resolves to all offers that were accepted. */
  learn(): Promise<ReadonlySet<string>>;
  /** Something may be stored now, for this user. */
  onGranted(): void;
  readonly onDiscard: OnDiscard;
  readonly report: (error: OffersightError) => void;
}

/** Takes decisions. */
export interface Deciding {
  /**
   * The user decided, or another one has the page.
   * @param dropped Given up by a denial.
   */
  onDecided(consent: Consent, dropped: readonly Recordable[]): void;
  /** Resolves when every decision so far is carried out. */
  decided(): Promise<void>;
}

/** A purge that failed is tried again after this long. */
const PURGE_RETRY_MS = 5_000;

/** Starts with what the owner says already. */
export const createDeciding = (context: ConsentContext): Deciding => {
  const { owner, delivering, runtime, waiting, commit, learn, onGranted, onDiscard, report } = context;
  const { records, leasing, flusher } = delivering;
  let decided: Promise<void> = Promise.resolve();
  let latest = '';

  const onMisconfigured = (what: string): void =>
    report(new OffersightError('configuration', `No valid ${what}.`));

  /** A denial is owed until the database was purged. */
  const purge = async (): Promise<void> => {
    try {
      await leasing.purge(records.memory);
      await leasing.purge(records.stored);
    } catch (cause) {
      report(new OffersightError('storage', 'Purging is tried again.', cause));
      runtime.after(PURGE_RETRY_MS, () => {
        if (owner.consent === 'denied') void purge();
      });
    }
    // What was on its way to a database that did not answer is in memory by now, or waits again.
    await leasing.purge(records.memory);
    for (const { event } of waiting.splice(0)) onDiscard(event, 'consent', undefined);
  };

  const decide = async (consent: Consent): Promise<void> => {
    if (consent === 'denied') await purge();
    else if (consent === 'granted') {
      const acceptedOffers = await learn();
      // While consent was pending, nobody knew what was accepted on earlier pages.
      for (const recordable of waiting.splice(0)) {
        const { type, offerId } = recordable.event;
        if (type === 'viewed' || !acceptedOffers.has(offerId)) waiting.push(recordable);
      }
      await commit();
      onGranted();
      flusher.wake();
    } else if (consent !== 'pending') onMisconfigured('consent');
  };

  const onDecided: Deciding['onDecided'] = (consent, dropped) => {
    for (const { event } of dropped) onDiscard(event, 'consent', undefined);
    if (owner.subject && !isSubject(owner.subject)) {
      owner.subject = undefined;
      onMisconfigured('subject');
    }
    // Pages say the same again and again.
    const decision = `${consent} ${owner.subject}`;
    if (decision === latest) return;
    latest = decision;
    // Requests that have not left yet are another user's, or nobody's any more.
    flusher.pause();
    // One after the other, as they were taken.
    decided = decided.then(() => decide(consent));
  };
  onDecided(owner.consent, []);

  return { onDecided, decided: () => decided };
};
