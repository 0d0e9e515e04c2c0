/** What became of all events of the last days, out of the ledger, which forgets none of them after a week. */
import type { Intake } from '../intake/intake.js';
import { dayOf, isoDayOf, type LedgerFigures } from '../intake/ledger.js';

/** Events of some days. Accepted offers are not among them: they never wait for Chargebee. */
export interface Sums extends Omit<LedgerFigures, 'accepted'> {
  /** What is still to be delivered. */
  readonly waiting: number;
}

/** So many days, today among them. */
export const PERIODS = { today: 1, last7Days: 7, last30Days: 30 } as const;

/** Sums by period; days are UTC. */
export type SumsByPeriod = Readonly<Record<keyof typeof PERIODS, Sums>>;

type Counting = { -readonly [Key in keyof Sums]: number };

const nothing = (): Counting => ({
  taken: 0,
  delivered: 0,
  waiting: 0,
  refused: 0,
  givenUp: 0,
  purged: 0,
});

/** Sums the last 30 days up. */
export const readSums = async (intake: Pick<Intake, 'ledger'>, now: number): Promise<SumsByPeriod> => {
  const today = dayOf(now);
  const periods = Object.entries(PERIODS).map(([name, days]) => ({
    name,
    since: isoDayOf(today - days + 1),
    sums: nothing(),
  }));
  for await (const portion of intake.ledger({
    since: isoDayOf(today - PERIODS.last30Days + 1),
    until: isoDayOf(today),
  }))
    for (const { day, type, taken, delivered, refused, givenUp, purged } of portion)
      for (const { since, sums } of periods) {
        if (type === 'accepted' || day < since) continue;
        sums.taken += taken;
        sums.delivered += delivered;
        sums.refused += refused;
        sums.givenUp += givenUp;
        sums.purged += purged;
        sums.waiting += taken - delivered - refused - givenUp - purged;
      }
  return Object.fromEntries(periods.map(({ name, sums }) => [name, sums])) as SumsByPeriod;
};
