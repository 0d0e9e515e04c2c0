/** Where a command's intake is, and how it is opened. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { OffersightError } from '../../errors.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import type { IntakeBounds, ReadOnlyOption } from '../intake/rules.js';
import { Failure, setterOf } from './failure.js';
import { hasPassword, neededSecret } from './secrets.js';

/** Bounds, as flags gave them. */
type GivenBounds = { readonly [Name in keyof IntakeBounds]?: IntakeBounds[Name] | undefined };

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

/** Loads the intake that needs an optional package. */
const loadPostgres = async () => {
  try {
    return await import('../intake/postgres/postgres.js');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Failure('This intake needs a package that is not installed. Add it with: npm install pg');
  }
};

/** What was given, without what was left out. */
export const given = <Values extends object>(
  values: Values,
): { [Name in keyof Values]?: Exclude<Values[Name], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;

/** Where an intake is. */
export interface IntakePlace {
  /** As the flag says it. */
  readonly intake: string;
  /** The URL of Postgres, without the schema. */
  readonly url?: string | undefined;
  /** The schema in Postgres. */
  readonly schema?: string | undefined;
}

/**
 * The place that a flag names. A URL with a password comes from the environment, since no argument may have one.
 * @throws {Failure} If the argument contains a password, or there is no URL.
 */
export const placeOf = ({ intake }: { readonly intake: string }): IntakePlace => {
  if (hasPassword(intake))
    throw new Failure(
      `A password is not taken as an argument: set --intake postgres, and the URL in ${setterOf('postgresUrl')}.`,
    );
  if (!/^postgres(?:ql)?(?::|$)/.test(intake)) return { intake };
  const given = intake === 'postgres' ? neededSecret('postgresUrl') : intake;
  const [found, before = '', schema, after] = /([?&])schema=([^&]*)(&?)/.exec(given) ?? [];
  return { intake, url: found === undefined ? given : given.replace(found, after ? before : ''), schema };
};

/** How an intake is opened. */
interface Opening {
  /** Whether it has to be there already. @default false */
  readonly mustExist?: boolean;
}

/** What an intake says of its options, for a person who set them by flags or in a file. */
const wordsOf = (hint: string, { intake }: IntakePlace): string => {
  if (intake.startsWith('sqlite:')) {
    const where = ` The file is ${resolve(intake.slice('sqlite:'.length))}.`;
    return /intake(?:['’]s)? file/.test(hint) ? `${hint}${where}` : hint;
  }
  if (hint.startsWith('Set name to ')) return hint.replace('name', '?schema= of the URL');
  return intake === 'postgres' ? hint : hint.replace(/^Set connection to /, 'Set --intake to ');
};

/**
 * Opens the intake that a flag names: `sqlite:FILE`, `postgres://…` or `postgres`.
 * @throws {Failure} If it needs a package that is not installed, or cannot be opened.
 */
export const openIntake = async (
  place: IntakePlace,
  { mustExist = false, ...bounds }: GivenBounds & ReadOnlyOption & Opening = {},
): Promise<Intake> => {
  const { intake } = place;
  const [kind = ''] = intake.split(':', 1);
  try {
    switch (kind) {
      case 'sqlite': {
        const { sqliteIntake } = await import('../intake/sqlite/sqlite.js');
        const file = intake.slice('sqlite:'.length);
        // SQLite would take an empty name for a database that is gone when it is closed.
        if (!file || file.startsWith(':')) throw new Failure('Name the file of the intake: sqlite:FILE.');
        if (mustExist && !existsSync(file))
          throw new Failure(
            `There is no intake at ${resolve(file)}: name its file with --intake sqlite:FILE.`,
          );
        return sqliteIntake({ file, ...given(bounds) });
      }
      case 'postgres':
      case 'postgresql': {
        const { postgresIntake } = await loadPostgres();
        return postgresIntake({ connection: place.url ?? intake, name: place.schema, ...given(bounds) });
      }
      default:
        throw new Failure(
          'Set --intake to sqlite:FILE, postgres://USER@HOST/DATABASE, postgres or, only for the proxy, direct.',
        );
    }
  } catch (cause) {
    if (cause instanceof OffersightError) throw new Failure(wordsOf(cause.hint, place));
    throw cause;
  }
};

/**
 * Opens the intake for a command that changes something in it. A proxy must have opened it before: a name that is spelt
 * wrong makes none.
 * @throws If there is none.
 */
export const openToChange = async (place: IntakePlace): Promise<Intake> => {
  const reader = await openIntake(place, { mustExist: true, readOnly: true });
  try {
    // A file was examined when it was opened. Postgres is connected to when it is asked something.
    await reader.list({ limit: 1 });
  } finally {
    await reader.close();
  }
  return openIntake(place, { mustExist: true });
};

/** Opens the intake of a proxy, which also works without storage. */
export const openAnyIntake = async (
  place: IntakePlace,
  bounds: GivenBounds,
): Promise<Intake | DirectIntake> => {
  if (place.intake !== 'direct') return openIntake(place, bounds);
  const { directIntake } = await import('../intake/direct/direct.js');
  return directIntake();
};
