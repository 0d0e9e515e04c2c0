const WINDOW_MS = 60_000;

/** How many calls the site allows; null switches a limit off. */
export interface Limits {
  /** In any 60 seconds. */
  readonly per_minute: number | null;
  /** At the same time. */
  readonly concurrent: number | null;
}

/** What a small plan allows. */
export const DEFAULT_LIMITS: Limits = { per_minute: 150, concurrent: 100 };

/** Either the call may go on until it says `leave`, or the client is told to come back. */
export type Entrance = { readonly leave: () => void } | { readonly retryAfter: number };

/** Counts calls in a sliding minute and calls at once. Refused calls do not count. */
export class Gate {
  #limits: Limits;
  #entered: number[] = [];
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
  }

  enter(now: number): Entrance {
    const { per_minute: perMinute, concurrent } = this.#limits;
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
}
