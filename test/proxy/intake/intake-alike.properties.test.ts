/** The intake in Postgres does the same as the one in a file, no matter what happens in which order. */
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { AdmittedEvent, ForwardResult, Intake, IntakeRow, Lane } from '../../../src/proxy/index.js';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { admitted, tallyOf, temporaryFolder } from '../../support/intake.js';
import { hasPostgres, type PostgresServer, startPostgres } from '../../support/postgres.js';
import { intakeHere } from '../../support/sqlite.js';
import { eventId, START } from '../../support/wire.js';

const MINUTE_MS = 60_000;
const RUNS = 40;

let postgres: PostgresServer;

beforeAll(async () => {
  if (!hasPostgres) return;
  postgres = await startPostgres();
  return () => postgres.remove();
}, 60_000);

/** Few offers, so that their events meet. */
const event = (number: number, receivedAt: number): AdmittedEvent =>
  admitted(number, {
    offerId: `offer${number % 4}`,
    type: number % 3 === 0 ? 'dismissed' : 'viewed',
    receivedAt,
    ...(number % 3 === 0 && number % 2 === 0 && { reason: 'escape' }),
    ...(number % 3 !== 1 && { group: `group${number % 4}` }),
    ...(number % 5 === 0 && { expiresAt: START + 40 * MINUTE_MS }),
    ...(number % 4 === 1 && { headers: { 'chargebee-request-origin-user': `user${number}` } }),
    ...(number % 2 === 1 && { usage: { subscriptionId: `sub${number}`, properties: { offer: number } } }),
  });

const anEvent = fc.integer({ min: 1, max: 14 });
const aLane = fc.constantFrom<'events' | 'usage'>('events', 'events', 'events', 'usage');
const aKind = fc.constantFrom<ForwardResult['kind']>('done', 'dead', 'waiting', 'ambiguous');
const aStep = fc.oneof(
  fc.record({
    kind: fc.constant('take'),
    events: fc.uniqueArray(anEvent, { minLength: 1, maxLength: 6 }),
  } as const),
  fc.record({ kind: fc.constant('begin'), lane: aLane, limit: fc.integer({ min: 1, max: 5 }) } as const),
  fc.record({
    kind: fc.constant('finish'),
    lane: aLane,
    event: anEvent,
    as: aKind,
    inMs: fc.constantFrom(0, 700, 30_000, 27 * MINUTE_MS, 100 * MINUTE_MS),
    attempt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  } as const),
  fc.record({ kind: fc.constant('succeed'), lane: aLane } as const),
  fc.record({
    kind: fc.constant('retry'),
    lane: aLane,
    event: fc.option(anEvent, { nil: undefined }),
  } as const),
  fc.record({
    kind: fc.constant('purge'),
    lane: aLane,
    events: fc.uniqueArray(anEvent, { minLength: 1, maxLength: 4 }),
  } as const),
  fc.record({
    kind: fc.constant('pass'),
    ms: fc.constantFrom(
      1,
      999,
      20_000,
      11 * MINUTE_MS,
      26 * MINUTE_MS,
      13 * 60 * MINUTE_MS,
      4 * 1_440 * MINUTE_MS,
    ),
  } as const),
);
type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

/** Rows without their cursors: the numbers of Postgres have gaps. */
const plain = (rows: readonly IntakeRow[]): unknown => rows.map(({ cursor: _, ...row }) => row);

/** What can be seen of a lane. */
const seen = async (lane: Lane, now: number): Promise<unknown> => ({
  status: await lane.status(now),
  rows: plain(await lane.list({ limit: 100 })),
  tally: await tallyOf(lane),
});

/** The ledger. Also checks that it adds up: an event that no column except `taken` counts has to be waiting. */
const ledgerOf = async (intake: Intake): Promise<unknown> => {
  const cells = [];
  for await (const portion of intake.ledger()) cells.push(...portion);
  const waits = cells.reduce(
    (sum, { taken, delivered, refused, givenUp, purged }) =>
      sum + taken - delivered - refused - givenUp - purged,
    0,
  );
  expect(waits).toBe((await intake.status(START)).waiting);
  return cells;
};

const take = async (intake: Intake, step: Step, at: number, now: number): Promise<unknown> => {
  const lane = 'lane' in step && step.lane === 'usage' ? intake.usage : intake;
  switch (step.kind) {
    case 'take':
      return [...(await intake.take(step.events.map((number) => event(number, now))))];
    case 'begin': {
      const leads = await lane.lead(`leader${at}`, now);
      const { rows, ...begun } = await lane.begin({ now, limit: step.limit, perMinute: 1_000_000 });
      return { leads, ...begun, rows: plain(rows) };
    }
    case 'finish': {
      const result: ForwardResult =
        step.as === 'done'
          ? { kind: 'done' }
          : step.as === 'dead'
            ? { kind: 'dead', code: 'refused' }
            : { kind: step.as, dueAt: now + step.inMs };
      // Only an event that is on its way can have an unknown outcome.
      const row = (await lane.list({ limit: 100 })).find(({ id }) => id === eventId(step.event));
      if (step.as === 'ambiguous' && row?.state !== 'forwarding') return undefined;
      // Only an event that was begun can be postponed: any other due time is corrected, as one of a wrong clock.
      if (step.as === 'waiting' && row?.attempts === 0) return undefined;
      return lane.finish([{ id: eventId(step.event), result, attempt: step.attempt }], now);
    }
    case 'succeed':
      await lane.resign(`leader${at - 1}`);
      return lane.lead(`leader${at}`, now);
    case 'retry':
      return lane.retry(step.event === undefined ? undefined : [eventId(step.event)], now);
    case 'purge':
      return lane.purge(step.events.map(eventId), now);
    case 'pass':
      return undefined;
    default:
      return step satisfies never;
  }
};

test.skipIf(!hasPostgres).each(['atLeastOnce', 'atMostOnce'] as const)(
  'both intakes do the same, %s',
  async (ambiguous) => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(aStep, { minLength: 5, maxLength: 60 }), async (steps) => {
        const folder = temporaryFolder();
        const name = `${ambiguous.toLowerCase()}${++runs}`;
        const options = { ambiguous, maxWaiting: 11, maxDelayMs: 6 * 60 * MINUTE_MS };
        const file = intakeHere({ file: join(folder.path, 'intake.db'), ...options });
        const shared = postgresIntake({ connection: postgres.url, name, ...options });
        let now = START;
        const leaderOf = { events: 0, usage: 0 };
        try {
          for (const step of steps) {
            if (step.kind === 'pass') now += step.ms;
            if (step.kind === 'succeed') leaderOf[step.lane]++;
            const at = 'lane' in step ? leaderOf[step.lane] : 0;
            expect(await take(shared, step, at, now)).toEqual(await take(file, step, at, now));
            expect(await seen(shared, now)).toEqual(await seen(file, now));
            expect(await ledgerOf(shared)).toEqual(await ledgerOf(file));
            expect(await seen(shared.usage, now)).toEqual(await seen(file.usage, now));
          }
        } finally {
          await Promise.all([file.close(), shared.close()]);
          folder.remove();
        }
      }),
      { numRuns: RUNS },
    );
  },
  120_000,
);
