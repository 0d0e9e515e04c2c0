/** What flags say: reading a command's arguments, and checking each value. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { isLaneName, type LaneName, timeOf } from '../operator/listing.js';
import { nearestOf } from '../option-names.js';
import { Failure } from './failure.js';
import { FLAGS } from './flag-table.js';
import { type Setting, SITE } from './settings.js';

/** The intake of every command that is given no other. */
export const DEFAULT_INTAKE = 'sqlite:offersight.db';

/** Says which commands have a flag; undefined if none has. */
const commandsWith = (flag: string): string | undefined => {
  const commands = Object.entries(FLAGS).flatMap(([name, flags]) =>
    Object.hasOwn(flags, flag) ? `offersight ${name}` : [],
  );
  return commands.length ? `This command has no --${flag}; ${commands.join(', ')} has it.` : undefined;
};

/**
 * Refuses two values of what chooses events: a purge of the last one would look like one of both. If another flag comes
 * twice, its last value counts, so that a script can have defaults.
 */
const checkChoice = (tokens: readonly { readonly kind: string; readonly name?: string }[]): void => {
  for (const flag of ['offer', 'visitor'])
    if (tokens.filter(({ kind, name }) => kind === 'option' && name === flag).length > 1)
      throw new Failure(`Give --${flag} only once. See offersight --help.`);
};

/**
 * Reads arguments.
 * @throws {Failure} If one is unknown or lacks its value, or one that chooses events is given twice.
 */
export const read = <Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
  allowPositionals = false,
): ReturnType<typeof parseArgs<{ args: string[]; options: Options; allowPositionals: boolean }>> => {
  try {
    const parsed = parseArgs({ args, options, allowPositionals, tokens: true });
    checkChoice(parsed.tokens);
    return parsed;
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const [, flag] = (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && /'--([\w-]+)/.exec(message)) || [];
    if (flag !== undefined)
      throw new Failure(
        `${commandsWith(flag) ?? `Unknown flag --${flag}.${nearestOf(flag, Object.keys(options), '--')}`} See offersight --help.`,
      );
    const [, lacking] =
      (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' &&
        /'--([\w-]+)(?: <value>)?' argument (?:is ambiguous|missing)/.exec(message)) ||
      [];
    if (lacking !== undefined)
      throw new Failure(
        `Give --${lacking} its value, one that begins with a dash as --${lacking}=VALUE. See offersight --help.`,
      );
    // A value could be a secret that lost its flag, so messages name only flags.
    const words =
      code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'
        ? 'There is an argument too many.'
        : message.split('\n', 1)[0]?.replace(/\.?$/, '.');
    throw new Failure(`${words} See offersight --help.`);
  }
};

/** What a number may be; if nothing is said, any number from 1. */
export type Bounds = Pick<Setting, 'least' | 'most' | 'isWhole'>;

/**
 * A number.
 * @throws {Failure} If it is not a number, or out of its bounds.
 */
export const numberOf = (
  name: string,
  given: string | undefined,
  { least = 1, most = Infinity, isWhole }: Bounds = {},
): number | undefined => {
  if (given === undefined) return undefined;
  // An empty text would be 0: often a variable that is not set.
  const value = given.trim() === '' ? Number.NaN : Number(given);
  if (!Number.isFinite(value) || value < least || value > most || (isWhole && !Number.isInteger(value)))
    throw new Failure(
      `Set --${name} to a ${isWhole ? 'whole ' : ''}number, at least ${least}${most < Infinity ? ` and at most ${most}` : ''}.`,
    );
  return value;
};

/**
 * The name of a Chargebee site, in lower case as Chargebee reads it.
 * @throws {Failure} If it is missing, or cannot be a name.
 */
export const siteNameOf = (given: string | undefined): string => {
  if (!given) throw new Failure('Set --site to the name of the Chargebee site, as for the proxy.');
  if (!new RegExp(SITE.site.pattern).test(given))
    throw new Failure('Set --site to a name of 1 to 63 letters, digits and dashes.');
  return given.toLowerCase();
};

/**
 * Where to listen, by default only on this machine.
 * @throws {Failure} If it is empty, which would be every address.
 */
export const hostOf = (name: string, given = '127.0.0.1'): string => {
  if (given.trim() === '') throw new Failure(`Set --${name} to an address, such as 127.0.0.1.`);
  return given;
};

/**
 * A port; 0 for any that is free.
 * @throws {Failure} If it cannot be read.
 */
export const portOf = (name: string, given: string | undefined): number | undefined => {
  const port = numberOf(name, given, { least: 0 });
  if (port !== undefined && (!Number.isInteger(port) || port > 65_535))
    throw new Failure(`Set --${name} to a whole number up to 65535.`);
  return port;
};

/**
 * A time, epoch milliseconds.
 * @throws {Failure} If it cannot be read.
 */
export const momentOf = (name: string, given: string | undefined): number | undefined => {
  if (given === undefined) return undefined;
  const time = timeOf(given);
  if (Number.isNaN(time)) throw new Failure(`Set --${name} to an ISO date or epoch milliseconds.`);
  return time;
};

/**
 * A lane, by default that of offer events.
 * @throws {Failure} If there is none of that name.
 */
export const laneNameOf = (given = 'offer_events'): LaneName => {
  if (!isLaneName(given)) throw new Failure('Set --lane to offer_events or usage_events.');
  return given;
};
