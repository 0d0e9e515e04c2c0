#!/usr/bin/env node
/** The command line: `offersight proxy | status | events | dead-letters | sign`. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { OffersightError } from '../errors.js';
import { platformRuntime } from '../runtime.js';
import { Failure } from './cli/failure.js';
import { createLog } from './cli/log.js';
import { openAnyIntake, openIntake, readSecret } from './cli/sources.js';
import { follow, printStatus } from './cli/status.js';
import { isDurable } from './intake/durable.js';
import type { ListFilter } from './intake/intake.js';
import { signOffer } from './judging/signature.js';
import { eachRow, isLaneName, type LaneName, laneOf, timeOf, toLine } from './operator/listing.js';
import { nearestOf } from './option-names.js';

const HELP = `offersight proxy --site NAME [options]   serves the endpoint and forwards to Chargebee
offersight status [--limit 20] [--json] [--follow]   figures of offers and lanes; with --follow until nothing waits
offersight events [--offer ID] [--since TIME]    events as JSON lines, newest first
offersight dead-letters list|export|retry [ID…]  what Chargebee refused, as JSON lines; retry lets it wait anew
offersight sign --offer ID --expires TIME [--subject SUBJECT]   a token for data-offer-token

Everywhere: --intake sqlite:FILE | redis://HOST:PORT   (default sqlite:offersight.db; for proxy also direct)
            --lane offer_events | usage_events
proxy:      --port 8787  --host 127.0.0.1  --path /offer-events  --origins https://shop.example,…
            --per-minute 150  --concurrent 10  --max-waiting 200000  --max-delay-hours 24
            --trusted-hops 0  --require-signed-offers  --base-url URL  --log-ids
Secrets:    OFFERSIGHT_API_KEY or --api-key-file FILE; OFFERSIGHT_ADMIN_TOKEN or --admin-token-file FILE;
            OFFERSIGHT_SIGNING_SECRET or --signing-secret-file FILE
TIME:       an ISO date or epoch milliseconds
`;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const EVERYWHERE = { intake: text, lane: text } as const;
const SECRET_FILES = {
  'api-key-file': text,
  'admin-token-file': text,
  'signing-secret-file': text,
} as const;

const read = <Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
  allowPositionals = false,
) => {
  try {
    return parseArgs({ args, options, allowPositionals });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const [, flag] = (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && /'--([\w-]+)/.exec(message)) || [];
    if (flag !== undefined)
      throw new Failure(
        `Unknown flag --${flag}.${nearestOf(flag, Object.keys(options), '--')} See offersight --help.`,
      );
    // A value could be a secret that lost its flag; messages name flags alone.
    const words =
      code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
        ? 'There is an argument too many.'
        : message.split('\n', 1)[0];
    throw new Failure(`${words} See offersight --help.`);
  }
};

const numberOf = (name: string, given: string | undefined, least = 1): number | undefined => {
  if (given === undefined) return undefined;
  const value = Number(given);
  if (!Number.isFinite(value) || value < least)
    throw new Failure(`Set --${name} to a number, at least ${least}.`);
  return value;
};

const momentOf = (name: string, given: string | undefined): number | undefined => {
  if (given === undefined) return undefined;
  const time = timeOf(given);
  if (Number.isNaN(time)) throw new Failure(`Set --${name} to an ISO date or epoch milliseconds.`);
  return time;
};

const laneNameOf = (given = 'offer_events'): LaneName => {
  if (!isLaneName(given)) throw new Failure('Set --lane to offer_events or usage_events.');
  return given;
};

const DEFAULT_INTAKE = 'sqlite:offersight.db';
const HOUR_MS = 3_600_000;

const signalled = (): Promise<unknown> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });

const runProxy = async (args: string[]): Promise<void> => {
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
  });
  // What is kept may tell of people: for this user's eyes alone.
  process.umask(0o077);
  const { path = '/offer-events' } = values;
  if (!/^\/[\w./~-]*$/.test(path)) throw new Failure('Set --path to a path, such as /offer-events.');
  const secret = readSecret(values['signing-secret-file'], 'OFFERSIGHT_SIGNING_SECRET');
  if (values['require-signed-offers'] && secret === undefined)
    throw new Failure('Signed offers need OFFERSIGHT_SIGNING_SECRET or --signing-secret-file.');
  const apiKey = readSecret(values['api-key-file'], 'OFFERSIGHT_API_KEY');
  if (apiKey === undefined) throw new Failure('Set OFFERSIGHT_API_KEY or --api-key-file.');
  const port = numberOf('port', values.port, 0) ?? 8_787;
  if (!Number.isInteger(port) || port > 65_535)
    throw new Failure('Set --port to a whole number up to 65535.');
  const perMinute = numberOf('per-minute', values['per-minute']);
  const concurrent = numberOf('concurrent', values.concurrent);
  const maxDelayHours = numberOf('max-delay-hours', values['max-delay-hours']);
  const intake = await openAnyIntake(values.intake ?? DEFAULT_INTAKE, {
    maxWaiting: numberOf('max-waiting', values['max-waiting']),
    maxDelayMs: maxDelayHours === undefined ? undefined : maxDelayHours * HOUR_MS,
  });
  const { serve } = await import('./cli/serve.js');
  const serving = await serve({
    port,
    host: values.host ?? '127.0.0.1',
    path,
    intake,
    adminToken: readSecret(values['admin-token-file'], 'OFFERSIGHT_ADMIN_TOKEN'),
    logIds: values['log-ids'] ?? false,
    log: createLog(process.stdout),
    proxy: {
      site: values.site ?? '',
      apiKey,
      origins: values.origins?.split(',') ?? [],
      trustedHops: numberOf('trusted-hops', values['trusted-hops'], 0) ?? 0,
      pace: { ...(perMinute && { perMinute }), ...(concurrent && { concurrent }) },
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

const runStatus = async (args: string[]): Promise<void> => {
  const { values } = read(args, { ...EVERYWHERE, follow: flag, json: flag, limit: text });
  const { json } = values;
  const limit = numberOf('limit', values.limit);
  if (values.follow && (json || limit !== undefined))
    throw new Failure('Use --follow alone: it draws how the lane drains, without offers.');
  const intake = await openIntake(values.intake ?? DEFAULT_INTAKE, { mustExist: true });
  try {
    if (!values.follow) return await printStatus(intake, process.stdout, { limit, json });
    const stopping = new AbortController();
    void signalled().then(() => stopping.abort());
    await follow(intake, process.stdout, stopping.signal);
  } finally {
    await intake.close();
  }
};

const printRows = async (
  intakeName: string | undefined,
  lane: LaneName,
  filter: Omit<ListFilter, 'limit' | 'before'>,
): Promise<void> => {
  const intake = await openIntake(intakeName ?? DEFAULT_INTAKE, { mustExist: true });
  try {
    for await (const row of eachRow(laneOf(intake, lane), filter)) console.log(toLine(row));
  } finally {
    await intake.close();
  }
};

const runEvents = async (args: string[]): Promise<void> => {
  const { values } = read(args, { ...EVERYWHERE, offer: text, since: text });
  await printRows(values.intake, laneNameOf(values.lane), {
    offerId: values.offer,
    since: momentOf('since', values.since),
  });
};

const runDeadLetters = async (args: string[]): Promise<void> => {
  const { values, positionals } = read(args, EVERYWHERE, true);
  const [action, ...ids] = positionals;
  const lane = laneNameOf(values.lane);
  switch (action) {
    case 'list':
    case 'export':
      return printRows(values.intake, lane, { states: ['dead'] });
    case 'retry': {
      const intake = await openIntake(values.intake ?? DEFAULT_INTAKE, { mustExist: true });
      try {
        const { now } = platformRuntime();
        const retried = await laneOf(intake, lane).retry(ids.length ? ids : undefined, now());
        console.log(`${retried} dead ${retried === 1 ? 'letter waits' : 'letters wait'} anew.`);
      } finally {
        await intake.close();
      }
      return;
    }
    default:
      throw new Failure('Say what to do: offersight dead-letters list, export or retry.');
  }
};

const runSign = async (args: string[]): Promise<void> => {
  const { values } = read(args, { offer: text, subject: text, expires: text, 'signing-secret-file': text });
  const secret = readSecret(values['signing-secret-file'], 'OFFERSIGHT_SIGNING_SECRET') ?? '';
  const expiresAt = momentOf('expires', values.expires) ?? Number.NaN;
  console.log(await signOffer({ id: values.offer ?? '', subject: values.subject, expiresAt }, secret));
};

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  proxy: runProxy,
  status: runStatus,
  events: runEvents,
  'dead-letters': runDeadLetters,
  sign: runSign,
};

const [command = '--help', ...args] = process.argv.slice(2);
const run = COMMANDS[command];
if (!run || args.includes('--help')) {
  process.stdout.write(HELP);
  if (!run && command !== '--help') process.exitCode = 2;
} else {
  // A reader that has seen enough, such as head, is no fault.
  // The proxy goes on without its log.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (command !== 'proxy') process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  await run(args).catch((cause: unknown) => {
    const message =
      cause instanceof Failure
        ? cause.message
        : cause instanceof OffersightError
          ? cause.hint
          : String(cause);
    process.stderr.write(`offersight: ${message}\n`);
    process.exitCode = 1;
  });
}
