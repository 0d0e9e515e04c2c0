/**
 * What the site gives to a page of the run, and what the page says back. These are only types, so both sides import
 * them.
 */

/** How the page gives way to other work between two tasks of a train. */
export type Yielding =
  /** Each task asks for the next one by `setTimeout`. */
  | 'timeout'
  /** Each task asks for the next one by a message, as React's scheduler does: nothing clamps it. */
  | 'message'
  /** All tasks are asked for at once, so everything that comes later waits behind all of them. */
  | 'queued';

/** What the site puts into a page. */
export interface PageSettings {
  readonly taskMs: number;
  /** Tasks of one train. */
  readonly tasks: number;
  /** None on a page that works. */
  readonly trains: number;
  readonly yielding: Yielding;
  /** The visitor leaves after this task of this train, both from 0. Without it the visitor stays. */
  readonly leaves?: { readonly train: number; readonly task: number };
}

/** What a page says, in the moment in which it happens. */
export type Said =
  /** A train of tasks begins. */
  | { readonly kind: 'train'; readonly train: number }
  /** An event was announced on the page. */
  | { readonly kind: 'made'; readonly id: string }
  /** The tracker reported an event. */
  | { readonly kind: 'told'; readonly id: string; readonly isDurable: boolean }
  /** The tracker reported an error. */
  | { readonly kind: 'report'; readonly code: string; readonly text: string };
