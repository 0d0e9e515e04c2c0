/**
 * The ledger: how many events were taken on each day, and what became of them. It outlives the events, and no event moves
 * without it: what is taken is what waits and what came out, always.
 */
import type { DismissReason, OfferEventType } from '../../protocol/event.js';

/** What became of a cell's events: in how many each of these columns has counted. */
export interface LedgerFigures {
  /** All of them, also what still waits. */
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
  /** As pages named it; `(none)` without one, and `(other)` for what had no place. */
  readonly group: string;
  /** What happened. */
  readonly type: OfferEventType | 'accepted';
  /** How offers were closed; undefined if nobody said so. */
  readonly reason: DismissReason | undefined;
}

/** Which cells to read. */
export interface LedgerFilter {
  /** From this UTC day on, such as `2026-11-01`. @default the first that is remembered */
  readonly since?: string | undefined;
  /** To this day, itself included. @default today */
  readonly until?: string | undefined;
}

/** That an offer was accepted, as the billing system knows. */
export interface AcceptedEvent {
  /** Made from its name, so that it counts once. */
  readonly id: string;
  /** What the same id has to say again. */
  readonly content: string;
  /** What it counts under. @default `(none)` */
  readonly group?: string | undefined;
  /** This machine's, epoch milliseconds. */
  readonly receivedAt: number;
}

/** What has no group is counted under it. */
export const NO_GROUP = '(none)';
/** What has no place is counted under it. */
export const OTHER_GROUPS = '(other)';

/** One visitor names so many new groups a day. */
export const NEW_GROUPS_A_VISITOR = 3;
/** A group that nobody named for so many days gives up its place; its figures stay. */
export const GROUP_DAYS = 30;

/** Codes of dead letters that neither the upstream nor an operator decided. */
export const GIVEN_UP_CODES = ['expired', 'viewed_dead', 'unknown_outcome'] as const;

export const DAY_MS = 86_400_000;

/** What an operator reads when a new group has no place. */
export const CROWDED =
  'A new group has no place in the ledger, so its events count under (other): name the campaign or placement as group, ' +
  'never an offer or a visitor. Raise maxGroups or newGroupsADay if there are so many.';

/** The UTC day of a time, counted from 1970-01-01. */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS);

/** A day as ISO 8601 writes it. */
export const isoDayOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/**
 * The number of a day that ISO 8601 writes.
 * @returns NaN if it is none.
 */
export const dayNumberOf = (text: string): number =>
  /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) / DAY_MS : Number.NaN;
