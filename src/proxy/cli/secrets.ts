/** Secrets: from the environment, or from files that it names. They are never in arguments, which every process can see. */
import { readFileSync } from 'node:fs';
import { Failure, SECRETS, type SecretName, setterOf } from './failure.js';

/**
 * A secret.
 * @param file The path of its file, which goes first.
 * @throws {Failure} If the file cannot be read.
 */
export const readSecret = (
  name: SecretName,
  file = process.env[`${SECRETS[name].variable}_FILE`] || undefined,
): string | undefined => {
  if (file === undefined) return process.env[SECRETS[name].variable] || undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    // Without the path, since that could be the secret itself.
    throw new Failure(
      `The file that should have ${SECRETS[name].variable} cannot be read: check its path and permissions.`,
    );
  }
};

/**
 * A secret that a command cannot do without.
 * @throws {Failure} If there is none.
 */
export const neededSecret = (name: SecretName, file?: string): string => {
  const secret = readSecret(name, file);
  if (secret === undefined) throw new Failure(`Set ${setterOf(name)}.`);
  return secret;
};

/** Whether the URL of an intake has a password in it. */
export const hasPassword = (intake: string): boolean =>
  /^postgres\w*:\/\/(?:[^@]*:[^@]*@|.*[?&]password=)/.test(intake);
