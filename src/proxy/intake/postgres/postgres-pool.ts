/** The connections to Postgres. They are few, and none of them remembers anything between two transactions. */
import { Pool, type PoolClient, type PoolConfig } from 'pg';

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
