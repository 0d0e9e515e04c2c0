/** The connections to Postgres. They are few, and none of them remembers anything between two transactions. */
import { Client, Pool, type PoolClient, type PoolConfig, TypeOverrides, types } from 'pg';
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

/**
 * Checks the option that names the database, and makes of it how to connect.
 * @param option The name of the option.
 * @throws {OffersightError} `configuration` if it does not name a database.
 */
export const configOf = (connection: string | PoolConfig, option = 'connection'): PoolConfig => {
  if (typeof connection === 'string' && !/^postgres(ql)?:\/\/\S+$/.test(connection))
    throw configuration(
      `Set ${option} to a URL, such as postgres://user@localhost:5432/shop, or to options of pg.`,
    );
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null))
    throw configuration(`Set ${option} to a URL or to options of pg, such as { host, database, user }.`);
  const config: PoolConfig = {
    application_name: 'offersight',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    max: CONNECTIONS,
    ...(typeof connection === 'string' ? { connectionString: connection } : connection),
    types: parsers,
  };
  try {
    // This only reads the URL. It does not connect.
    new Client(config);
  } catch (cause) {
    throw configuration(`Set ${option} to what pg can connect to.`, cause);
  }
  return config;
};

/** The connections, as a driver uses them. */
export interface Connections {
  /** Runs work on a connection of its own. After a failure that connection is closed. */
  use<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Makes connections when they are asked for. */
export const createConnections = (config: PoolConfig): Connections => {
  const pool = new Pool(config);
  // The next caller learns of it by a rejection. Without a listener, the `error` event would end the process.
  const ignore = (): void => undefined;
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  let closing: Promise<void> | undefined;
  return {
    async use(work) {
      const client = await pool.connect();
      let isBroken = true;
      try {
        const result = await work(client);
        isBroken = false;
        return result;
      } finally {
        client.release(isBroken);
      }
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
};
