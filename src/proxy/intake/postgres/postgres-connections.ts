/** The connections to Postgres. They are few, and none of them remembers anything between two transactions. */
import { Socket } from 'node:net';
import {
  Client,
  type ClientConfig,
  Pool,
  type PoolConfig,
  type QueryResult,
  type QueryResultRow,
  TypeOverrides,
  types,
} from 'pg';
import { OffersightError } from '../../../errors.js';
import type { Runtime } from '../../../runtime.js';
import { cleanCause } from '../../alerts/cause.js';
import { inTime } from '../../patience.js';

/** One transaction at a time writes. Others can read at the same time. */
const CONNECTIONS = 4;
const CONNECT_MS = 3_000;
/** Longer than the server itself lets a statement run: a server that has not answered by then is gone. */
const ANSWER_MS = 7_000;

const { INT8, NUMERIC } = types.builtins;

/** Parses large integers as numbers, since the intake's are at most 2^53. */
const parsers = new TypeOverrides();
for (const type of [INT8, NUMERIC]) parsers.setTypeParser(type, Number);

/**
 * Checks the option that names the database, and makes of it how to connect.
 * @throws {OffersightError} `configuration` if it does not name a database.
 */
export const configOf = (connection: string | PoolConfig): PoolConfig => {
  const isUrl = typeof connection === 'string';
  if (isUrl ? !/^postgres(ql)?:\/\/\S+$/.test(connection) : Object(connection) !== connection)
    throw new OffersightError(
      'configuration',
      'Set connection to a URL, such as postgres://user@localhost:5432/shop, or to options of pg, such as { host, database, user }.',
    );
  const config: PoolConfig = {
    application_name: 'offersight',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    max: CONNECTIONS,
    ...(isUrl ? { connectionString: connection } : connection),
    types: parsers,
  };
  try {
    // This only reads the URL. It does not connect, and needs no stream of the host's.
    new Client({ ...config, stream: () => new Socket() });
  } catch (cause) {
    throw new OffersightError(
      'configuration',
      'Set connection to what pg can connect to. A file that its URL names by sslrootcert, sslcert or sslkey has to be readable.',
      cleanCause(cause),
    );
  }
  return config;
};

export interface Session {
  query<Row extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
    limitMs?: number,
  ): Promise<QueryResult<Row>>;
}

export interface Connections {
  /** Runs work on a connection of its own. After a failure that connection is closed. */
  use<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/**
 * Makes connections when they are asked for. Callers wait for so long as the process is free: pg's own timers also run while
 * it is busy.
 */
export const createConnections = (
  { connectionTimeoutMillis: connectMs = 0, query_timeout: answerMs = 0, ...config }: PoolConfig,
  runtime: Pick<Runtime, 'after'>,
): Connections => {
  const pool = new Pool({
    ...config,
    // A connection on which no session begins leaves its place to another one, long after its caller was answered.
    Client: class extends Client {
      constructor(given?: ClientConfig) {
        super({ ...given, connectionTimeoutMillis: 3 * connectMs });
      }
    },
  });
  /** Zero is what pg has for no limit. */
  const limited = <Result>(ms: number, answered: Promise<Result>, onLate?: () => void): Promise<Result> =>
    ms ? inTime(runtime, ms, answered, onLate) : answered;
  // The next caller learns of it by a rejection. Without a listener, the `error` event would end the process.
  const ignore = (): void => undefined;
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  let closing: Promise<void> | undefined;
  return {
    async use(work) {
      const connecting = pool.connect();
      const client = await limited(connectMs, connecting, () => {
        // Its caller has been answered, so the next caller may have it.
        connecting.then((late) => late.release(), ignore);
      });
      let isBroken = true;
      try {
        const result = await work({
          query: (text, values, limitMs = answerMs) =>
            limited(limitMs, client.query(text, values && [...values])),
        });
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
