/** The lock table of a browser: given if free, held until its work is done or its page is dead. */
import type { WithLock } from '../../src/locks.js';
import type { Clock } from './clock.js';
import type { DiskUser } from './disk.js';

/** The locks. */
export interface Locks {
  /** The locks as a page has them. */
  of(user: DiskUser): WithLock;
  onDeath(user: string): void;
  /** Who holds one now. */
  readonly holders: readonly string[];
}

/** Makes a lock table. */
export const createLocks = (clock: Clock): Locks => {
  const held = new Map<string, string>();
  return {
    of: (user) => (name, work) =>
      new Promise<boolean>((resolve, reject) => {
        if (!user.isDead) user.onDoor();
        if (user.isDead) return;
        clock.after(user.chance.is(0.8) ? 0 : 3, () => {
          if (user.isDead) return;
          const isFree = !held.has(name);
          if (isFree) held.set(name, user.name);
          user.run(() => {
            if (!isFree) {
              resolve(false);
              return;
            }
            const release = (): void => {
              if (held.get(name) === user.name) held.delete(name);
            };
            work(true).then(
              () => {
                release();
                resolve(true);
              },
              (cause: unknown) => {
                release();
                reject(cause);
              },
            );
          });
        });
      }),
    onDeath(user) {
      for (const [name, holder] of held) if (holder === user) held.delete(name);
    },
    get holders() {
      return [...held.values()];
    },
  };
};
