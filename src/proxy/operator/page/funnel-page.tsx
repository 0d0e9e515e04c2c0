/** The funnel: what was seen, closed and accepted, by day or by group, and what became of it. */
import { Fragment, type VNode } from 'preact';
import { REASONS } from '../../../protocol/reasons.js';
import type { DoorReport, Intake } from '../../intake/intake.js';
import { dayOf } from '../../intake/ledger.js';
import { type Funnel, type FunnelFigures, type FunnelRow, isDay, readFunnels } from '../funnel.js';
import { readStanding } from '../listing.js';
import { DoorNotice } from './door-notice.js';
import { FunnelChart } from './funnel-chart.js';
import { type Asked, Filter, Spans } from './funnel-filter.js';
import { Meanings } from './funnel-meanings.js';
import { Layout } from './layout.js';
import type { Session } from './session.js';
import { Table } from './table.js';
import { countOf, percentOf, REASON_WORDS } from './words.js';

/** What it shows. */
interface FunnelView {
  readonly asked: Asked;
  readonly byDay: Funnel;
  /** What the proxy itself did not take, which no figure has. */
  readonly door: DoorReport;
  readonly laneAlerts: readonly string[];
  readonly now: number;
  /** Today's number. */
  readonly today: number;
  /** The funnel of all groups, also if one was asked for, so that others can be chosen. */
  readonly byGroup: Funnel;
}

const textOf = (query: URLSearchParams, name: string): string | undefined => query.get(name) || undefined;

/** What a query asks for; a day that is none is left out. */
const askedBy = (query: URLSearchParams): Asked => {
  const dayIn = (name: string): string | undefined => {
    const day = textOf(query, name);
    return day !== undefined && isDay(day) ? day : undefined;
  };
  const by = query.get('by') === 'group' ? 'group' : 'day';
  const [since, until] = [dayIn('since'), dayIn('until')];
  const isTurned = since !== undefined && until !== undefined && since > until;
  const days = isTurned ? { since: until, until: since } : { since, until };
  return { by, group: textOf(query, 'group'), ...days };
};

/** Sums up what a query asks for. */
export const readFunnelView = async (
  intake: Pick<Intake, 'ledger' | 'door' | 'status' | 'usage'>,
  query: URLSearchParams,
  now: number,
): Promise<FunnelView> => {
  const asked = askedBy(query);
  const [byDay, byGroup] = await readFunnels(intake, asked, [
    { by: 'day', group: asked.group },
    { by: 'group' },
  ]);
  // Two were asked for.
  const { door, lanes } = await readStanding(intake, now);
  const laneAlerts = Object.values(lanes).flatMap(({ note }) => note.alert ?? []);
  return {
    asked,
    door,
    laneAlerts,
    now,
    today: dayOf(now),
    byDay: byDay as Funnel,
    byGroup: byGroup as Funnel,
  };
};

const linkTo = (path: string, { since, until }: Funnel, fields: Readonly<Record<string, string>>): string =>
  `${path}?${new URLSearchParams({ since, until, ...fields })}`;

const Figure = ({ title, count, note }: { title: string; count: number; note?: string | false }): VNode => (
  <div>
    <dt>{title}</dt>
    <dd>
      {countOf(count)} {note && <small>{note}</small>}
    </dd>
  </div>
);

const Figures = ({ all }: { all: FunnelFigures }): VNode => (
  <dl class="figures">
    <Figure title="Viewed" count={all.viewed} />
    <Figure title="Dismissed" count={all.dismissed} note={percentOf(all.dismissalRate)} />
    <Figure
      title="Accepted"
      count={all.accepted}
      note={all.accepted ? percentOf(all.acceptanceRate) : 'nobody reported any'}
    />
    <Figure title="Delivered" count={all.delivered} />
    <Figure title="Waiting" count={all.waiting} />
    <Figure title="Refused by Chargebee" count={all.refused} />
    <Figure title="Given up" count={all.givenUp} />
    <Figure title="Purged" count={all.purged} />
  </dl>
);

const COLUMNS = [
  'Viewed',
  'Dismissed',
  'Dismissal rate',
  'Accepted',
  'Acceptance rate',
  'Delivered',
  'Waiting',
  'Refused by Chargebee',
  'Given up',
  'Purged',
].map((title) => ({ title, kind: 'number' as const }));

/** A rate of what nobody reported says nothing. */
const cellsOf = (row: FunnelFigures, all: FunnelFigures): string[] => [
  countOf(row.viewed),
  countOf(row.dismissed),
  percentOf(row.dismissalRate),
  all.accepted ? countOf(row.accepted) : '–',
  all.accepted ? percentOf(row.acceptanceRate) : '–',
  countOf(row.delivered),
  countOf(row.waiting),
  countOf(row.refused),
  countOf(row.givenUp),
  countOf(row.purged),
];

/** Newest day first: that is the one that is looked for. */
const rowsOf = ({ asked, byDay, byGroup }: FunnelView): readonly FunnelRow[] =>
  asked.by === 'day'
    ? byDay.rows.toReversed()
    : byGroup.rows.filter(({ group }) => asked.group === undefined || group === asked.group);

const Closed = ({ all }: { all: FunnelFigures }): VNode => (
  <Table
    caption="How offers were closed"
    columns={[{ title: 'How' }, { title: 'Dismissed', kind: 'number' }, { title: 'Share', kind: 'number' }]}
    rows={REASONS.filter((reason) => all.reasons[reason]).map((reason) => [
      REASON_WORDS[reason],
      countOf(all.reasons[reason]),
      percentOf(all.reasons[reason] / all.dismissed),
    ])}
    empty="Nobody has said how offers were closed."
  />
);

/** The view. */
export const FunnelPage = ({ session, ...view }: FunnelView & { session: Session }): VNode => {
  const { asked, byDay, door, laneAlerts, now } = view;
  const { all } = byDay;
  return (
    <Layout title="Funnel" current="funnel" session={session}>
      <DoorNotice door={door} laneAlerts={laneAlerts} now={now} />
      <Filter
        asked={asked}
        since={byDay.since}
        until={byDay.until}
        groups={[
          ...new Set([
            ...view.byGroup.rows.map(({ group = '' }) => group),
            ...(asked.group === undefined ? [] : [asked.group]),
          ]),
        ]}
      />
      <Spans asked={asked} today={view.today} />
      <section>
        <h2>
          {byDay.since} to {byDay.until} (UTC){asked.group !== undefined && `, group ${asked.group}`}
        </h2>
        <Figures all={all} />
        <FunnelChart funnel={byDay} />
      </section>
      <section>
        <Table
          caption={`By ${asked.by}`}
          columns={[asked.by === 'day' ? { title: 'Day', kind: 'id' } : { title: 'Group' }, ...COLUMNS]}
          rows={rowsOf(view).map((row) => {
            const { day, group = '' } = row;
            const link = linkTo('funnel', byDay, { group });
            return [asked.by === 'day' ? day : <a href={link}>{group}</a>, ...cellsOf(row, all)];
          })}
          total={['All', ...cellsOf(all, all)]}
          empty="Nothing happened on these days. A page’s first event shows here as soon as the proxy has taken it."
        />
        <p>
          As CSV:{' '}
          {(['day', 'group', 'day,group'] as const).map((by, at) => (
            <Fragment key={by}>
              {at > 0 && ', '}
              <a
                href={linkTo('funnel.csv', byDay, {
                  by,
                  ...(asked.group !== undefined && { group: asked.group }),
                })}
                download
              >
                by {by.replace(',', ' and ')}
              </a>
            </Fragment>
          ))}
        </p>
      </section>
      <section>
        <Closed all={all} />
      </section>
      <Meanings />
    </Layout>
  );
};
