/** `offersight proxy`: from flags, secrets and the environment to a proxy that serves. */
import { isHostName } from '../operator/page/own-requests.js';
import { Failure } from './failure.js';
import { FLAGS } from './flag-table.js';
import { hostOf, numberOf, portOf, read } from './flags.js';
import { useOutgoingProxy } from './outgoing-proxy.js';
import { readSecret } from './secrets.js';
import type { ServeOptions } from './serve.js';
import {
  DEFAULT_PATH,
  DEFAULT_PORT,
  flagOf,
  PROCESS,
  type ProcessValues,
  type Setting,
  SITE,
  type SiteValues,
} from './settings.js';
import { siteOptionsOf } from './site-options.js';
import { placeOf } from './sources.js';

type Plan = Omit<ServeOptions, 'stream'>;
type Given = Readonly<Record<string, string | boolean | undefined>>;

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

/** What flags set, by the names of the settings. */
const valuesOf = (declared: Readonly<Record<string, Setting>>, given: Given): object =>
  Object.fromEntries(
    Object.entries(declared).flatMap(([name, setting]): [string, unknown][] => {
      const value = given[flagOf(name)];
      if (value === undefined) return [];
      if (setting.kind === 'number') return [[name, numberOf(flagOf(name), `${value}`, setting)]];
      return [[name, setting.kind === 'list' ? `${value}`.split(',') : value]];
    }),
  );

const placesOf = ({ port, host, adminPort, adminHost, keepAliveSeconds, drainSeconds }: ProcessValues) => ({
  port: port ?? DEFAULT_PORT,
  host: hostOf('host', host),
  operators: adminPort === undefined ? undefined : { port: adminPort, host: hostOf('admin-host', adminHost) },
  keepAliveMs: keepAliveSeconds && Math.round(keepAliveSeconds * 1_000),
  drainMs: drainSeconds && Math.round(drainSeconds * 1_000),
});

/** Checks what flags say of ports and hosts. */
const checkPlaces = (
  { port = DEFAULT_PORT, adminPort, adminHost }: ProcessValues,
  adminNames?: readonly string[],
) => {
  if (adminHost !== undefined && adminPort === undefined)
    throw new Failure('Set --admin-port too: --admin-host is where that one listens.');
  if (adminNames && adminPort === undefined)
    throw new Failure('Set --admin-port too: the operator’s page is on a listener of its own.');
  if (adminNames && !adminNames.every(isHostName))
    throw new Failure(
      'Set --admin-names to host names without scheme and port, such as ops.example.com,ops.example.org.',
    );
  if (port > 0 && port === adminPort) throw new Failure('Set --port and --admin-port to different ports.');
};

/** What flags and the environment say. */
const planOf = (given: Given): Plan => {
  for (const name of ['port', 'admin-port']) portOf(name, given[name] as string | undefined);
  const places = valuesOf(PROCESS, given) as ProcessValues;
  const values = valuesOf(SITE, given) as SiteValues;
  const { machines = 'ignore', path = DEFAULT_PATH, site: name = '' } = values;
  if (machines !== 'ignore' && machines !== 'count') throw new Failure('Set --machines to ignore or count.');
  if (!new RegExp(SITE.path.pattern).test(path))
    throw new Failure('Set --path to a path, such as /offer-events.');
  const signingSecret = readSecret(values.signingSecretFile, 'OFFERSIGHT_SIGNING_SECRET');
  if (values.requireSignedOffers && signingSecret === undefined)
    throw new Failure('Signed offers need OFFERSIGHT_SIGNING_SECRET or --signing-secret-file.');
  const apiKey = readSecret(values.apiKeyFile, 'OFFERSIGHT_API_KEY');
  if (apiKey === undefined) throw new Failure('Set OFFERSIGHT_API_KEY or --api-key-file.');
  // Ahead of the intake, so that a command that is refused leaves no empty file behind.
  if (!new RegExp(SITE.site.pattern).test(name)) throw new Failure(`Set --site to ${SITE.site.asks}.`);
  checkPlaces(places, values.adminNames);
  const adminToken = readSecret(values.adminTokenFile, 'OFFERSIGHT_ADMIN_TOKEN');
  const { url } = placeOf({ intake: values.intake, 'postgres-url-file': values.postgresUrlFile });
  const site = siteOptionsOf(values, { apiKey, adminToken, signingSecret, url });
  return { ...placesOf(places), site };
};

/**
 * Serves until the process is asked to end.
 * @throws {Failure} If anything that was given is wrong.
 */
export const runProxy = async (args: string[]): Promise<void> => {
  // Every process list shows arguments.
  if (args.some((arg) => /^--(api-key|admin-token|signing-secret)(=|$)/.test(arg)))
    throw new Failure(
      'Secrets are not taken as arguments: use the environment or a file. See offersight --help.',
    );
  const { values } = read(args, FLAGS.proxy);
  // The kept events may describe people, so only this user may read them.
  process.umask(0o077);
  const plan = planOf(values);
  // Behind every check, since an open intake keeps the process alive.
  const { baseUrl, site } = plan.site.proxy;
  await useOutgoingProxy(baseUrl ?? `https://${site}.grow.chargebee.com`);
  const { serve } = await import('./serve.js');
  // Ahead of the line that says that it listens: who reads that may ask it to end at once.
  const asked = signalled();
  const serving = await serve({ ...plan, stream: process.stdout });
  // Whoever presses Ctrl+C sends no requests that would have to be led elsewhere.
  if ((await asked) === 'SIGTERM') await serving.drain();
  await serving.stop();
};
