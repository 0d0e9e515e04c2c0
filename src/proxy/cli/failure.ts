/** What ends a command, in words for the person who typed it. */
import { OffersightError } from '../../errors.js';
import { rangeOf } from '../settings/checking.js';
import { COMMANDS, written } from './flags.js';

/** What ends a command. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** What sets an option that has no flag of its name, by how a refusal of it begins. */
const SETTERS = [
  ['Set apiKey to ', 'OFFERSIGHT_API_KEY or --api-key-file'],
  ['Set the admin token to ', 'OFFERSIGHT_ADMIN_TOKEN or --admin-token-file'],
  ['Sign offers with ', 'OFFERSIGHT_SIGNING_SECRET or --signing-secret-file'],
  ['Set maxDelayMs to ', '--max-delay-hours'],
] as const;

/** What says how to set an option, for a person who sets it by a flag: `Set --base-url to …`, where it says `Set baseUrl to …`. */
const inFlags = (hint: string): string => {
  for (const [words, setter] of SETTERS)
    if (hint.startsWith(words)) return `Set ${setter} to ${hint.slice(words.length)}`;
  return hint.replace(/^Set (\w+) to /, (said, name: string) =>
    Object.values(COMMANDS).some(({ flags }) => Object.hasOwn(flags, name))
      ? `Set ${written(name)} to `
      : said,
  );
};

/** What is said of what ended a command. */
export const wordsOf = (cause: unknown): string => {
  const words = cause instanceof OffersightError ? cause.hint : undefined;
  return inFlags(words ?? (cause instanceof Failure ? cause.message : String(cause)));
};

/**
 * The site of a command that cannot do without one.
 * @throws {Failure} If it was left out.
 */
export const neededSite = ({ site }: { readonly site?: string }): string => {
  if (site === undefined) throw new Failure(`Set --site to ${rangeOf(COMMANDS.proxy.flags.site.schema)}.`);
  return site;
};
