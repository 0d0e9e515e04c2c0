/**
 * What follows when the user decides, or another user has the page: what waits is committed or given up, what is
 * stored is purged, what is on its way is the last that leaves. One decision after the other; free of window and
 * document.
 */
import { OffersightError } from '../../errors.js';
import { isSubject } from '../../protocol/subject.js';
import type { Runtime } from '../../runtime.js';
import type { Consent, Mirrored, Outbox } from '../outbox/outbox.js';
import type { Flusher } from './delivery/flusher.js';
import type { Leasing } from './outbox/leasing.js';
import { PURGE_RETRY_MS } from './outbox/waits.js';

/** What decisions work with. */
export interface ConsentContext extends Pick<Leasing, 'drop' | 'purge'>, Pick<Flusher, 'pause'> {
  /** Who has the page, and what they said last. */
  readonly owner: { consent: Consent; subject?: string | undefined };
  readonly runtime: Pick<Runtime, 'after'>;
  /** Its mirror holds what is not stored yet; while consent is pending, everything. */
  readonly outbox: Pick<Outbox, 'mirror' | 'commit'>;
  /** Reads what was accepted on other pages; resolves to all offers that were accepted. */
  learn(): Promise<ReadonlySet<string>>;
  /** What was recorded is stored, or could not be stored. */
  onCommitted(): void;
  readonly report: (error: OffersightError) => void;
}

/** Takes decisions. */
export interface ConsentState {
  /**
   * The user decided, or another one has the page.
   * @param copies What was in the mirror then; a denial takes all of it out.
   */
  onDecided(consent: Consent, copies: readonly Mirrored[]): void;
  /** Resolves when every decision so far is carried out. */
  decided(): Promise<void>;
}

/** Starts with what the owner says already. */
export const createConsentState = ({
  owner,
  drop,
  purge: purgeStored,
  pause,
  runtime,
  outbox,
  learn,
  onCommitted,
  report,
}: ConsentContext): ConsentState => {
  let decided: Promise<void> = Promise.resolve();
  let latest = '';

  const onMisconfigured = (hint: string): void => report(new OffersightError('configuration', hint));

  /** A denial is owed until the database was purged, even if the user grants consent meanwhile. */
  const purge = async (): Promise<void> => {
    try {
      await purgeStored();
    } catch (cause) {
      report(
        new OffersightError(
          'storage',
          `Denied events are not deleted yet. Retry in 5 s: ${cause as string}`,
          cause,
        ),
      );
      runtime.after(PURGE_RETRY_MS, purge);
    }
  };

  const decide = async (consent: Consent, wasPending: boolean): Promise<void> => {
    if (consent === 'denied') await purge();
    else if (consent === 'granted') {
      const acceptedOffers = await learn();
      // While consent was pending, nobody knew what was accepted on earlier pages. Other waiting events may be on their way.
      if (wasPending)
        for (const [id, { event, isStored, isTold }] of outbox.mirror)
          if ((isStored ?? isTold) == null && event.type === 'dismissed' && acceptedOffers.has(event.offerId))
            outbox.mirror.delete(id);
      // What fails is delivered out of memory, and stored later.
      await outbox.commit().catch(() => undefined);
      onCommitted();
    } else if (consent !== 'pending')
      onMisconfigured(`consent is ${consent as string}: give granted, pending or denied.`);
  };

  const onDecided: ConsentState['onDecided'] = (consent, copies) => {
    if (consent === 'denied') drop(copies);
    if (owner.subject && !isSubject(owner.subject)) {
      owner.subject = undefined;
      // It may be an e-mail address, so it is not shown.
      onMisconfigured('subject is not opaque: give a hash.');
    }
    // Pages say the same again and again.
    const decision = `${consent} ${owner.subject}`;
    if (decision === latest) return;
    const wasPending = latest.startsWith('pending');
    latest = decision;
    // Requests that have not left yet are another user's, or nobody's any more.
    pause();
    // One after the other, as they were taken.
    decided = decided.then(() => decide(consent, wasPending));
  };
  onDecided(owner.consent, []);

  return { onDecided, decided: () => decided };
};
