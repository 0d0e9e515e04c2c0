/** The intake over its file: what it checks besides the rules of every intake in SQL. */
import { type BigIntStats, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import type { Intake } from '../intake.js';
import type { resolveBounds } from '../rules.js';
import type { SqlDriver } from '../sql/driver.js';
import { createSqlIntake } from '../sql/intake.js';
import { inWords, SQLITE } from './sqlite-driver.js';
import { claimFile } from './sqlite-file.js';

export interface IntakeParts {
  readonly file: string;
  readonly bounds: ReturnType<typeof resolveBounds>;
  /** The connection that has opened the file. It only claims it. */
  readonly database: Database.Database;
  readonly driver: SqlDriver;
  readonly isReading?: boolean | undefined;
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
  if (bavail * bsize < ROOM)
    throw inWords(Object.assign(new Error('The disk is full.'), { code: 'SQLITE_FULL' }));
};

export const createSqliteIntake = ({ file, bounds, database, driver, isReading }: IntakeParts): Intake => {
  const name = createNameCheck(file);
  let isClosed = false;
  const { keepBooks, ...intake } = createSqlIntake(driver, SQLITE, bounds, isReading);
  return {
    ...intake,
    async take(events) {
      name.check();
      if (!events.length) checkRoom(file);
      return intake.take(events);
    },
    async accept(events) {
      name.check();
      return intake.accept(events);
    },
    claim(site, bookkeeping = {}) {
      keepBooks(bookkeeping);
      claimFile(database, site);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      const lost = name.isNamed() ? undefined : await intake.status(0).catch(() => undefined);
      await intake.close();
      database.close();
      if (lost?.waiting)
        throw new OffersightError(
          'configuration',
          `The intake file was removed or replaced, and ${lost.waiting} events that waited in it are lost: keep the file while the proxy runs.`,
        );
    },
  };
};
