/** Whether two sites of a file would share an intake or a secret, however each spells it. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isSecretPlace, readSecret } from './secrets.js';
import type { SiteValues } from './settings.js';

/** The schema in Postgres and the beginning of the keys in Redis, by default. */
const DEFAULT_NAME = 'offersight';

/** A secret of a site, from where the site has it; undefined if it cannot be read, which is a fault of its own. */
export const secretIn = (
  values: SiteValues,
  name: 'adminToken' | 'postgresUrl' | 'redisUrl',
): string | undefined => {
  try {
    return readSecret(values[`${name}File`], values[`${name}Variable`] ?? '') || undefined;
  } catch {
    return undefined;
  }
};

/** What two names of the same intake have in common; undefined for one that keeps nothing. */
export const intakeKeyOf = (values: SiteValues): string | undefined => {
  // Without its value a name says nothing, and not what it says by default.
  const { intake = '', schema = 'schema' in values ? undefined : DEFAULT_NAME } = values;
  const { name = 'name' in values ? undefined : DEFAULT_NAME } = values;
  if (intake.startsWith('sqlite:')) {
    const file = resolve(intake.slice('sqlite:'.length));
    try {
      return realpathSync(file);
    } catch {
      // It is not there yet; its folder may still be a link.
    }
    try {
      return join(realpathSync(dirname(file)), basename(file));
    } catch {
      return file;
    }
  }
  const url = isSecretPlace(intake) ? (secretIn(values, `${intake}Url`) ?? '') : intake;
  if (!URL.canParse(url) || schema === undefined || name === undefined) return undefined;
  const { protocol, port, pathname, hostname: given } = new URL(url);
  // Only in URLs of the web it is in lower case already.
  const hostname = given.toLowerCase();
  if (protocol.startsWith('postgres')) return `postgres ${hostname}:${port || '5432'}${pathname} ${schema}`;
  return `redis ${hostname}:${port || '6379'}/${pathname.slice(1) || '0'} ${name}`;
};
