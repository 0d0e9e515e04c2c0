/** A Postgres server of a test's own, on loopback, as durable as a real one, and a pooler in front of it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from '../../e2e/fixtures/free-port.js';
import { findPostgres } from '../../scripts/ensure-servers.mjs';
import { temporaryFolder } from './intake.js';

/** One server, on one port and one folder for as long as the test lasts. */
export interface PostgresServer {
  readonly url: string;
  /** Asks it directly, without an intake, and returns the rows. */
  ask<Row>(sql: string, values?: readonly unknown[], connectionString?: string): Promise<Row[]>;
  /** Starts it with the data that it wrote before. */
  start(...settings: readonly string[]): Promise<void>;
  /** Kills it, so that it has to recover when it starts again. */
  kill(): Promise<void>;
  /** Writes a file that only the server may read, and returns its path. */
  keep(name: string, text: string): string;
  /** Ends every connection but the one that asks for it. */
  cut(): Promise<void>;
  /**
   * Starts a pooler that gives each transaction another session, and returns its URL.
   * @param text Its configuration, which ends in the pooler's own section, except where it listens and whom it knows.
   */
  startPooler(text?: string): Promise<string>;
  remove(): Promise<void>;
}

const programs = findPostgres();

/** Whether these tests can run. If they have to and cannot, that is a failure. */
export const hasPostgres = programs !== undefined;
if (!hasPostgres) {
  const missing =
    'No postgres or pgbouncer is installed (apt-get install postgresql pgbouncer): what they would show is not shown.';
  if (process.env.CI) throw new Error(missing);
  console.error(missing);
}

/** Neither program runs as root, so both run as the user that Debian's packages make. */
const identity = (): { uid?: number; gid?: number } => {
  if (process.getuid?.() !== 0) return {};
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  if (uid === undefined || gid === undefined) throw new Error('There is no user postgres to run as.');
  return { uid: Number(uid), gid: Number(gid) };
};

/** How a pooler finds the server, and gives each transaction another session. */
const POOLER = `[databases]
* = host=127.0.0.1 port=PORT
[pgbouncer]
pool_mode = transaction`;

/** Resolves when a program says that it is ready, and rejects with what it said if it ends before. */
const ready = (child: ChildProcess, words: RegExp): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-5_000);
      if (words.test(said)) resolve();
    });
    child.once('exit', () => reject(new Error(said)));
  });

/** Starts one. */
export const startPostgres = async (): Promise<PostgresServer> => {
  if (!programs) throw new Error('No postgres is installed.');
  const user = identity();
  const folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  if (user.uid !== undefined) chownSync(folder.path, user.uid, user.gid ?? user.uid);
  const data = join(folder.path, 'data');
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const children = new Set<ChildProcess>();
  let server: ChildProcess | undefined;

  const run = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, args, { ...user, cwd: folder.path, stdio: ['ignore', 'ignore', 'pipe'] });
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };

  const end = async (child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> => {
    if (!child || !children.has(child)) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };

  const made = spawnSync(
    programs.initdb,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...user, cwd: folder.path, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(made.stderr);

  const postgres: PostgresServer = {
    url,

    async ask<Row>(sql: string, values: readonly unknown[] = [], connectionString = url) {
      const client = new Client({ connectionString });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query(sql, [...values])).rows as Row[];
      } finally {
        await client.end().catch(() => undefined);
      }
    },

    async start(...settings) {
      const given = ['max_connections=60', 'shared_buffers=64MB', ...settings];
      server = run(programs.postgres, [
        ...['-D', data, '-p', `${port}`, '-k', folder.path, '-h', '127.0.0.1'],
        ...given.flatMap((setting) => ['-c', setting]),
      ]);
      await ready(server, /database system is ready to accept/);
    },

    kill: () => end(server, 'SIGQUIT'),

    keep(name, text) {
      const path = join(folder.path, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (user.uid !== undefined) chownSync(path, user.uid, user.gid ?? user.uid);
      return path;
    },

    async cut() {
      await postgres.ask(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'`,
      );
    },

    async startPooler(text = POOLER.replace('PORT', `${port}`)) {
      const poolerPort = await freePort();
      const users = postgres.keep('users.txt', '"postgres" ""\n"offersight" ""\n');
      const settings = postgres.keep(
        `pgbouncer-${poolerPort}.ini`,
        `${text}
listen_addr = 127.0.0.1
listen_port = ${poolerPort}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
default_pool_size = 8
`,
      );
      await ready(run(programs.pgbouncer, [settings]), /process up/);
      return `postgres://postgres@127.0.0.1:${poolerPort}/postgres`;
    },

    async remove() {
      await Promise.all([...children].map((child) => end(child, child === server ? 'SIGQUIT' : 'SIGKILL')));
      folder.remove();
    },
  };
  await postgres.start();
  return postgres;
};
