/** How long each thing that the product does may last, milliseconds. After that, it excuses nothing any more. */

/** A request is given up after this long. */
export const REQUEST_MS = 12_000;
/** A lease lasts 15 s, and a transaction of 2 s makes it; the rest is slack. */
export const LEASE_MS = 20_000;
/** If nothing fails, an event is stored in some milliseconds. */
export const COMMIT_MS = 1_000;
/** A proxy leads for 30 s before it has to renew that, by a clock that may be moved meanwhile; the rest is slack. */
export const LEAD_MS = 35_000;
/**
 * From a decision to the moment when the page reports it. There are three transactions of 2 s: one fails, one makes
 * room, one is repeated. Half a second later the page hears that the last one is complete. The rest is slack.
 */
export const DECISION_MS = 10_000;
/**
 * A page leaves a database that failed alone for 30 s. Then a request that is under way may last 12 s more, and two
 * transactions follow; the rest is slack.
 */
export const MEMORY_MS = 60_000;
/** A page that is busy gives up its transaction after eight turns, each of which begins with a task. */
export const HELD_MS = 5_000;
/** Rows of one moment may be written in another order. */
export const ORDER_MS = 1_000;
/** So long an event may wait in an intake: the runs leave `maxDelayMs` at its default. */
export const WAITING_MS = 24 * 3_600_000;
/** From the arrival of an event to the row that says that it was taken, and from its end to the row of that. */
export const TAKING_MS = 60_000;
