/**
 * Measures how long the operator's page keeps the process busy: `npm run bench:operator`. The file has 400 days of
 * 100 groups, 200,000 events of 100,000 offers and 20,000 dead letters. Each view and form is measured once it is
 * warm, in this process, without HTTP. The longest task is CPU time between two turns of the event loop, so that a busy
 * machine does not count. It asserts nothing.
 *
 *     --days 400 --groups 100 --offers 100000 --dead 20000 --runs 3
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type AdmittedEvent, createOfferAdmin, type Intake } from '../src/proxy/index.js';
import { sqliteIntake } from '../src/proxy/intake/sqlite/sqlite.js';
import { operatorBrowser, TOKEN } from '../test/support/operator-browser.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    days: { ...text, default: '400' },
    groups: { ...text, default: '100' },
    offers: { ...text, default: '100000' },
    dead: { ...text, default: '20000' },
    runs: { ...text, default: '3' },
  },
});
const [days, groups, offers, dead, runs] = [
  values.days,
  values.groups,
  values.offers,
  values.dead,
  values.runs,
].map(Number) as [number, number, number, number, number];

const DAY_MS = 86_400_000;
const TAKEN = 500;
const REASONS = ['control', 'escape', 'backdrop'] as const;

let made = 0;
const event = (fields: Partial<AdmittedEvent>): AdmittedEvent => {
  const id = `019aa02f-3c00-7000-8000-${(++made).toString(16).padStart(12, '0')}`;
  return { id, type: 'viewed', offerId: 'offer', occurredAt: 0, receivedAt: 0, content: id, ...fields };
};

/** Takes events in portions, and gives those that are due the wanted outcome. */
const fill = async (
  intake: Intake,
  events: Iterable<AdmittedEvent>,
  now: number,
  result: 'done' | 'dead' | 'waiting',
): Promise<void> => {
  let some: AdmittedEvent[] = [];
  const take = async (): Promise<void> => {
    await intake.take(some);
    some = [];
    while (result !== 'waiting') {
      const { rows } = await intake.begin({ now, limit: 1_000, perMinute: Infinity });
      if (!rows.length) break;
      const ended = result === 'done' ? { kind: result } : { kind: result, code: 'resource_not_found' };
      await intake.finish(
        rows.map(({ id }) => ({ id, result: ended as { kind: 'done' } })),
        now,
      );
    }
  };
  for (const each of events) if (some.push(each) === TAKEN) await take();
  if (some.length) await take();
};

/** CPU time of this process in its longest turn while something runs, and how long all of it took, milliseconds. */
const measure = async (act: () => Promise<unknown>): Promise<{ longest: number; wall: number }> => {
  let longest = 0;
  let isOver = false;
  const watching = (async () => {
    let before = process.cpuUsage();
    while (!isOver) {
      await nextTurn();
      const { user, system } = process.cpuUsage(before);
      longest = Math.max(longest, (user + system) / 1_000);
      before = process.cpuUsage();
    }
  })();
  const startedAt = performance.now();
  await act();
  const wall = performance.now() - startedAt;
  isOver = true;
  await watching;
  return { longest, wall };
};

const folder = mkdtempSync(join(tmpdir(), 'offersight-bench-'));
const intake = sqliteIntake({
  file: join(folder, 'intake.db'),
  maxWaiting: 1_000_000,
});
intake.claim('bench', { groups: new Set(Array.from({ length: groups }, (_, group) => `group-${group}`)) });
const today = Date.now();

function* ledgerEvents(at: number): Generator<AdmittedEvent> {
  for (let group = 0; group < groups; group++) {
    const fields = { group: `group-${group}`, receivedAt: at, occurredAt: at, offerId: `offer-${group}` };
    yield event(fields);
    for (const reason of REASONS) yield event({ ...fields, type: 'dismissed', reason });
  }
}
for (let day = days - 1; day >= 0; day--)
  await fill(intake, ledgerEvents(today - day * DAY_MS), today - day * DAY_MS, 'done');
const ofOffers = function* (prefix: string, count: number): Generator<AdmittedEvent> {
  for (let at = 0; at < count; at++) {
    const fields = { offerId: `${prefix}-${at}`, group: 'group-1', receivedAt: today, occurredAt: today };
    yield event(fields);
    yield event({ ...fields, type: 'dismissed', reason: 'control' });
  }
};
await fill(intake, ofOffers('own', offers), today, 'done');
await fill(intake, ofOffers('dead', dead / 2), today, 'dead');

const browser = operatorBrowser(createOfferAdmin({ intake, token: TOKEN }));
await browser.signIn();
const dayOf = (ago: number): string => new Date(today - ago * DAY_MS).toISOString().slice(0, 10);
const whole = `since=${dayOf(days)}&until=${dayOf(0)}`;
const read = (path: string) => async () => (await browser.ask(path)).text();
const acts: readonly [name: string, act: () => Promise<unknown>][] = [
  ['funnel of 30 days', read('funnel')],
  [`funnel of ${days} days`, read(`funnel?${whole}`)],
  [`funnel of ${days} days, by group`, read(`funnel?${whole}&by=group`)],
  [`CSV of ${days} days, by day and group`, read(`funnel.csv?${whole}&by=day,group`)],
  ['delivery', read('delivery')],
  ['events', read('events')],
  ['events of one offer', read(`events?find=own-${offers / 2}`)],
  ['dead letters', read('dead-letters')],
  ['live', read('live-rows')],
  ['count before giving up', () => browser.send('purge', { what: 'dead' })],
  [`retry of ${dead} dead letters`, () => browser.send('retry')],
  [`give up ${dead} waiting events`, () => browser.send('purge', { what: 'waiting', confirm: 'yes' })],
];
console.log(`${made} events; longest task (CPU ms) and whole time (ms), of ${runs} runs the best\n`);
for (const [name, act] of acts) {
  const isOnce = /retry|give up \d/.test(name);
  const results = [];
  for (let run = 0; run < (isOnce ? 1 : runs); run++) results.push(await measure(act));
  const longest = Math.min(...results.map((result) => result.longest));
  const wall = Math.min(...results.map((result) => result.wall));
  console.log(`${name.padEnd(46)}${longest.toFixed(0).padStart(8)}${wall.toFixed(0).padStart(8)}`);
}
await intake.close();
rmSync(folder, { recursive: true });
