/** What a page has to know of the database as it starts, before anything that delivers has loaded. */
import type { Mark, Records } from '../../outbox/records.js';

/** What is there. */
export interface AtStart {
  /** The offers that were accepted on any page of the site. */
  readonly accepted: readonly string[];
  /** Whether anything waits to be delivered, or to be forgotten. */
  readonly isWaiting: boolean;
}

/** Looks; rejects where the database fails. */
export const lookAtStart = (records: Records, now: number): Promise<AtStart> =>
  records.transact(async (rows) => {
    const [facts, ...waiting] = await Promise.all([
      rows.query('getAll', 'seen'),
      rows.query('getAllKeys', 'entry', 1),
      rows.query('getAllKeys', 'dead', 1),
    ]);
    const isValid = (mark: Partial<Mark> | undefined): mark is Mark => (mark?.until as number) > now;
    const marks = (facts as readonly (Partial<Mark> | undefined)[]).filter(isValid);
    return {
      accepted: marks.filter(({ type }) => type === 'accepted').map(({ offerId }) => offerId),
      isWaiting: marks.length < facts.length || waiting.some(([key]) => key),
    };
  });
