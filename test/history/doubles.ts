/** What lost answers of the upstream come to if it does not honour keys. */
import type { History } from './row.js';

/** Figures of one history, or of several. */
export interface Doubles {
  /** Calls that the upstream counted, and whose answer never came. */
  lostAnswers: number;
  /** How often it counted an event again. */
  doubles: number;
}

/** The figures of a history whose upstream ignored keys. If it honoured them, there is nothing to say. */
export const doublesOf = (history: History): Doubles => {
  const figures: Doubles = { lostAnswers: 0, doubles: 0 };
  if (!history.some((row) => row.kind === 'mode' && row.keys === 'ignores')) return figures;
  const clear = new Set(
    history.flatMap((row) => (row.kind === 'forward-ended' && !row.isAmbiguous ? [row.number] : [])),
  );
  const counted = new Set<string>();
  for (const row of history) {
    if (row.kind !== 'effect' || row.id === undefined) continue;
    if (!clear.has(row.number)) figures.lostAnswers++;
    if (counted.has(row.id)) figures.doubles++;
    counted.add(row.id);
  }
  return figures;
};

/** These as a sentence. */
export const tellDoubles = ({ lostAnswers, doubles }: Doubles): string =>
  `keys ignored: lost answers ${lostAnswers}, counted twice ${doubles}` +
  (lostAnswers ? ` (${Math.round((1_000 * doubles) / lostAnswers)} for 1,000 lost answers)` : '');
