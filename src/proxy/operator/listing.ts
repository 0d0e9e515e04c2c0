/** What an operator asks of an intake: figures of offers, how each lane stands, events page by page. */

import { OffersightError } from '../../errors.js';
import type { IntakeRow } from '../intake/admitted.js';
import type { DoorReport, Intake, Lane, LaneStatus, ListFilter } from '../intake/intake.js';
import { dayOf, isoDayOf } from '../intake/ledger.js';
import { readFunnel } from './funnel.js';
import { nextTurn } from './portions.js';
import { readSums, type SumsByPeriod } from './sums.js';

/** Events in figures. */
export interface Figures {
  /** Displayed, no matter what became of the event. */
  readonly viewed: number;
  /** Closed or ignored, no matter what became of the event. */
  readonly dismissed: number;
  /** Both together: what the proxy has taken. */
  readonly taken: number;
  /** What Chargebee has of them. */
  readonly delivered: number;
  /** What is still to be delivered. */
  readonly waiting: number;
  /** Dead letters: refused, given up or purged. */
  readonly deadLetters: number;
}

/** One offer in figures. */
export interface OfferFigures extends Figures {
  readonly offerId: string;
}

/** One group in figures, which the ledger remembers longer than the events. */
export interface GroupFigures extends Figures {
  readonly group: string;
}

/** What of a status is asked for. */
export interface StatusQuery {
  /** So many offers are named on a page. */
  readonly limit: number;
  /** Which page of offers, from 1. @default 1 */
  readonly page?: number | undefined;
  /** Only offers of events that were received then or later, epoch milliseconds, and groups of that day and later ones. */
  readonly since?: number | undefined;
}

/** How a proxy stands. */
export interface ProxyStatus {
  /** The alerts that stand, and what the proxy itself did not take; undefined if the intake does not keep it. */
  readonly door: DoorReport;
  /** What was taken on the last days, and what became of it. */
  readonly sums: SumsByPeriod;
  /** The groups of the last 30 days or since the given time, those with the most views first. */
  readonly groups: readonly GroupFigures[];
  /** A page of offers, those with the most events first. */
  readonly offers: readonly OfferFigures[];
  /** Which page it is, from 1. */
  readonly page: number;
  /**
   * The few offers that lose most: those with many dead letters that are a large share of their events. Here `deadLetters` lacks what an
   * operator gave up, which is no fault of the offer.
   */
  readonly worst: readonly OfferFigures[];
  /** All offers together, and how many they are, as long as their events are remembered: 7 days after they were settled. */
  readonly all: Figures & { readonly offers: number };
  readonly lanes: Readonly<Record<LaneName, LaneStatus>>;
}

/** The destinations, by the API that they are. */
export type LaneName = 'offer_events' | 'usage_events';

/** To find a page, as many offers have to be sorted at once as it ends behind: some milliseconds' work. */
const LAST_OFFER = 20_000;
const PAGE_ROWS = 500;
/** As milliseconds it lies in 1973: a smaller number is in seconds, or a date without its dashes. */
const LEAST_MS = 1e11;

/** JavaScript itself also reads a date out of most sentences that have a number in them. */
const ISO_DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * An ISO date, or epoch milliseconds.
 * @returns NaN for anything else.
 */
export const timeOf = (text: string): number => {
  if (ISO_DATE.test(text)) return Date.parse(text);
  if (!/^\d+$/.test(text)) return Number.NaN;
  return Number(text) < LEAST_MS ? Number.NaN : Number(text);
};

/** Whether a string names a lane. */
export const isLaneName = (name: string): name is LaneName =>
  name === 'offer_events' || name === 'usage_events';

/** The lane of a destination. */
export const laneOf = (intake: Intake, name: LaneName): Lane =>
  name === 'usage_events' ? intake.usage : intake;

/** How the lanes of an intake stand. */
export const readLanes = async (intake: Pick<Intake, 'status' | 'usage'>, now: number) => {
  const [offer_events, usage_events] = await Promise.all([intake.status(now), intake.usage.status(now)]);
  return { offer_events, usage_events } satisfies Record<LaneName, LaneStatus>;
};

/** How a proxy stands, without figures: its lanes, and what its door rejected. */
export const readStanding = async (
  intake: Pick<Intake, 'status' | 'usage' | 'door'>,
  now: number,
): Promise<Pick<ProxyStatus, 'door' | 'lanes'>> => ({
  door: await intake.door(now),
  lanes: await readLanes(intake, now),
});

type Counting = { -readonly [Key in keyof Figures | 'purged']: number };

const NOTHING = { viewed: 0, dismissed: 0, taken: 0, delivered: 0, waiting: 0, deadLetters: 0, purged: 0 };
const WORST = 5;
/** So many offers are compared at once, a few milliseconds' work. */
const SLICE = 5_000;

type Weight = (figures: Counting) => number;

const byEvents: Weight = ({ taken }) => taken;
/** Dead letters, times their share: neither a single refused event nor a busy offer's few ones stand out. */
const byLoss: Weight = ({ taken, deadLetters, purged }) => (deadLetters - purged) ** 2 / taken;

type CountedOffer = Counting & Pick<OfferFigures, 'offerId'>;

const toFigures = ({ purged: _, ...figures }: CountedOffer): OfferFigures => figures;
const toLoss = ({ purged, ...figures }: CountedOffer): OfferFigures => ({
  ...figures,
  deadLetters: figures.deadLetters - purged,
});

/** The offers that weigh most, those first, without those that weigh nothing. */
const heaviestOf = async (
  offers: ReadonlyMap<string, Counting>,
  limit: number,
  weight: Weight,
): Promise<CountedOffer[]> => {
  let heaviest: CountedOffer[] = [];
  const cut = (): void => {
    heaviest = heaviest.toSorted((one, other) => weight(other) - weight(one)).slice(0, limit);
  };
  for (const [offerId, figures] of offers) {
    if (weight(figures) > 0) heaviest.push({ offerId, ...figures });
    if (heaviest.length < limit + SLICE) continue;
    cut();
    await nextTurn();
  }
  cut();
  return heaviest;
};

const readGroups = async (intake: Intake, since: number | undefined): Promise<GroupFigures[]> => {
  const day = since === undefined ? undefined : isoDayOf(dayOf(since));
  const { rows } = await readFunnel(intake, { by: 'group', since: day });
  return rows.map(({ viewed, dismissed, ...row }) => ({
    // Each row by group has one.
    group: row.group as string,
    ...{ viewed, dismissed, taken: viewed + dismissed, delivered: row.delivered, waiting: row.waiting },
    deadLetters: row.refused + row.givenUp + row.purged,
  }));
};

/**
 * How an intake stands. Reads every event that it remembers, in portions.
 * @throws {OffersightError} `configuration` if the page ends behind the last offer that can be found.
 */
export const readStatus = async (
  intake: Intake,
  now: number,
  { limit, page = 1, since }: StatusQuery,
): Promise<ProxyStatus> => {
  if (page > 1 && page * limit > LAST_OFFER)
    throw new OffersightError(
      'configuration',
      `Choose a smaller page: page times limit is at most ${LAST_OFFER}.`,
    );
  const offers = new Map<string, Counting>();
  const { purged: _, ...all } = { ...NOTHING };
  for await (const portion of intake.tally({ since }))
    for (const { offerId, type, state, events, purged = 0 } of portion) {
      const figures = offers.get(offerId) ?? { ...NOTHING };
      offers.set(offerId, figures);
      figures.purged += purged;
      const what = state === 'done' ? 'delivered' : state === 'dead' ? 'deadLetters' : 'waiting';
      for (const each of [figures, all]) {
        each[type] += events;
        each.taken += events;
        each[what] += events;
      }
    }
  const before = page > 1 ? (page - 1) * limit : 0;
  return {
    sums: await readSums(intake, now),
    groups: await readGroups(intake, since),
    offers: (await heaviestOf(offers, before + limit, byEvents)).slice(before).map(toFigures),
    page,
    worst: (await heaviestOf(offers, WORST, byLoss)).map(toLoss),
    all: { offers: offers.size, ...all },
    ...(await readStanding(intake, now)),
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
