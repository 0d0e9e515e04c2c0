/**
 * The former name of the intake in Redis. It stays for one minor version.
 * @module offersight/proxy/bullmq
 */
import '../../needs-node.js';
import type { RedisOptions } from 'ioredis';
import type { Intake } from '../intake.js';
import { type RedisIntakeOptions, redisIntake } from '../redis/redis.js';

/** Options of {@link bullmqIntake}. */
export interface BullmqIntakeOptions extends Omit<RedisIntakeOptions, 'url' | 'connection'> {
  /**
   * The Redis to connect to.
   * @range a URL, or `{ host, port, … }` as ioredis takes it
   * @example `'redis://localhost:6379'`
   */
  readonly connection: string | RedisOptions;
}

let isWarned = false;

/**
 * Opens an intake in Redis, as `redisIntake` does.
 * @deprecated Import `redisIntake` from `offersight/proxy/redis`, and give it a `url` or a `connection`.
 * @throws {OffersightError} `configuration` if an option is wrong.
 */
export const bullmqIntake = ({ connection, ...options }: BullmqIntakeOptions): Intake => {
  if (!isWarned)
    process.emitWarning(
      'offersight: bullmqIntake is now redisIntake of offersight/proxy/redis, and BullMQ is not needed any more. ' +
        'The next minor version will not have this name any more.',
      'DeprecationWarning',
    );
  isWarned = true;
  return redisIntake({
    ...options,
    ...(typeof connection === 'string' ? { url: connection } : { connection }),
  });
};
