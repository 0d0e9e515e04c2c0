/** The rules of every durable intake, no matter where it keeps its events. */
import * as z from 'zod/mini';
import { OffersightError } from '../../errors.js';
import { MAX_RETENTION_MS } from '../../protocol/retention.js';
import { checked, wordsOf } from '../settings/checking.js';
import { BOUNDS } from '../settings/values.js';

/** Bounds and policy of a durable intake. */
export interface IntakeBounds {
  /**
   * Most events that may wait. More are deferred at the door.
   * @default 200000
   * @range a whole number from 1
   * @example `50_000`
   */
  readonly maxWaiting?: number | undefined;
  /**
   * How long an event may wait for the upstream, milliseconds. After that it is a dead letter.
   * @default 86400000 (24 h)
   * @range from 1 to a day less than `ledgerDays`
   * @example `43_200_000`
   */
  readonly maxDelayMs?: number | undefined;
  /**
   * What to do with an event whose outcome is unknown once the upstream may have forgotten its key: forward it
   * again and mark it, or make it a dead letter.
   * @default 'atLeastOnce'
   * @range `'atLeastOnce'` or `'atMostOnce'`
   * @example `'atMostOnce'`
   */
  readonly ambiguous?: 'atLeastOnce' | 'atMostOnce' | undefined;
  /**
   * How long the ledger remembers, days.
   * @default 400
   * @range a whole number from 31
   * @example `800`
   */
  readonly ledgerDays?: number | undefined;
}

/** An option of every durable intake. */
export interface ReadOnlyOption {
  /**
   * Opens the intake only for reading, for example in a program of yours that shows figures. The intake must already
   * exist. No event or table is changed, and methods that would change one fail.
   * @default false
   * @range true or false
   * @example `true`
   */
  readonly readOnly?: boolean | undefined;
}

/** Refuses a change of an intake that is only read. */
export const onlyRead = (): OffersightError =>
  new OffersightError(
    'configuration',
    'This intake was opened with readOnly: leave that option out to change anything.',
  );

/** The rules for the events of one lane. */
export interface LaneRules {
  /** How long an event may wait, milliseconds. After that it is a dead letter. */
  readonly maxDelayMs: number;
  /** Whether events keep their order, `viewed` before `dismissed`. */
  readonly isOrdered: boolean;
  /** What to do about an unknown outcome once the upstream may have forgotten the key. */
  readonly ambiguous: 'atLeastOnce' | 'atMostOnce';
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The names of {@link IntakeBounds}. */
export const BOUND_NAMES = { maxWaiting: true, maxDelayMs: true, ambiguous: true, ledgerDays: true } as const;

const SCHEMA = z.strictObject(BOUNDS);

/** After how long a client may retry if there is no room. */
export const DEFER_MS = MINUTE_MS;
/** Renewing a lead may have waited for so long, since a transaction waits for its turn. */
export const SLACK_MS = 6_000;
/** For so long an upstream that honours keys remembers one: the documented 30 minutes, less a margin for clocks. */
export const KEY_WINDOW_MS = 25 * MINUTE_MS;
/** A client may send an event again for as long as it keeps it. After that nobody asks about it any more. */
export const MEMORY_MS = MAX_RETENTION_MS + 24 * HOUR_MS;
/** No event is postponed for longer. */
export const LONGEST_WAIT_MS = HOUR_MS;
/** Chargebee takes no usage event that is older (usage events API). */
export const MAX_USAGE_AGE_MS = 12 * HOUR_MS;
/**
 * The rules of the lane of usage events. The upstream distinguishes them by their own content for ever, so a retry is
 * always safe.
 */
export const USAGE_RULES: LaneRules = {
  maxDelayMs: MAX_USAGE_AGE_MS,
  isOrdered: false,
  ambiguous: 'atLeastOnce',
};

/**
 * Refuses an intake that keeps another site's events.
 * @param place What it is called, such as `file`.
 * @param remedy What to do.
 */
export const otherSite = (place: string, owner: string, site: string, remedy: string): OffersightError =>
  new OffersightError(
    'configuration',
    `The intake's ${place} keeps the events of the site ${owner}, and this proxy is for ${site}: ${remedy}`,
  );

/**
 * Refuses what another release has laid out.
 * @param place What it is called, such as `The intake file`.
 */
export const otherLayout = (place: string, isNewer: boolean): OffersightError =>
  new OffersightError(
    'configuration',
    isNewer
      ? `${place} was written by a newer release: run that one, or name another.`
      : `${place} was written before release 0.2.0: name another.`,
  );

/**
 * Checks bounds and fills in what is left out.
 * @throws {OffersightError} `configuration`, which says what to set.
 */
export const resolveBounds = (given: IntakeBounds): z.output<typeof SCHEMA> => {
  const bounds = checked('the intake', SCHEMA, given);
  // An event's cell has to exist for as long as the event may wait.
  if (bounds.maxDelayMs > (bounds.ledgerDays - 1) * DAY_MS)
    throw new OffersightError('configuration', `Set maxDelayMs to ${wordsOf(BOUNDS.maxDelayMs).range}.`);
  return bounds;
};
