/** The connections to Postgres. They are few, and none of them remembers anything between two transactions. */
import { Pool, type PoolConfig, type QueryResult, type QueryResultRow } from 'pg';
import type { Runtime } from '../../../runtime.js';
import { inTime } from '../../patience.js';

/** Asks the server, on one connection. */
export interface Session {
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
}

/** The connections, as a driver uses them. */
export interface Connections {
  /** Runs work on a connection of its own. After a failure that connection is closed. */
  use<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** pg's own timers also run while the process is busy, so they are only for connections that nobody waits for any more. */
const PATIENCE = 5;

/** Makes connections when they are asked for. */
export const createConnections = (
  { connectionTimeoutMillis: connectMs = 0, query_timeout: answerMs = 0, ...config }: PoolConfig,
  runtime: Pick<Runtime, 'after'>,
): Connections => {
  const pool = new Pool({ ...config, connectionTimeoutMillis: connectMs * PATIENCE });
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
        // Nobody waits for it any more, so the next one may have it.
        connecting.then((late) => late.release(), ignore);
      });
      let isBroken = true;
      try {
        const result = await work({
          query: (text, values) => limited(answerMs, client.query(text, values && [...values])),
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
