/** Secrets: from files or the environment. They are never in arguments, which every process can see. */
import { readFileSync } from 'node:fs';
import { Failure } from './failure.js';

/** The flag that names the file of a secret which is otherwise in this variable. */
const fileFlagOf = (variable: string): string =>
  `--${variable
    .replace(/^OFFERSIGHT_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}-file`;

/**
 * A secret out of a file or the environment.
 * @param file Path, if a flag named one; it goes first.
 */
export const readSecret = (file: string | undefined, variable: string): string | undefined => {
  if (file === undefined) return process.env[variable] || undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // Without the path, since that could be the secret itself.
    throw new Failure(
      `The file that ${fileFlagOf(variable)} names cannot be read: check its path and permissions.`,
    );
  }
};

/** Servers whose URL may have a password, and then is a secret. */
type Server = 'postgres' | 'redis';

/** What each is called. */
export const TITLES = { postgres: 'Postgres', redis: 'Redis' } as const;
/** The variable with its URL. */
export const URL_VARIABLES = { postgres: 'OFFERSIGHT_POSTGRES_URL', redis: 'OFFERSIGHT_REDIS_URL' } as const;

/** What says the URL of a server if that is a secret. */
export const urlSettersOf = (server: Server): string =>
  `${URL_VARIABLES[server]} or ${fileFlagOf(URL_VARIABLES[server])}`;

/** Whether an intake is in a server whose URL is a secret. */
export const isSecretPlace = (intake: string | undefined): intake is Server =>
  intake === 'postgres' || intake === 'redis';

/** The server whose URL has a password in it; undefined if it has none. */
export const serverWithPassword = (intake: string): Server | undefined =>
  /^(postgres|redis)\w*:\/\/(?:[^@]*:[^@]*@|.*[?&]password=)/.exec(intake)?.[1] as Server | undefined;
