/** Strangers name groups without end, and the ledger keeps those that it knew. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AdmittedEvent, Intake } from '../../../src/proxy/index.js';
import { postgresIntake } from '../../../src/proxy/intake/postgres/postgres.js';
import { createChance } from '../../simulation/chance.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { hasPostgres, startPostgres } from '../../support/postgres.js';
import { intakeHere } from '../../support/sqlite.js';
import { START } from '../../support/wire.js';

const DAY_MS = 86_400_000;
const VISITORS = 1_000;
/** Fewer than the days after which a group that nobody names gives its place to another. */
const DAYS = 20;
const KNOWN = ['home', 'cart', 'menu', 'exit', 'mail', 'blog'];
/** The share of events whose group was known before. */
const KNOWN_SHARE = 0.05;
const MOST_WAITING = 2_000_000;
const ATTEMPTS = 5;
const MILLION = 1_000_000;
/** How many events a server and a file get: a million would take minutes, so only `npm run proof -- --full` sends as many. */
const TO_SERVER = process.env.OFFERSIGHT_FULL ? MILLION : 50_000;
const TO_FILE = process.env.OFFERSIGHT_FULL ? MILLION : 200_000;
const written = (events: number): string => events.toLocaleString('en-US');

/** Takes events, and asks again if the answer is late: a page does the same, and what was taken is a duplicate then. */
const takeAll = async (intake: Intake, events: readonly AdmittedEvent[]): Promise<void> => {
  for (let attempt = 1; ; attempt++)
    try {
      await intake.take(events);
      return;
    } catch (cause) {
      // On a busy machine the disk may keep a server waiting for longer than the intake waits for the server.
      if (attempt === ATTEMPTS || !/did not answer within/.test(String(cause))) throw cause;
    }
};

/** How many events of each group the ledger has. */
const countsOf = async (intake: Intake): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  for await (const portion of intake.ledger())
    for (const { group, taken } of portion) counts.set(group, (counts.get(group) ?? 0) + taken);
  return counts;
};

/** Sends as many events, almost each with a group that nobody ever named, and holds the ledger against them. */
const expectPlaces = async (intake: Intake, events: number, portion: number): Promise<void> => {
  const chance = createChance(events, 'groups');
  const named = new Map(KNOWN.map((group) => [group, 1]));
  await intake.take(KNOWN.map((group, at) => admitted(at, { group, offerId: 'offer' })));
  let waiting: AdmittedEvent[] = [];
  for (let at = 0; at < events; at++) {
    const isKnown = chance.is(KNOWN_SHARE);
    const group = isKnown ? chance.one(KNOWN) : `g${chance.bits().toString(36)}`;
    if (isKnown) named.set(group, (named.get(group) ?? 0) + 1);
    waiting.push(
      admitted(KNOWN.length + at, {
        group,
        // Lines are not what is tested here.
        offerId: 'offer',
        visitor: `visitor${chance.whole(1, VISITORS)}`,
        receivedAt: START + Math.floor((at * DAYS) / events) * DAY_MS,
      }),
    );
    if (waiting.length < portion && at < events - 1) continue;
    await takeAll(intake, waiting);
    waiting = [];
  }
  const counts = await countsOf(intake);
  // All places are taken, and one more is for the rest.
  expect(counts.size).toBe(201);
  expect(counts.get('(other)')).toBeGreaterThan(events / 2);
  for (const [group, count] of named) expect(counts.get(group), group).toBe(count);
  expect([...counts.values()].reduce((sum, count) => sum + count)).toBe(events + KNOWN.length);
};

describe('events with random groups of 1,000 visitors leave 200 groups and the rest, and known ones whole', () => {
  it(`holds for ${written(TO_FILE)} events in a file`, { timeout: 900_000 }, async () => {
    const folder = temporaryFolder();
    onTestFinished(folder.remove);
    const intake = intakeHere({ file: join(folder.path, 'intake.db'), maxWaiting: MOST_WAITING });
    onTestFinished(() => intake.close());
    await expectPlaces(intake, TO_FILE, 2_000);
  });

  it.skipIf(!hasPostgres)(
    `holds for ${written(TO_SERVER)} events in Postgres`,
    { timeout: 3_600_000 },
    async () => {
      const postgres = await startPostgres();
      onTestFinished(() => postgres.remove());
      const intake = postgresIntake({
        connection: postgres.url,
        name: 'groups',
        maxWaiting: MOST_WAITING,
      });
      onTestFinished(() => intake.close());
      intake.claim('acme');
      await expectPlaces(intake, TO_SERVER, 2_000);
    },
  );
});
