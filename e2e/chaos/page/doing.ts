/** What this page itself did to its offers: the record of what the product should say of them. */

/** What was done to one offer. */
interface Doing {
  /** The group that its element has. */
  readonly group?: string | undefined;
  /** How it was closed, in the product's words. */
  readonly reason?: 'control' | 'api';
}

const done = new Map<string, Doing>();

/** What was done to an offer so far. */
export const doingOf = (offerId: string): Doing => done.get(offerId) ?? {};

/** Writes down what is being done to an offer, before the product can notice it. */
export const noteDoing = (offerId: string, doing: Doing): void => {
  done.set(offerId, { ...doingOf(offerId), ...doing });
};
