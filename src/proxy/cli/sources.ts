/** Where a command's secrets and its intake come from. Secrets never stand in arguments, which every process can see. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { OffersightError } from '../../errors.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import type { IntakeBounds } from '../intake/rules.js';
import { Failure } from './failure.js';

/** Bounds as flags gave them. */
type GivenBounds = { readonly [Name in keyof IntakeBounds]?: IntakeBounds[Name] | undefined };

/**
 * A secret out of a file or the environment.
 * @param file Path, if a flag named one; it goes first.
 */
export const readSecret = (file: string | undefined, variable: string): string | undefined => {
  if (file === undefined) return process.env[variable] || undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new Failure(`The file of ${variable} cannot be read: check its path and permissions.`);
  }
};

/**
 * The text of a file, or of standard input for `-`.
 * @throws {Failure} If it cannot be read.
 */
export const readInput = async (file: string): Promise<string> => {
  try {
    return await (file === '-' ? textOf(process.stdin) : readFile(file, 'utf8'));
  } catch {
    throw new Failure(`The file ${file} cannot be read: check its path and permissions.`);
  }
};

/** Loads a room that needs an optional package. */
const load = async <Room>(room: () => Promise<Room>, packages: string): Promise<Room> => {
  try {
    return await room();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Failure(
      `This intake needs a package that is not installed. Add it with: npm install ${packages}`,
    );
  }
};

const given = (bounds: GivenBounds): IntakeBounds =>
  Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));

/**
 * Opens the intake that a flag names: `sqlite:FILE` or `redis://…`.
 * @throws {Failure} If it needs a package that is not there, or cannot be opened.
 */
export const openIntake = async (
  name: string,
  { mustExist = false, ...bounds }: GivenBounds & { readonly mustExist?: boolean } = {},
): Promise<Intake> => {
  const [kind] = name.split(':', 1);
  try {
    switch (kind) {
      case 'sqlite': {
        const { sqliteIntake } = await load(() => import('../intake/sqlite/sqlite.js'), 'libsql');
        const file = name.slice('sqlite:'.length);
        // SQLite would take an empty name for a database that is gone when it is closed.
        if (!file || file.startsWith(':')) throw new Failure('Name the file of the intake: sqlite:FILE.');
        if (mustExist && !existsSync(file))
          throw new Failure(
            `There is no intake at ${resolve(file)}: name its file with --intake sqlite:FILE.`,
          );
        return sqliteIntake({ file, ...given(bounds) });
      }
      case 'redis':
      case 'rediss': {
        const { bullmqIntake } = await load(() => import('../intake/bullmq/bullmq.js'), 'bullmq ioredis');
        return bullmqIntake({ connection: name, ...given(bounds) });
      }
      default:
        throw new Failure(
          'Set --intake to sqlite:FILE, to redis://HOST:PORT, or, for the proxy alone, to direct.',
        );
    }
  } catch (cause) {
    if (cause instanceof OffersightError) throw new Failure(cause.hint);
    throw cause;
  }
};

/** The same, for a proxy, which can do without storage. */
export const openAnyIntake = async (name: string, bounds: GivenBounds): Promise<Intake | DirectIntake> => {
  if (name !== 'direct') return openIntake(name, bounds);
  const { directIntake } = await import('../intake/direct/direct.js');
  return directIntake();
};
