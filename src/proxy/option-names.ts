/**
 * Refuses unknown options. A misspelt option would be ignored silently, and so would the protection that it asks for, such
 * as signed offers.
 */
import { closestMatch } from 'leven';
import { OffersightError } from '../errors.js';

/** A name that differs by more is another word. */
const MAX_DISTANCE = 4;

/**
 * Suggests a known name in place of an unknown one.
 * @returns Such as ` Did you mean origins?`; an empty text if no known name is similar.
 */
export const nearestOf = (name: string, known: readonly string[], prefix = ''): string => {
  const joined = (each: string): string => each.replaceAll('-', '');
  const nearest =
    known.find((each) => joined(name) && joined(each).startsWith(joined(name))) ??
    closestMatch(name, known, { maxDistance: MAX_DISTANCE });
  return nearest === undefined ? '' : ` Did you mean ${prefix}${nearest}?`;
};

/** Says which name is unknown, and which was meant: one like it, or one that belongs into another option. */
export const unknownName = (
  name: string,
  place: string,
  known: Readonly<Record<string, readonly string[]>>,
): string => {
  const outer = Object.keys(known).find((each) => known[each]?.includes(name));
  const meant = outer === undefined ? nearestOf(name, Object.keys(known)) : ` Did you mean ${outer}.${name}?`;
  return `Unknown option ${name} of ${place}.${meant}`;
};

/**
 * Checks the names of options.
 * @param place What they belong to, such as `createOfferAdmin`.
 * @param known Every name, so that the compiler misses one that is forgotten here.
 * @throws {OffersightError} `configuration`, which names the unknown one and the nearest known one.
 */
export const checkOptionNames = <Options extends object>(
  place: string,
  given: Options,
  known: Readonly<Record<keyof Required<Options>, true>>,
): void => {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.fromEntries(Object.keys(known).map((name) => [name, []]));
  throw new OffersightError('configuration', unknownName(unknown, place, names));
};
