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

/** Names of options; of those that are objects, theirs. */
export interface OptionNames {
  readonly [name: string]: true | OptionNames;
}

/** The whole name of an option that belongs into another one. */
const insideOf = (name: string, known: OptionNames): string | undefined => {
  const [outer] =
    Object.entries(known).find(([, inner]) => inner !== true && Object.hasOwn(inner, name)) ?? [];
  return outer && `${outer}.${name}`;
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
  known: { readonly [Name in keyof Required<Options>]: true | OptionNames },
): void => {
  const names = Object.keys(known);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const inner = insideOf(unknown, known);
  throw new OffersightError(
    'configuration',
    `Unknown option ${unknown} of ${place}.${inner ? ` Did you mean ${inner}?` : nearestOf(unknown, names)}`,
  );
};
