/** Tells what lasts from what is so for a moment: the browser reports late, and a page that is busy runs timers late. */

/** Counts for each thing in how many looks in a row something was so, this one included. */
export const createLasting = (): ((key: object, isSo: boolean) => number) => {
  const rows = new WeakMap<object, number>();
  return (key, isSo) => {
    const looks = isSo ? (rows.get(key) ?? 0) + 1 : 0;
    rows.set(key, looks);
    return looks;
  };
};
