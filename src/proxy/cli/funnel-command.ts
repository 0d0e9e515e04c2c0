/** `offersight funnel`: how many offers were seen, closed and accepted, for people and for spreadsheets. */
import { REASONS } from '../../protocol/reasons.js';
import { platformRuntime } from '../../runtime.js';
import type { Intake } from '../intake/intake.js';
import { OTHER_GROUPS } from '../intake/ledger.js';
import { firstLines } from '../operator/door-lines.js';
import {
  type Funnel,
  type FunnelFigures,
  type FunnelQuery,
  keysOf,
  readFunnel,
  toCsvLines,
} from '../operator/funnel.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import { openIntake, placeOf } from './sources.js';
import type { Screen } from './status.js';
import { table } from './table.js';
import { useIntake } from './using-intake.js';

const NONE = '–';

const shareOf = (rate: number | null): string => (rate === null ? NONE : `${(rate * 100).toFixed(1)} %`);

const HEAD = [
  'viewed',
  'dismissed',
  'dismissal rate',
  'accepted',
  'acceptance rate',
  'delivered',
  'waiting',
  'refused by Chargebee',
  'given up',
  'purged',
];

/** @param isAcceptedKnown Whether anybody reports what was accepted: 0 would read as if nobody had accepted anything. */
const cellsOf = (figures: FunnelFigures, isAcceptedKnown: boolean): (string | number)[] => [
  figures.viewed,
  figures.dismissed,
  shareOf(figures.dismissalRate),
  ...(isAcceptedKnown ? [figures.accepted, shareOf(figures.acceptanceRate)] : [NONE, NONE]),
  figures.delivered,
  figures.waiting,
  figures.refused,
  figures.givenUp,
  figures.purged,
];

const render = ({ by, since, until, rows, all }: Funnel): string => {
  const head = `${since} to ${until} (UTC)`;
  if (!rows.length) return `${head}\n\nno events in these days\n`;
  const keys = keysOf(by);
  const cells = rows.map((row) => [...keys.map((key) => row[key] ?? ''), ...cellsOf(row, all.accepted > 0)]);
  const sum = ['all', ...keys.slice(1).map(() => ''), ...cellsOf(all, all.accepted > 0)];
  const reasons = REASONS.filter((reason) => all.reasons[reason]).map(
    (reason) => `${reason} ${all.reasons[reason]}`,
  );
  const notes = [
    ...(reasons.length ? [`closed by: ${reasons.join(', ')}`] : []),
    ...(all.accepted ? [] : ['accepted: nobody has reported any']),
    ...(rows.some(({ group }) => group === OTHER_GROUPS)
      ? [`${OTHER_GROUPS}: groups that had no place; list yours with --groups of the proxy`]
      : []),
  ];
  return `${[head, '', ...table([[...keys, ...HEAD], ...cells, sum], keys.length), '', ...notes].join('\n')}\n`;
};

/** What no row below has: alerts, and what the proxy refused. */
const alertLines = async (intake: Intake): Promise<string> => {
  const now = platformRuntime().now();
  const lanes = [await intake.status(now), await intake.usage.status(now)];
  const lines = firstLines(lanes, await intake.door?.(now));
  return lines.length ? `${lines.join('\n')}\n\n` : '';
};

/** Writes the funnel for people, below what it does not have. */
export const printFunnel = async (intake: Intake, query: FunnelQuery, screen: Screen): Promise<void> => {
  screen.write(`${await alertLines(intake)}${render(await readFunnel(intake, query))}`);
};

/**
 * Prints the funnel.
 * @throws {Failure} If flags do not fit together, or there is no intake.
 */
export const runFunnel = async (values: Values<'funnel'>): Promise<void> => {
  const { json, csv, by, group, since, until } = values;
  if (json && csv) throw new Failure('Use either --json or --csv.');
  if (since !== undefined && until !== undefined && since > until)
    throw new Failure('Set --since to a day that is not after --until.');
  const query = { by, group, since, until };
  const place = placeOf(values);
  const open = () => openIntake(place, { mustExist: true, readOnly: true });
  await useIntake(place, open, async (intake) => {
    if (!json && !csv) return await printFunnel(intake, query, process.stdout);
    const funnel = await readFunnel(intake, query);
    process.stdout.write(json ? `${JSON.stringify(funnel)}\n` : [...toCsvLines(funnel)].join(''));
  });
};
