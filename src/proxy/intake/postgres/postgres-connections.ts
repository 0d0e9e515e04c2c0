/** The connections to Postgres. They are few, and none of them remembers anything between two transactions. */
import { Socket } from 'node:net';
import { Client, type ClientConfig, Pool, type PoolConfig, type QueryResult, type QueryResultRow } from 'pg';
import type { Runtime } from '../../../runtime.js';
import { inTime, patiently } from '../../patience.js';

/** Asks the server, on one connection. */
export interface Session {
  query<Row extends QueryResultRow>(
    text: string,
    values?: readonly unknown[],
    limitMs?: number,
  ): Promise<QueryResult<Row>>;
}

/** The connections, as a driver uses them. */
export interface Connections {
  /** Runs work on a connection of its own. After a failure that connection is closed. */
  use<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Makes a client whose socket is destroyed if no session has begun within so much time in which the process was free. */
const patientClient = (connectMs: number, runtime: Pick<Runtime, 'after'>) =>
  class extends Client {
    constructor({ stream, ...config }: ClientConfig = {}) {
      // A host may have a way of its own to its database, such as a cloud's connector.
      const socket = (typeof stream === 'function' ? stream() : stream) ?? new Socket();
      super({ ...config, stream: () => socket });
      const stop = patiently(runtime, connectMs, () => {
        const late = new Error(`Postgres did not answer within ${connectMs / 1_000} s.`);
        socket.destroy(Object.assign(late, { code: 'ETIMEDOUT' }));
      });
      this.once('connect', stop).once('end', stop);
    }
  };

/** Makes connections when they are asked for. pg's own timers are not used, since they also run while the process is busy. */
export const createConnections = (
  { connectionTimeoutMillis: connectMs = 0, query_timeout: answerMs = 0, ...config }: PoolConfig,
  runtime: Pick<Runtime, 'after'>,
): Connections => {
  const pool = new Pool({ ...config, ...(connectMs && { Client: patientClient(connectMs, runtime) }) });
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
