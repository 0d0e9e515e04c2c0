/** The result of an invariant: how much there was to judge, and what was found. */

/** One way in which a promise was broken. */
export interface Breach {
  /** The event, if one event shows it. */
  readonly id?: string | undefined;
  readonly text: string;
}

/** The result of judging one invariant. */
export interface Judgement {
  /** How many things it was held against; with none there was nothing to judge. */
  readonly examined: number;
  readonly breaches: readonly Breach[];
  /** Cases that are excused by a fault that no product can survive, by that fault. */
  readonly excused?: Readonly<Record<string, number>>;
  /** Events that count in another way than the harness expects, and may do so: each by its id, and why. */
  readonly listed?: readonly Breach[];
}

/** Collects a judgement. */
export interface Judging {
  /** One more thing was looked at. */
  examine(): void;
  breach(text: string, id?: string): void;
  excuse(why: string): void;
  /** Names an event that may be counted in another way than expected. */
  list(text: string, id: string): void;
  done(): Judgement;
}

/** Starts one. */
export const judging = (): Judging => {
  let examined = 0;
  const breaches: Breach[] = [];
  const excused: Record<string, number> = {};
  const listed: Breach[] = [];
  return {
    examine() {
      examined++;
    },
    breach(text, id) {
      breaches.push({ text, id });
    },
    excuse(why) {
      excused[why] = (excused[why] ?? 0) + 1;
    },
    list(text, id) {
      listed.push({ text, id });
    },
    done: () => ({ examined, breaches, excused, listed }),
  };
};
