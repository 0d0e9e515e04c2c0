/** Which dead letters wait again if an offer or a time chooses them, and in which order. */
import { expect, it } from 'vitest';
import type { IntakeRow } from '../../../src/proxy/intake/admitted.js';
import type { Lane, ListFilter } from '../../../src/proxy/intake/intake.js';
import { retry } from '../../../src/proxy/operator/retrying.js';
import { admitted } from '../../support/intake.js';
import { START } from '../../support/wire.js';

/** A lane that lists these dead letters, and writes down what it is asked to retry. */
const laneOf = (rows: readonly IntakeRow[]) => {
  const asked: { readonly ids: readonly string[] | undefined; readonly isChosen: boolean | undefined }[] = [];
  const filters: Omit<ListFilter, 'limit'>[] = [];
  const lane = {
    async list({ limit, before, ...filter }: ListFilter) {
      filters.push(filter);
      const from = before === undefined ? 0 : rows.findIndex(({ cursor }) => cursor === before) + 1;
      return rows.slice(from, from + limit);
    },
    async retry(ids: readonly string[] | undefined, _: number, isChosen?: boolean) {
      asked.push({ ids, isChosen });
      return ids?.length ?? 0;
    },
  };
  // The other methods are not called.
  return { lane: lane as unknown as Lane, asked, filters };
};

const dead = (number: number, type: 'viewed' | 'dismissed', code = 'refused'): IntakeRow => ({
  ...admitted(number, { type }),
  state: 'dead',
  code,
  attempts: 1,
  cursor: `${number}`,
  isAmbiguous: false,
  maybeDuplicate: false,
  settledAt: START,
});

const now = (): number => START;

it('all views wait again before any `dismissed`, however many portions they are, and without what was purged', async () => {
  const rows = Array.from({ length: 300 }, (_, at) => dead(at, at < 150 ? 'dismissed' : 'viewed'));
  const { lane, asked } = laneOf([...rows, dead(900, 'viewed', 'purged')]);
  expect(await retry(lane, { since: START }, now)).toBe(300);
  const order = asked.flatMap(({ ids = [] }) => ids).map((id) => rows.find((row) => row.id === id)?.type);
  expect(order).toEqual([...Array(150).fill('viewed'), ...Array(150).fill('dismissed')]);
  expect(asked.every(({ ids = [], isChosen }) => ids.length <= 100 && isChosen)).toBe(true);
});

it('ids that are named are retried as they are, also if an operator had given them up', async () => {
  const { lane, asked } = laneOf([]);
  await retry(lane, { ids: ['a', 'b'] }, now);
  await retry(lane, { ids: [] }, now);
  expect(asked).toEqual([
    { ids: ['a', 'b'], isChosen: undefined },
    { ids: undefined, isChosen: undefined },
  ]);
});
