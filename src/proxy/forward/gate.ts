/** How much may begin by the pace, on the monotonic clock: a call counts from its beginning until a minute after its end. */
import type { Runtime } from '../../runtime.js';

/** What the upstream allows. */
export interface Pace {
  /**
   * Most events in any 60 s.
   * @default 150, the limit of Chargebee's small plans and test sites
   * @range a whole number from 1
   * @example `1_000`
   */
  readonly perMinute?: number | undefined;
  /**
   * Most calls at once.
   * @default 10
   * @range a whole number from 1
   * @example `5`
   */
  readonly concurrent?: number | undefined;
}

export type ResolvedPace = Readonly<Record<keyof Pace, number>>;

const MINUTE_MS = 60_000;

export const createGate = (perMinute: number, runtime: Pick<Runtime, 'elapsed'>) => {
  const ended: { readonly at: number; readonly events: number }[] = [];
  let counted = 0;

  const forget = (): void => {
    const since = runtime.elapsed() - MINUTE_MS;
    for (let [oldest] = ended; oldest && oldest.at < since; [oldest] = ended) {
      counted -= oldest.events;
      ended.shift();
    }
  };

  const room = (): number => {
    forget();
    return Math.max(0, perMinute - counted);
  };

  return {
    /** How many events may begin now. */
    room,
    /** Milliseconds until there is room: 0 for now, Infinity until a call ends. */
    waitMs(): number {
      if (room() > 0) return 0;
      const [oldest] = ended;
      return oldest ? Math.max(1, oldest.at + MINUTE_MS + 1 - runtime.elapsed()) : Infinity;
    },
    begin(events: number): void {
      counted += events;
    },
    end(events: number): void {
      ended.push({ at: runtime.elapsed(), events });
    },
  };
};
