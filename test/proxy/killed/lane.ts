/** One intake, one mock API, two clients, and one proxy after another. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Intake } from '../../../src/proxy/index.js';
import { type Fault, startUpstream } from '../../../src/tools/mock-api/server.js';
import { type Chance, createChance } from '../../simulation/chance.js';
import { temporaryFolder } from '../../support/intake.js';
import { intakeHere } from '../../support/sqlite.js';
import { createClient, type Made } from './client.js';
import type { KillPlan } from './plan.js';

/** What came of a lane. */
export interface Outcome {
  /** How each process ended that had a plan to be killed. */
  readonly ends: readonly (NodeJS.Signals | null)[];
  /** What was made, by client, in order. */
  readonly made: readonly Made[];
  /** What the upstream counted, in order. */
  readonly counted: readonly Made[];
  /** Events that the last intake holds in another state than done. */
  readonly unsettled: readonly string[];
  /** What its ledger says, by type. */
  readonly ledger: Readonly<Record<string, { readonly taken: number; readonly delivered: number }>>;
}

const KEY = 'test_killed_key';
/** Slow enough that calls are under way when their process ends. */
const DELAY: Fault = { kind: 'delay', ms: 3 };

/** If nothing more comes for so long, nothing will: another process leads within half of it. */
const QUIET_MS = 60_000;

/** The faults that one of the next calls of the upstream may have. */
const TROUBLES: readonly (readonly Fault[])[] = [
  [],
  [{ kind: 'status', status: 500, count: 1 }],
  [{ kind: 'status', status: 504, recorded: true, count: 1 }],
  [{ kind: 'reset_after', count: 1 }],
];

/** Where a lane's intake is. */
export interface LanePlace {
  /** As the program takes it: a file, or a URL of Postgres. */
  readonly name: string;
  open(): Intake;
  remove(): void | Promise<void>;
}

const ledgerOf = async (intake: Intake): Promise<Outcome['ledger']> => {
  const sums: Record<string, { taken: number; delivered: number }> = {};
  for await (const cells of intake.ledger())
    for (const { type, taken, delivered } of cells) {
      const sum = sums[type] ?? { taken: 0, delivered: 0 };
      sums[type] = { taken: sum.taken + taken, delivered: sum.delivered + delivered };
    }
  return sums;
};

/** A file of its own. */
export const inFile = (): LanePlace => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  return { name: file, open: () => intakeHere({ file }), remove: folder.remove };
};

/** Kills proxies by plans, one after another, then lets one run without faults. */
export const runLane = async (
  program: string,
  chance: Chance,
  plans: readonly KillPlan[],
  place: LanePlace,
): Promise<Outcome> => {
  const upstream = await startUpstream({ apiKey: KEY, limits: { per_minute: null } });
  const clients = [1, 2].map((number) => createClient(number, createChance(chance.whole(0, 1e9), 'client')));
  const children: ChildProcess[] = [];
  try {
    /** Returns no address if the process ends before it has one, since it forwards at once what it finds. */
    const start = async (plan: KillPlan | null) => {
      const child = fork(program, [place.name, upstream.url, KEY, JSON.stringify(plan)]);
      children.push(child);
      const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
      const port = await Promise.race([once(child, 'message').then(([told]) => told as number), ended]);
      return { url: typeof port === 'number' ? `http://127.0.0.1:${port}/` : undefined, child, ended };
    };
    const ends: Outcome['ends'][number][] = [];
    for (const plan of plans) {
      upstream.clearFaults();
      upstream.addFaults([...chance.one(TROUBLES), DELAY]);
      const { url, ended } = await start(plan);
      if (url) await Promise.all(clients.map((client) => client.postWhileAnswered(url)));
      ends.push(await ended);
    }
    upstream.clearFaults();
    const { url, child, ended } = await start(null);
    if (url === undefined) throw new Error('The last proxy ended before it served.');
    await Promise.all(clients.map((client) => client.postTheRest(url)));
    const made = clients.flatMap((client) => client.made);
    const isComplete = (): boolean => counted().length >= made.length;
    // Lost events never come. The test says which ones these are.
    for (let before = -1; !isComplete() && counted().length > before; ) {
      before = counted().length;
      await upstream.until(isComplete, QUIET_MS).catch(() => undefined);
    }
    child.kill('SIGTERM');
    await ended;
    const intake = place.open();
    const rows = await intake.list({ limit: 1_000_000 });
    const ledger = await ledgerOf(intake);
    await intake.close();
    return {
      ends,
      made,
      counted: counted(),
      ledger,
      unsettled: rows.flatMap(({ id, state, code }) => (state === 'done' ? [] : [`${id}: ${state} ${code}`])),
    };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await upstream.close();
    await place.remove();
  }

  function counted(): Made[] {
    return upstream
      .history()
      .filter(({ replayed }) => !replayed)
      .map(({ key, type, personalized_offer_id: offerId }) => {
        return { id: `${key}`.replace('oe1-', ''), type, offerId };
      });
  }
};
