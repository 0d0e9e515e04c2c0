/** What a page has to learn of the database without delivery: what was accepted elsewhere, a pause, and whether anything waits. */
import type { Runtime } from '../../runtime.js';
import type { Outbox, Owner } from '../outbox/outbox.js';
import type { Mark, Pause, Rows } from '../outbox/records.js';
import type { Page } from '../page.js';
import type { OnNeed } from './on-need.js';
import { MAX_WAIT_MS } from './outbox/waits.js';

/** What it works with. */
export interface LearningContext {
  readonly outbox: Outbox<Rows>;
  readonly owner: Owner;
  readonly runtime: Pick<Runtime, 'now'>;
  readonly page: Pick<Page, 'listen' | 'capture'>;
  readonly delivery: Pick<OnNeed, 'now' | 'ask'>;
}

/** What was learned. */
export interface Learning {
  /** The offers that were accepted, also on pages that are open at the same time. */
  readonly acceptedOffers: Set<string>;
  /** Looks again; resolves to the offers that were accepted. */
  learn(): Promise<ReadonlySet<string>>;
  /** Resolves once the first look has ended. */
  readonly learned: Promise<unknown>;
  /** Users decide at once; what they decided is judged when it is known what was accepted before. */
  whenLearned<Args extends unknown[]>(act: (...args: Args) => void): (...args: Args) => void;
}

/** Looks at once, and whenever the page is looked at again. */
export const createLearning = ({ outbox, owner, runtime, page, delivery }: LearningContext): Learning => {
  const acceptedOffers = new Set<string>();
  let isLearned = false;
  const look = (): Promise<void> =>
    outbox.records.transact(async (rows) => {
      const now = runtime.now();
      const pause = (await rows.get(['state', 'pause', outbox.endpoint])) as Pause | undefined;
      const facts = (await rows.query('getAll', 'seen')) as readonly (Partial<Mark> | undefined)[];
      const [entry] = await rows.query('getAllKeys', 'entry', 1);
      const [letter] = await rows.query('getAllKeys', 'dead', 1);
      const isValid = (mark: Partial<Mark> | undefined): mark is Mark => (mark?.until as number) > now;
      const marks = facts.filter(isValid);
      for (const { type, offerId } of marks) if (type === 'accepted') acceptedOffers.add(offerId);
      // Delivery knows better.
      // What is further ahead is left to delivery: it may be an open circuit, or was meant for another clock.
      if (pause && pause.at <= now + MAX_WAIT_MS && !delivery.now()) outbox.pause = pause;
      // What is over has to be forgotten.
      if (entry || letter || marks.length < facts.length) delivery.ask();
    });
  const learn = async (): Promise<ReadonlySet<string>> => {
    if (owner.consent === 'granted') await look().catch(delivery.ask);
    isLearned = true;
    return acceptedOffers;
  };
  const learned = learn();
  page.listen((change) => {
    if (change === 'visible') void learn();
  });
  // If two windows are side by side, the offer may have been accepted in the other one a moment ago.
  page.capture(['focus'], ({ target }) => {
    if (target === window) void learn();
  });
  return {
    acceptedOffers,
    learn,
    learned,
    whenLearned:
      (act) =>
      (...args) => {
        if (isLearned) act(...args);
        else void learned.then(() => act(...args));
      },
  };
};
