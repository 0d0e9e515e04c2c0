/** From what is set for one site to what its proxy runs on; the only room that reads its secrets. */
import { isOffersightError } from '../../errors.js';
import { directIntake } from '../intake/direct/direct.js';
import { resolveProxyOptions } from '../resolving.js';
import type { AddFault } from './config-file.js';
import { DEFAULT_INTAKE } from './flags.js';
import { DEFAULT_PATH, type SiteValues } from './settings.js';
import type { SiteOptions } from './site.js';
import { NAMELESS, readSecret } from './sources.js';

/** The secrets of one site. */
export interface Secrets {
  readonly apiKey: string;
  readonly adminToken: string | undefined;
  readonly signingSecret: string | undefined;
  readonly postgresUrl: string | undefined;
}

const HOUR_MS = 3_600_000;
const MIN_TOKEN_LENGTH = 32;

/** Makes the options of a site whose values are all of their kind. */
export const siteOptionsOf = (
  values: SiteValues,
  { apiKey, adminToken, signingSecret, postgresUrl }: Secrets,
): SiteOptions => {
  const { maxWaiting, maxGroups, newGroupsADay, ledgerDays, maxDelayHours } = values;
  const { groups, perAddress, perMinute, concurrent, baseUrl } = values;
  const hosts = values.hosts?.map((host) => host.toLowerCase()) ?? [];
  return {
    name: (values.site ?? '').toLowerCase(),
    hosts: new Set(hosts),
    path: values.path ?? DEFAULT_PATH,
    place: { intake: values.intake ?? DEFAULT_INTAKE, postgresUrl, schema: values.schema, name: values.name },
    bounds: {
      ...{ maxWaiting, maxGroups, newGroupsADay, ledgerDays },
      maxDelayMs: maxDelayHours === undefined ? undefined : maxDelayHours * HOUR_MS,
    },
    adminToken,
    adminHosts: values.adminNames?.map((name) => name.toLowerCase()),
    logIds: values.logIds ?? false,
    proxy: {
      site: values.site ?? '',
      apiKey,
      origins: values.origins ?? [],
      trustedHops: values.trustedHops ?? 0,
      machines: values.machines === 'count' ? 'count' : 'ignore',
      ...(groups && { groups }),
      pace: { ...(perMinute && { perMinute }), ...(concurrent && { concurrent }) },
      ...(perAddress && { limits: { perAddress } }),
      ...(baseUrl !== undefined && { baseUrl }),
      ...(values.requireSignedOffers &&
        signingSecret !== undefined && { requireSignedOffers: signingSecret }),
    },
  };
};

/** A secret of the file of several sites; no variable of one site's is another's by default. */
const secretOf = (
  values: SiteValues,
  name: 'apiKey' | 'adminToken' | 'signingSecret' | 'postgresUrl',
  add: (setting: string, words: string) => void,
): string | undefined => {
  const file = values[`${name}File`];
  const variable = values[`${name}Variable`];
  if (file !== undefined && variable !== undefined) add(`${name}Variable`, `Leave it out, or ${name}File.`);
  const setting = file === undefined ? `${name}Variable` : `${name}File`;
  if (file === undefined && variable === undefined) return undefined;
  try {
    const secret = readSecret(file, variable ?? '');
    if (secret) return secret;
    add(setting, file === undefined ? 'This variable is not set.' : 'The file is empty.');
  } catch {
    add(setting, 'The file cannot be read: check its path and permissions.');
  }
  return undefined;
};

/** Reads a site's secrets out of what the file of several sites names, and adds what is wrong with the site as a whole. */
export const checkSiteValues = (values: SiteValues, path: string, add: AddFault): SiteOptions => {
  const before = { faults: 0 };
  const addHere = (setting: string, words: string): void => {
    before.faults++;
    add(`${path}.${setting}`, words);
  };
  const apiKey = secretOf(values, 'apiKey', addHere);
  const adminToken = secretOf(values, 'adminToken', addHere);
  const signingSecret = secretOf(values, 'signingSecret', addHere);
  const postgresUrl = secretOf(values, 'postgresUrl', addHere);
  if (values.apiKeyFile === undefined && values.apiKeyVariable === undefined)
    addHere('apiKeyFile', 'Set it to the file with the API key, or set apiKeyVariable.');
  if (values.intake === 'postgres' && !values.postgresUrlFile && !values.postgresUrlVariable)
    addHere('postgresUrlFile', 'Set it to the file with the URL of Postgres, or set postgresUrlVariable.');
  if (values.name !== undefined && !/^rediss?:/.test(values.intake ?? '')) addHere('name', NAMELESS);
  if (adminToken !== undefined && adminToken.length < MIN_TOKEN_LENGTH)
    addHere(
      values.adminTokenFile === undefined ? 'adminTokenVariable' : 'adminTokenFile',
      'A token has at least 32 characters.',
    );
  if (
    values.requireSignedOffers &&
    values.signingSecretFile === undefined &&
    values.signingSecretVariable === undefined
  )
    addHere('requireSignedOffers', 'Set signingSecretFile or signingSecretVariable too.');
  const options = siteOptionsOf(values, {
    ...{ apiKey: apiKey ?? '', adminToken, signingSecret, postgresUrl },
  });
  if (before.faults) return options;
  try {
    resolveProxyOptions({ ...options.proxy, intake: directIntake() });
  } catch (cause) {
    if (!isOffersightError(cause)) throw cause;
    add(path, cause.hint);
  }
  return options;
};
