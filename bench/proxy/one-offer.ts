/** Measures what one offer with a long history costs a proxy with a file: its event loop, and its whole process. */
import { mkdtempSync, rmSync } from 'node:fs';

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import type { AdmittedEvent, Intake } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { table } from '../figures.js';
import { loopMs } from './watching.js';

const OFFER = 'one-offer';
const POSTS = 3;
const POST = 500;
const WAITING = 200;
const REMEMBERED = 200_000;
const DAY_MS = 86_400_000;

let made = 0;

const some = (
  events: number,
  typeOf: (at: number) => AdmittedEvent['type'] = () => 'dismissed',
): AdmittedEvent[] =>
  Array.from({ length: events }, (_, at) => {
    const receivedAt = Date.now();
    const id = `018f5a5e-7a00-7000-8000-${(made++).toString(16).padStart(12, '0')}`;
    return { id, type: typeOf(at), offerId: OFFER, occurredAt: receivedAt, receivedAt, content: id };
  });

/** The costs of a step, CPU milliseconds. */
interface Cost {
  /** The thread that answers requests. */
  readonly loop: number;
  /** The process, with the thread that has the file. */
  readonly all: number;
}

/** The costs of `work`, from its start to its end. */
const costOf = async (work: () => Promise<unknown>): Promise<Cost> => {
  const [before, loop] = [process.cpuUsage(), loopMs()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { loop: loopMs() - loop, all: (user + system) / 1_000 };
};

/** Writes settled views of the offer: sending them one by one would take days at the pace of any plan. */
const remember = (file: string, state: 'done' | 'dead'): void => {
  const at = Date.now() - DAY_MS;
  const database = new Database(file);
  database
    .prepare(
      `WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${REMEMBERED})
       INSERT INTO events (id, content, type, offer_id, state, occurred_at, received_at, waiting_since, due_at)
       SELECT 'remembered ' || n, '', 'viewed', '${OFFER}', '${state}', ?1, ?1, ?1, 0 FROM number`,
    )
    .run(at);
  // This is a statement of its own, so that the counts of waiting events are as if events were settled one by one.
  database.prepare('UPDATE events SET settled_at = ?').run(at);
  database.close();
};

const measure = async (work: (intake: Intake, file: string) => Promise<Cost[]>): Promise<string[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-'));
  const file = join(folder, 'intake.db');
  const intake = sqliteIntake({ file });
  const costs = await work(intake, file);
  await intake.close();
  rmSync(folder, { recursive: true });
  return [costs.map(({ loop }) => loop), costs.map(({ all }) => all)].map((each) =>
    each.map((ms) => ms.toFixed(1)).join(' · '),
  );
};

const begin = (intake: Intake) => intake.begin({ now: Date.now(), limit: 10, perMinute: 10_000 });

/** The costs of forwarding and finishing the next event of the offer. */
const forwardOne = async (intake: Intake, kind: 'done' | 'dead'): Promise<Cost[]> => {
  let id = '';
  const begun = await costOf(async () => {
    id = (await begin(intake)).rows[0]?.id ?? '';
  });
  const result = kind === 'dead' ? ({ kind, code: 'refused' } as const) : { kind };
  return [begun, await costOf(() => intake.finish([{ id, result }], Date.now()))];
};

const post = async (intake: Intake, typeOf?: (at: number) => AdmittedEvent['type']): Promise<Cost[]> => {
  const costs: Cost[] = [];
  for (let posts = 0; posts < POSTS; posts++) costs.push(await costOf(() => intake.take(some(POST, typeOf))));
  return costs;
};

/** Measures each case on a file of its own. */
export const measureOneOffer = async (): Promise<string> => {
  const rows = [
    [
      `${POSTS} posts of ${POST} dismissed, begin, finish`,
      ...(await measure(async (intake) => [...(await post(intake)), ...(await forwardOne(intake, 'done'))])),
    ],
    [
      `${POSTS} posts of ${POST}, dismissed before viewed, begin, finish`,
      ...(await measure(async (intake) => [
        ...(await post(intake, (at) => (at < POST / 2 ? 'dismissed' : 'viewed'))),
        ...(await forwardOne(intake, 'done')),
      ])),
    ],
    [
      `begin and finish of ${WAITING} behind ${REMEMBERED} done`,
      ...(await measure(async (intake, file) => {
        remember(file, 'done');
        await intake.take(some(WAITING));
        return forwardOne(intake, 'dead');
      })),
    ],
    [
      `${POSTS} posts of ${POST} dismissed behind ${REMEMBERED} dead views`,
      ...(await measure(async (intake, file) => {
        remember(file, 'dead');
        return post(intake);
      })),
    ],
  ];
  const head = ['steps', 'the loop that answers, ms', 'all of its process, ms'];
  return `one offer in a file: CPU time of each step\n${table(head, rows)}`;
};
