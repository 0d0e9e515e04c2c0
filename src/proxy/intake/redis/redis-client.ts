/**
 * The connection to Redis. It fails at once if Redis is away, reconnects by itself, and reports what Redis may lose.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { OffersightError } from '../../../errors.js';
import type { Runtime } from '../../../runtime.js';
import { patiently } from '../../patience.js';
import { cleanCause } from '../../telling/cause.js';

/** Where Redis is: a URL, ioredis' options, or nodes of a Redis Cluster. */
export type Connection = string | RedisOptions | readonly RedisOptions[];

/** Runs scripts in Redis. */
export interface Client {
  /**
   * Runs a script over one key, or rejects within `deadlineMs`. Then nobody knows what the script did.
   * @param name A name for the script's text. Each script has its own.
   */
  run(name: string, text: string, args: readonly (string | number)[], deadlineMs: number): Promise<unknown>;
  close(): Promise<void>;
}

const LONGEST_RETRY_MS = 1_000;
/** A server that does not answer for so long is gone, even if the network does not report that. */
const SILENCE_MS = 10_000;
const GOODBYE_MS = 1_000;
/** So often its settings are looked at again, since somebody may change them while it runs. */
const CHECK_MS = 300_000;
/** The settings with which an accepted event is safe. */
const SAFE = { 'maxmemory-policy': 'noeviction', appendonly: 'yes', appendfsync: 'always' };
const NOPERM = 'Redis does not let this user do what the intake needs: see the rights in docs/redis.md.';
/** What an operator has to do, by the first word or words of what Redis says. */
const REMEDIES: Readonly<Record<string, string>> = {
  MOVED:
    'This Redis is one node of a Redis Cluster, and another one has the keys: give connection a list of its nodes.',
  OOM: 'Redis is full: raise its maxmemory, or delete what other programs keep there.',
  MISCONF: 'Redis cannot write to its disk, so it takes nothing: make room there, and read its log.',
  READONLY: 'This Redis is a replica, which only reads: name the primary in connection.',
  NOPERM,
  NOAUTH: 'Redis asks for a password: give connection one, or name it in the URL.',
  WRONGPASS: 'Redis does not accept the user or the password: check both in connection, or in the URL.',
  'The user executing the script': NOPERM,
};

const configuration = (hint: string, cause?: unknown): OffersightError =>
  new OffersightError('configuration', hint, cause);
const retryStrategy = (times: number): number => Math.min(LONGEST_RETRY_MS, 25 * 2 ** Math.min(times, 10));

const open = (connection: Connection): Redis | Cluster => {
  if (typeof connection === 'string' && !/^rediss?:\/\/\S+$/.test(connection))
    throw configuration('Set url to a URL, such as redis://localhost:6379.');
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null))
    throw configuration('Set connection to { host, port }, or url to a URL.');
  const each = {
    // A command that was given up must not run later.
    autoResendUnfulfilledCommands: false,
    socketTimeout: SILENCE_MS,
    // After a failover the old primary answers with this error.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
    stringNumbers: false,
    replyMapping: 'legacy',
  } satisfies RedisOptions;
  // If Redis is away, a command has to fail now, not wait in a queue.
  const ours = { ...each, lazyConnect: false, enableOfflineQueue: false, retryStrategy };
  try {
    if (typeof connection === 'string') return new Redis(connection, ours);
    if (!('length' in connection)) return new Redis({ ...connection, ...ours });
    const [{ host: _host, port: _port, ...first } = {}] = connection;
    const nodes = connection.map(({ host = '127.0.0.1', port = 6379 }) => ({ host, port }));
    return new Cluster(nodes, {
      redisOptions: { ...first, ...each },
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
    });
  } catch (cause) {
    throw configuration('Set connection to what ioredis can connect to.', cleanCause(cause));
  }
};

/** Settings with which Redis may lose accepted events. Some hosts do not show their settings: then there are none. */
const weakSettings = async (redis: Redis | Cluster): Promise<string[]> => {
  const held = await Promise.all(Object.keys(SAFE).map((name) => redis.config('GET', name)));
  return Object.entries(SAFE).flatMap(([name, safe], at) => {
    const [, value = safe] = held[at] ?? [];
    return value === safe ? [] : `${name} ${value}`;
  });
};

/**
 * Connects, and keeps trying for as long as it is not closed.
 * @param key What all keys begin with.
 * @param onWeak Called with the settings with which Redis may lose events: after each time that it connected, and every
 * five minutes as long as it is asked anything.
 * @throws {OffersightError} `configuration` if `connection` does not name a Redis.
 */
export const connect = (
  connection: Connection,
  key: string,
  runtime: Runtime,
  onWeak: (settings: readonly string[]) => void,
): Client => {
  const redis = open(connection);
  // The next caller gets it in a rejection.
  let trouble: Error | undefined;
  redis.on('error', (error: Error) => {
    // If signing in failed, the error contains the password.
    trouble = cleanCause(error) as Error;
  });
  let checkedAt = -Infinity;
  /** Without a timer: while nothing is asked, nothing is accepted that could be lost. */
  const check = (): void => {
    checkedAt = runtime.elapsed();
    void weakSettings(redis).then(onWeak, () => undefined);
  };
  redis.on('ready', () => {
    trouble = undefined;
    check();
  });
  /** Resolves when the first attempt to connect has ended. Earlier calls wait for it. */
  const tried = new Promise<void>((resolve) => {
    for (const end of ['ready', 'close'] as const) redis.once(end, resolve);
  });
  const defined = new Set<string>();
  let isClosed = false;

  /** Rejects at the deadline. `work` can ask whether that has happened. */
  const within = async <T>(deadlineMs: number, work: (isLate: () => boolean) => Promise<T>): Promise<T> => {
    let isLate = false;
    let stop = (): void => undefined;
    const deadline = new Promise<never>((_, reject) => {
      stop = patiently(runtime, deadlineMs, () => {
        isLate = true;
        reject(new Error(`Redis did not answer within ${deadlineMs} ms (${redis.status}).`));
      });
    });
    try {
      return await Promise.race([work(() => isLate), deadline]);
    } finally {
      stop();
    }
  };

  return {
    run: (name, text, args, deadlineMs) =>
      within(deadlineMs, async (isLate): Promise<unknown> => {
        await tried;
        if (isLate()) return;
        if (isClosed || redis.status !== 'ready') {
          const why = isClosed ? 'closed' : trouble?.message || redis.status;
          throw new Error(`Redis is not connected (${why}).`, { cause: trouble });
        }
        if (runtime.elapsed() - checkedAt >= CHECK_MS) check();
        if (!defined.has(name)) redis.defineCommand(name, { lua: text, numberOfKeys: 1 });
        defined.add(name);
        // defineCommand has added a method of this name.
        const commands = redis as unknown as Record<
          string,
          (...args: (string | number)[]) => Promise<unknown>
        >;
        return commands[name]?.(key, ...args);
      }).catch((cause: unknown) => {
        // If it could not sign in, that is why it is not connected.
        const { message = '' } = trouble ?? (cause as Partial<Error> | undefined) ?? {};
        const [said] = /^[A-Z]+|The user executing the script/.exec(message.replace(/^ERR /, '')) ?? [];
        const remedy = REMEDIES[said ?? ''];
        if (remedy !== undefined) throw configuration(remedy, cleanCause(cause));
        // ioredis adds the command to the error, and its arguments contain offers, addresses and users.
        throw cleanCause(cause);
      }),

    async close() {
      isClosed = true;
      // This waits for commands that are under way, if Redis answers at all.
      if (redis.status === 'ready') await within(GOODBYE_MS, () => redis.quit()).catch(() => undefined);
      redis.disconnect();
    },
  };
};
