/** What ends a command, in words for the person who typed it. */
import { flagOf, SITE } from './settings.js';

/** What ends a command. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** What sets an option that has no flag of its name. */
const OTHERWISE = new Map([['apiKey', 'OFFERSIGHT_API_KEY or --api-key-file']]);

/** What says how to set an option, for a person who sets it by a flag: `Set --base-url to …`, where it says `Set baseUrl to …`. */
export const inFlags = (hint: string): string =>
  hint.replace(/^Set (\w+) to /, (said, name: string) => {
    const setter = OTHERWISE.get(name) ?? (Object.hasOwn(SITE, name) ? `--${flagOf(name)}` : undefined);
    return setter === undefined ? said : `Set ${setter} to `;
  });
