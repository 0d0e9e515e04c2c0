/** Where a command's intake is, and how it is opened. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { OffersightError } from '../../errors.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import type { Intake } from '../intake/intake.js';
import type { ReadOnlyOption } from '../intake/read-only.js';
import type { IntakeBounds } from '../intake/rules.js';
import type { Claim } from '../intake/sqlite/sqlite-calls.js';
import { Failure } from './failure.js';
import { DEFAULT_INTAKE } from './flags.js';
import {
  isSecretPlace,
  readSecret,
  serverWithPassword,
  TITLES,
  URL_VARIABLES,
  urlSettersOf,
} from './secrets.js';

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
    by: /^rediss?(:|$)/,
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
  /** The URL of Postgres or Redis, if the flag does not say it. */
  readonly url?: string | undefined;
  /** The schema in Postgres. */
  readonly schema?: string | undefined;
  /** The name in Redis. */
  readonly name?: string | undefined;
}

/** What flags say of an intake. */
export type IntakeFlags = {
  readonly [Name in 'intake' | 'postgres-url-file' | 'redis-url-file' | 'schema' | 'name']?:
    | string
    | undefined;
};

/**
 * The place that flags name. A URL with a password comes from the file or the environment, since no argument may have
 * one.
 * @throws {Failure} If an argument contains a password, or the file cannot be read.
 */
export const placeOf = ({
  intake = DEFAULT_INTAKE,
  'postgres-url-file': postgresFile,
  'redis-url-file': redisFile,
  schema,
  name,
}: IntakeFlags): IntakePlace => {
  const server = serverWithPassword(intake);
  if (server)
    throw new Failure(
      `A password is not taken as an argument: set --intake ${server}, and the URL in ${urlSettersOf(server)}.`,
    );
  const urls = {
    postgres: readSecret(postgresFile, URL_VARIABLES.postgres),
    redis: readSecret(redisFile, URL_VARIABLES.redis),
  };
  return { intake, url: isSecretPlace(intake) ? urls[intake] : undefined, schema, name };
};

/** How an intake is opened. */
interface Opening {
  /** Whether it has to be there already. @default false */
  readonly mustExist?: boolean;
  /** The site whose events it keeps, and that site's groups. @default no site has it yet */
  readonly claim?: Claim | undefined;
}

/** The URL of a server. */
const urlOf = ({ intake, url }: IntakePlace): string => {
  if (!isSecretPlace(intake)) return intake;
  if (url !== undefined) return url;
  throw new Failure(`Set ${urlSettersOf(intake)} to the URL of ${TITLES[intake]}.`);
};

/** What an intake says of its options, for a person who set them by flags or in a file. */
const wordsOf = (hint: string, { intake }: IntakePlace): string => {
  if (intake.startsWith('sqlite:')) {
    const where = ` The file is ${resolve(intake.slice('sqlite:'.length))}.`;
    return /intake(?:['’]s)? file/.test(hint) ? `${hint}${where}` : hint;
  }
  const setter = isSecretPlace(intake) ? urlSettersOf(intake) : '--intake';
  // Postgres has a schema of that name.
  const called = intake.startsWith('postgres') ? hint.replace(/^Set name to /, 'Set schema to ') : hint;
  return called.replace(/^Set (?:connection|url) to /, `Set ${setter} to `);
};

/**
 * Opens the intake that a flag names: `sqlite:FILE`, `redis://…`, `redis`, `postgres://…` or `postgres`.
 * @throws {Failure} If it needs a package that is not installed, or cannot be opened.
 */
export const openIntake = async (
  place: IntakePlace,
  { mustExist = false, claim, ...bounds }: GivenBounds & ReadOnlyOption & Opening = {},
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
        return await openIntakeAsync({ file, ...given(bounds) }, claim);
      }
      case 'redis':
      case 'rediss': {
        const { redisIntake } = await load(() => import('../intake/redis/redis.js'), 'ioredis');
        return redisIntake({ url: urlOf(place), name, ...given(bounds) });
      }
      case 'postgres':
      case 'postgresql': {
        const { postgresIntake } = await load(() => import('../intake/postgres/postgres.js'), 'pg');
        return postgresIntake({ connection: urlOf(place), name: place.schema, ...given(bounds) });
      }
      default:
        throw new Failure(
          'Set --intake to sqlite:FILE, redis://HOST:PORT, redis, postgres://USER@HOST/DATABASE, postgres or, only for the proxy, direct.',
        );
    }
  } catch (cause) {
    if (cause instanceof OffersightError) throw new Failure(wordsOf(cause.hint, place));
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

/**
 * Opens the intake of a proxy, which also works without storage.
 * @param claim Whose events it keeps, so that nothing waits for a locked file later.
 */
export const openAnyIntake = async (
  place: IntakePlace,
  bounds: GivenBounds,
  claim?: Claim,
): Promise<Intake | DirectIntake> => {
  if (place.intake !== 'direct') return openIntake(place, { ...bounds, claim });
  checkUse(place);
  const { directIntake } = await import('../intake/direct/direct.js');
  return directIntake();
};
