/**
 * The ledger: how many events were taken on each day, and what became of them. It outlives the events. No event changes
 * its state without the ledger, so what was taken is always the sum of what waits and what has an outcome.
 */
import type { DismissReason, OfferEventType } from '../../protocol/event.js';
import type { AlertCode } from '../alerts/table.js';

/** What became of a cell's events: how many count in each of these columns. */
export interface LedgerFigures {
  /** All events, also those that still wait. */
  readonly taken: number;
  /** Chargebee has them. */
  readonly delivered: number;
  /** Chargebee refused them by name. */
  readonly refused: number;
  /** They waited too long, their outcome is unknown, or their `viewed` is a dead letter. */
  readonly givenUp: number;
  /** An operator gave them up. */
  readonly purged: number;
  /** The billing system reported them; they are never forwarded. */
  readonly accepted: number;
}

/** Events of one day, group, type and reason. */
export interface LedgerCell extends LedgerFigures {
  /** The UTC day on which they were taken, by the proxy's clock, such as `2026-11-23`. */
  readonly day: string;
  /** The name that pages gave; `(none)` for events without a group, and `(other)` for groups that the ledger does not keep apart. */
  readonly group: string;
  readonly type: OfferEventType | 'accepted';
  /** How offers were closed; undefined if nobody said so. */
  readonly reason: DismissReason | undefined;
}

/** Which cells to read. */
export interface LedgerFilter {
  /** From this UTC day on, such as `2026-11-01`. @default the first that is remembered */
  readonly since?: string | undefined;
  /** Up to and including this day. @default the last that is there */
  readonly until?: string | undefined;
}

/** What a proxy passes to the ledger of its intake. */
export interface Bookkeeping {
  /** The groups that the host has listed. */
  readonly groups?: ReadonlySet<string> | undefined;
  /** Raises an alert, each time that its condition is seen. It never throws. */
  readonly onAlert?: ((code: AlertCode, parts?: Readonly<Record<string, string>>) => void) | undefined;
}

/** That an offer was accepted, as the billing system knows. */
export interface AcceptedEvent {
  /** Made from its name, so that it counts once. */
  readonly id: string;
  /** A digest of what a repetition of this id has to say again. It is remembered for longer than any offer. */
  readonly content: string;
  /** The group that it counts under. @default `(none)` */
  readonly group?: string | undefined;
  /** When it arrived by this machine's clock, epoch milliseconds. */
  readonly receivedAt: number;
}

/** Codes of events that became dead letters without a decision of the upstream or of an operator. */
export const GIVEN_UP_CODES = ['expired', 'viewed_dead', 'unknown_outcome'] as const;
/** The code of events that an operator gave up. */
export const PURGED = 'purged';

/** Events without a group are counted under this name. */
export const NO_GROUP = '(none)';
/** Groups that the ledger does not keep apart are counted under this name. */
export const OTHER_GROUPS = '(other)';

/** The ledger keeps so many groups apart if the host lists none. */
export const MOST_GROUPS = 200;

export const DAY_MS = 86_400_000;

/** The group that an event counts under. If the host has listed groups, every other one is {@link OTHER_GROUPS}. */
export const listedAs = (
  group: string | undefined,
  groups: ReadonlySet<string> | undefined,
): string | undefined => (group === undefined || !groups || groups.has(group) ? group : OTHER_GROUPS);

/** The UTC day of a time, counted from 1970-01-01. */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS);

/** A day as ISO 8601 writes it. */
export const isoDayOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/**
 * The number of a day that ISO 8601 writes.
 * @returns NaN if it is not a day.
 */
export const dayNumberOf = (text: string): number => {
  const day = Date.parse(`${text}T00:00:00Z`) / DAY_MS;
  // A date that is written in another way, or that no month has, does not come back as it was.
  return Number.isInteger(day) && isoDayOf(day) === text ? day : Number.NaN;
};
