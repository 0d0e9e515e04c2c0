/** The ledger in Redis: a hash a day, whose fields are a cell and a column. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Verdict } from '../../../protocol/batch.js';
import type { Intake } from '../intake.js';
import {
  CROWDED,
  DAY_MS,
  dayNumberOf,
  dayOf,
  isoDayOf,
  type LedgerCell,
  type LedgerFigures,
} from '../ledger.js';
import type { LedgerBounds } from '../rules.js';
import type { LaneKeys, Run } from './bullmq-lane.js';

/** The ledger, and what taking and leading ask of it. */
export interface RedisLedger extends Pick<Intake, 'accept' | 'ledger'> {
  /** How a visitor is named in Redis: nothing that tells who it is, and another name in each process. */
  nameOf(visitor: string | undefined): string;
  /** Counts in what a release without a ledger left, and forgets the days that are over. */
  keep(now: number): Promise<void>;
  /** A group had no place. */
  onCrowded(now: number): void;
  /** Told in words of that, once a day. */
  onAlert: (message: string) => void;
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
  const orderOf = ({ group, type, reason }: LedgerCell): string => `${group}\0${type}\0${reason ?? ''}`;
  return [...cells.values()].toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
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
    onAlert: () => undefined,

    nameOf: (visitor) =>
      visitor === undefined
        ? ''
        : createHmac('sha256', secret).update(visitor).digest('base64url').slice(0, NAME_LENGTH),

    onCrowded(now) {
      if (toldOn !== dayOf(now)) ledger.onAlert(CROWDED);
      toldOn = dayOf(now);
    },

    async keep(now) {
      if (keptOn === dayOf(now)) return;
      for (let from = ''; ; ) {
        from = (await ask('countIn', from)) as string;
        if (!from) break;
      }
      await ask('forgetDays', dayOf(now) - ledgerDays);
      keptOn = dayOf(now);
    },

    async accept(events) {
      const args = events.flatMap(({ id, content, group = '', receivedAt }) => [
        id,
        content,
        group,
        receivedAt,
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
