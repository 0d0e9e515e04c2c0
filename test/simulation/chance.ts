/** Repeatable chance: a stream of numbers by seed and name, so that one actor's draws do not change another's. */

/** Draws of one actor. */
export interface Chance {
  /** Evenly in [0, 1). */
  next(): number;
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number;
  /** True with this probability. */
  is(probability: number): boolean;
  /** One of them; the list is not empty. */
  one<T>(of: readonly T[]): T;
  bits(): bigint;
}

const hash = (text: string): number => {
  let value = 2_166_136_261;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 16_777_619);
  return value >>> 0;
};

/** Begins the stream of an actor (mulberry32). */
export const createChance = (seed: number, name: string): Chance => {
  let state = (hash(name) ^ Math.imul(seed | 0, 0x9e3779b1)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const word = (): bigint => BigInt(Math.floor(next() * 2 ** 32));
  return {
    next,
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    is: (probability) => next() < probability,
    // The index is in range, since the list is not empty.
    one: <T>(of: readonly T[]) => of[Math.floor(next() * of.length)] as T,
    bits: () => (word() << 32n) | word(),
  };
};
