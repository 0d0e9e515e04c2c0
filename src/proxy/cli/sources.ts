/** Where a command's secrets and its intake come from. Secrets are never in arguments, which every process can see. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { OffersightError } from '../../errors.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import type { ReadOnlyOption } from '../intake/read-only.js';
import type { IntakeBounds } from '../intake/rules.js';
import { Failure } from './failure.js';
import { DEFAULT_INTAKE } from './flags.js';

/** Bounds, as flags gave them. */
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

/** Which intakes have a name or a schema, and what the others are refused with. */
const USES = {
  name: {
    by: /^rediss?:/,
    words:
      'Only an intake in Redis has a name: give sqlite:FILE another file, or set the schema in Postgres.',
  },
  schema: {
    by: /^postgres(ql)?(:|$)/,
    words:
      'Only an intake in Postgres has a schema: give sqlite:FILE another file, or set the name in Redis.',
  },
} as const;

/** The settings of a place that its intake would ignore, and why each is refused. */
export const unusedOf = (
  place: Pick<IntakePlace, 'intake' | keyof typeof USES>,
): { readonly setting: keyof typeof USES; readonly words: string }[] =>
  (['name', 'schema'] as const)
    .filter((setting) => place[setting] !== undefined && !USES[setting].by.test(place.intake))
    .map((setting) => ({ setting, words: USES[setting].words }));

const checkUse = (place: IntakePlace): void => {
  const [unused] = unusedOf(place);
  if (unused) throw new Failure(unused.words);
};

const given = (bounds: GivenBounds & ReadOnlyOption): IntakeBounds & ReadOnlyOption =>
  Object.fromEntries(Object.entries(bounds).filter(([, value]) => value !== undefined));

/** What flags or settings say of an intake's place. */
export interface IntakePlace {
  /** As the flag says it. */
  readonly intake: string;
  /** The URL of Postgres, if the flag does not say it. */
  readonly postgresUrl?: string | undefined;
  /** The schema in Postgres. */
  readonly schema?: string | undefined;
  /** The name in Redis. */
  readonly name?: string | undefined;
}

/** What flags say of an intake. */
export type IntakeFlags = {
  readonly [Name in 'intake' | 'postgres-url-file' | 'schema' | 'name']?: string | undefined;
};

/**
 * The place that flags name. A URL with a password comes from the file or the environment, since no argument may have
 * one.
 * @throws {Failure} If an argument contains a password, or the file cannot be read.
 */
export const placeOf = ({
  intake = DEFAULT_INTAKE,
  'postgres-url-file': file,
  schema,
  name,
}: IntakeFlags): IntakePlace => {
  if (/^postgres(ql)?:\/\/[^/@]*:[^/@]*@/.test(intake))
    throw new Failure(
      'A password is not taken as an argument: set --intake postgres, and the URL in OFFERSIGHT_POSTGRES_URL or --postgres-url-file.',
    );
  return { intake, postgresUrl: readSecret(file, 'OFFERSIGHT_POSTGRES_URL'), schema, name };
};

const openPostgres = async (
  { intake, postgresUrl, schema }: IntakePlace,
  bounds: GivenBounds & ReadOnlyOption,
): Promise<Intake> => {
  const { postgresIntake } = await load(() => import('../intake/postgres/postgres.js'), 'pg');
  const connection = intake === 'postgres' ? postgresUrl : intake;
  if (connection === undefined)
    throw new Failure('Set OFFERSIGHT_POSTGRES_URL or --postgres-url-file to the URL of Postgres.');
  try {
    return postgresIntake({ connection, name: schema, ...given(bounds) });
  } catch (cause) {
    // The intake calls it a name, as Redis does; flags and files call it by what it is there.
    throw cause instanceof OffersightError
      ? new Failure(cause.hint.replace(/^Set name to /, 'Set schema to '))
      : cause;
  }
};

/**
 * Opens the intake that a flag names: `sqlite:FILE`, `redis://…`, `postgres://…` or `postgres`.
 * @throws {Failure} If it needs a package that is not installed, or cannot be opened.
 */
export const openIntake = async (
  place: IntakePlace,
  { mustExist = false, ...bounds }: GivenBounds & ReadOnlyOption & { readonly mustExist?: boolean } = {},
): Promise<Intake> => {
  const { intake, name } = place;
  const [kind = ''] = intake.split(':', 1);
  checkUse(place);
  try {
    switch (kind) {
      case 'sqlite': {
        const { openIntakeAsync } = await import('../intake/sqlite/sqlite-opening.js');
        const file = intake.slice('sqlite:'.length);
        // SQLite would take an empty name for a database that is gone when it is closed.
        if (!file || file.startsWith(':')) throw new Failure('Name the file of the intake: sqlite:FILE.');
        if (mustExist && !existsSync(file))
          throw new Failure(
            `There is no intake at ${resolve(file)}: name its file with --intake sqlite:FILE.`,
          );
        return await openIntakeAsync({ file, ...given(bounds) });
      }
      case 'redis':
      case 'rediss': {
        const { redisIntake } = await load(() => import('../intake/redis/redis.js'), 'ioredis');
        return redisIntake({ url: intake, name, ...given(bounds) });
      }
      case 'postgres':
      case 'postgresql':
        return await openPostgres(place, bounds);
      default:
        throw new Failure(
          'Set --intake to sqlite:FILE, redis://HOST:PORT, postgres://USER@HOST/DATABASE, postgres or, only for the proxy, direct.',
        );
    }
  } catch (cause) {
    if (cause instanceof OffersightError) throw new Failure(cause.hint);
    throw cause;
  }
};

/**
 * Opens the intake for a command that changes something in it. A proxy of this release must have opened it before: from
 * the moment that an intake of 0.1 is taken over, no 0.1 takes events, so only a proxy, which takes them instead, may do it.
 * @throws If there is none.
 */
export const openToChange = async (place: IntakePlace, bounds: GivenBounds = {}): Promise<Intake> => {
  const reader = await openIntake(place, { mustExist: true, readOnly: true });
  try {
    // A file was examined when it was opened. The others connect when they are asked something.
    await reader.list({ limit: 1 });
  } finally {
    await reader.close();
  }
  return openIntake(place, { ...bounds, mustExist: true });
};

/** Opens the intake of a proxy, which also works without storage. */
export const openAnyIntake = async (
  place: IntakePlace,
  bounds: GivenBounds,
): Promise<Intake | DirectIntake> => {
  if (place.intake !== 'direct') return openIntake(place, bounds);
  checkUse(place);
  const { directIntake } = await import('../intake/direct/direct.js');
  return directIntake();
};
