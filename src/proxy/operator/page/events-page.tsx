/** Events, newest first: all of them, those of one offer, or one with its whole way. */
import type { ComponentChildren, VNode } from 'preact';
import type { IntakeRow } from '../../intake/admitted.js';
import type { Intake } from '../../intake/intake.js';
import { PURGED } from '../../intake/ledger.js';
import { MEMORY_MS } from '../../intake/rules.js';
import type { LaneName } from '../listing.js';
import { EVENT_COLUMNS, EventRow } from './event-rows.js';
import { DeadLetterActions } from './forms.js';
import { Layout } from './layout.js';
import { type EventPage, Older, readPage } from './paging.js';
import type { Session } from './session.js';
import { durationOf, plural, REASON_WORDS, remedyOf, stateOf, timeOf } from './words.js';

/** What the view shows. */
interface EventsView extends EventPage {
  /** An offer or the id of an event that was asked for; empty for all. */
  readonly find: string;
}

/** Every event's id is a UUID; an offer that looks like one is found all the same. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Finds what a query asks for. */
export const readEvents = async (intake: Intake, query: URLSearchParams): Promise<EventsView> => {
  const find = (query.get('find') ?? '').trim();
  const byId = UUID.test(find) ? await readPage(intake, query, { id: find.toLowerCase() }) : undefined;
  const page = byId?.rows.length ? byId : await readPage(intake, query, find ? { offerId: find } : {});
  return { ...page, find };
};

const Filter = ({ lane, find }: Pick<EventsView, 'lane' | 'find'>): VNode => (
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
export const EventsPage = ({
  lane,
  find,
  rows,
  older,
  session,
}: EventsView & { session: Session }): VNode => {
  const [row] = rows;
  const isOne = row !== undefined && row.id === find.toLowerCase();
  return (
    <Layout title="Events" current="events" session={session}>
      <Filter lane={lane} find={find} />
      <section>
        {isOne ? (
          <OneEvent row={row} lane={lane} session={session} />
        ) : row ? (
          <EventTable caption={find ? `Events of ${find}` : 'All events'} rows={rows} lane={lane} />
        ) : (
          <p class="empty">
            {find
              ? `The proxy does not know any event or offer ${find}. It forgets what was settled ${durationOf(MEMORY_MS)} ago.`
              : 'The proxy has taken no event so far.'}
          </p>
        )}
        <Older page={{ lane, older }} view="events" words="Older events" fields={{ find }} />
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
