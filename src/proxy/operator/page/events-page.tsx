/** Events, newest first: all of them, those of one offer, or one with its whole way. */
import type { ComponentChildren, VNode } from 'preact';
import type { Intake, IntakeRow } from '../../intake/intake.js';
import { MEMORY_MS, PURGED } from '../../intake/rules.js';
import { isLaneName, type LaneName, laneOf } from '../listing.js';
import { EVENT_COLUMNS, EventRow } from './event-rows.js';
import { DeadLetterActions } from './forms.js';
import { Layout } from './layout.js';
import type { Session } from './session.js';
import { durationOf, plural, REASON_WORDS, remedyOf, stateOf, timeOf } from './words.js';

/** What the view is asked for. */
interface Asked {
  readonly lane: LaneName;
  /** An offer or the id of an event. */
  readonly find: string;
  readonly before?: string | undefined;
}

/** What it shows. */
interface EventsView {
  readonly asked: Asked;
  readonly rows: readonly IntakeRow[];
  /** Where older ones begin. */
  readonly older: string | undefined;
}

const PAGE_ROWS = 50;
/** Every event's id is a UUID; an offer that looks like one is found all the same. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Finds what a query asks for. */
export const readEvents = async (intake: Intake, query: URLSearchParams): Promise<EventsView> => {
  const given = query.get('lane') ?? '';
  const lane = isLaneName(given) ? given : 'offer_events';
  const find = (query.get('find') ?? '').trim();
  const cursor = query.get('before') ?? '';
  const before = /^\d{1,16}$/.test(cursor) ? cursor : undefined;
  const list = (filter: { readonly id?: string; readonly offerId?: string }): Promise<IntakeRow[]> =>
    laneOf(intake, lane).list({ limit: PAGE_ROWS + 1, before, ...filter });
  const byId = UUID.test(find) ? await list({ id: find.toLowerCase() }) : [];
  const rows = byId.length ? byId : await list(find ? { offerId: find } : {});
  const shown = rows.slice(0, PAGE_ROWS);
  return {
    asked: { lane, find, before },
    rows: shown,
    older: rows.length > PAGE_ROWS ? shown.at(-1)?.cursor : undefined,
  };
};

const Filter = ({ asked: { lane, find } }: { asked: Asked }): VNode => (
  <form method="get" action="events" class="filter">
    <label>
      Offer or event id
      <input type="search" name="find" value={find} autocomplete="off" maxLength={50} />
    </label>
    <label>
      Destination
      <select name="lane">
        <option value="offer_events">offer events</option>
        <option value="usage_events" selected={lane === 'usage_events'}>
          usage events
        </option>
      </select>
    </label>
    <button type="submit">Find</button>
  </form>
);

const Fact = ({ title, children }: { title: string; children: ComponentChildren }): VNode => (
  <div>
    <dt>{title}</dt>
    <dd>{children}</dd>
  </div>
);

const OneEvent = ({
  row,
  lane,
  session,
}: {
  readonly row: IntakeRow;
  readonly lane: LaneName;
  readonly session: Session;
}): VNode => (
  <dl class="facts">
    <Fact title="Id">
      <code>{row.id}</code>
    </Fact>
    <Fact title="What happened">
      {row.type}
      {row.reason !== undefined && ` ${REASON_WORDS[row.reason]}`}
    </Fact>
    <Fact title="Offer">
      <a href={`events?${new URLSearchParams({ lane, find: row.offerId })}`}>{row.offerId}</a>
    </Fact>
    {row.group !== undefined && <Fact title="Group">{row.group}</Fact>}
    <Fact title="It happened">{timeOf(row.occurredAt)} UTC</Fact>
    <Fact title="The proxy took it">{timeOf(row.receivedAt)} UTC</Fact>
    <Fact title="Sent to Chargebee">{row.attempts ? plural(row.attempts, 'time') : 'not yet'}</Fact>
    <Fact title="It is">
      <span class={`state ${row.state}`}>{stateOf(row)}</span>
      {row.settledAt !== undefined && ` since ${timeOf(row.settledAt)} UTC`}
    </Fact>
    {row.isAmbiguous && row.state !== 'done' && (
      <Fact title="Doubt">The outcome of an attempt is unknown: Chargebee may have it.</Fact>
    )}
    {row.maybeDuplicate && (
      <Fact title="Doubt">
        It was sent again after Chargebee may have forgotten its key, so it may count twice there.
      </Fact>
    )}
    {row.state === 'dead' && (
      <Fact title="What to do">
        {remedyOf(row.code)}
        <DeadLetterActions
          id={row.id}
          words={`${row.type} of ${row.offerId}`}
          isGivenUp={row.code === PURGED}
          lane={lane}
          session={session}
        />
      </Fact>
    )}
  </dl>
);

/** The view. */
export const EventsPage = ({ asked, rows, older, session }: EventsView & { session: Session }): VNode => {
  const { find, lane } = asked;
  const [row] = rows;
  const isOne = row !== undefined && row.id === find.toLowerCase();
  return (
    <Layout title="Events" current="events" session={session}>
      <Filter asked={asked} />
      <section>
        {isOne ? (
          <OneEvent row={row} lane={lane} session={session} />
        ) : row ? (
          <EventTable caption={find ? `Events of ${find}` : 'All events'} rows={rows} lane={lane} />
        ) : (
          <p class="empty">
            {find
              ? `The proxy knows no event or offer ${find}. It forgets what was settled ${durationOf(MEMORY_MS)} ago.`
              : 'The proxy has taken no event so far.'}
          </p>
        )}
        {older !== undefined && (
          <p>
            <a href={`events?${new URLSearchParams({ lane, find, before: older })}`}>Older events</a>
          </p>
        )}
      </section>
    </Layout>
  );
};

/** Events as a table, whose rows may come by themselves. */
export const EventTable = ({
  caption,
  rows,
  lane,
}: {
  readonly caption: string;
  readonly rows: readonly IntakeRow[];
  readonly lane: LaneName;
}): VNode => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard (WCAG 2.1.1).
  <section class="scroller" aria-label={caption} tabIndex={0}>
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          {EVENT_COLUMNS.map((title) => (
            <th scope="col" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody id="rows">
        {rows.map((row) => (
          <EventRow key={row.id} event={row} lane={lane} />
        ))}
      </tbody>
    </table>
  </section>
);
