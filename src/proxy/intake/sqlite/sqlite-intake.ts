/** The intake over its file, in the thread that calls it: every statement, lock and fsync blocks that thread. */
import { type BigIntStats, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OffersightError } from '../../../errors.js';
import type { Intake } from '../intake.js';
import type { resolveBounds } from '../rules.js';
import { createSqlIntake } from '../sql/intake.js';
import { SQLITE } from './sqlite-dialect.js';
import { createDriver } from './sqlite-driver.js';
import { inWords } from './sqlite-failures.js';
import { claimFile, openFile } from './sqlite-file.js';

/** What an intake is opened with. */
export interface IntakeFile {
  readonly file: string;
  readonly bounds: ReturnType<typeof resolveBounds>;
  /** Whether to open it only for reading: the file must exist, and no event or table is changed. @default false */
  readonly isReading?: boolean;
}

/**
 * Whether two descriptions are of one file. Some file systems of containers give it another number now and then, but not
 * another birth. Others do not say when it was born.
 */
const isSame = (one: BigIntStats, other: BigIntStats): boolean =>
  one.ino === other.ino || (one.birthtimeNs > 0 && one.birthtimeNs === other.birthtimeNs);

/**
 * Checks that a file's name leads to it still. What is written into a file without its name is lost when the last
 * program closes it, although every write succeeds.
 */
const createNameCheck = (file: string): { readonly isNamed: () => boolean; readonly check: () => void } => {
  // The process may change its folder later.
  const path = resolve(file);
  const find = (): BigIntStats | undefined => statSync(path, { throwIfNoEntry: false, bigint: true });
  const opened = find();
  const isNamed = (): boolean => {
    const found = find();
    return !!found && !!opened && isSame(found, opened);
  };
  return {
    isNamed,
    check() {
      if (isNamed()) return;
      throw new OffersightError(
        'configuration',
        'The intake file was removed or replaced while it was open, so no event is taken. Events that wait are still forwarded and have no other copy: restart the proxy once nothing waits.',
      );
    },
  };
};

/** What a few events need in the file and its log, bytes. */
const ROOM = 262_144;

/**
 * Checks that the disk has room. On a full one, what only asks whether anything can be written may still fit into what
 * the file has, and events would not.
 */
const checkRoom = (file: string): void => {
  const { bavail, bsize } = statfsSync(dirname(resolve(file)));
  if (bavail * bsize < ROOM) throw Object.assign(new Error('The disk is full.'), { code: 'SQLITE_FULL' });
};

/**
 * Opens an intake in a file. Creates the file if it does not exist, unless `isReading` is set.
 * @throws {OffersightError} `configuration` if the file cannot be opened.
 */
export const openSqliteIntake = ({ file, bounds, isReading }: IntakeFile): Intake => {
  const database = openFile(file, isReading);
  const name = createNameCheck(file);
  const { keepBooks, ...intake } = createSqlIntake(createDriver(database), SQLITE, bounds);
  return {
    ...intake,
    async take(events) {
      name.check();
      if (!events.length) inWords(() => checkRoom(file));
      return intake.take(events);
    },
    async accept(events) {
      name.check();
      return intake.accept(events);
    },
    claim(site, bookkeeping = {}) {
      claimFile(database, site);
      keepBooks(bookkeeping);
    },
    async close() {
      const lost = name.isNamed() ? undefined : await intake.status(0).catch(() => undefined);
      await intake.close();
      if (lost?.waiting)
        throw new OffersightError(
          'configuration',
          `The intake file was removed or replaced, and ${lost.waiting} events that waited in it are lost: keep the file while the proxy runs.`,
        );
    },
  };
};
