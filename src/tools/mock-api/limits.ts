const WINDOW_MS = 60_000;

/** How many calls the site allows; null switches a limit off. */
export interface Limits {
  /** In any 60 seconds, batches of usage events not among them. */
  readonly per_minute: number | null;
  /** At the same time. */
  readonly concurrent: number | null;
  /** Usage events in any 60 seconds, in however many batches. */
  readonly usage_events_per_minute: number | null;
}

/** What a small plan allows. */
export const DEFAULT_LIMITS: Limits = {
  per_minute: 150,
  concurrent: 100,
  usage_events_per_minute: 10_000,
};

/** Either the call may go on until it says `leave`, or the client has to retry later. */
export type Entrance = { readonly leave: () => void } | { readonly retryAfter: number };

/** Counts calls and usage events in a sliding minute, and calls at once. What is refused does not count. */
export class Gate {
  #limits: Limits;
  #entered: number[] = [];
  #usage: { readonly at: number; readonly events: number }[] = [];
  #inside = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get limits(): Limits {
    return this.#limits;
  }

  get inside(): number {
    return this.#inside;
  }

  set(limits: Limits): void {
    this.#limits = limits;
  }

  /** Forgets the minute; calls that still run keep their place until they leave. */
  clear(): void {
    this.#entered = [];
    this.#usage = [];
  }

  /** @param isPaced Whether the call counts among those of the minute. */
  enter(now: number, isPaced: boolean): Entrance {
    const { concurrent } = this.#limits;
    const perMinute = isPaced ? this.#limits.per_minute : null;
    if (concurrent !== null && this.#inside >= concurrent) return { retryAfter: 1 };
    const firstInWindow = this.#entered.findIndex((at) => at > now - WINDOW_MS);
    this.#entered = firstInWindow === -1 ? [] : this.#entered.slice(firstInWindow);
    if (perMinute !== null && this.#entered.length >= perMinute) {
      // The limit may have been lowered meanwhile: wait until enough calls, not only the oldest, have left the window.
      const blocking = this.#entered[this.#entered.length - perMinute] ?? now;
      return { retryAfter: Math.max(1, Math.ceil((blocking + WINDOW_MS - now) / 1000)) };
    }
    if (perMinute !== null) this.#entered.push(now);
    this.#inside += 1;
    let isInside = true;
    const leave = () => {
      if (isInside) this.#inside -= 1;
      isInside = false;
    };
    return { leave };
  }

  /** Takes a whole batch of usage events, or says in how many seconds to retry. */
  takeUsage(events: number, now: number): number | null {
    const { usage_events_per_minute: most } = this.#limits;
    if (most === null) return null;
    this.#usage = this.#usage.filter(({ at }) => at > now - WINDOW_MS);
    let surplus = this.#usage.reduce((sum, batch) => sum + batch.events, events) - most;
    if (surplus <= 0) {
      this.#usage.push({ at: now, events });
      return null;
    }
    for (const { at, events: leaving } of this.#usage) {
      surplus -= leaving;
      if (surplus <= 0) return Math.max(1, Math.ceil((at + WINDOW_MS - now) / 1000));
    }
    // More than ever fits.
    return WINDOW_MS / 1000;
  }
}
