/** From what is set for a site to what its proxy runs on. */
import { DEFAULT_INTAKE } from './flags.js';
import { DEFAULT_PATH, type SiteValues } from './settings.js';
import type { SiteOptions } from './site.js';

/** The secrets of one site. */
export interface Secrets {
  readonly apiKey: string;
  readonly adminToken: string | undefined;
  readonly signingSecret: string | undefined;
  /** The URL of its Postgres. */
  readonly url: string | undefined;
}

const HOUR_MS = 3_600_000;

/** Makes the options of a site whose values are all of their kind. */
export const siteOptionsOf = (
  values: SiteValues,
  { apiKey, adminToken, signingSecret, url }: Secrets,
): SiteOptions => {
  const { maxWaiting, ledgerDays, maxDelayHours } = values;
  const { groups, perAddress, perMinute, concurrent, baseUrl } = values;
  return {
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
