/** Types that the page's own modules share; nothing here runs. */
import type { OfferTracker } from 'offersight';

export type { OfferEvent } from 'offersight';
export type { RowVerdict } from '../../../test/history/row.js';

/** What the page needs of an entry in the store. */
export interface StoredEntry {
  readonly notBeforeAt?: number;
  readonly lease?: { readonly token: string; readonly until: number };
}

/** What the page needs of its tracker. */
export type PageTracker = Pick<OfferTracker, 'dismiss' | 'stats'>;

/** Commands that the page knows. */
export interface ChaosPage {
  readonly tab: string;
  show(count: number): void;
  dismiss(count: number): void;
  burst(count: number): void;
  /** Closes so many offers that no element shows: two events each, also behind another tab. */
  flood(count: number): void;
  hog(): void;
  /** Keeps the page busy with so many tasks of this length, and closes its offers meanwhile. */
  train(taskMs: number, tasks: number): void;
  again(): void;
  /** Asks what the machine's clock says. */
  followClock(): void;
  /** So many of the next writes find the storage full, if there is a quota. */
  fill(count: number): void;
  /** How many events the tracker may still have, in storage or in memory; undefined without a tracker. */
  waiting(): Promise<number | undefined>;
  /** All that the database holds. */
  dump(): Promise<Dump>;
  work(lie: 'portal' | 'replay' | 'none'): Promise<void>;
}

/** The store at one moment. */
export interface Dump {
  readonly entries: readonly (StoredEntry & { readonly id: string })[];
  readonly dead: readonly string[];
  readonly pausedUntil: number;
}

/** The page's window. */
export interface ChaosWindow {
  chaos?: ChaosPage;
  chaosLayer?: { push(pushed: { readonly event_id: string; readonly is_durable: boolean }): void };
  offersight?: { push(command: (tracker: PageTracker) => void): void };
}
