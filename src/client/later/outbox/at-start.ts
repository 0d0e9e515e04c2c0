/** What a page has to know of the database as it starts, before anything that delivers has loaded. */
import type { Mark, Pause, Records } from '../../outbox/records.js';

/** What is there. */
export interface AtStart {
  /** The offers that were accepted on any page of the site. */
  readonly accepted: readonly string[];
  /** The endpoint's pause, as far as that is certain. */
  readonly pause: Pause | undefined;
  /** Whether anything waits to be delivered, or to be forgotten. */
  readonly isWaiting: boolean;
}

/** What is further ahead is left to delivery, milliseconds: it may be an open circuit, or was meant for another clock. */
const LONGEST_PAUSE_MS = 1.2 * 3_600_000;

/** Looks; rejects where the database fails. */
export const lookAtStart = (records: Records, endpoint: string, now: number): Promise<AtStart> =>
  records.transact(async (rows) => {
    const pause = (await rows.get(['state', 'pause', endpoint])) as Pause | undefined;
    const facts = (await rows.query('getAll', 'seen')) as readonly (Partial<Mark> | undefined)[];
    const [entry] = await rows.query('getAllKeys', 'entry', 1);
    const [letter] = await rows.query('getAllKeys', 'dead', 1);
    const isValid = (mark: Partial<Mark> | undefined): mark is Mark => (mark?.until as number) > now;
    const marks = facts.filter(isValid);
    return {
      accepted: marks.filter(({ type }) => type === 'accepted').map(({ offerId }) => offerId),
      pause: pause && pause.at <= now + LONGEST_PAUSE_MS ? pause : undefined,
      isWaiting: !!(entry ?? letter) || marks.length < facts.length,
    };
  });
