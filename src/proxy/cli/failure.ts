/** What ends a command, in words for the person who typed it. */
import { flagOf, SITE } from './settings.js';

/** What ends a command. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** What sets what has no flag of its name, by how a refusal of it begins. */
const SECRETS = [
  ['Set apiKey to ', 'OFFERSIGHT_API_KEY or --api-key-file'],
  ['Set the admin token to ', 'OFFERSIGHT_ADMIN_TOKEN or --admin-token-file'],
  ['Sign offers with ', 'OFFERSIGHT_SIGNING_SECRET or --signing-secret-file'],
] as const;

/** What says how to set an option, for a person who sets it by a flag: `Set --base-url to …`, where it says `Set baseUrl to …`. */
export const inFlags = (hint: string): string => {
  for (const [words, setter] of SECRETS)
    if (hint.startsWith(words)) return `Set ${setter} to ${hint.slice(words.length)}`;
  return hint.replace(/^Set (\w+) to /, (said, name: string) =>
    Object.hasOwn(SITE, name) ? `Set --${flagOf(name)} to ` : said,
  );
};
