/** How far an intake of version 0.1 has been taken over, seen from outside. */
import { Redis } from 'ioredis';
import Database from 'libsql';

/** Looks at it. */
export interface Watch {
  /** Resolves with `none` before it begins, with `done` after its end, and with what the intake stores of each step. */
  look(): Promise<string>;
  close(): void;
}

const watchFile = (file: string): Watch => {
  const database = new Database(file);
  const layout = database.prepare('PRAGMA user_version');
  const tables = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'upgrade'`);
  return {
    async look() {
      if ((layout.get() as { user_version: number }).user_version < 2) return 'none';
      if (!tables.get()) return 'done';
      try {
        return JSON.stringify(database.prepare('SELECT indexes, counted FROM upgrade').raw().get());
      } catch {
        // The last step has removed the table since.
        return 'done';
      }
    },
    close: () => database.close(),
  };
};

const watchRedis = async (url: string): Promise<Watch> => {
  const redis = new Redis(url, { lazyConnect: true });
  await redis.connect();
  return {
    async look() {
      const [layout, ...steps] = await redis.hmget(
        '{offersight}.intake',
        'layout',
        'moving',
        'part',
        'cursor',
      );
      if (layout === null) return 'none';
      return steps[0] === null ? 'done' : JSON.stringify(steps);
    },
    close: () => redis.disconnect(),
  };
};

/** Watches an intake by its file or its URL. */
export const watchUpgrade = async (place: string): Promise<Watch> =>
  place.startsWith('redis:') ? watchRedis(place) : watchFile(place);
