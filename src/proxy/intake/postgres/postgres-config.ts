/** How to connect to Postgres, from the option that names the database. */
import { Socket } from 'node:net';
import { Client, type PoolConfig, TypeOverrides, types } from 'pg';
import { OffersightError } from '../../../errors.js';
import { cleanCause } from '../../telling/cause.js';

/** One transaction at a time writes. Others can read at the same time. */
const CONNECTIONS = 4;
const CONNECT_MS = 3_000;
/** Longer than the server itself lets a statement run: a server that has not answered by then is gone. */
const ANSWER_MS = 7_000;

const { INT8, NUMERIC } = types.builtins;

const configuration = (hint: string, cause?: unknown): OffersightError =>
  new OffersightError('configuration', hint, cause && cleanCause(cause));

/** Parses large integers as numbers, since the intake's are at most 2^53. */
const parsers = new TypeOverrides();
for (const type of [INT8, NUMERIC]) parsers.setTypeParser(type, Number);

/** The limits of time that pg also takes from a URL, where they count more than beside it. */
const LIMITS = ['connectionTimeoutMillis', 'query_timeout'] as const;

/** Moves such limits out of the URL, since pg's own timers are not used. */
const withLimitsOf = (config: PoolConfig): PoolConfig => {
  const { connectionString = '' } = config;
  if (!URL.canParse(connectionString)) return config;
  const url = new URL(connectionString);
  const found = LIMITS.filter((name) => url.searchParams.has(name));
  if (!found.length) return config;
  const limits: PoolConfig = {};
  for (const name of found) {
    limits[name] = Number(url.searchParams.get(name)) || 0;
    url.searchParams.delete(name);
  }
  return { ...config, ...limits, connectionString: url.href };
};

/**
 * Checks the option that names the database, and makes of it how to connect.
 * @throws {OffersightError} `configuration` if it does not name a database.
 */
export const configOf = (connection: string | PoolConfig): PoolConfig => {
  if (typeof connection === 'string' && !/^postgres(ql)?:\/\/\S+$/.test(connection))
    throw configuration(
      'Set connection to a URL, such as postgres://user@localhost:5432/shop, or to options of pg.',
    );
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null))
    throw configuration('Set connection to a URL or to options of pg, such as { host, database, user }.');
  const config = withLimitsOf({
    application_name: 'offersight',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    max: CONNECTIONS,
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    types: parsers,
  });
  try {
    // This only reads the URL. It does not connect, and needs no stream of the host's.
    new Client({ ...config, stream: () => new Socket() });
  } catch (cause) {
    const isOfFile = ['ENOENT', 'EACCES', 'EISDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw configuration(
      isOfFile
        ? 'A file that the URL of Postgres names by sslrootcert, sslcert or sslkey cannot be read: check its path and rights.'
        : 'Set connection to what pg can connect to.',
      cause,
    );
  }
  return config;
};
