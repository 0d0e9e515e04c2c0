/**
 * The checker reads a history and returns a verdict for each invariant of the delivery promise, and for each event that
 * is in trouble its whole story. It is pure: it does not know who wrote the rows.
 */
import type { Judgement } from './breach.js';
import { type Chronicle, createChronicle } from './chronicle.js';
import { neverChanges, noDuplicates, noInvention, noneAfterDone, oneOfEach } from './invariants/effects.js';
import { leftAlone, ownEndpoint } from './invariants/endpoints.js';
import { countedOnce } from './invariants/figures.js';
import { accounting, noLoss, tallyOf } from './invariants/keeping.js';
import { bounded, failClosed, liveness, pageSafety, secrecy } from './invariants/measures.js';
import { rate } from './invariants/rate.js';
import { justified } from './invariants/reasons.js';
import { monotone, neverAskedAgain, noDeleteWithoutAck } from './invariants/store.js';
import type { History } from './row.js';
import { lineOf } from './story.js';

const INVARIANTS = {
  I1: ['no loss', noLoss],
  I2: ['no invention', noInvention],
  I3: ['no duplicates', noDuplicates],
  I4: ['no removal without an answer', noDeleteWithoutAck],
  I5: ['key and content never change', neverChanges],
  I6: ['nothing after done', noneAfterDone],
  I7: ['rate', rate],
  I8: ['bounded', bounded],
  I9: ['liveness', liveness],
  I10: ['page safety', pageSafety],
  I11: ['secrecy', secrecy],
  I12: ['fail closed', failClosed],
  I13: ['gone stays gone', monotone],
  I14: ['one of each per impression', oneOfEach],
  I15: ['accounting', accounting],
  I16: ['justified', justified],
  I17: ['to its own endpoint', ownEndpoint],
  I18: ['left alone', leftAlone],
  I19: ['counted once', countedOnce],
  I20: ['never asked again', neverAskedAgain],
} as const satisfies Record<string, readonly [string, (chronicle: Chronicle) => Judgement]>;

/** The name of an invariant. */
export type InvariantName = keyof typeof INVARIANTS;

/** The names, in order. */
export const INVARIANT_NAMES = Object.keys(INVARIANTS) as readonly InvariantName[];

/** The result of one invariant. */
export interface InvariantVerdict extends Judgement {
  readonly name: InvariantName;
  readonly title: string;
  readonly standing: 'kept' | 'broken' | 'nothing to judge';
}

/** The result of a history. */
export interface Checked {
  readonly isKept: boolean;
  readonly invariants: Readonly<Record<InvariantName, InvariantVerdict>>;
  /** The names of those that are broken, in order. */
  readonly broken: readonly InvariantName[];
  /** By the id of each event in trouble: all rows about it, as text. */
  readonly stories: ReadonlyMap<string, string>;
  /** How many created events ended up where. */
  readonly tally: Readonly<Record<string, number>>;
}

/** Judges a history. */
export const check = (history: History): Checked => {
  const chronicle = createChronicle(history);
  const startAt = history[0]?.at ?? 0;
  const verdicts = INVARIANT_NAMES.map((name): InvariantVerdict => {
    const [title, judge] = INVARIANTS[name];
    const judgement = judge(chronicle);
    const standing = judgement.breaches.length ? 'broken' : judgement.examined ? 'kept' : 'nothing to judge';
    return { name, title, standing, ...judgement };
  });
  const stories = new Map<string, string>();
  for (const { id } of verdicts.flatMap(({ breaches }) => breaches)) {
    if (id === undefined || stories.has(id)) continue;
    const lines = chronicle.story(id).map((row) => lineOf(row, startAt, id));
    stories.set(id, lines.join('\n'));
  }
  const broken = verdicts.filter(({ standing }) => standing === 'broken').map(({ name }) => name);
  return {
    isKept: broken.length === 0,
    invariants: Object.fromEntries(verdicts.map((verdict) => [verdict.name, verdict])) as Record<
      InvariantName,
      InvariantVerdict
    >,
    broken,
    stories,
    tally: tallyOf(chronicle),
  };
};

/** The faults as text for a person: each breach, then the stories. Empty if there are none. */
export const explain = ({ invariants, broken, stories }: Checked): string =>
  [
    ...broken.flatMap((name) =>
      invariants[name].breaches.map(
        ({ id, text }) => `${name} ${invariants[name].title}: ${text} ${id ?? ''}`,
      ),
    ),
    ...[...stories].map(([id, story]) => `\n${id}\n${story}`),
  ].join('\n');
