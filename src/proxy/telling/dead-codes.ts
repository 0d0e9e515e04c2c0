/** Codes of dead letters: the proxy's own, and what the upstream's are called beside them. */

/** Codes of events that became dead letters without a decision of the upstream or of an operator. */
export const GIVEN_UP_CODES = ['expired', 'viewed_dead', 'unknown_outcome'] as const;
/** The code of events that an operator gave up. */
export const PURGED = 'purged';

const OWN: ReadonlySet<string> = new Set([...GIVEN_UP_CODES, PURGED]);

/** The code of a refusal: what the upstream called it, never a word by which the ledger counts another outcome. */
export const refusalCodeOf = (code: string): string => (OWN.has(code) ? `upstream_${code}` : code);
