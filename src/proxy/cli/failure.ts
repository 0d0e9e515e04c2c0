/** What ends a command, in words for the person who typed it. */
import { OffersightError } from '../../errors.js';
import { COMMANDS, written } from './flags.js';

/** What ends a command. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** The variable of each secret, and how a refusal of it begins. Its name with `_FILE` behind it is the path of a file that has it. */
export const SECRETS = {
  apiKey: { variable: 'OFFERSIGHT_API_KEY', refusal: 'Set apiKey to ' },
  adminToken: { variable: 'OFFERSIGHT_ADMIN_TOKEN', refusal: 'Set the admin token to ' },
  signingSecret: { variable: 'OFFERSIGHT_SIGNING_SECRET', refusal: 'Sign offers with ' },
  postgresUrl: { variable: 'OFFERSIGHT_POSTGRES_URL', refusal: 'Set connection to ' },
} as const;

/** The name of a secret. */
export type SecretName = keyof typeof SECRETS;

/** What sets a secret, for a sentence. */
export const setterOf = (name: SecretName): string =>
  `${SECRETS[name].variable} or ${SECRETS[name].variable}_FILE`;

/** What says how to set an option, for a person who sets it by a flag: `Set --base-url to …`, where it says `Set baseUrl to …`. */
const inFlags = (hint: string): string => {
  for (const [name, { refusal }] of Object.entries(SECRETS))
    if (hint.startsWith(refusal))
      return `Set ${setterOf(name as SecretName)} to ${hint.slice(refusal.length)}`;
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
