/** Locks between the tabs of an origin: the second door to the platform, which only delivery needs. */

/**
 * Runs `work` under an exclusive lock shared by all tabs of the origin if it is free now.
 * @returns Whether the lock was free; where the platform has no locks, `work` simply runs.
 */
export type WithLock = (name: string, work: () => Promise<void>) => Promise<boolean>;

/** The locks of this page or worker (Web Locks API). */
export const platformLock: WithLock = async (name, work) => {
  // Absent on insecure origins and in older browsers.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) {
    await work();
    return true;
  }
  return locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  });
};
