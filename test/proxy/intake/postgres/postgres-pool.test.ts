/** How long a connection and an answer may take, on a real server: only what passes while the process is free counts. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Connections,
  configOf,
  createConnections,
} from '../../../../src/proxy/intake/postgres/postgres-connections.js';
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

  it('is made and has its answer in time if the process was busy meanwhile', async () => {
    const connections = open({ connectionTimeoutMillis: LIMIT_MS, query_timeout: LIMIT_MS });
    const made = connections.use((session) => {
      const answered = session.query('SELECT 1 AS one');
      busyFor(2 * LIMIT_MS);
      return answered;
    });
    busyFor(2 * LIMIT_MS);
    expect((await made).rows).toEqual(ONE);
  });

  it('is closed if no answer comes, and there is room for another one', async () => {
    const connections = open({ query_timeout: LIMIT_MS });
    await expect(connections.use((session) => session.query('SELECT pg_sleep(60)'))).rejects.toMatchObject({
      code: 'ETIMEDOUT',
    });
    expect(await one(connections)).toEqual(ONE);
  });

  it('has no limit if its limit is 0', async () => {
    const connections = open({ connectionTimeoutMillis: 0, query_timeout: 0 });
    const slept = connections.use((session) => session.query('SELECT pg_sleep(0.5), 1 AS one'));
    expect((await slept).rows).toMatchObject(ONE);
  });

  /** A server of which the first connection is silent, and all others lead to Postgres. */
  const startHalfDead = async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      if (sockets.length > 1)
        socket.pipe(connect(Number(new URL(postgres.url).port), '127.0.0.1')).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(postgres.url);
    url.port = String((server.address() as AddressInfo).port);
    return { url: url.href, sockets, close: () => void server.close() };
  };

  it('is given up if no session begins, and leaves its place to another one', async () => {
    const { url, sockets, close } = await startHalfDead();
    const connections = open({ connectionTimeoutMillis: LIMIT_MS }, url);
    await expect(one(connections)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(sockets).toHaveLength(1);
    expect(await vi.waitFor(() => one(connections), { timeout: 10 * LIMIT_MS })).toEqual(ONE);
    expect(sockets).toHaveLength(2);
    close();
  });

  it('serves the next caller if it becomes free after the one that waited was refused', async () => {
    const connections = open({ connectionTimeoutMillis: LIMIT_MS });
    const held = connections.use((session) => session.query(`SELECT pg_sleep(${(2 * LIMIT_MS) / 1_000})`));
    await expect(one(connections)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await held;
    expect(await one(connections)).toEqual(ONE);
  });
});
