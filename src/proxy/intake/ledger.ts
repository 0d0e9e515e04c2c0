/**
 * The ledger: how many events were taken on each day, and what became of them. It outlives the events, and no event moves
 * without it: what is taken is what waits and what came out, always.
 */
import type { DismissReason, OfferEventType } from '../../protocol/event.js';
import { ALERTS } from '../telling/alerts.js';

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

const orderOf = ({ group, type, reason }: LedgerCell): string => `${group}\0${type}\0${reason ?? ''}`;

/** Puts a day's cells in order: by group, type and reason. */
export const inOrder = (cells: readonly LedgerCell[]): LedgerCell[] =>
  cells
    .map((cell) => ({ cell, order: orderOf(cell) }))
    .sort((one, other) => (one.order < other.order ? -1 : 1))
    .map(({ cell }) => cell);

/** Which cells to read. */
export interface LedgerFilter {
  /** From this UTC day on, such as `2026-11-01`. @default the first that is remembered */
  readonly since?: string | undefined;
  /** To this day, itself included. @default today */
  readonly until?: string | undefined;
}

/** What a proxy tells the ledger of its intake. */
export interface Bookkeeping {
  /** Groups that the host has named itself: they need no place. */
  readonly groups?: ReadonlySet<string> | undefined;
  /** Told in words when a new group has no place, at most once a day; it never throws. */
  readonly onAlert?: ((message: string) => void) | undefined;
}

/** That an offer was accepted, as the billing system knows. */
export interface AcceptedEvent {
  /** Made from its name, so that it counts once. */
  readonly id: string;
  /** What the same id has to say again, as a digest: it is remembered for longer than any offer. */
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
export const CROWDED = ALERTS.crowdedGroups.words;

/** The group that counts, if the host has listed those that do. */
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
 * @returns NaN if it is none.
 */
export const dayNumberOf = (text: string): number => {
  const day = Date.parse(`${text}T00:00:00Z`) / DAY_MS;
  // A date that is written otherwise, or that no month has, comes back as another one.
  return Number.isInteger(day) && isoDayOf(day) === text ? day : Number.NaN;
};
