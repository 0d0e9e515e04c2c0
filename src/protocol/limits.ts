/** The numbers that both halves share. Sizes are UTF-8 bytes, times are milliseconds. */

/** Longest id of a personalized offer, in characters (Chargebee, offer events API). */
export const MAX_OFFER_ID_LENGTH = 50;
/** Most events that the proxy takes in one request. */
export const MAX_REQUEST_EVENTS = 500;
/** Largest request body that the proxy reads. */
export const MAX_REQUEST_BYTES = 500_000;
/** Most events that the client packs into one request. */
export const MAX_BATCH_EVENTS = 100;
/**
 * Most bytes of ours in flight with `keepalive`. Browsers share 64 KiB among all scripts of a page
 * (Fetch standard, "in-flight keepalive bytes"); we leave a quarter to the others.
 */
export const MAX_LEAVE_BYTES = 48_000;
/** The client gives up an attempt after this long, body included. */
export const REQUEST_TIMEOUT_MS = 12_000;
/** How long an entry is reserved for one attempt; strictly longer than {@link REQUEST_TIMEOUT_MS}. */
export const LEASE_MS = 30_000;
/** How long an event may wait in the outbox by default. */
export const RETENTION_MS = 72 * 3_600_000;
/** No event may wait longer, whatever is configured: browsers may wipe idle storage after 7 days. */
export const MAX_RETENTION_MS = 6 * 86_400_000;
