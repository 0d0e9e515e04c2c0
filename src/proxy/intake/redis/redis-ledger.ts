/** Reads the ledger in Redis. It has a hash for each day, whose fields are cells. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Intake } from '../intake.js';
import { dayNumberOf, inOrder, isoDayOf, type LedgerCell } from '../ledger.js';
import { COLUMNS } from './redis-events.js';
import type { Ask } from './redis-lane.js';

const toCell = (day: number, field: string, figures: string): LedgerCell => {
  const [group = '', type, reason] = field.split(' ');
  const counts = figures.split(' ').map(Number);
  return {
    ...(Object.fromEntries(COLUMNS.map((column, at) => [column, counts[at]])) as Record<
      (typeof COLUMNS)[number],
      number
    >),
    day: isoDayOf(day),
    group,
    type: type as LedgerCell['type'],
    reason: reason === '-' ? undefined : (reason as LedgerCell['reason']),
  };
};

/** Reads the ledger, a day at a time, in portions. */
export const ledgerOf = (ask: Ask): Intake['ledger'] =>
  async function* ledger({ since, until } = {}) {
    const from = since === undefined ? -Infinity : dayNumberOf(since);
    const to = until === undefined ? Infinity : dayNumberOf(until);
    for (const day of ((await ask('days')) as string[]).map(Number))
      if (day >= from && day <= to) {
        const fields = (await ask('cells', day)) as string[];
        const at = fields.flatMap((_, place) => (place % 2 ? [] : place));
        for (const portion of inOrder(
          at.map((place) => toCell(day, fields[place] ?? '', fields[place + 1] ?? '')),
        )) {
          yield portion;
          await nextTurn();
        }
      }
  };
