/** Where events are forwarded to, and what a call can come to. */

import type { Raised } from '../alerts/alert.js';
import type { IntakeRow } from '../intake/admitted.js';

/** What a call came to, for one event. */
export type Outcome =
  | {
      readonly kind: 'done';
      /** Whether the upstream had taken it before, and knew that by its idempotency key. @default false */
      readonly isReplay?: boolean;
    }
  /** The upstream will never take it. */
  | { readonly kind: 'refused'; readonly code: string }
  /**
   * Not taken, and no other one will be until somebody repairs the configuration. `isUnnamed`: or the event is at fault, since
   * the upstream named nothing and has not taken any event yet.
   */
  | { readonly kind: 'misconfigured'; readonly alert: Raised; readonly isUnnamed?: true }
  /** Not taken: everything has to wait. */
  | { readonly kind: 'throttled'; readonly retryAfterMs: number }
  /** Not taken, for now: `why` is the system's code, such as `ECONNREFUSED`. */
  | { readonly kind: 'unavailable'; readonly why?: string | undefined }
  /** Not taken, since something in its batch spoilt it: smaller batches find what. */
  | { readonly kind: 'crowded' }
  /**
   * It may have been taken, or not. There is an alert if the answer was not the API's own. `why` is the system's code, or the
   * status as `HTTP_503`.
   */
  | { readonly kind: 'ambiguous'; readonly alert?: Raised; readonly why?: string | undefined };

/** What a destination needs to know of an event. */
export type Forwarded = Pick<IntakeRow, 'id' | 'type' | 'offerId' | 'occurredAt' | 'headers' | 'usage'>;

export interface CallEnd {
  /** What it came to as a whole. */
  readonly outcome: Outcome['kind'];
  readonly events: readonly Pick<Forwarded, 'type'>[];
  /** What it came to for each of them, in order. */
  readonly outcomes: readonly Outcome[];
  readonly durationMs: number;
}

export type OnCall = (end: CallEnd) => void;

export interface Destination {
  /** Most events that the next call may carry. */
  readonly maxEvents: number;
  /** How long an event waits for company, milliseconds. */
  readonly lingerMs: number;
  /** Events whose keys differ cannot share a call. By default any can. */
  keyOf?(row: Forwarded): string;
  /**
   * Forwards at most {@link maxEvents}, at least one; never throws. One outcome each, in order.
   * @param hasDelivered Whether the upstream has ever taken an event of this lane.
   */
  forward(rows: readonly Forwarded[], hasDelivered: boolean): Promise<readonly Outcome[]>;
}
