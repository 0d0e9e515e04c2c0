/** A Redis server of a test's own, on loopback, with the settings that the promise needs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { freePort } from '../../e2e/fixtures/free-port.js';
import { temporaryFolder } from './intake.js';

/** One server, on one port and one folder for as long as the test lasts. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** The test's own connection, which waits while the server is away. */
  readonly admin: Redis;
  /** Starts it with the data that it wrote before. */
  start(): Promise<void>;
  /** Kills it like a power cut, but the operating system keeps the data that it has. */
  kill(): Promise<void>;
  /** Freezes and thaws it. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  remove(): Promise<void>;
}

/** Whether these tests can run. If they have to and cannot, that is a failure. */
export const hasRedis = !spawnSync('redis-server', ['--version']).error;
if (!hasRedis) {
  const missing =
    'No redis-server is installed (apt-get install redis-server): what its tests would show is not shown.';
  if (process.env.CI) throw new Error(missing);
  console.error(missing);
}

/** @param more Further arguments of the server. */
export const startRedis = async (more: readonly string[] = []): Promise<RedisServer> => {
  const folder = temporaryFolder();
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const admin = new Redis({
    host: '127.0.0.1',
    port,
    lazyConnect: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  admin.on('error', () => undefined);

  const server: RedisServer = {
    port,
    url,
    admin,
    async start() {
      child = spawn(
        'redis-server',
        [
          ...['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder.path],
          ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
          ...more,
        ],
        { stdio: 'ignore' },
      );
      // The server answers this only once it has read its data.
      await admin.ping();
    },
    async kill() {
      if (!child) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      child = undefined;
    },
    signal(signal) {
      child?.kill(signal);
    },
    async remove() {
      admin.disconnect();
      await server.kill();
      folder.remove();
    },
  };
  await server.start();
  return server;
};
