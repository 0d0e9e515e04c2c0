/** The funnel, for people. */
import { REASONS } from '../../protocol/reasons.js';
import { OTHER_GROUPS } from '../intake/ledger.js';
import { firstLines } from '../operator/door-lines.js';
import { type Funnel, keysOf } from '../operator/funnel.js';
import type { ProxyStatus } from '../operator/listing.js';
import { table } from './table.js';

const NONE = '–';
const TITLES = {
  ...{ viewed: 'viewed', dismissed: 'dismissed', dismissalRate: 'dismissal rate' },
  ...{ accepted: 'accepted', acceptanceRate: 'acceptance rate', delivered: 'delivered', waiting: 'waiting' },
  ...{ refused: 'refused by Chargebee', givenUp: 'given up', purged: 'purged' },
};

const shareOf = (rate: number | null): string => (rate === null ? NONE : `${(rate * 100).toFixed(1)} %`);

/** The funnel as text, behind what no row has: alerts, and what the proxy refused. */
export const funnelText = (
  { by, since, until, rows, all }: Funnel,
  { lanes, door }: Pick<ProxyStatus, 'door' | 'lanes'>,
): string => {
  const alerts = firstLines(Object.values(lanes), door);
  const head = [...alerts, ...(alerts.length ? [''] : []), `${since} to ${until} (UTC)`, ''];
  if (!rows.length) return `${[...head, 'no events in these days'].join('\n')}\n`;
  const [first = 'day', ...others] = keysOf(by);
  const titles = { ...Object.fromEntries([first, ...others].map((key) => [key, key])), ...TITLES };
  const cells = [...rows, { ...all, [first]: 'all' }].map((figures) => ({
    ...figures,
    dismissalRate: shareOf(figures.dismissalRate),
    // 0 would read as if no offer had been accepted.
    accepted: all.accepted ? figures.accepted : NONE,
    acceptanceRate: shareOf(figures.acceptanceRate),
  }));
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
  return `${[...head, ...table(titles, cells, 1 + others.length), '', ...notes].join('\n')}\n`;
};
