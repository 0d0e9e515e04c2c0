/** The intake's file of one run. It is also read from outside, to see what was settled and what is in it. */
import { join } from 'node:path';
import Database from 'libsql';
import type { LedgerCell } from '../../src/proxy/intake/ledger.js';
import type { KeptRow } from '../history/row.js';
import { temporaryFolder } from '../support/intake.js';
import { openHere } from '../support/sqlite.js';
import type { Recorder } from './recorder.js';
import type { Rooms } from './rooms.js';

/** The file. */
export interface IntakeFile {
  readonly file: string;
  /** Writes down what was settled since the last time. */
  note(proxy: string): void;
  /** Everything in it. */
  rows(): KeptRow[];
  /** What its ledger says to those who ask the product. */
  cells(): Promise<LedgerCell[]>;
  /** How many events wait in it. */
  readonly open: number;
  remove(): void;
}

/** Makes an empty file. */
export const createIntakeFile = async (
  rooms: Pick<Rooms, 'openFile' | 'createSqliteIntake' | 'resolveBounds'>,
  { write }: Recorder,
): Promise<IntakeFile> => {
  const folder = temporaryFolder();
  const file = join(folder.path, 'intake.db');
  const open = () => openHere(rooms, { file, bounds: rooms.resolveBounds({}) });
  await open().close();
  const database = new Database(file);
  database.pragma('synchronous = OFF');
  database.exec(`
    CREATE TABLE noted (number INTEGER PRIMARY KEY, id TEXT, state TEXT, code TEXT);
    CREATE TRIGGER note AFTER UPDATE OF settled_at ON events
      WHEN OLD.settled_at IS NULL AND NEW.settled_at IS NOT NULL
      BEGIN INSERT INTO noted (id, state, code) VALUES (NEW.id, NEW.state, NEW.code); END;
  `);
  const fresh = database.prepare('SELECT * FROM noted WHERE number > ? ORDER BY number');
  const all = database.prepare(
    'SELECT id, state, code, is_ambiguous, maybe_duplicate FROM events ORDER BY arrival',
  );
  const waiting = database.prepare('SELECT open FROM open_counts');
  let last = 0;
  return {
    file,
    note(proxy) {
      const rows = fresh.all(last) as {
        number: number;
        id: string;
        state: 'done' | 'dead';
        code: string | null;
      }[];
      for (const { number, id, state, code } of rows) {
        write({ kind: 'settled', id, state, code: code ?? undefined, proxy });
        last = number;
      }
    },
    rows: () =>
      (
        all.all() as {
          id: string;
          state: KeptRow['state'];
          code: string | null;
          is_ambiguous: number;
          maybe_duplicate: number;
        }[]
      ).map(({ id, state, code, is_ambiguous, maybe_duplicate }) => ({
        id,
        state,
        code: code ?? undefined,
        isAmbiguous: is_ambiguous === 1,
        maybeDuplicate: maybe_duplicate === 1,
      })),
    async cells() {
      const intake = open();
      const cells: LedgerCell[] = [];
      for await (const portion of intake.ledger()) cells.push(...portion);
      await intake.close();
      return cells;
    },
    get open() {
      return (waiting.get() as { open: number }).open;
    },
    remove() {
      database.close();
      folder.remove();
    },
  };
};
