/** How far an intake of version 0.1 has been taken over, seen from outside. */
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

/** Watches an intake by its file. */
export const watchUpgrade = async (file: string): Promise<Watch> => watchFile(file);
