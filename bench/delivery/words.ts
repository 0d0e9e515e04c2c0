/** The words that pages and the command share. */

/** How long recording took in the page, milliseconds. */
export interface CommitTimes {
  /** From the event's announcement until `onEvent`. */
  readonly ours: readonly number[];
  /** A bare put of the same record, from `transaction()` until `complete`. */
  readonly bare: readonly number[];
}

/** An event that became durable. */
export interface Durable {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Since it was announced, milliseconds. */
  readonly tookMs: number;
}

/** How the events of one tick come about: offers that come into sight in one frame, or calls of `dismiss`. */
export type TickKind = 'seen' | 'dismissed';

/** What recording the events of one tick took. */
export interface Tick {
  readonly events: number;
  /** From the first announcement to the end of that task and its microtasks, milliseconds. */
  readonly makeMs: number;
  /** From the transaction's `complete` to the end of that task and its microtasks, milliseconds. */
  readonly confirmMs: number;
  /** Transactions that began before the last event was durable. */
  readonly transactions: number;
}

/** What the measured page offers the command. */
export interface BenchPage {
  /** Shows offers, one group by each call of `show`; resolves when the tracker knows of them. */
  mount(groups: readonly (readonly string[])[]): Promise<void>;
  /** Brings the next group into sight; resolves when all of it is durable. */
  show(): Promise<Durable[]>;
  /** Brings group after group into sight, at an even pace; resolves when the last one is durable. */
  trickle(everyMs: number): Promise<void>;
  /** Records events one at a time, a bare put before or behind each. */
  commits(count: number): Promise<CommitTimes>;
  tick(kind: TickKind): Promise<Tick>;
  /** Builds one body of what the last tick recorded and posts it, nothing else; that task's time, milliseconds. */
  post(): Promise<number>;
  /** Puts what the last tick recorded into a bare store, in one transaction; that task's time, milliseconds. */
  putAll(): Promise<number>;
  /** Delivers everything. */
  flush(): Promise<void>;
  /** Transactions so far. */
  transactions(): number;
  /** Events in this browser that are not settled. */
  waiting(): Promise<number>;
}

/** What the page of a contender offers the command. */
export interface ContestPage {
  /** Brings an offer into sight; resolves once its event is created, and goes to `next` in that same task if given. */
  show(offerId: string, next?: string): Promise<void>;
  /** Events that this contender still holds for delivery. */
  waiting(): Promise<number>;
}

/** A technique under test, as a page's script sees it. */
export interface Technique {
  create(offerId: string): void;
  waiting(): number;
}

/** Who takes part. */
export const CONTENDERS = ['offersight', 'beacon', 'memory', 'delete-first'] as const;
export type Contender = (typeof CONTENDERS)[number];
