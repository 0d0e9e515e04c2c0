/** `offersight proxy`: from flags, secrets and the environment to a proxy that serves. */
import { Failure, neededSite } from './failure.js';
import type { Values } from './flags.js';
import { useOutgoingProxy } from './outgoing-proxy.js';
import { readSecret } from './secrets.js';
import type { ServeOptions } from './serve.js';
import type { SiteOptions } from './site.js';
import { given, placeOf } from './sources.js';

/** Where `offersight proxy` listens if no port is given. */
const DEFAULT_PORT = 8_787;
const DEFAULT_PATH = '/offer-events';

type Plan = Omit<ServeOptions, 'stream'>;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Resolves when the process is asked to end. If it is asked again, it ends at once. */
export const signalled = (): Promise<(typeof SIGNALS)[number]> =>
  new Promise((resolve) => {
    const hear = (signal: (typeof SIGNALS)[number]): void => {
      for (const each of SIGNALS) process.off(each, hear);
      resolve(signal);
    };
    for (const each of SIGNALS) process.on(each, hear);
  });

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DEFAULT_HOST = '127.0.0.1';

/** Checks what flags say of each other. */
const checkTogether = ({ port = DEFAULT_PORT, adminPort, adminHost, adminNames }: Values<'proxy'>): void => {
  if (adminHost !== undefined && adminPort === undefined)
    throw new Failure('Set --admin-port too: --admin-host is where that one listens.');
  if (adminNames && adminPort === undefined)
    throw new Failure('Set --admin-port too: the operator’s page is on a listener of its own.');
  if (port > 0 && port === adminPort) throw new Failure('Set --port and --admin-port to different ports.');
};

/** What flags and the environment say of the site. */
const siteOf = (values: Values<'proxy'>): SiteOptions => {
  const { path = DEFAULT_PATH, origins, trustedHops, machines, groups, baseUrl } = values;
  const { perMinute, concurrent, perAddress, maxWaiting, maxDelayHours, ledgerDays } = values;
  const { requireSignedOffers: isSigned, logIds = false, adminNames } = values;
  const secret = readSecret(values.signingSecretFile, 'OFFERSIGHT_SIGNING_SECRET');
  if (isSigned && secret === undefined)
    throw new Failure('Signed offers need OFFERSIGHT_SIGNING_SECRET or --signing-secret-file.');
  const apiKey = readSecret(values.apiKeyFile, 'OFFERSIGHT_API_KEY');
  if (apiKey === undefined) throw new Failure('Set OFFERSIGHT_API_KEY or --api-key-file.');
  return {
    path,
    place: placeOf(values),
    bounds: { maxWaiting, ledgerDays, maxDelayMs: maxDelayHours && maxDelayHours * HOUR_MS },
    adminToken: readSecret(values.adminTokenFile, 'OFFERSIGHT_ADMIN_TOKEN'),
    adminHosts: adminNames?.map((name) => name.toLowerCase()),
    logIds,
    proxy: {
      site: neededSite(values),
      apiKey,
      ...given({ origins, trustedHops, machines, groups, baseUrl }),
      pace: given({ perMinute, concurrent }),
      limits: given({ perAddress }),
      ...(isSigned && secret !== undefined && { requireSignedOffers: secret }),
    },
  };
};

const planOf = (values: Values<'proxy'>): Plan => {
  const { port = DEFAULT_PORT, host = DEFAULT_HOST, adminPort, adminHost = DEFAULT_HOST } = values;
  const { keepAliveSeconds, drainSeconds } = values;
  checkTogether(values);
  return {
    port,
    host,
    operators: adminPort === undefined ? undefined : { port: adminPort, host: adminHost },
    keepAliveMs: keepAliveSeconds && Math.round(keepAliveSeconds * SECOND_MS),
    drainMs: drainSeconds === undefined ? undefined : Math.round(drainSeconds * SECOND_MS),
    site: siteOf(values),
  };
};

/**
 * Serves until the process is asked to end.
 * @throws {Failure} If flags do not fit together, or a secret is missing.
 */
export const runProxy = async (values: Values<'proxy'>): Promise<void> => {
  // The kept events may describe people, so only this user may read them.
  process.umask(0o077);
  // Ahead of the intake, so that a command that is refused leaves no empty file behind.
  const plan = planOf(values);
  // Behind every check, since an open intake keeps the process alive.
  await useOutgoingProxy();
  const { serve } = await import('./serve.js');
  // Ahead of the line that says that it listens: who reads that may ask it to end at once.
  const asked = signalled();
  const serving = await serve({ ...plan, stream: process.stdout });
  // Whoever presses Ctrl+C sends no requests that would have to be led elsewhere.
  if ((await asked) === 'SIGTERM') await serving.drain();
  await serving.stop();
};
