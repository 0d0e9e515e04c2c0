/** Whether two sites of a file would share an intake or a secret, however each spells it. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readSecret } from './secrets.js';
import type { SiteValues } from './settings.js';

/** The schema in Postgres by default. */
const DEFAULT_SCHEMA = 'offersight';

/** A secret of a site, from where the site has it; undefined if it cannot be read, which is a fault of its own. */
export const secretIn = (values: SiteValues, name: 'adminToken' | 'postgresUrl'): string | undefined => {
  try {
    return readSecret(values[`${name}File`], values[`${name}Variable`] ?? '') || undefined;
  } catch {
    return undefined;
  }
};

/** What two names of the same intake have in common; undefined for one that keeps nothing. */
export const intakeKeyOf = (values: SiteValues): string | undefined => {
  // Without its value a name says nothing, and not what it says by default.
  const { intake = '', schema = 'schema' in values ? undefined : DEFAULT_SCHEMA } = values;
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
  const url = intake === 'postgres' ? (secretIn(values, 'postgresUrl') ?? '') : intake;
  if (!URL.canParse(url) || schema === undefined) return undefined;
  const { port, pathname, hostname } = new URL(url);
  // Only in URLs of the web a host is in lower case already.
  return `${hostname.toLowerCase()}:${port || '5432'}${pathname} ${schema}`;
};
