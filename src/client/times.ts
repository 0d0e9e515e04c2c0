/** What a page's times mean, and those that the seer shares with later ones. */

/** How long a load may take, and how long to wait before the next one. */
export const RELOAD_MS = 30_000;

/** Up to here a time is in seconds: as milliseconds it would lie in 1973. */
const MOST_SECONDS = 1e11;

/** Epoch milliseconds, also of what can only be seconds, as the API gives them. */
export const inMs = (time: number | undefined): number | undefined =>
  (time as number) < MOST_SECONDS ? (time as number) * 1_000 : time;
