/** What a page calls the thing that it shows to many, such as a campaign or a placement: figures are kept under it. */

const GROUP = /^[a-z\d][\w.:/~-]{0,49}$/i;
/** What templates write of a group that is not there. */
const NOTHING = new Set(['null', 'undefined', 'false', 'true']);

/** Whether a string can name a group: 1–50 characters of `A–Z a–z 0–9 _ . : / ~ -`, the first a letter or a digit. */
export const isGroup = (value: unknown): value is string =>
  typeof value === 'string' && GROUP.test(value) && !NOTHING.has(value);
