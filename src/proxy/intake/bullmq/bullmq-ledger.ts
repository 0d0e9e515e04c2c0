/** The ledger in Redis: a hash a day, whose fields are a cell and a column. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Verdict } from '../../../protocol/batch.js';
import type { AdmittedEvent, Intake } from '../intake.js';
import {
  type Bookkeeping,
  CROWDED,
  DAY_MS,
  dayNumberOf,
  dayOf,
  inOrder,
  isoDayOf,
  type LedgerCell,
  type LedgerFigures,
} from '../ledger.js';
import type { LedgerBounds } from '../rules.js';
import { LISTED } from './bullmq-counting.js';
import type { LaneKeys, Run } from './bullmq-lane.js';

/** The ledger, and what taking and leading ask of it. */
export interface RedisLedger extends Pick<Intake, 'accept' | 'ledger'> {
  /** How Redis is told who names a group: nothing that tells who it is, and another name in each process. */
  namerOf(event: Pick<AdmittedEvent, 'group' | 'visitor'>): string;
  /** Counts in what a release without a ledger left, and forgets the days that are over. */
  keep(now: number): Promise<void>;
  /** A group had no place. */
  onCrowded(now: number): void;
  /** What the proxy has told of itself. */
  bookkeeping: Bookkeeping;
}

const DEADLINE_MS = 5_000;
const NAME_LENGTH = 16;

const toVerdict = (word: string | undefined): Verdict => {
  switch (word) {
    case 'accepted':
    case 'duplicate':
      return { kind: word };
    default:
      return { kind: 'refused', code: 'conflict' };
  }
};

const EMPTY: LedgerFigures = { taken: 0, delivered: 0, refused: 0, givenUp: 0, purged: 0, accepted: 0 };

/** A day's fields as its cells, in order. */
const cellsOf = (day: number, fields: readonly string[]): LedgerCell[] => {
  const cells = new Map<string, LedgerCell>();
  for (let at = 0; at < fields.length; at += 2) {
    const [group = '', type, reason, column = ''] = (fields[at] ?? '').split(' ');
    const key = `${group} ${type} ${reason}`;
    const cell = cells.get(key) ?? {
      ...EMPTY,
      day: isoDayOf(day),
      group,
      type: type as LedgerCell['type'],
      reason: reason === '-' ? undefined : (reason as LedgerCell['reason']),
    };
    cells.set(key, { ...cell, [column]: Number(fields[at + 1]) });
  }
  return inOrder([...cells.values()]);
};

/** Makes the ledger over the keys of the lane of offer events. */
export const createLedger = (
  run: Run,
  keys: LaneKeys,
  { maxGroups, newGroupsADay, ledgerDays }: LedgerBounds,
  wall: () => number,
): RedisLedger => {
  const secret = randomBytes(32);
  const ask = (script: Parameters<Run>[0], ...args: (string | number)[]): Promise<unknown> =>
    run(script, keys, args, DEADLINE_MS);
  let toldOn: number | undefined;
  let keptOn: number | undefined;

  const ledger: RedisLedger = {
    bookkeeping: {},

    namerOf({ group, visitor }) {
      if (group !== undefined && ledger.bookkeeping.groups?.has(group)) return LISTED;
      if (group === undefined || visitor === undefined) return '';
      return createHmac('sha256', secret).update(visitor).digest('base64url').slice(0, NAME_LENGTH);
    },

    onCrowded(now) {
      if (toldOn === dayOf(now)) return;
      toldOn = dayOf(now);
      ledger.bookkeeping.onAlert?.(CROWDED);
    },

    async keep(now) {
      for (let from = ''; ; ) {
        from = (await ask('countIn', from)) as string;
        if (!from) break;
      }
      if (keptOn === dayOf(now)) return;
      await ask('forgetDays', now, wall(), ledgerDays);
      keptOn = dayOf(now);
    },

    async accept(events) {
      const args = events.flatMap(({ id, content, group = '', receivedAt }) => [
        id,
        content,
        group,
        receivedAt,
        ledger.namerOf({ group: group || undefined }),
      ]);
      const words = (await ask(
        'accept',
        wall(),
        maxGroups,
        newGroupsADay,
        ledgerDays * DAY_MS,
        ...args,
      )) as string[];
      if (words[events.length]) ledger.onCrowded(wall());
      return new Map(events.map(({ id }, at) => [id, toVerdict(words[at])]));
    },

    async *ledger({ since, until } = {}) {
      const [from, to] = [
        since === undefined ? -Infinity : dayNumberOf(since),
        until === undefined ? Infinity : dayNumberOf(until),
      ];
      for (const day of ((await ask('days')) as string[]).map(Number))
        if (day >= from && day <= to) yield cellsOf(day, (await ask('cells', day)) as string[]);
    },
  };
  return ledger;
};
