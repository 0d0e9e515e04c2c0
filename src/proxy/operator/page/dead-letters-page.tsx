/** Dead letters: what was refused or given up and why, to be retried or given up for good. */
import type { VNode } from 'preact';
import type { Intake } from '../../intake/intake.js';
import { PURGED } from '../../intake/ledger.js';
import { MEMORY_MS } from '../../intake/rules.js';
import { Action, DeadLetterActions } from './forms.js';
import { Layout } from './layout.js';
import { type EventPage, Older, readPage } from './paging.js';
import type { Session } from './session.js';
import { Table } from './table.js';
import { countOf, durationOf, plural, remedyOf, timeOf } from './words.js';

/** What the view shows. */
interface DeadLettersView extends EventPage {
  /** What was just done. */
  readonly done?: string | undefined;
}

/** What a retry came to; whether it helps is seen later. */
const retriedOf = (count: number): string =>
  count
    ? `${plural(count, 'event')} waiting again. Events that fail again come back here.`
    : 'Nothing waits again: a dismissal stays with the view of its offer.';

/** Finds what a query asks for. */
export const readDeadLetters = async (intake: Intake, query: URLSearchParams): Promise<DeadLettersView> => {
  const [, what, count] = /^(retried|purged)-(\d{1,9})$/.exec(query.get('done') ?? '') ?? [];
  return {
    ...(await readPage(intake, query, { states: ['dead'] })),
    done:
      what && (what === 'retried' ? retriedOf(Number(count)) : `${plural(Number(count), 'event')} given up.`),
  };
};

const COLUMNS = [
  { title: 'Taken (UTC)', kind: 'id' },
  { title: 'Event' },
  { title: 'Offer', kind: 'id' },
  { title: 'Why' },
  { title: 'Calls', kind: 'number' },
  { title: 'Group', kind: 'id' },
  { title: 'What to do' },
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
      {/* A form leads back here, so that who uses the keyboard goes on where they were. */}
      <span id="letters" tabIndex={-1} />
      <Remedies rows={rows} />
      <Table
        caption={lane === 'offer_events' ? 'Dead letters of offer events' : 'Dead letters of usage events'}
        columns={COLUMNS}
        rows={rows.map((row) => [
          <a href={`events?${new URLSearchParams({ lane, find: row.id })}`}>{timeOf(row.receivedAt)}</a>,
          row.type,
          <a href={`events?${new URLSearchParams({ lane, find: row.offerId })}`}>{row.offerId}</a>,
          row.code,
          countOf(row.attempts),
          row.group,
          <DeadLetterActions
            id={row.id}
            words={`${row.type} of ${row.offerId}`}
            isGivenUp={row.code === PURGED}
            lane={lane}
            session={session}
          />,
        ])}
        empty="There are none."
      />
      <Older page={{ lane, older }} view="dead-letters" words="Older dead letters" />
      {rows.some(({ code }) => code !== PURGED) && (
        <div class="actions">
          <Action to="retry" label="Retry all" lane={lane} session={session} />
          <Action to="purge" label="Give all up …" lane={lane} session={session} fields={{ what: 'dead' }} />
        </div>
      )}
    </section>
  </Layout>
);
