/** How the sums of a ledger are read out of an intake's file, for the simulator and the browser's nemesis alike. */

/** What a file's ledger says of all its events. */
export const LEDGER_SUMS = `SELECT coalesce(sum(taken), 0) AS taken, coalesce(sum(delivered), 0) AS delivered,
  coalesce(sum(refused), 0) AS refused, coalesce(sum(given_up), 0) AS givenUp, coalesce(sum(purged), 0) AS purged
  FROM ledger`;
