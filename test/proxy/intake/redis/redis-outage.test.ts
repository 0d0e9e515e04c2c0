/** Redis goes away at any moment and comes back: taking is rejected at once, and no accepted event is lost. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../../src/proxy/index.js';
import { redisIntake } from '../../../../src/proxy/intake/redis/redis.js';
import { admitted, tallyOf } from '../../../support/intake.js';
import { importing, inProcess, outputOf } from '../../../support/processes.js';
import { pageRequest, startProxy } from '../../../support/proxy.js';
import { hasRedis, type RedisServer, startRedis } from '../../../support/redis.js';
import { eventId, START, wireBody, wireEvent } from '../../../support/wire.js';
import { begun, rowOf } from '../intake.contract.js';

const CLOSED_PORT = 'redis://127.0.0.1:1';

let redis: RedisServer;
let intake: Intake;

beforeEach(async () => {
  redis = await startRedis();
  intake = redisIntake({ url: redis.url });
}, 20_000);

afterEach(async () => {
  await intake.close();
  await redis.remove();
});

/** Retries until the event is taken, as clients do. */
const takeAtLast = async (event: AdmittedEvent): Promise<string | undefined> => {
  for (;;) {
    try {
      return (await intake.take([event])).get(event.id)?.kind;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
};

describe.skipIf(!hasRedis)('taking is refused at once', () => {
  it('if Redis was never reached', async () => {
    const lost = redisIntake({ url: CLOSED_PORT });
    await expect(lost.take([admitted(1)])).rejects.toThrow(/not connected.*ECONNREFUSED/);
    await expect(lost.begin({ now: START, limit: 1, perMinute: 1 })).rejects.toThrow(/not connected/);
    await lost.close();
  });

  it('if something else accepts connections and does not answer', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const lost = redisIntake({ connection: { host: '127.0.0.1', port } });
    await expect(lost.take([admitted(1)])).rejects.toThrow(/within 1000 ms/);
    await lost.close();
    for (const socket of sockets) socket.destroy();
    mute.close();
  });

  it('while Redis hangs, and works again once Redis continues', async () => {
    expect(await takeAtLast(admitted(1))).toBe('accepted');
    redis.signal('SIGSTOP');
    await expect(intake.take([admitted(2)])).rejects.toThrow(/within 1000 ms/);
    redis.signal('SIGCONT');
    // The event may have been taken all the same, so its client sends it again.
    expect(await takeAtLast(admitted(2))).toMatch(/accepted|duplicate/);
    expect(await rowOf(intake, 2)).toMatchObject({ state: 'waiting' });
  });

  it('while Redis is gone, and works again once Redis is back', async () => {
    expect(await takeAtLast(admitted(1))).toBe('accepted');
    await redis.kill();
    await expect(intake.take([admitted(2)])).rejects.toThrow();
    await expect(intake.take([admitted(2)])).rejects.toThrow();
    await redis.start();
    expect(await takeAtLast(admitted(1))).toBe('duplicate');
    expect(await takeAtLast(admitted(2))).toBe('accepted');
  });

  it('and a client gets 503 with a time after which it can retry', async () => {
    await redis.kill();
    const started = startProxy({ intake });
    const response = await started.proxy(pageRequest(wireBody([wireEvent(1)])));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]$/);
    await redis.start();
    await takeAtLast(admitted(2));
    await started.end();
  });
});

describe.skipIf(!hasRedis)('no accepted event is lost', () => {
  it('when Redis is killed during taking', async () => {
    await takeAtLast(admitted(1_000));
    const accepted = new Set<string>();
    const attempts = Array.from({ length: 200 }, async (_, at) => {
      for (const event of Array.from({ length: 5 }, (_, of) => admitted(5 * at + of + 1))) {
        const verdicts = await intake.take([event]);
        if (verdicts.get(event.id)?.kind === 'accepted') accepted.add(event.id);
        if (accepted.size === 300) void redis.kill();
      }
    });
    const ends = await Promise.allSettled(attempts);
    expect(ends.some(({ status }) => status === 'rejected')).toBe(true);
    await redis.start();
    await takeAtLast(admitted(1_001));
    const kept = new Set((await intake.list({ limit: 2_000 })).map(({ id }) => id));
    expect([...accepted].filter((id) => !kept.has(id))).toEqual([]);
    expect(accepted.size).toBeGreaterThanOrEqual(300);
  });

  it('nor are states forgotten, including events on their way and the calls of the minute', async () => {
    await takeAtLast(admitted(1));
    await intake.take([admitted(2), admitted(3)]);
    await intake.lead('before', START);
    expect(await begun(intake, START, 2)).toEqual([1, 2]);
    await intake.finish([{ id: eventId(1), result: { kind: 'done' } }], START + 1);
    const before = [await intake.list({ limit: 9 }), await tallyOf(intake), await intake.status(START + 1)];
    await redis.kill();
    await redis.start();
    await takeAtLast(admitted(1));
    const after = [await intake.list({ limit: 9 }), await tallyOf(intake), await intake.status(START + 1)];
    expect(after).toEqual(before);
    expect(await intake.lead('after', START + 2)).toBe(false);
  });
});

describe.skipIf(!hasRedis)('closing', () => {
  it('ends every connection', async () => {
    await intake.take([admitted(1)]);
    await intake.close();
    const clients = (await redis.admin.client('LIST')) as string;
    expect(clients.trim().split('\n')).toHaveLength(1);
    await expect(intake.take([admitted(2)])).rejects.toThrow(/not connected/);
  });

  it('lets a process end by itself, also one that never reached Redis', async () => {
    const child = inProcess(`
      ${importing('redisIntake', 'proxy/intake/redis/redis.ts')}
      const intake = redisIntake({ url: '${CLOSED_PORT}' });
      await intake.take([]).catch(() => undefined);
      await intake.close();
      console.log('closed');`);
    expect(await outputOf(child)).toBe('closed\n');
    expect(child.exitCode).toBe(0);
  }, 20_000);
});
