/** What the reference says of a default: values that can be compared with the code, or only words. */
import type { Value } from '../support/defaults.js';

const NUMBER = /^\d[\d,]*(?:\.\d+)?/;

const numberOf = (text: string): number => Number(text.replaceAll(',', ''));

/** A list as the code writes it, such as `['a', 'b']`. */
const listOf = (text: string): string => JSON.stringify(JSON.parse(text.replaceAll("'", '"')));

/** The value that a default begins with; words after it explain it. Undefined if it has only words. */
export const valueSaid = (fallback: string): Value | undefined => {
  const [, quoted] = /^['`]([^'`]*)['`]/.exec(fallback) ?? [];
  if (quoted !== undefined) return quoted;
  if (/^\[.*\]$/.test(fallback)) return listOf(fallback);
  if (/^(?:true|false)$/.test(fallback)) return fallback === 'true';
  const [number] = NUMBER.exec(fallback) ?? [];
  return number === undefined ? undefined : numberOf(number);
};
