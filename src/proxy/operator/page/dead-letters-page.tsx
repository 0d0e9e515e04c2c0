/** Dead letters: what was refused or given up and why, to be retried or given up for good. */
import type { VNode } from 'preact';
import type { Intake, IntakeRow } from '../../intake/intake.js';
import { MEMORY_MS, PURGED } from '../../intake/rules.js';
import { isLaneName, type LaneName, laneOf } from '../listing.js';
import type { PurgeCount } from '../purging.js';
import { FormToken, Layout } from './layout.js';
import type { Session } from './session.js';
import { Table } from './table.js';
import { durationOf, plural, remedyOf, timeOf } from './words.js';

/** What the view shows. */
interface DeadLettersView {
  readonly lane: LaneName;
  readonly rows: readonly IntakeRow[];
  /** Where older ones begin. */
  readonly older: string | undefined;
  /** What was just done. */
  readonly done?: string | undefined;
}

const PAGE_ROWS = 50;

/** Finds what a query asks for. */
export const readDeadLetters = async (intake: Intake, query: URLSearchParams): Promise<DeadLettersView> => {
  const given = query.get('lane') ?? '';
  const lane = isLaneName(given) ? given : 'offer_events';
  const cursor = query.get('before') ?? '';
  const before = /^\d{1,16}$/.test(cursor) ? cursor : undefined;
  const rows = await laneOf(intake, lane).list({ limit: PAGE_ROWS + 1, before, states: ['dead'] });
  const shown = rows.slice(0, PAGE_ROWS);
  const [, what, count] = /^(retried|purged)-(\d{1,9})$/.exec(query.get('done') ?? '') ?? [];
  const events = plural(Number(count), 'event');
  return {
    lane,
    rows: shown,
    older: rows.length > PAGE_ROWS ? shown.at(-1)?.cursor : undefined,
    done: what && (what === 'retried' ? `Waiting again: ${events}.` : `Given up: ${events}.`),
  };
};

const Action = ({
  to,
  label,
  name,
  lane,
  session,
  fields = {},
}: {
  readonly to: 'retry' | 'purge';
  readonly label: string;
  /** What a screen reader says instead; it begins with the label. */
  readonly name?: string;
  readonly lane: LaneName;
  readonly session: Session;
  readonly fields?: Readonly<Record<string, string>>;
}): VNode => (
  <form method="post" action={to}>
    <FormToken session={session} />
    {Object.entries({ lane, ...fields }).map(([field, value]) => (
      <input key={field} type="hidden" name={field} value={value} />
    ))}
    <button type="submit" {...(name !== undefined && { 'aria-label': name })}>
      {label}
    </button>
  </form>
);

const COLUMNS = [
  { title: 'Taken (UTC)' },
  { title: 'Event' },
  { title: 'Offer', kind: 'id' },
  { title: 'Group' },
  { title: 'Why' },
  { title: 'Retry' },
] as const;

/** Each code once, with what to do about it. */
const Remedies = ({ rows }: Pick<DeadLettersView, 'rows'>): VNode => (
  <dl class="facts">
    {[...new Set(rows.map(({ code }) => code))].map((code) => (
      <div key={code}>
        <dt>{code}</dt>
        <dd>{remedyOf(code)}</dd>
      </div>
    ))}
  </dl>
);

/** The view. */
export const DeadLettersPage = ({
  lane,
  rows,
  older,
  done,
  session,
}: DeadLettersView & { session: Session }): VNode => (
  <Layout title="Dead letters" current="dead-letters" session={session}>
    {done !== undefined && (
      <p class="done" role="status">
        {done}
      </p>
    )}
    <p class="hint">
      What Chargebee refused, what waited for too long, and what an operator gave up. Each is kept for{' '}
      {durationOf(MEMORY_MS)}.{' '}
      {lane === 'offer_events' ? (
        <a href="dead-letters?lane=usage_events">Those of usage events</a>
      ) : (
        <a href="dead-letters">Those of offer events</a>
      )}
    </p>
    <section>
      <Remedies rows={rows} />
      <Table
        caption={lane === 'offer_events' ? 'Dead letters of offer events' : 'Dead letters of usage events'}
        columns={COLUMNS}
        rows={rows.map((row) => [
          <a href={`events?${new URLSearchParams({ lane, find: row.id })}`}>{timeOf(row.receivedAt)}</a>,
          row.type,
          row.offerId,
          row.group,
          row.code,
          <Action
            to="retry"
            label="Retry"
            name={`Retry ${row.type} of ${row.offerId}`}
            lane={lane}
            session={session}
            fields={{ id: row.id }}
          />,
        ])}
        empty="There are none."
      />
      {older !== undefined && (
        <p>
          <a href={`dead-letters?${new URLSearchParams({ lane, before: older })}`}>Older dead letters</a>
        </p>
      )}
      {rows.some(({ code }) => code !== PURGED) && (
        <div class="actions">
          <Action to="retry" label="Retry all" lane={lane} session={session} />
          <Action to="purge" label="Give all up …" lane={lane} session={session} fields={{ what: 'dead' }} />
        </div>
      )}
    </section>
  </Layout>
);

/** Asks whether a purge is meant, once it is known what it concerns. */
export const PurgePage = ({
  count: { events, offers, left },
  session,
  fields,
}: {
  readonly count: PurgeCount;
  readonly session: Session;
  /** What was asked for. */
  readonly fields: { readonly lane: LaneName; readonly what: string; readonly offer: string };
}): VNode => (
  <Layout title="Give up events" session={session}>
    <section class="narrow">
      <p>
        {events
          ? `This gives up ${plural(events, 'event')} of ${plural(offers, 'offer')}${fields.offer && ` (${fields.offer})`}. They become dead letters, and no retry of everything sends them.`
          : 'There is nothing to give up.'}
      </p>
      {left > 0 && <p>{`${plural(left, 'event')} on the way to Chargebee will be left.`}</p>}
      <div class="actions">
        {events > 0 && (
          <form method="post" action="purge">
            <FormToken session={session} />
            {Object.entries({ ...fields, confirm: 'yes' }).map(([name, value]) => (
              <input key={name} type="hidden" name={name} value={value} />
            ))}
            <button type="submit" class="danger">
              Give up {plural(events, 'event')}
            </button>
          </form>
        )}
        <a href={fields.what === 'dead' ? 'dead-letters' : 'delivery'}>Back, and change nothing</a>
      </div>
    </section>
  </Layout>
);
