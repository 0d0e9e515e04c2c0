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

/** The variable with the URL of Postgres, if that is a secret: then the intake is only `postgres`. */
export const URL_VARIABLE = 'OFFERSIGHT_POSTGRES_URL';
/** What says that URL. */
export const URL_SETTERS = `${URL_VARIABLE} or ${fileFlagOf(URL_VARIABLE)}`;

/** Whether the URL of an intake has a password in it. */
export const hasPassword = (intake: string): boolean =>
  /^postgres\w*:\/\/(?:[^@]*:[^@]*@|.*[?&]password=)/.test(intake);
