/** The numbers that both halves share. Sizes are UTF-8 bytes, times are milliseconds. */

/** Most events that the proxy takes in one request. */
export const MAX_REQUEST_EVENTS = 500;
/** Largest request body that the proxy reads. */
export const MAX_REQUEST_BYTES = 500_000;
/**
 * Most bytes of ours in flight with `keepalive`. Browsers share 64 KiB among all scripts of a page
 * (Fetch standard, "in-flight keepalive bytes"); we leave a quarter to the others.
 */
export const MAX_LEAVE_BYTES = 48_000;
/**
 * Most that one event of ours takes on the wire, its comma included: its ids, type, times, token, group and reason are all bounded. Also
 * room for what stands around the events.
 */
export const MAX_EVENT_BYTES = 520;
