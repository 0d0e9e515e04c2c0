/** What the reference says of a range: its bounds, and what becomes of a value beyond them. */

/** What becomes of a value. A number is the bound that it counts as. */
export type Answer = 'accepted' | 'refused' | 'left out' | number;

/** A range of numbers, or of the lengths of strings. */
export interface Range {
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
  /** Whether it counts the characters of a string. */
  readonly isLength: boolean;
  readonly below: Answer;
  readonly above: Answer;
}

const LENGTH = / (?:(?:lower-case )?letters|characters)\b/;

/** A range begins with its bounds, or has them behind the words that are values too. */
const BOUNDS =
  /^(?:(?:'\w+'|`[^`]+`)(?:, | or ))*(?:[a-z][^;\d]* )?(?:from |at least )?(\d+)(?:(?: to |–)(\d+))?\b/;
const AT_MOST = /\bat most (\d+) characters/;

const beyond = (range: string, side: 'less' | 'more'): Answer => {
  const [, bound] = new RegExp(`(?:; |, and )${side} counts as (\\d+)`).exec(range) ?? [];
  if (bound !== undefined) return Number(bound);
  if (/; anything else counts as left out/.test(range)) return 'left out';
  return new RegExp(`(?:; |, and )${side} is not checked`).test(range) ? 'accepted' : 'refused';
};

/** Reads a range; undefined if it has no bounds. */
export const rangeOf = (range: string): Range | undefined => {
  const [, longest] = AT_MOST.exec(range) ?? [];
  const [, least = '0', most = longest] = BOUNDS.exec(range) ?? [];
  if (longest === undefined && !BOUNDS.test(range)) return undefined;
  return {
    least: longest === undefined ? Number(least) : 0,
    most: most === undefined ? Infinity : Number(most),
    isWhole: /\bwhole numbers?\b/.test(range),
    isLength: LENGTH.test(range),
    below: beyond(range, 'less'),
    above: beyond(range, 'more'),
  };
};
