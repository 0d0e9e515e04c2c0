/** Locks between the tabs of an origin: the second door to the platform, which only delivery needs. */

/**
 * Runs `work` under an exclusive lock shared by all tabs of the origin if it is free now, and tells it whether
 * it really has the lock: where the platform has none, `work` runs all the same.
 * @returns Whether `work` ran.
 */
export type WithLock = (name: string, work: (isExclusive: boolean) => Promise<void>) => Promise<boolean>;

/** The locks of this page or worker (Web Locks API). */
export const platformLock: WithLock = async (name, work) => {
  // Absent on insecure origins and in older browsers.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) {
    await work(false);
    return true;
  }
  return locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work(true);
    return lock !== null;
  });
};
