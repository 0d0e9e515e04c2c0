/** From what is set for one site to what its proxy runs on; the only room that reads its secrets. */
import { isOffersightError } from '../../errors.js';
import { directIntake } from '../intake/direct/direct.js';
import { resolveProxyOptions } from '../resolving.js';
import type { AddFault } from './config-file.js';
import { DEFAULT_INTAKE } from './flags.js';
import { hasPassword, readSecret } from './secrets.js';
import { DEFAULT_PATH, type SiteValues } from './settings.js';
import type { SiteOptions } from './site.js';
import { hasUnusedSchema, UNUSED_SCHEMA } from './sources.js';

/** The secrets of one site. */
export interface Secrets {
  readonly apiKey: string;
  readonly adminToken: string | undefined;
  readonly signingSecret: string | undefined;
  /** The URL of its Postgres. */
  readonly url: string | undefined;
}

const HOUR_MS = 3_600_000;
const MIN_TOKEN_LENGTH = 32;

/** Makes the options of a site whose values are all of their kind. */
export const siteOptionsOf = (
  values: SiteValues,
  { apiKey, adminToken, signingSecret, url }: Secrets,
): SiteOptions => {
  const { maxWaiting, ledgerDays, maxDelayHours } = values;
  const { groups, perAddress, perMinute, concurrent, baseUrl } = values;
  const hosts = values.hosts?.map((host) => host.toLowerCase()) ?? [];
  return {
    name: (values.site ?? '').toLowerCase(),
    hosts: new Set(hosts),
    path: values.path ?? DEFAULT_PATH,
    place: { intake: values.intake ?? DEFAULT_INTAKE, url, schema: values.schema },
    bounds: {
      maxWaiting,
      ledgerDays,
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

type SecretName = 'apiKey' | 'adminToken' | 'signingSecret' | 'postgresUrl';

/** The setting that says where a secret is. */
const settingOf = (values: SiteValues, name: SecretName): string =>
  values[`${name}File`] === undefined ? `${name}Variable` : `${name}File`;

/** A secret of the file of several sites; no variable of one site's is another's by default. */
const secretOf = (
  values: SiteValues,
  name: SecretName,
  add: (setting: string, words: string) => void,
): string | undefined => {
  const file = values[`${name}File`];
  const variable = values[`${name}Variable`];
  if (file !== undefined && variable !== undefined) add(`${name}Variable`, `Leave it out, or ${name}File.`);
  const setting = settingOf(values, name);
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

/** Options that nothing is wrong with. */
const SOUND = { site: 'acme-test', apiKey: 'test_sound' } as const;

/** Adds what the proxy itself would refuse. Each option is tried alone, since the proxy names only the first that is wrong. */
const checkAlone = (
  { apiKey, baseUrl, groups, requireSignedOffers }: SiteOptions['proxy'],
  values: SiteValues,
  add: (setting: string, words: string) => void,
): void => {
  const given = [
    [settingOf(values, 'apiKey'), apiKey && { apiKey }],
    ['baseUrl', baseUrl !== undefined && { baseUrl }],
    ['groups', groups && { groups }],
    [settingOf(values, 'signingSecret'), requireSignedOffers !== undefined && { requireSignedOffers }],
  ] as const;
  for (const [setting, option] of given)
    try {
      resolveProxyOptions({ ...SOUND, ...(option || {}), intake: directIntake() });
    } catch (cause) {
      if (!isOffersightError(cause)) throw cause;
      add(setting, cause.hint.replace(`Set ${setting} to`, 'Set it to'));
    }
};

/** Reads a site's secrets out of what the file of several sites names, and adds what is wrong with the site as a whole. */
export const checkSiteValues = (values: SiteValues, path: string, add: AddFault): SiteOptions => {
  const addHere = (setting: string, words: string): void => add(`${path}.${setting}`, words);
  const apiKey = secretOf(values, 'apiKey', addHere);
  const adminToken = secretOf(values, 'adminToken', addHere);
  const signingSecret = secretOf(values, 'signingSecret', addHere);
  const { intake } = values;
  const url = secretOf(values, 'postgresUrl', addHere);
  // A name without a value has been added as a fault already.
  if (!('apiKeyFile' in values || 'apiKeyVariable' in values))
    addHere('apiKeyFile', 'Set it to the file with the API key, or set apiKeyVariable.');
  if (intake === 'postgres' && !('postgresUrlFile' in values || 'postgresUrlVariable' in values))
    addHere('postgresUrlFile', 'Set it to the file with the URL of Postgres, or set postgresUrlVariable.');
  if (intake !== undefined) {
    if (hasPassword(intake))
      addHere('intake', 'A password is not taken here: set it to postgres, and the URL in postgresUrlFile.');
    if (hasUnusedSchema({ ...values, intake })) addHere('schema', UNUSED_SCHEMA);
  }
  if (adminToken !== undefined && adminToken.length < MIN_TOKEN_LENGTH)
    addHere(settingOf(values, 'adminToken'), 'A token has at least 32 characters.');
  if (values.requireSignedOffers && !('signingSecretFile' in values || 'signingSecretVariable' in values))
    addHere('requireSignedOffers', 'Set signingSecretFile or signingSecretVariable too.');
  const options = siteOptionsOf(values, {
    ...{ apiKey: apiKey ?? '', adminToken, signingSecret },
    url: intake === 'postgres' ? url : undefined,
  });
  checkAlone(options.proxy, values, addHere);
  return options;
};
