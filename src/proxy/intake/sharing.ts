/** What processes exchange about their budgets, in every intake. */

/** How much of a budget somebody was given. */
export interface Spent {
  /** Whose budget it is. */
  readonly name: string;
  /** So many events; fewer than none if some were given back. */
  readonly events: number;
}

/** What a process hears of the others. */
export interface Heard {
  /** The names that only this intake has for those that the process named, in their order. */
  readonly names: readonly string[];
  /** What others gave out since the process last asked, by names of the intake. */
  readonly others: readonly Spent[];
}

/** What a process reported is kept for so long. */
export const KEPT_MS = 60_000;
/** A process that has nothing to report says so often that it is there. */
export const PRESENT_MS = 20_000;

/** Short names, since each message may have many. */
type Pair = readonly [name: string, events: number];

/** What a process reports, as an intake keeps it. */
export const toText = (names: readonly string[], spent: readonly Spent[]): string =>
  JSON.stringify(spent.map(({ events }, at): Pair => [names[at] ?? '', events]));

/** Sums up what others reported. */
export const sumUp = (texts: readonly string[]): readonly Spent[] => {
  const sums = new Map<string, number>();
  for (const text of texts)
    for (const [name, events] of JSON.parse(text) as readonly Pair[])
      sums.set(name, (sums.get(name) ?? 0) + events);
  return [...sums].map(([name, events]) => ({ name, events }));
};
