/** What an operator asks of an intake: figures of offers, how each lane stands, events page by page. */
import type { Intake, IntakeRow, Lane, LaneStatus, ListFilter } from '../intake/intake.js';

/** One offer in figures. */
export interface OfferFigures {
  readonly offerId: string;
  /** Reported to Chargebee as displayed. */
  readonly viewed: number;
  /** Reported to Chargebee as closed or ignored. */
  readonly dismissed: number;
  /** Not yet reported. */
  readonly waiting: number;
  /** Dead letters. */
  readonly refused: number;
}

/** How a proxy stands. */
export interface ProxyStatus {
  readonly offers: readonly OfferFigures[];
  readonly lanes: Readonly<Record<LaneName, LaneStatus>>;
}

/** The destinations, by the API that they are. */
export type LaneName = 'offer_events' | 'usage_events';

const PAGE_ROWS = 500;
/** As milliseconds it lies in 1973: a smaller number is in seconds, or a date without its dashes. */
const LEAST_MS = 1e11;

/**
 * A time in words or in epoch milliseconds.
 * @returns NaN if it is none.
 */
export const timeOf = (text: string): number => {
  if (!/^\d+$/.test(text)) return Date.parse(text);
  return Number(text) < LEAST_MS ? Number.NaN : Number(text);
};

/** Tells whether a text names a lane. */
export const isLaneName = (name: string): name is LaneName =>
  name === 'offer_events' || name === 'usage_events';

/** The lane of a destination. */
export const laneOf = (intake: Intake, name: LaneName): Lane =>
  name === 'usage_events' ? intake.usage : intake;

/** How an intake stands. Reads every event that it remembers. */
export const readStatus = async (intake: Intake, now: number): Promise<ProxyStatus> => {
  const offers = new Map<string, { -readonly [Key in keyof OfferFigures]: OfferFigures[Key] }>();
  for (const { offerId, type, state, events } of await intake.tally()) {
    const figures = offers.get(offerId) ?? { offerId, viewed: 0, dismissed: 0, waiting: 0, refused: 0 };
    offers.set(offerId, figures);
    if (state === 'done') figures[type] += events;
    else if (state === 'dead') figures.refused += events;
    else figures.waiting += events;
  }
  return {
    offers: [...offers.values()],
    lanes: { offer_events: await intake.status(now), usage_events: await intake.usage.status(now) },
  };
};

/** Every event of a lane that the filter lets through, newest first. */
export async function* eachRow(
  lane: Lane,
  filter: Omit<ListFilter, 'limit' | 'before'> = {},
): AsyncGenerator<IntakeRow> {
  let before: string | undefined;
  for (;;) {
    const rows = await lane.list({ ...filter, limit: PAGE_ROWS, before });
    yield* rows;
    if (rows.length < PAGE_ROWS) return;
    before = rows.at(-1)?.cursor;
  }
}

/** One event as a line of JSON, with the API's own field names and times as ISO dates. */
export const toLine = (row: IntakeRow): string => {
  const isoOf = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : new Date(at).toISOString();
  return JSON.stringify({
    id: row.id,
    type: row.type,
    personalized_offer_id: row.offerId,
    state: row.state,
    code: row.code,
    occurred_at: isoOf(row.occurredAt),
    received_at: isoOf(row.receivedAt),
    settled_at: isoOf(row.settledAt),
    attempts: row.attempts,
    is_ambiguous: row.isAmbiguous,
    maybe_duplicate: row.maybeDuplicate,
    subscription_id: row.usage?.subscriptionId,
    properties: row.usage?.properties,
  });
};
