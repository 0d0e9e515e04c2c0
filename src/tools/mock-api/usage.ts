import { Journal } from './journal.js';

const MAX_KEPT = 100_000;

/** An event as a client reports it; the first three fields are its identity. */
export interface UsageEvent {
  /** The subscription that is metered. */
  readonly subscription_id: string;
  /** The event's own id. */
  readonly deduplication_id: string;
  /** When it happened, epoch milliseconds. */
  readonly usage_timestamp: number;
  /** Everything that is metered, flat. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A usage event that was taken, with the time of taking. */
export interface UsageRow extends UsageEvent {
  /** When it was taken, epoch milliseconds. */
  readonly at: number;
}

/** How failures inside a batch are reported. */
export interface UsageSettings {
  /**
   * The shape of an element of `failed_events`, which only a live site can show: `flat` the identity with the error
   * beside it, `nested` `{event, error}`, `opaque` an error that names no event.
   */
  readonly failed_shape: 'flat' | 'nested' | 'opaque';
  /** Deduplication ids that fail although nothing is wrong with them. */
  readonly fail: readonly string[];
}

/** Failures name their event. */
const DEFAULT_USAGE: UsageSettings = { failed_shape: 'flat', fail: [] };

/** The usage events taken, each identity once. */
export class Usage {
  #settings: UsageSettings = DEFAULT_USAGE;
  readonly #rows = new Journal<UsageRow>(MAX_KEPT);
  readonly #identities = new Set<string>();

  get settings(): UsageSettings {
    return this.#settings;
  }

  get length(): number {
    return this.#rows.length;
  }

  set(settings: Partial<UsageSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  /** A repeat of a known identity is taken and not counted. */
  take(event: UsageEvent, at: number): void {
    const identity = JSON.stringify([event.usage_timestamp, event.subscription_id, event.deduplication_id]);
    if (this.#identities.has(identity)) return;
    this.#identities.add(identity);
    const [oldest] = this.#identities;
    if (this.#identities.size > MAX_KEPT && oldest !== undefined) this.#identities.delete(oldest);
    this.#rows.push({ at, ...event });
  }

  list(): UsageRow[] {
    return this.#rows.list();
  }

  clear(): void {
    this.#settings = DEFAULT_USAGE;
    this.#rows.clear();
    this.#identities.clear();
  }
}
