/** Events page by page, of the destination that a query names. */
import type { VNode } from 'preact';
import type { IntakeRow } from '../../intake/admitted.js';
import type { Intake, ListFilter } from '../../intake/intake.js';
import { isLaneName, type LaneName, laneOf } from '../listing.js';

/** One page of events, newest first. */
export interface EventPage {
  readonly lane: LaneName;
  readonly rows: readonly IntakeRow[];
  /** Where older ones begin. */
  readonly older: string | undefined;
}

const PAGE_ROWS = 50;

/** The destination that a query or a form names; that of offer events if it names none. */
export const laneNameIn = (fields: URLSearchParams): LaneName => {
  const name = fields.get('lane') ?? '';
  return isLaneName(name) ? name : 'offer_events';
};

/** Reads the page that a query asks for. */
export const readPage = async (
  intake: Intake,
  query: URLSearchParams,
  filter: Pick<ListFilter, 'id' | 'offerId' | 'states'>,
): Promise<EventPage> => {
  const lane = laneNameIn(query);
  const cursor = query.get('before') ?? '';
  const before = /^\d{1,16}$/.test(cursor) ? cursor : undefined;
  const rows = await laneOf(intake, lane).list({ limit: PAGE_ROWS + 1, before, ...filter });
  const shown = rows.slice(0, PAGE_ROWS);
  return { lane, rows: shown, older: rows.length > PAGE_ROWS ? shown.at(-1)?.cursor : undefined };
};

/** Leads to the page behind, if there is one. */
export const Older = ({
  page: { lane, older },
  view,
  words,
  fields = {},
}: {
  readonly page: Pick<EventPage, 'lane' | 'older'>;
  readonly view: 'events' | 'dead-letters';
  readonly words: string;
  readonly fields?: Readonly<Record<string, string>>;
}): VNode | null =>
  older === undefined ? null : (
    <p>
      <a href={`${view}?${new URLSearchParams({ lane, ...fields, before: older })}`}>{words}</a>
    </p>
  );
