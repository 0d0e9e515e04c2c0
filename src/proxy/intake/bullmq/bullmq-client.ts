/** The connection to Redis: fails at once where Redis cannot be asked, and comes back by itself. */
import { Redis, type RedisOptions } from 'ioredis';
import { OffersightError } from '../../../errors.js';
import type { Runtime } from '../../../runtime.js';
import { patiently } from '../../patience.js';
import { cleanCause } from '../../telling/cause.js';

/** Runs scripts in Redis. */
export interface Client {
  /**
   * Runs a script, or rejects within `deadlineMs`; what it did then, nobody knows.
   * @param name What the text is called, once for each text.
   */
  run(
    name: string,
    text: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    deadlineMs: number,
  ): Promise<unknown>;
  close(): Promise<void>;
}

const LONGEST_RETRY_MS = 1_000;
/** A peer that says nothing for so long while it is asked is gone, whatever the network says. */
const SILENCE_MS = 10_000;
const GOODBYE_MS = 1_000;

/**
 * Connects, and keeps trying for as long as it is not closed.
 * @param connection A URL, or ioredis' options.
 * @throws {OffersightError} `configuration` if it names no place.
 */
export const connect = (connection: string | RedisOptions, runtime: Runtime): Client => {
  const ours = {
    // What is asked now has to fail now; and what has been given up must not be done later.
    lazyConnect: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times) => Math.min(LONGEST_RETRY_MS, 25 * 2 ** Math.min(times, 10)),
    // After a failover the old primary answers so.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
    stringNumbers: false,
    replyMapping: 'legacy',
  } satisfies RedisOptions;
  if (typeof connection === 'string' && !/^rediss?:\/\/\S+$/.test(connection))
    throw new OffersightError('configuration', 'Set connection to a URL, such as redis://localhost:6379.');
  if (typeof connection !== 'string' && (typeof connection !== 'object' || connection === null))
    throw new OffersightError('configuration', 'Set connection to a URL or to { host, port }.');
  let redis: Redis;
  try {
    redis =
      typeof connection === 'string' ? new Redis(connection, ours) : new Redis({ ...connection, ...ours });
  } catch (cause) {
    throw new OffersightError(
      'configuration',
      'Set connection to what ioredis can connect to.',
      cleanCause(cause),
    );
  }
  // Whoever asks next is told by a rejection.
  let trouble: Error | undefined;
  redis.on('error', (error: Error) => {
    // Where signing in failed, it bears the password.
    trouble = cleanCause(error) as Error;
  });
  redis.on('ready', () => {
    trouble = undefined;
  });
  /** Whoever asks before the first attempt to connect came to something waits for that. */
  const tried = new Promise<void>((resolve) => {
    redis.once('ready', resolve);
    redis.once('close', resolve);
  });
  const defined = new Set<string>();
  let isClosed = false;

  /** Rejects at the deadline, and tells `work` so. */
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

  const send = async (
    name: string,
    text: string,
    args: readonly (string | number)[],
    isLate: () => boolean,
  ): Promise<unknown> => {
    await tried;
    if (isLate()) return;
    if (isClosed || redis.status !== 'ready') {
      const why = isClosed ? 'closed' : trouble?.message || redis.status;
      throw new Error(`Redis is not connected (${why}).`, { cause: trouble });
    }
    if (!defined.has(name)) {
      redis.defineCommand(name, { lua: text });
      defined.add(name);
    }
    // defineCommand puts a method of this name there.
    return (redis as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>)[name]?.(
      ...args,
    );
  };

  return {
    run: (name, text, keys, args, deadlineMs) =>
      within(deadlineMs, (isLate) => send(name, text, [keys.length, ...keys, ...args], isLate)).catch(
        (cause: unknown) => {
          // ioredis puts the command on it, with the offers, addresses and users among its arguments.
          throw cleanCause(cause);
        },
      ),

    async close() {
      isClosed = true;
      // Waits for what is under way, if Redis answers at all.
      if (redis.status === 'ready') await within(GOODBYE_MS, () => redis.quit()).catch(() => undefined);
      redis.disconnect();
    },
  };
};
