/** One lane in Redis: what waits for one destination, and who forwards it. */
import type { Runtime } from '../../../runtime.js';
import type {
  EventState,
  IntakeRow,
  Lane,
  LaneNote,
  ListFilter,
  OfferTally,
  UsageFields,
} from '../intake.js';
import { isOver, WHEREABOUTS } from '../lease.js';
import { type LaneRules, PURGED } from '../rules.js';
import type { Client } from './bullmq-client.js';
import { type SCRIPTS, scriptOf } from './bullmq-scripts.js';
import { CHUNK } from './bullmq-transitions.js';

/** Where a lane is: BullMQ's keys of its jobs begin with the first, ours with the second. */
export type LaneKeys = readonly [jobs: string, own: string];

/** Runs one script of a lane. */
export type Run = (
  script: keyof typeof SCRIPTS,
  keys: readonly string[],
  args: readonly (string | number)[],
  deadlineMs: number,
) => Promise<unknown>;

/**
 * What a job shows of an event in a dashboard, beside its name, which is the type. Redis packs a job tightly while no
 * field of it is longer than 64 bytes.
 */
export interface JobData {
  readonly offer: string;
  /** When it occurred, epoch milliseconds. */
  readonly at: number;
  readonly usage?: UsageFields | undefined;
}

/** Longer than any script takes; whoever forwards can wait, unlike a request. */
const DEADLINE_MS = 5_000;
const STATES: readonly EventState[] = ['waiting', 'forwarding', 'done', 'dead'];

type Shown = readonly string[];

const toIntakeRow = (shown: Shown): IntakeRow => {
  const [id = '', type, offerId = '', state, data = '{}', receivedAt, attempts, doubt, again, code] = shown;
  const [settledAt, headers, arrival, group, reason] = shown.slice(10);
  const { at, usage } = JSON.parse(data) as JobData;
  return {
    id,
    type: type as IntakeRow['type'],
    offerId,
    state: state as EventState,
    occurredAt: at,
    receivedAt: Number(receivedAt),
    attempts: Number(attempts),
    isAmbiguous: doubt === '1',
    maybeDuplicate: again === '1',
    code: code || undefined,
    settledAt: settledAt ? Number(settledAt) : undefined,
    headers: headers ? (JSON.parse(headers) as Record<string, string>) : undefined,
    usage,
    group: group || undefined,
    reason: (reason || undefined) as IntakeRow['reason'],
    cursor: `${arrival}`,
  };
};

/** Runs scripts over one kind of lane. */
export const runnerOf =
  (client: Client, isOrdered: boolean): Run =>
  (script, keys, args, deadlineMs) =>
    client.run(
      `offersight_${script}_${isOrdered ? 'ordered' : 'unordered'}`,
      scriptOf(script, isOrdered),
      keys,
      args,
      deadlineMs,
    );

const inChunks = <T>(all: readonly T[]): (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / CHUNK) }, (_, at) => all.slice(at * CHUNK, (at + 1) * CHUNK));

/** Makes the lane over its keys. */
export const createLane = (
  client: Client,
  keys: LaneKeys,
  { maxDelayMs, isOrdered, ambiguous }: LaneRules,
  runtime: Runtime,
): Lane => {
  const runner = runnerOf(client, isOrdered);
  const run = (script: keyof typeof SCRIPTS, ...args: (string | number)[]): Promise<unknown> =>
    runner(script, keys, args, DEADLINE_MS);
  /** Both clocks' reading: Redis's own is the one that counts where this machine's is far from it. */
  const at = (now: number): [number, number] => [now, runtime.now()];
  let leader = '';
  let mended = '';

  const forget = async (now: number): Promise<void> => {
    while (((await run('forget', ...at(now))) as number) >= CHUNK);
  };

  /** Goes through all jobs once for each way in which the counts are found to differ. */
  const mend = async (now: number, difference: string): Promise<void> => {
    if (!difference || difference === mended) return;
    mended = difference;
    let from = '';
    do {
      const [next, changed] = (await run('mend', ...at(now), from)) as [string, number];
      if (changed) mended = '';
      from = next;
    } while (from);
  };

  return {
    async lead(token, now) {
      const host = WHEREABOUTS;
      const ask = async (over: string): Promise<[leads: 0 | 1, held: string, host: string, pid: string]> =>
        (await run('lead', ...at(now), token, host, process.pid, over)) as never;
      let answer = await ask('');
      const [isOurs, heldBy, heldHost, heldPid] = answer;
      if (!isOurs && isOver({ host: heldHost, pid: Number(heldPid) })) answer = await ask(heldBy);
      const [leads, difference] = answer;
      if (!leads) return false;
      leader = token;
      await forget(now);
      await mend(now, difference);
      return true;
    },

    async resign(token) {
      await run('resign', token);
    },

    async begin({ now, limit, perMinute, graceMs = 0 }) {
      const isOnce = ambiguous === 'atMostOnce' ? 1 : 0;
      const room = Math.min(limit, CHUNK);
      const begun = await run('begin', ...at(now), room, perMinute, maxDelayMs, isOnce, leader, graceMs);
      const [rows, nextAt, expired] = begun as [Shown[], string, number];
      return {
        rows: rows.map(toIntakeRow),
        // More may be due than one script takes.
        nextAt: rows.length === CHUNK && limit > CHUNK ? now : nextAt ? Number(nextAt) : undefined,
        expired,
      };
    },

    async finish(finished, now) {
      for (const some of inChunks(finished)) {
        const args = some.flatMap(({ id, result, attempt }) => {
          const detail =
            result.kind === 'dead' ? result.code : 'dueAt' in result ? Math.ceil(result.dueAt) : '';
          return [id, result.kind, detail, attempt ?? ''];
        });
        await run('finish', ...at(now), ...args);
      }
    },

    async note(next: LaneNote) {
      await run('note', JSON.stringify(next));
    },

    async status(now) {
      const [waiting, oldestAt, lastMinute, note] = (await run('status', ...at(now))) as [
        number,
        string,
        number,
        string,
      ];
      return {
        waiting,
        oldestAt: oldestAt ? Number(oldestAt) : undefined,
        lastMinute,
        note: JSON.parse(note) as LaneNote,
      };
    },

    async list({ limit, id = '', offerId = '', states = STATES, since = 0, before }: ListFilter) {
      const rows: IntakeRow[] = [];
      let from = before === undefined ? '+inf' : `(${before}`;
      while (rows.length < limit) {
        const looked = await run('list', from, limit - rows.length, offerId, since, states.join(' '), id);
        const [more, last] = looked as [Shown[], string];
        rows.push(...more.map(toIntakeRow));
        if (!last || id) break;
        from = `(${last}`;
      }
      return rows;
    },

    async *tally() {
      // Redis may show a field twice while others come or go.
      const seen = new Set<string>();
      let cursor = '0';
      do {
        const [next, found] = (await run('tally', cursor)) as [string, string[]];
        cursor = next;
        const portion: OfferTally[] = [];
        for (let at = 0; at < found.length; at += 2) {
          const field = found[at] ?? '';
          if (seen.has(field)) continue;
          seen.add(field);
          const [type, state, offerId] = field.split(' ');
          portion.push({
            offerId: `${offerId}`,
            type: type as IntakeRow['type'],
            state: state as EventState,
            events: Number(found[at + 1]),
          });
        }
        yield portion;
      } while (cursor !== '0');
    },

    async retry(ids, now) {
      const all = ids ?? ((await run('deadIds')) as string[]);
      let retried = 0;
      const left = ids ? '' : PURGED;
      // Twice, since the view that a dismissal stays with may be in a later portion.
      for (const some of [...inChunks(all), ...(ids ? [] : inChunks(all))])
        retried += (await run('retry', ...at(now), left, ...some)) as number;
      return retried;
    },

    async purge(ids, now) {
      let purged = 0;
      for (const some of inChunks(ids)) purged += (await run('purge', ...at(now), ...some)) as number;
      return purged;
    },
  };
};
