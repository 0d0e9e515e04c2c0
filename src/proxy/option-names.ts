/**
 * Refuses options that nobody knows. A misspelt one would be ignored in silence, and with it what it asks for, such as a
 * check of who may report.
 */
import { closestMatch } from 'leven';
import { OffersightError } from '../errors.js';

/** A name that differs by more is another word. */
const MAX_DISTANCE = 4;

/**
 * The known name that is meant, in words.
 * @returns Such as ` Is it origins?`; an empty text if nothing is near.
 */
export const nearestOf = (name: string, known: readonly string[], prefix = ''): string => {
  const nearest = closestMatch(name, known, { maxDistance: MAX_DISTANCE });
  return nearest === undefined ? '' : ` Is it ${prefix}${nearest}?`;
};

/**
 * Checks the names of options.
 * @param place What they belong to, such as `createOfferProxy`.
 * @param known Every name, so that the compiler misses one that is forgotten here.
 * @throws {OffersightError} `configuration`, which names the unknown one and the nearest known one.
 */
export const checkOptionNames = <Options extends object>(
  place: string,
  given: Options,
  known: { readonly [Name in keyof Required<Options>]: true },
): void => {
  const names = Object.keys(known);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new OffersightError(
    'configuration',
    `There is no option ${unknown} of ${place}.${nearestOf(unknown, names)}`,
  );
};
