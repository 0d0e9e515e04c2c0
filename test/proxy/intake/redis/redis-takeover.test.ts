/** Two proxies of version 0.1 on one Redis, which this version takes over. */
import { expect, test } from 'vitest';
import { hasRedis, startRedis } from '../../../support/redis.js';
import { takeOver } from '../takeover.js';

test.skipIf(!hasRedis)(
  'nothing is lost or sent twice, and proxies of 0.1 that still run on that Redis take nothing more',
  async () => {
    expect.hasAssertions();
    const redis = await startRedis();
    try {
      await takeOver('--redis', redis.url);
    } finally {
      await redis.remove();
    }
  },
  500_000,
);
