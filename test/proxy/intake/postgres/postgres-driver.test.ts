/** How transactions run, without a database: which are repeated, which are not, and how failures are reported. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Connections, Session } from '../../../../src/proxy/intake/postgres/postgres-connections.js';
import { createDatabaseClock, createDriver } from '../../../../src/proxy/intake/postgres/postgres-driver.js';
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

  it('is repeated from its beginning if another one was in the way, at most three times', async () => {
    const { driver, asked, lost } = driverOf(refusal('40001'), refusal('40P01'));
    expect(await driver.write(steps)).toEqual([{ one: 1 }]);
    expect(asked.filter((text) => text.startsWith('BEGIN'))).toHaveLength(3);
    expect(lost()).toBe(0);
    const hopeless = driverOf(...Array.from({ length: 9 }, () => refusal('40001')));
    await expect(hopeless.driver.write(steps)).rejects.toMatchObject({ code: 'SQLSTATE_40001' });
    expect(hopeless.asked.filter((text) => text.startsWith('BEGIN'))).toHaveLength(4);
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
    [4_000, false, [0]],
    [4_001, false, [4_001]],
    // It has also waited for the read whether there is anything to do.
    [2_500, true, [0, 5_000]],
  ] as const)(
    'that waits %i ms for each turn there has its times moved: %s %j',
    async (waitMs, hasGlance, moved) => {
      const { driver, clock } = driverOf();
      clock.waitMs = waitMs;
      const heard: number[] = [];
      const hear = (tx: Transaction) => {
        heard.push(tx.aheadMs);
        return steps(tx);
      };
      const glance = async (tx: Transaction) => {
        await hear(tx);
        return undefined;
      };
      expect(await driver.write(hear, hasGlance ? glance : undefined)).toEqual([{ one: 1 }]);
      expect(heard).toEqual(moved);
    },
  );

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

  it('never writes at the same time as another of its process, and does not make a later one fail', async () => {
    const { driver, asked } = driverOf(refusal('22P02'));
    const [one, other] = await Promise.allSettled([driver.write(steps), driver.write(steps)]);
    expect([one.status, other.status]).toEqual(['rejected', 'fulfilled']);
    expect(asked.map((text) => / ?COMMIT$/.exec(text)?.[0].trim() ?? text.split(' ', 1)[0])).toEqual([
      ...['BEGIN', 'SELECT'],
      ...['BEGIN', 'SELECT', 'COMMIT'],
    ]);
  });
});

it.each<[string, boolean, RegExp?]>([
  ['22P05', true],
  ['23505', true],
  ['P0001', true],
  ['40001', false],
  ['53100', false],
  ['25006', false, /name the primary/],
  ['28P01', false, /does not accept the password/],
  ['42P10', false, /A publication of this database/],
])('a failure by %s is its transaction’s own fault: %s', (code, isOwn, hint) => {
  const said = inWords(refusal(code));
  if (hint)
    expect(said).toMatchObject({ code: 'configuration', hint: expect.stringMatching(hint) as string });
  expect(isOwnFault(said)).toBe(isOwn);
  expect(isOwnFault(new Error('gone'))).toBe(false);
});

it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED'])(
  'a certificate that is not accepted is named with why: %s',
  (code) => {
    expect(inWords(Object.assign(new Error('no'), { code }))).toMatchObject({
      ...{ code: 'configuration', hint: expect.stringContaining(`is not accepted (${code})`) as string },
    });
  },
);

/** When a question was sent, what the database's clock said, and when the answer came. */
type Heard = readonly [sentAt: number, there: number, heardAt: number];

it.each<[string, number, ...Heard[]]>([
  ['is ours while no answer contradicts that', 0, [100, 107, 110], [200, 200, 200], [300, 305, 305]],
  ['is ahead by the least that all answers allow', 5_002, [100, 5_104, 110], [200, 5_204, 202]],
  ['is behind by the least that an answer allows', -7_996, [9_000, 1_004, 9_010]],
  ['is not corrected by a slow answer that fits', 5_000, [100, 5_100, 100], [1_000, 6_500, 9_000]],
  ['is followed when it was set right', 1, [100, 3_600_100, 100], [200, 201, 202]],
])('the database’s clock %s', (_, aheadMs, ...answers) => {
  const clock = createDatabaseClock();
  for (const answer of answers) clock.hear(...answer);
  expect(clock.aheadMs()).toBe(aheadMs);
});
