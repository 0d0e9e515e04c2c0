/** How long things wait, where the offer part and delivery have to know it; milliseconds. */

/** Nothing waits longer: an hour, with the jitter of a Retry-After. */
export const MAX_WAIT_MS = 1.2 * 3_600_000;
/** A purge that failed is tried again after this long. */
export const PURGE_RETRY_MS = 5_000;
