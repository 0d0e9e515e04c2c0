/** Numbers that look random and are the same for the same seed, so that a run can be repeated. */

/** Evenly distributed in [0, 1): mulberry32, whose whole state is one 32-bit number. */
export type Random = () => number;

/** Makes a source of numbers from a seed. */
export const createRandom = (seed: number): Random => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Chooses one of several, in proportion to their weights. */
export const pick = <Name extends string>(random: Random, weights: Readonly<Record<Name, number>>): Name => {
  const names = Object.keys(weights) as Name[];
  let rest = random() * names.reduce((sum, name) => sum + weights[name], 0);
  for (const name of names) {
    rest -= weights[name];
    if (rest < 0) return name;
  }
  throw new Error('nothing to pick from');
};
