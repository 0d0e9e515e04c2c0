/** How transactions run, without a database: which are repeated, which are not, and how failures are reported. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Connections, Session } from '../../../../src/proxy/intake/postgres/postgres-connections.js';
import { createDriver } from '../../../../src/proxy/intake/postgres/postgres-driver.js';
import { inWords, isOwnFault } from '../../../../src/proxy/intake/postgres/postgres-failures.js';
import type { Transaction } from '../../../../src/proxy/intake/sql/driver.js';
import { platformRuntime } from '../../../../src/runtime.js';
import { fakeRuntime } from '../../../support/runtime.js';

const refusal = (code: string): Error =>
  Object.assign(new Error('invalid input syntax for type json: "canary"'), {
    ...{ code, severity: 'ERROR', detail: 'Key (offer_id)=(canary) exists.', where: 'canary' },
  });

/** A driver over a connection whose statements fail with these errors, one after another, and then succeed. */
const driverOf = (...failures: Error[]) => {
  const asked: string[] = [];
  const runtime = fakeRuntime();
  /**
   * How far the server's clock is ahead, and how long a transaction waits for its turn there: while this process stands
   * still, and while it is free.
   */
  const clock = { aheadMs: 0, waitMs: 0, freeMs: 0 };
  // Only what is repeated waits by itself.
  const { after } = failures.length ? platformRuntime() : runtime;
  const ending = { command: 'COMMIT' };
  let lost = 0;
  const query = async (text: string): Promise<unknown> => {
    asked.push(text);
    if (text.startsWith('BEGIN')) {
      runtime.pass(clock.waitMs);
      if (clock.freeMs) await runtime.advance(clock.freeMs);
      return [{ rows: [{ now: runtime.now() + clock.aheadMs }] }];
    }
    if (text.endsWith('COMMIT')) return [{ rows: [] }, ending];
    const failure = failures.shift();
    if (failure) throw failure;
    return { rows: [{ one: 1 }] };
  };
  const connections: Connections = {
    use: (work) => work({ query } as unknown as Session),
    close: async () => undefined,
  };
  const driver = createDriver(connections, {
    schema: 'offersight',
    runtime: { ...runtime, after },
    ready: async () => undefined,
    onLost() {
      lost++;
    },
    onFound: () => undefined,
  });
  return { driver, asked, clock, ending, lost: () => lost };
};

const steps = (tx: Transaction) => tx.ask<{ one: number }>('SELECT ?3, ?1, ?3', 'text', 'unused', 2.5);

describe('a transaction', () => {
  it('gives each value its type, leaves out values that are not used, and cuts fractions off', async () => {
    const { driver, asked } = driverOf();
    expect(await driver.write(steps)).toEqual([{ one: 1 }]);
    expect(asked.slice(1)).toEqual([
      'SELECT $1::bigint, $2::text, $1::bigint',
      expect.stringMatching(/; COMMIT$/),
    ]);
  });

  it('is durable when it ends, in any session, and the server ends it after 5 s if this process does not', async () => {
    const { driver, asked } = driverOf();
    await driver.write(steps);
    await driver.read(steps);
    const [written, read] = asked.filter((text) => text.startsWith('BEGIN'));
    expect(written).toContain('SET LOCAL synchronous_commit = on');
    for (const begun of [written, read]) {
      expect(begun).toContain('SET LOCAL statement_timeout = 5000');
      expect(begun).toContain('SET LOCAL idle_in_transaction_session_timeout = 5000');
    }
  });

  it.each(['40001', '40P01'])(
    'is repeated from its beginning if another one was in the way (%s)',
    async (code) => {
      const { driver, asked, lost } = driverOf(refusal(code), refusal(code));
      expect(await driver.write(steps)).toEqual([{ one: 1 }]);
      expect(asked.filter((text) => text.startsWith('BEGIN'))).toHaveLength(3);
      expect(lost()).toBe(0);
    },
  );

  it('is repeated at most three times', async () => {
    const failures = Array.from({ length: 9 }, () => refusal('40001'));
    const { driver, asked } = driverOf(...failures);
    await expect(driver.write(steps)).rejects.toMatchObject({ code: 'SQLSTATE_40001' });
    expect(asked.filter((text) => text.startsWith('BEGIN'))).toHaveLength(4);
  });

  it('is not repeated if it is refused for another reason, and its error shows nothing that it contained', async () => {
    const { driver, asked } = driverOf(refusal('22P02'));
    const error = await driver.write(steps).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ message: 'Postgres refused a value.', code: 'SQLSTATE_22P02' });
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('canary');
    expect(asked).toHaveLength(2);
  });

  it('has failed if the server has rolled it back instead of committing it', async () => {
    const { driver, ending } = driverOf();
    ending.command = 'ROLLBACK';
    await expect(driver.write(steps)).rejects.toThrow('Postgres did not commit.');
  });

  it.each([
    ['22P05', true],
    ['23505', true],
    ['P0001', true],
    ['40001', false],
    ['53100', false],
  ])('that fails by %s is its own fault, and not that of the server: %s', (code, isOwn) => {
    expect(isOwnFault(inWords(refusal(code)))).toBe(isOwn);
    expect(isOwnFault(new Error('gone'))).toBe(false);
  });

  it('is not repeated if it loses its connection, since nobody knows what came of it', async () => {
    const { driver, asked, lost } = driverOf(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
    await expect(driver.write(steps)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([asked.length, lost()]).toEqual([2, 1]);
  });

  it('gets how far the database’s clock is ahead, and how far it has jumped', async () => {
    const { driver, clock } = driverOf();
    const heard: number[][] = [];
    const hear = () =>
      driver.write((tx) => {
        heard.push([tx.aheadMs, tx.jumpedMs].map((ms) => Math.round(ms / 1_000)));
        return steps(tx);
      });
    clock.aheadMs = 7_000_000;
    await hear();
    clock.aheadMs = 97_000_000;
    await hear();
    clock.aheadMs = 7_000_000;
    await hear();
    expect(heard).toEqual([
      [7_000, 0],
      [97_000, 90_000],
      [7_000, 0],
    ]);
  });

  it.each([
    [4_000, 0],
    [4_001, 4_001],
  ])('that waited %i ms for its turn there has its times moved by %i ms', async (waitMs, movedMs) => {
    const { driver, clock } = driverOf();
    clock.waitMs = waitMs;
    const heard: number[] = [];
    await driver.write((tx) => {
      heard.push(tx.aheadMs);
      return steps(tx);
    });
    expect(heard).toEqual([movedMs]);
  });

  it('that read before whether there is anything to do has also waited for that', async () => {
    const { driver, clock } = driverOf();
    clock.waitMs = 2_500;
    const heard: number[] = [];
    const written = await driver.write(
      (tx) => {
        heard.push(tx.aheadMs);
        return steps(tx);
      },
      async (tx) => {
        heard.push(tx.aheadMs);
        await steps(tx);
        return undefined;
      },
    );
    expect([written, heard]).toEqual([[{ one: 1 }], [0, 5_000]]);
  });

  it('does not begin if that read has the result', async () => {
    const { driver, asked } = driverOf();
    expect(await driver.write(steps, (tx) => tx.ask<{ one: number }>('SELECT 1'))).toEqual([{ one: 1 }]);
    expect(asked[0]).toContain('READ ONLY');
    expect(asked.slice(1)).toEqual(['SELECT 1', expect.stringMatching(/; COMMIT$/)]);
  });

  it('that has waited for more than 5 s behind others of its process never begins', async () => {
    const { driver, asked, clock } = driverOf();
    clock.freeMs = 2_400;
    const writes = [1, 2, 3, 4].map(() => driver.write(steps));
    const settled = await Promise.allSettled(writes);
    expect(settled.map((one) => (one.status === 'rejected' ? String(one.reason) : one.status))).toEqual([
      ...['fulfilled', 'fulfilled', 'fulfilled'],
      'Error: Postgres has been busy for 5 s.',
    ]);
    expect(asked.filter((text) => text.startsWith('BEGIN'))).toHaveLength(3);
  });

  it('begins if only this process stood still for longer than 5 s', async () => {
    const { driver, clock } = driverOf();
    Object.assign(clock, { waitMs: 9_000, freeMs: 1 });
    const settled = await Promise.allSettled([1, 2, 3].map(() => driver.write(steps)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  });

  it('does not make a later one fail', async () => {
    const { driver } = driverOf(refusal('22P02'));
    const [one, other] = await Promise.allSettled([driver.write(steps), driver.write(steps)]);
    expect([one.status, other.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('never writes at the same time as another of its process', async () => {
    const { driver, asked } = driverOf();
    await Promise.all([driver.write(steps), driver.write(steps)]);
    expect(asked.map((text) => / ?COMMIT$/.exec(text)?.[0].trim() ?? text.split(' ', 1)[0])).toEqual([
      ...['BEGIN', 'SELECT', 'COMMIT'],
      ...['BEGIN', 'SELECT', 'COMMIT'],
    ]);
  });
});
