/** `offersight funnel`: how many offers were seen, closed and accepted, for people and for spreadsheets. */
import {
  type FunnelBy,
  type FunnelFigures,
  isDay,
  isFunnelBy,
  readFunnel,
  toCsv,
} from '../operator/funnel.js';
import { Failure } from './failure.js';
import { DEFAULT_INTAKE, flag, read, text } from './flags.js';
import { openIntake } from './sources.js';
import { table } from './table.js';

const shareOf = (rate: number | null): string => (rate === null ? '–' : `${(rate * 100).toFixed(1)} %`);

const cellsOf = (figures: FunnelFigures): (string | number)[] => [
  figures.viewed,
  figures.dismissed,
  shareOf(figures.dismissalRate),
  figures.accepted,
  shareOf(figures.acceptanceRate),
  figures.delivered,
  figures.waiting,
  figures.refused,
  figures.givenUp,
  figures.purged,
];

const HEAD = [
  'viewed',
  'dismissed',
  'rate',
  'accepted',
  'rate',
  'delivered',
  'waiting',
  'refused',
  'given up',
  'purged',
];

const dayOf = (name: string, given: string | undefined): string | undefined => {
  if (given === undefined || isDay(given)) return given;
  throw new Failure(`Set --${name} to a UTC day, such as 2026-11-01.`);
};

const byOf = (given = 'day'): FunnelBy => {
  if (isFunnelBy(given)) return given;
  throw new Failure('Set --by to day or group.');
};

/**
 * Prints the funnel.
 * @throws {Failure} If a flag is wrong, or there is no intake.
 */
export const runFunnel = async (args: string[]): Promise<void> => {
  const { values } = read(args, { intake: text, by: text, since: text, until: text, json: flag, csv: flag });
  if (values.json && values.csv) throw new Failure('Use either --json or --csv.');
  const query = {
    by: byOf(values.by),
    since: dayOf('since', values.since),
    until: dayOf('until', values.until),
  };
  const intake = await openIntake(values.intake ?? DEFAULT_INTAKE, { mustExist: true });
  try {
    const funnel = await readFunnel(intake, query);
    if (values.json) process.stdout.write(`${JSON.stringify(funnel)}\n`);
    else if (values.csv) process.stdout.write(toCsv(funnel));
    else {
      const rows = funnel.rows.map((row) => [row.name, ...cellsOf(row)]);
      const lines = rows.length
        ? table([[funnel.by, ...HEAD], ...rows, ['all', ...cellsOf(funnel.all)]])
        : ['no events in these days'];
      process.stdout.write(`${[`${funnel.since} to ${funnel.until} (UTC)`, '', ...lines].join('\n')}\n`);
    }
  } finally {
    await intake.close();
  }
};
