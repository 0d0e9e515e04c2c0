/** Which calls a fault hits; without it, every API call. */
export interface FaultMatch {
  /** Calls whose body names this offer. */
  readonly personalized_offer_id?: string;
  /** Calls to this path, e.g. `/offer_events`. */
  readonly path?: string;
}

/** When a fault hits. */
export interface FaultScope {
  /** How many calls it hits; without it, all until cleared. */
  readonly count?: number;
  /** Which calls it hits. @default every call of the API */
  readonly match?: FaultMatch;
  /** How long the call takes before the fault shows, milliseconds. @default 0 */
  readonly ms?: number;
}

/** What a fault hides. */
export interface MayRecord {
  /** Whether the call has its effect although the client cannot see it. @default false (`truncated`: true) */
  readonly recorded?: boolean;
}

/** One thing that goes wrong. If several match a call, the first one hits it; `down` comes before all others. */
export type Fault = FaultScope &
  (
    | {
        /** The answer comes late. */
        readonly kind: 'delay';
        /** How late, milliseconds. */
        readonly ms: number;
      }
    | {
        /** Socket destroyed, nothing recorded. */
        readonly kind: 'reset_before';
      }
    | {
        /** Recorded, then the socket is destroyed in place of the answer. */
        readonly kind: 'reset_after';
      }
    | {
        /** Nobody is there: as `reset_before`. */
        readonly kind: 'down';
      }
    | (MayRecord & {
        /** An error in the API's own form. */
        readonly kind: 'status';
        /** The answer's status, 200–599. */
        readonly status: number;
        /** Whole seconds, for the header of that name. */
        readonly retry_after?: number;
        /** The error code. @default the one that is usual for the status */
        readonly code?: string;
        /** The field that the answer blames. @default `personalized_offer_id` for codes that are about an offer */
        readonly param?: string;
      })
    | (MayRecord & {
        /** A page of some gateway or captive portal. */
        readonly kind: 'html';
        /** The answer's status, 200–599. */
        readonly status: number;
      })
    | (MayRecord & {
        /** The client is sent elsewhere. */
        readonly kind: 'redirect';
        /** Where. */
        readonly location: string;
        /** The answer's status. @default 302 */
        readonly status?: number;
      })
    | (MayRecord & {
        /** The answer breaks off in the middle. */
        readonly kind: 'truncated';
      })
    | (MayRecord & {
        /** No answer comes; the socket stays open until the client leaves. */
        readonly kind: 'hang';
      })
  );

/** Whether a call hit by this fault has its effect. */
export function isRecorded(fault: Fault | null): boolean {
  if (fault === null) return true;
  switch (fault.kind) {
    case 'delay':
    case 'reset_after':
      return true;
    case 'reset_before':
    case 'down':
      return false;
    case 'truncated':
      return fault.recorded ?? true;
    default:
      return fault.recorded ?? false;
  }
}

/** The faults that wait for calls, in the order given: a list is a script. */
export class Faults {
  #active: { readonly fault: Fault; left: number }[] = [];

  add(faults: readonly Fault[]): void {
    for (const fault of faults) this.#active.push({ fault, left: fault.count ?? Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#active = [];
  }

  /** What is still active, `count` being what is left. */
  list(): Fault[] {
    return this.#active.map(({ fault, left }) => (Number.isFinite(left) ? { ...fault, count: left } : fault));
  }

  take(path: string, offerId: string | null): Fault | null {
    const hits = this.#active.filter(({ fault }) => matches(fault.match, path, offerId));
    const entry = hits.find(({ fault }) => fault.kind === 'down') ?? hits[0];
    if (entry === undefined) return null;
    entry.left -= 1;
    if (entry.left <= 0) this.#active = this.#active.filter((other) => other !== entry);
    return entry.fault;
  }
}

function matches(match: FaultMatch | undefined, path: string, offerId: string | null): boolean {
  if (match?.personalized_offer_id !== undefined && match.personalized_offer_id !== offerId) return false;
  return match?.path === undefined || match.path === path;
}
