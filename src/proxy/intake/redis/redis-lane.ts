/** One lane in Redis: what waits for one destination, and who forwards it. */

import { PURGED } from '../../telling/dead-codes.js';
import type { EventState, IntakeRow } from '../admitted.js';
import type { Lane, LaneNote, OfferTally } from '../intake.js';
import { isOver, whereabouts } from '../lease.js';
import type { LaneRules } from '../rules.js';
import type { RedisClock } from './redis-clock.js';
import { PORTION } from './redis-events.js';
import type { ScriptName } from './redis-scripts.js';

/** Runs one script of a lane. */
export type Ask = (script: ScriptName, ...args: readonly (string | number)[]) => Promise<unknown>;

/**
 * An event as Redis has it, in JSON. It lacks fields that are false or empty, and has further ones that are not shown.
 */
interface Held extends Omit<Partial<IntakeRow>, 'headers' | 'usage'> {
  readonly n: number;
  readonly headers?: string;
  readonly usage?: string;
}

const SHOWN = [
  'id',
  'type',
  'offerId',
  'state',
  'occurredAt',
  'receivedAt',
  'code',
  'settledAt',
  'group',
  'reason',
];

const toIntakeRow = (text: string): IntakeRow => {
  const held = JSON.parse(text) as Held;
  const { n, attempts = 0, isAmbiguous = false, maybeDuplicate = false, headers, usage } = held;
  const shown = Object.fromEntries(SHOWN.map((name) => [name, held[name as keyof Held]]));
  const parsed = (json: string | undefined): unknown => (json === undefined ? json : JSON.parse(json));
  const texts = { headers: parsed(headers), usage: parsed(usage) };
  return { ...shown, attempts, isAmbiguous, maybeDuplicate, ...texts, cursor: `${n}` } as IntakeRow;
};

const inPortions = <T>(all: readonly T[]): (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / PORTION) }, (_, at) =>
    all.slice(at * PORTION, (at + 1) * PORTION),
  );

/** The indexes that have all events in these states; empty if only the whole list has them all. */
const indexesOf = (states: readonly EventState[] | undefined): string => {
  if (!states || states.includes('done')) return '';
  const isOpen = states.includes('waiting') || states.includes('forwarding');
  return [isOpen && 'open', states.includes('dead') && 'dead'].filter(Boolean).join(' ');
};

/** What a lane is made of. */
export interface LaneParts {
  readonly rules: LaneRules;
  readonly ledgerDays: number;
  /** Gives the name that only this intake has for a visitor. */
  readonly nameVisitor: (visitor: string) => Promise<string>;
  readonly clock: RedisClock;
}

/** Which events are looked at. */
interface Walk {
  readonly index?: string;
  readonly before?: string | undefined;
  readonly most?: number;
  readonly id?: string | undefined;
  readonly visitor?: string;
}

/** Makes the lane over its scripts. */
export const createLane = (ask: Ask, { rules, ledgerDays, nameVisitor, clock }: LaneParts): Lane => {
  const { maxDelayMs, ambiguous, isOrdered } = rules;
  let leader = '';

  /** Events, newest first, in portions. */
  async function* walk({
    index = '',
    before = '',
    most = PORTION,
    id = '',
    visitor = '',
  }: Walk): AsyncGenerator<IntakeRow[]> {
    let next: string | number = before;
    do {
      const looked = (await ask('list', next, most, index, id, visitor)) as [string[], number | ''];
      next = id ? '' : looked[1];
      yield looked[0].filter(Boolean).map(toIntakeRow);
    } while (next !== '');
  }

  return {
    async lead(token, now) {
      const lead = async (over: string) => {
        const said = await ask('lead', now, token, whereabouts(), process.pid, over);
        const [leads, at, ...holder] = said as [number, number | undefined, ...string[]];
        if (at !== undefined) clock.hear(at);
        return [leads, ...holder] as const;
      };
      const [isOurs, held = '', host = '', pid] = await lead('');
      const isFree = isOurs === 0 && isOver({ host, pid: Number(pid) });
      const leads = isFree ? (await lead(held))[0] : isOurs;
      if (leads === 1) leader = token;
      return leads === 1;
    },

    async resign(token) {
      await ask('resign', token);
    },

    async begin({ now, limit, perMinute, graceMs = 0 }) {
      const isOnce = ambiguous === 'atMostOnce' ? 1 : 0;
      const room = Math.min(limit, 2 * PORTION);
      const given = [now, room, perMinute, maxDelayMs, graceMs, isOnce, leader, ledgerDays];
      const begun = await ask('begin', ...given, clock.graceMs(), clock.expected());
      const [rows, next, expired, at] = begun as [string[], string, number, number];
      clock.hear(at);
      // More events may be due than one script begins.
      const nextAt = rows.length === room && room < limit ? now : next ? Number(next) : undefined;
      return { rows: rows.map(toIntakeRow), nextAt, expired };
    },

    async finish(finished, now) {
      for (const some of inPortions(finished)) {
        const came = some.map(({ id, result, attempt }) => ({ id, attempt, ...result }));
        await ask('finish', now, JSON.stringify(came));
      }
    },

    async note(next) {
      await ask('note', JSON.stringify(next));
    },

    async status(now) {
      const held = (await ask('status', now)) as [number, string, number, string, string[]];
      const [waiting, oldest, lastMinute, note, codes] = held;
      const oldestAt = oldest ? Number(oldest) : undefined;
      const dead = Object.fromEntries(
        codes.flatMap((code, at) => (at % 2 ? [] : [[code, Number(codes[at + 1])]])),
      );
      return { waiting, oldestAt, lastMinute, note: JSON.parse(note) as LaneNote, dead };
    },

    async list({ limit, id, offerId, visitor: given, states, since = 0, before }) {
      // The line of a usage event has no visitor.
      if (given !== undefined && !isOrdered) return [];
      const visitor = given === undefined ? '' : await nameVisitor(given);
      const isWanted = (row: IntakeRow): boolean =>
        row.receivedAt >= since &&
        (offerId ?? row.offerId) === row.offerId &&
        (states?.includes(row.state) ?? true);
      const isChosen = offerId !== undefined || visitor || since > 0 || states !== undefined;
      const rows: IntakeRow[] = [];
      const most = isChosen ? PORTION : Math.min(limit, PORTION);
      const index = indexesOf(visitor && !states ? ['waiting'] : states);
      for await (const portion of walk({ index, before, most, id, visitor })) {
        rows.push(...portion.filter(isWanted));
        if (rows.length >= limit) break;
      }
      return rows.slice(0, limit);
    },

    async *tally({ since = 0 } = {}) {
      for await (const rows of walk({})) {
        const tallies = new Map<string, OfferTally>();
        for (const { offerId, type, state, code, receivedAt } of rows) {
          if (receivedAt < since) continue;
          const key = `${offerId} ${type} ${state}`;
          const { events = 0, purged } = tallies.get(key) ?? {};
          const given = code === PURGED ? (purged ?? 0) + 1 : purged;
          tallies.set(key, { offerId, type, state, events: events + 1, ...(given && { purged: given }) });
        }
        yield [...tallies.values()];
      }
    },

    async retry(ids, now, isChosen = false) {
      let total = 0;
      const retry = async (
        some: readonly string[],
        type = '',
        after: string | number = '',
      ): Promise<string | number> => {
        const [retried, next] = (await ask(
          'retry',
          now,
          JSON.stringify(some),
          type,
          after,
          type || isChosen ? 1 : '',
        )) as [number, string];
        total += retried;
        return next;
      };
      for (const some of inPortions(ids ?? [])) await retry(some);
      // Views first: otherwise a `dismissed` would stay a dead letter because its `viewed` has not been retried yet.
      for (const type of ids ? [] : ['viewed', 'dismissed'])
        for (let after: string | number = 0; after !== ''; ) after = await retry([], type, after);
      return total;
    },

    async purge(ids, now) {
      let purged = 0;
      for (const some of inPortions(ids)) purged += (await ask('purge', now, JSON.stringify(some))) as number;
      return purged;
    },
  };
};
