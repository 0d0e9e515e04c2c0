/** `offersight proxy`: from flags, files and the environment to a proxy that serves. */
import { isDurable } from '../intake/durable.js';
import { MOST_GROUPS } from '../intake/rules.js';
import { isHostName } from '../operator/page/visiting.js';
import { Failure } from './failure.js';
import { DEFAULT_INTAKE, EVERYWHERE, flag, hostOf, numberOf, portOf, read, text } from './flags.js';
import { createLog } from './log.js';
import { useOutgoingProxy } from './outgoing-proxy.js';
import { openAnyIntake, readSecret } from './sources.js';

const SECRET_FILES = {
  'api-key-file': text,
  'admin-token-file': text,
  'signing-secret-file': text,
} as const;

const HOUR_MS = 3_600_000;

/** Resolves when the process is asked to end. */
export const signalled = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });

/**
 * Serves until the process is asked to end.
 * @throws {Failure} If anything that was given is wrong.
 */
export const runProxy = async (args: string[]): Promise<void> => {
  // Arguments stand in every process list.
  if (args.some((arg) => /^--(api-key|admin-token|signing-secret)(=|$)/.test(arg)))
    throw new Failure(
      'Secrets are not taken as arguments: use the environment or a file. See offersight --help.',
    );
  const { values } = read(args, {
    ...EVERYWHERE,
    ...SECRET_FILES,
    site: text,
    port: text,
    host: text,
    path: text,
    origins: text,
    'per-minute': text,
    concurrent: text,
    'max-waiting': text,
    'max-delay-hours': text,
    'trusted-hops': text,
    'base-url': text,
    'require-signed-offers': flag,
    'log-ids': flag,
    'keep-alive-seconds': text,
    'per-address': text,
    'admin-port': text,
    'admin-host': text,
    'admin-names': text,
    machines: text,
    groups: text,
    'max-groups': text,
    'new-groups-a-day': text,
  });
  // What is kept may tell of people: for this user's eyes alone.
  process.umask(0o077);
  const { path = '/offer-events', machines = 'ignore' } = values;
  if (machines !== 'ignore' && machines !== 'count') throw new Failure('Set --machines to ignore or count.');
  if (!/^\/[\w./~-]*$/.test(path)) throw new Failure('Set --path to a path, such as /offer-events.');
  const secret = readSecret(values['signing-secret-file'], 'OFFERSIGHT_SIGNING_SECRET');
  if (values['require-signed-offers'] && secret === undefined)
    throw new Failure('Signed offers need OFFERSIGHT_SIGNING_SECRET or --signing-secret-file.');
  const apiKey = readSecret(values['api-key-file'], 'OFFERSIGHT_API_KEY');
  if (apiKey === undefined) throw new Failure('Set OFFERSIGHT_API_KEY or --api-key-file.');
  const port = portOf('port', values.port) ?? 8_787;
  const adminPort = portOf('admin-port', values['admin-port']);
  if (values['admin-host'] !== undefined && adminPort === undefined)
    throw new Failure('Set --admin-port too: --admin-host is where that one listens.');
  const adminNames = values['admin-names']?.split(',');
  if (adminNames && adminPort === undefined)
    throw new Failure('Set --admin-port too: the operator’s page is on a listener of its own.');
  if (adminNames && !adminNames.every(isHostName))
    throw new Failure(
      'Set --admin-names to host names without scheme and port, such as ops.example.com,ops.example.org.',
    );
  if (port > 0 && port === adminPort) throw new Failure('Set --port and --admin-port to different ports.');
  const keepAliveSeconds = numberOf('keep-alive-seconds', values['keep-alive-seconds'], 1, 3_600);
  const perAddress = numberOf('per-address', values['per-address']);
  const perMinute = numberOf('per-minute', values['per-minute']);
  const concurrent = numberOf('concurrent', values.concurrent);
  const maxDelayHours = numberOf('max-delay-hours', values['max-delay-hours']);
  const trustedHops = numberOf('trusted-hops', values['trusted-hops'], 0) ?? 0;
  const maxWaiting = numberOf('max-waiting', values['max-waiting']);
  const maxGroups = numberOf('max-groups', values['max-groups'], 1, MOST_GROUPS);
  const newGroupsADay = numberOf('new-groups-a-day', values['new-groups-a-day'], 1, MOST_GROUPS);
  const host = hostOf('host', values.host);
  const adminHost = hostOf('admin-host', values['admin-host']);
  const adminToken = readSecret(values['admin-token-file'], 'OFFERSIGHT_ADMIN_TOKEN');
  // Behind every check, since an open intake keeps the process alive.
  await useOutgoingProxy(values['base-url'] ?? `https://${values.site}.grow.chargebee.com`);
  const intake = await openAnyIntake(values.intake ?? DEFAULT_INTAKE, {
    ...{ maxWaiting, maxGroups, newGroupsADay },
    maxDelayMs: maxDelayHours === undefined ? undefined : maxDelayHours * HOUR_MS,
  });
  const { serve } = await import('./serve.js');
  const serving = await serve({
    port,
    host,
    operators: adminPort === undefined ? undefined : { port: adminPort, host: adminHost },
    keepAliveMs: keepAliveSeconds && Math.round(keepAliveSeconds * 1_000),
    path,
    intake,
    adminToken,
    adminHosts: adminNames,
    logIds: values['log-ids'] ?? false,
    log: createLog(process.stdout),
    proxy: {
      site: values.site ?? '',
      apiKey,
      origins: values.origins?.split(',') ?? [],
      trustedHops,
      machines,
      ...(values.groups !== undefined && { groups: values.groups.split(',') }),
      pace: { ...(perMinute && { perMinute }), ...(concurrent && { concurrent }) },
      ...(perAddress && { limits: { perAddress } }),
      ...(values['base-url'] !== undefined && { baseUrl: values['base-url'] }),
      ...(values['require-signed-offers'] && secret !== undefined && { requireSignedOffers: secret }),
    },
  }).catch(async (cause: unknown) => {
    // What is open would keep the process alive.
    if (isDurable(intake)) await intake.close().catch(() => undefined);
    throw cause;
  });
  await signalled();
  await serving.stop();
};
