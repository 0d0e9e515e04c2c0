/** How long an event may be under way: the client keeps it no longer, and the intake remembers it longer. */

/** No event may wait longer under any configuration: browsers may wipe idle storage after 7 days. */
export const MAX_RETENTION_MS = 6 * 86_400_000;
