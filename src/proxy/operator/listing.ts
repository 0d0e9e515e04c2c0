/** What an operator asks of an intake: figures of offers, how each lane stands, events page by page. */

import type { IntakeRow } from '../intake/admitted.js';
import type { Intake, Lane, LaneStatus, ListFilter } from '../intake/intake.js';
import { nextTurn } from './portions.js';
import { readSums, type SumsByPeriod } from './sums.js';

/** Events in figures. */
export interface Figures {
  /** Reported to Chargebee as displayed. */
  readonly viewed: number;
  /** Reported to Chargebee as closed or ignored. */
  readonly dismissed: number;
  /** Not yet reported. */
  readonly waiting: number;
  /** Dead letters. */
  readonly refused: number;
}

/** One offer in figures. */
export interface OfferFigures extends Figures {
  readonly offerId: string;
}

/** How a proxy stands. */
export interface ProxyStatus {
  /** What was taken on the last days, and what became of it. */
  readonly sums: SumsByPeriod;
  /** The offers with the most events, those first. */
  readonly offers: readonly OfferFigures[];
  /** All offers together, and how many they are, as long as their events are remembered: 7 days after they were settled. */
  readonly all: Figures & { readonly offers: number };
  readonly lanes: Readonly<Record<LaneName, LaneStatus>>;
}

/** The destinations, by the API that they are. */
export type LaneName = 'offer_events' | 'usage_events';

const PAGE_ROWS = 500;
/** As milliseconds it lies in 1973: a smaller number is in seconds, or a date without its dashes. */
const LEAST_MS = 1e11;

/**
 * A time in words or in epoch milliseconds.
 * @returns NaN for anything else.
 */
export const timeOf = (text: string): number => {
  if (!/^\d+$/.test(text)) return Date.parse(text);
  return Number(text) < LEAST_MS ? Number.NaN : Number(text);
};

/** Whether a string names a lane. */
export const isLaneName = (name: string): name is LaneName =>
  name === 'offer_events' || name === 'usage_events';

/** The lane of a destination. */
export const laneOf = (intake: Intake, name: LaneName): Lane =>
  name === 'usage_events' ? intake.usage : intake;

type Counting = { -readonly [Key in keyof Figures]: number };

const NOTHING: Figures = { viewed: 0, dismissed: 0, waiting: 0, refused: 0 };
/** So many offers are compared at once, a few milliseconds' work. */
const SLICE = 5_000;

const sumOf = ({ viewed, dismissed, waiting, refused }: Figures): number =>
  viewed + dismissed + waiting + refused;

const largestOf = async (offers: ReadonlyMap<string, Figures>, limit: number): Promise<OfferFigures[]> => {
  let largest: OfferFigures[] = [];
  const cut = (): void => {
    largest = largest.toSorted((one, other) => sumOf(other) - sumOf(one)).slice(0, limit);
  };
  for (const [offerId, figures] of offers) {
    largest.push({ offerId, ...figures });
    if (largest.length < limit + SLICE) continue;
    cut();
    await nextTurn();
  }
  cut();
  return largest;
};

/**
 * How an intake stands. Reads every event that it remembers, in portions.
 * @param limit So many offers are named.
 */
export const readStatus = async (intake: Intake, now: number, limit: number): Promise<ProxyStatus> => {
  const offers = new Map<string, Counting>();
  const all: Counting = { ...NOTHING };
  for await (const portion of intake.tally())
    for (const { offerId, type, state, events } of portion) {
      const figures = offers.get(offerId) ?? { ...NOTHING };
      offers.set(offerId, figures);
      const what = state === 'done' ? type : state === 'dead' ? 'refused' : 'waiting';
      figures[what] += events;
      all[what] += events;
    }
  return {
    sums: await readSums(intake, now),
    offers: await largestOf(offers, limit),
    all: { offers: offers.size, ...all },
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
    await nextTurn();
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
    group: row.group,
    reason: row.reason,
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
