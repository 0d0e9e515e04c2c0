/** Compares ours with the usual techniques in the same ordeals. */
import type { LaunchOptions } from 'playwright';
import { table } from '../figures.js';
import { type Outcome, runContest } from './contest.js';
import { inWords, ordealOf } from './ordeal.js';
import { CONTENDERS, type Contender } from './words.js';

const NAMES: Readonly<Record<Contender, string>> = {
  offersight: 'Offersight',
  beacon: 'beacon only',
  memory: 'retry in memory',
  'delete-first': 'delete before send',
};

/** Compares them under so many seeds, and returns the table. */
export const compare = async (
  options: LaunchOptions,
  scripts: ReadonlyMap<string, string>,
  seeds: readonly number[],
): Promise<string> => {
  const outcomes = new Map<Contender, Outcome[]>(CONTENDERS.map((contender) => [contender, []]));
  for (const seed of seeds) {
    // They run at once, since they mostly wait. Other work of the machine then affects all of them.
    await Promise.all(
      CONTENDERS.map(async (contender) => {
        outcomes.get(contender)?.push(await runContest(options, scripts, contender, seed));
      }),
    );
  }
  const rows = [...outcomes].map(([contender, all]) => {
    const sum = (of: (outcome: Outcome) => number): number =>
      all.reduce((total, outcome) => total + of(outcome), 0);
    const created = sum((outcome) => outcome.created);
    const perThousand = (of: (outcome: Outcome) => number): string =>
      ((1_000 * sum(of)) / created).toFixed(1);
    return [
      NAMES[contender],
      `${created}`,
      perThousand(({ lost }) => lost),
      perThousand(({ twice }) => twice),
      perThousand(({ requests }) => requests),
      all.map(({ lost, twice, requests }) => `${lost}/${twice}/${requests}`).join('  '),
      `${sum(({ held }) => held)}`,
    ];
  });
  const text = table(
    [
      `seeds ${seeds.join()}`,
      'created',
      'lost ‰',
      'twice ‰',
      'requests ‰',
      'lost/twice/requests by seed',
      'held at the end',
    ],
    rows,
  );
  return `${inWords(seeds.map(ordealOf))}\n${text}`;
};
