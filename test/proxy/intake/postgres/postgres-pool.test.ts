/** How long a connection and an answer may take, on a real server: only what passes while the process is free counts. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { configOf } from '../../../../src/proxy/intake/postgres/postgres-config.js';
import { type Connections, createConnections } from '../../../../src/proxy/intake/postgres/postgres-pool.js';
import { platformRuntime } from '../../../../src/runtime.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../../support/postgres.js';

/** Enough for a busy machine to start a session. */
const LIMIT_MS = 2_000;
const busyFor = (ms: number): void => {
  for (const endsAt = performance.now() + ms; performance.now() < endsAt; );
};

describe.skipIf(!hasPostgres)('the one connection of a pool', () => {
  let postgres: PostgresServer;
  const opened: Connections[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.remove(), 60_000);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connections) => connections.close()));
  });

  const open = (limits: object, connectionString = postgres.url): Connections => {
    const connections = createConnections(
      configOf({ connectionString, max: 1, ...limits }),
      platformRuntime(),
    );
    opened.push(connections);
    return connections;
  };
  const one = (connections: Connections) =>
    connections.use(async (session) => (await session.query('SELECT 1 AS one')).rows);
  const ONE = [{ one: 1 }];

  it('is made in time if the process was busy meanwhile', async () => {
    const made = one(open({ connectionTimeoutMillis: LIMIT_MS }));
    busyFor(2 * LIMIT_MS);
    expect(await made).toEqual(ONE);
  });

  it('has its answer in time if the process was busy meanwhile', async () => {
    const connections = open({ query_timeout: LIMIT_MS });
    await one(connections);
    const asked = connections.use((session) => {
      const answered = session.query('SELECT 1 AS one');
      busyFor(2 * LIMIT_MS);
      return answered;
    });
    expect((await asked).rows).toEqual(ONE);
  });

  it('is closed if no answer comes, and there is room for another one', async () => {
    const connections = open({ query_timeout: LIMIT_MS });
    await expect(connections.use((session) => session.query('SELECT pg_sleep(60)'))).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
    expect(await one(connections)).toEqual(ONE);
  });

  it('is not awaited for longer, and serves the next one if it comes late', async () => {
    const waiting: Socket[] = [];
    const slow = createServer((socket) => waiting.push(socket)).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const url = new URL(postgres.url);
    const { port } = url;
    url.port = String((slow.address() as AddressInfo).port);
    const connections = open({ connectionTimeoutMillis: LIMIT_MS }, url.href);
    await expect(one(connections)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(waiting).toHaveLength(1);
    for (const socket of waiting) socket.pipe(connect(Number(port), '127.0.0.1')).pipe(socket);
    expect(await one(connections)).toEqual(ONE);
    expect(waiting).toHaveLength(1);
    slow.close();
  });
});
