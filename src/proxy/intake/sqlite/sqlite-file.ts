/** The intake's file: where it is, how it is opened, and whose it is. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import { platformRuntime } from '../../../runtime.js';
import { otherLayout, otherSite } from '../rules.js';
import { LAYOUT, schemaOf, upgradeOf } from '../sql/schema.js';
import { codeOf, isBusy, loadLibsql, remedyForFile, SQLITE } from './sqlite-driver.js';

/** “Offr” in ASCII, which SQLite keeps in the file's head. */
export const APPLICATION_ID = 0x4f_66_66_72;

const configuration = (hint: string): OffersightError => new OffersightError('configuration', hint);

export interface Surroundings {
  /** The file's path, without links. */
  readonly path: string;
  /** What Linux says of its mounts, as in `/proc/self/mountinfo`; empty elsewhere. */
  readonly mounts: string;
  /** Folders for temporary files, without links. */
  readonly temporary: readonly string[];
}

const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/** The mount that has a path: the deepest one, and of several at one point the last. */
const mountOf = (path: string, { mounts }: Surroundings) => {
  let found = { point: '', what: '' };
  for (const line of mounts.split('\n')) {
    // Linux writes spaces in octal.
    const [, , , root = '', point = ''] = line.split(' ').map((part) => part.replaceAll('\\040', ' '));
    if (point && isWithin(path, point) && point.length >= found.point.length)
      found = { point, what: `${/ - (\S+)/.exec(line)?.[1]} ${root}` };
  }
  return found;
};

/**
 * Whether the file is mounted and its folder is not. SQLite writes events beside the file first (`-wal`), so they would
 * stay in the container, and the next one would not have them.
 */
export const isMountedAlone = (surroundings: Surroundings): boolean => {
  const isPoint = (path: string): boolean => mountOf(path, surroundings).point === path;
  return isPoint(surroundings.path) && !isPoint(`${surroundings.path}-wal`);
};

/** What does not keep a file, by the type of a mount and what is mounted, and how the alert calls it. */
const UNSAFE: readonly (readonly [what: RegExp, where: string])[] = [
  [/^(tmpfs|ramfs) /, 'in memory, which a restart empties'],
  [/^(overlay|aufs) /, 'in a container’s own layer, which goes with the container'],
  [
    /\/kubernetes\.io~empty-dir\/|\/volumes\/[0-9a-f]{64}\/_data/,
    'in a volume without a name, which goes with its pod or container',
  ],
  [
    /^(nfs4?|cifs|smb3?|ceph|9p|virtiofs|fakeowner|vboxsf|fuse\.\S+) /,
    'on a shared file system, whose locks SQLite cannot rely on',
  ],
];

/** The place, as the alert about it calls it; undefined if nothing says that what is accepted there may be lost. */
export const unsafePlace = (surroundings: Surroundings): string | undefined => {
  const { path, temporary } = surroundings;
  const { what } = mountOf(path, surroundings);
  const isTemporary = what.includes('/systemd-private-') || temporary.some((each) => isWithin(path, each));
  return (
    UNSAFE.find(([unsafe]) => unsafe.test(what))?.[1] ??
    (isTemporary ? 'in a folder for temporary files, which systems empty' : undefined)
  );
};

const readOr = (read: () => string, otherwise: string): string => {
  try {
    return read();
  } catch {
    return otherwise;
  }
};
const withoutLinks = (path: string): string => readOr(() => realpathSync(path), path);

/** The surroundings of a file that may not exist yet. */
export const surroundingsOf = (file: string): Surroundings => {
  const path = resolve(file);
  return {
    path: existsSync(path) ? withoutLinks(path) : join(withoutLinks(dirname(path)), basename(path)),
    mounts: readOr(() => readFileSync('/proc/self/mountinfo', 'utf8'), ''),
    temporary: ['/tmp', tmpdir()].map(withoutLinks),
  };
};

/** One setting of the file. libsql has no plain value for it, unlike the driver whose interface it has. */
export const pragma = (database: Database.Database, name: string): unknown =>
  (database.prepare(`PRAGMA ${name}`).get() as Readonly<Record<string, unknown>>)[name];

/** @throws {OffersightError} `configuration` if this release cannot use it. */
const layoutOf = (database: Database.Database): number => {
  const layout = Number(pragma(database, 'user_version'));
  if (layout === 1 || layout > LAYOUT) throw otherLayout('The intake file', layout > LAYOUT);
  return layout;
};

/**
 * Gives a file this release's layout. Another process that opens the file at the same time waits, or finds that it is
 * done.
 */
const layOut = (database: Database.Database): void => {
  if (layoutOf(database) === LAYOUT) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const layout = layoutOf(database);
    if (layout !== LAYOUT) {
      const made = `PRAGMA application_id = ${APPLICATION_ID}; ${schemaOf(SQLITE)}`;
      database.exec(`${layout === 0 ? made : upgradeOf(SQLITE)} PRAGMA user_version = ${LAYOUT};`);
    }
    database.exec('COMMIT');
  } catch (cause) {
    // If the disk is full, SQLite has rolled back already.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw cause;
  }
};

const BUSY_MS = 5_000;
const AGAIN_MS = 50;

const UNWRITABLE =
  'The intake file cannot be opened: name a file, create its folder and let this process write there.';
const UNREADABLE =
  'The intake file cannot be read: while no proxy has it open, SQLite needs to write beside it, so run this as the user of the proxy.';
const HELD = 'The intake file is held by another program: close what else has it open.';
const NO_DATABASE = 'The intake file is not a database: name a file of its own.';
const MOUNTED_ALONE =
  'The intake file is mounted without its folder, and SQLite keeps the latest events beside it: mount the folder.';

/** Checks whose a file is, before anything is written into it. */
const checkOwner = (database: Database.Database): void => {
  const owner = pragma(database, 'application_id');
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_master').get() as {
    tables: number;
  };
  if (owner === APPLICATION_ID || (owner === 0 && tables === 0)) return;
  throw configuration('The intake file belongs to another program: name a file of its own.');
};

/** libsql ignores its option `readonly`, so this connection refuses to change tables and events. */
const configureReading = (database: Database.Database): void => {
  database.pragma('query_only = ON');
  checkOwner(database);
  if (layoutOf(database) !== LAYOUT)
    throw configuration('No proxy of this release has opened the intake file: start the proxy first.');
};

const configure = (database: Database.Database): void => {
  // Switching needs exclusive access to the file. With a second process that runs already it would fail.
  if (pragma(database, 'journal_mode') !== 'wal') database.pragma('journal_mode = WAL');
  // An accepted event must outlive the machine's power, not only this process.
  database.pragma('synchronous = FULL');
  checkOwner(database);
  layOut(database);
};

const whyNotOpen = (cause: unknown, isReading: boolean): string => {
  if (isBusy(cause)) return HELD;
  if (codeOf(cause) === 'SQLITE_NOTADB') return NO_DATABASE;
  return remedyForFile(cause) ?? (isReading ? UNREADABLE : UNWRITABLE);
};

/**
 * Opens the file. Creates it and its tables if they do not exist, unless it is only read. Blocks for up to 5 s while another
 * process is creating or recovering it: SQLite's own waiting does not cover these.
 * @throws {OffersightError} `configuration` if it cannot be opened.
 */
export const openFile = (file: string, isReading = false): Database.Database => {
  const { Blocking } = loadLibsql();
  if (isReading && !existsSync(file)) throw configuration('There is no intake file of this name.');
  if (!isReading && isMountedAlone(surroundingsOf(file))) throw configuration(MOUNTED_ALONE);
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const { elapsed } = platformRuntime();
  for (const givesUpAt = elapsed() + BUSY_MS; ; ) {
    // Each try has a connection of its own: libsql leaves a statement half done that met another program's lock.
    let database: Database.Database | undefined;
    try {
      database = new Blocking(file, { timeout: BUSY_MS });
      (isReading ? configureReading : configure)(database);
      return database;
    } catch (cause) {
      database?.close();
      if (cause instanceof OffersightError) throw cause;
      if (!isBusy(cause) || elapsed() >= givesUpAt)
        throw new OffersightError('configuration', whyNotOpen(cause, isReading), cause);
      Atomics.wait(never, 0, 0, AGAIN_MS);
    }
  }
};

/**
 * Writes a site's name into the file, if it does not have one yet.
 * @throws {OffersightError} `configuration` if it has another site's name.
 */
export const claimFile = (database: Database.Database, site: string): void => {
  const ownerOf = database.prepare('SELECT name FROM site');
  try {
    // If two processes open a new file at the same moment, one finds the other's name.
    if (!ownerOf.get()) database.prepare('INSERT OR IGNORE INTO site (one, name) VALUES (1, ?)').run(site);
  } catch (cause) {
    throw isBusy(cause) ? new OffersightError('configuration', HELD, cause) : cause;
  }
  const { name } = ownerOf.get() as { name: string };
  if (name !== site) throw otherSite('file', name, site, 'name a file of its own for each site.');
};
