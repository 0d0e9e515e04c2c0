/** I19: the ledger says exactly what became of every event that an intake took. */
import { type Judgement, judging } from '../breach.js';
import type { Chronicle } from '../chronicle.js';
import type { LedgerSums } from '../row.js';

const GIVEN_UP = ['expired', 'viewed_dead', 'unknown_outcome'];

const columnOf = (state: string, code: string | undefined): keyof LedgerSums | undefined => {
  if (state === 'done') return 'delivered';
  if (state !== 'dead') return undefined;
  if (code === 'purged') return 'purged';
  return GIVEN_UP.includes(code ?? '') ? 'givenUp' : 'refused';
};

/** The sums of the ledger as the harness expects them from the events that it saw. */
const sumsOf = (chronicle: Chronicle): LedgerSums => {
  const sums = { taken: 0, delivered: 0, refused: 0, givenUp: 0, purged: 0 };
  const count = (state: string, code: string | undefined): void => {
    sums.taken++;
    const column = columnOf(state, code);
    if (column) sums[column]++;
  };
  const rows = chronicle.of('final-intake').flatMap(({ row }) => row.rows);
  for (const { state, code } of rows) count(state, code);
  // The intake has forgotten events that were settled long ago.
  const kept = new Set(rows.map(({ id }) => id));
  const forgotten = new Map(
    chronicle.of('settled').flatMap(({ row }) => (kept.has(row.id) ? [] : [[row.id, row]])),
  );
  for (const { state, code } of forgotten.values()) count(state, code);
  return sums;
};

/** I19: the ledger agrees with the events. */
export const countedOnce = (chronicle: Chronicle): Judgement => {
  const judged = judging();
  for (const { row } of chronicle.of('final-ledger')) {
    const expected = sumsOf(chronicle);
    for (const column of Object.keys(expected) as (keyof LedgerSums)[]) {
      judged.examine();
      if (row.sums[column] !== expected[column])
        judged.breach(`${column}: the ledger has ${row.sums[column]}, the intake ${expected[column]}`);
    }
  }
  return judged.done();
};
