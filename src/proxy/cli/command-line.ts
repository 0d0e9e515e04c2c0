/** Reads which command is meant and what its flags say, and runs it. */
import { Command, Option } from 'commander';
import * as z from 'zod/mini';
import { VERSION } from '../../version.js';
import { innerOf, wordsOf } from '../settings/checking.js';
import { NEEDED } from '../settings/values.js';
import { runDev } from './dev-command.js';
import { runDoctor } from './doctor-command.js';
import { Failure } from './failure.js';
import { COMMANDS, type CommandName, type CommandOfLine, type Values, variableOf, written } from './flags.js';
import { runDeadLetters, runEvents, runFunnel, runPurge, runReport, runStatus } from './operator-commands.js';
import { runProxy } from './proxy-command.js';
import { runInspectLink, runSign } from './signing-commands.js';

const RUN: { readonly [Name in CommandName]: (values: Values<Name>, operands: string[]) => Promise<void> } = {
  dev: runDev,
  doctor: runDoctor,
  proxy: runProxy,
  status: runStatus,
  funnel: runFunnel,
  events: (values) => runEvents(values),
  'dead-letters': runDeadLetters,
  purge: runPurge,
  report: runReport,
  sign: runSign,
  'inspect-link': runInspectLink,
};

const HINT = 'See offersight --help.';
/** What a message begins with. */
export const PREFIX = 'offersight: ';

const plain = (words: string): string => words.replaceAll('`', '');

/** Commander's words as a sentence. Of what was given it names only flags and commands: anything else could be a secret. */
const sentenceOf = (text: string): string => {
  const isOurs = text.startsWith('error: missing required');
  const words = text
    .trim()
    .replace(/^error: (.)/, (_, first: string) => first.toUpperCase())
    .replace(/ '(--[\w-]+)?([^']*)'/g, (_, flag: string | undefined, name: string) => {
      const said = flag ?? (isOurs || Object.hasOwn(COMMANDS, name) ? name : '');
      return said && ` ${said}`;
    })
    .replace(/\n\((.*)\)$/s, '. $1');
  return /[.?]$/.test(words) ? words : `${words}.`;
};

/** What a text stands for, as a schema takes it. */
const meantBy = (schema: z.ZodMiniType, text: string): unknown => {
  const inner = innerOf(schema);
  if (inner instanceof z.ZodMiniArray) return text.split(',');
  if (inner instanceof z.ZodMiniBoolean) return text === 'true' || (text === 'false' ? false : text);
  const isNumber = inner instanceof z.ZodMiniNumber || inner instanceof z.ZodMiniUnion;
  // An empty text would be 0: often a variable that is not set.
  return isNumber ? Number(text.trim() || Number.NaN) : text;
};

const checked = (schema: z.ZodMiniType, setter: string, given: unknown): unknown => {
  const { success, data } = schema.safeParse(given);
  if (success) return data;
  throw new Failure(`Set ${setter} to ${plain(wordsOf(schema).range)}.`);
};

const optionOf = (name: string, schema: z.ZodMiniType): Option => {
  const { says, otherwise, example, isOnce } = wordsOf(schema);
  const option = new Option(
    example ? `${written(name)} <value>` : written(name),
    plain(`${says} ${otherwise === NEEDED ? 'It has to be given.' : `Without it: ${otherwise}.`}`),
  );
  if (!example) return option;
  return option.argParser((text: string, earlier: unknown) => {
    if (isOnce && earlier !== undefined) throw new Failure(`Give ${written(name)} only once. ${HINT}`);
    // Here, so that the first wrong flag of a line is the one that is named.
    checked(schema, written(name), meantBy(schema, text));
    return text;
  });
};

/** What a line says, else the environment, else the schema. */
const valuesOf = (flags: CommandOfLine['flags'], given: Readonly<Record<string, string | boolean>>) =>
  Object.fromEntries(
    Object.entries(flags).map(([name, schema]) => {
      // The parser makes `--no-browser` a false `browser`.
      const flag = name === 'noBrowser' ? given.browser === false : given[name];
      const variable = variableOf(name, schema) ?? '';
      const text = process.env[variable];
      // A variable that is empty is one that is not set.
      const [setter, value] = flag === undefined && text ? [variable, text] : [written(name), flag];
      return [name, checked(schema, setter, typeof value === 'string' ? meantBy(schema, value) : value)];
    }),
  );

/**
 * Runs a command line.
 * @throws {CommanderError} After what commander printed: `--help`, or what is wrong with a name.
 * @throws {Failure} If what was given is wrong.
 */
export const runCommandLine = async (args: readonly string[]): Promise<void> => {
  // Every process list shows arguments, and a refusal would print the value.
  if (args.some((arg) => /^--(api-key|admin-token|signing-secret)(=|$)/.test(arg)))
    throw new Failure(`Secrets are not taken as arguments: use the environment or a file. ${HINT}`);
  const program = new Command('offersight')
    .version(VERSION, '--version')
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText('after', '\nThe flags of a command: offersight proxy --help')
    .configureOutput({
      outputError: (text, write) => write(`${PREFIX}${sentenceOf(text)} ${HINT}\n`),
    })
    .exitOverride();
  for (const name of Object.keys(COMMANDS) as CommandName[]) {
    const { says, operands, flags }: CommandOfLine = COMMANDS[name];
    const command = program.command(name).description(says);
    if (operands) command.arguments(operands);
    for (const [key, each] of Object.entries(flags)) command.addOption(optionOf(key, each));
    command.copyInheritedSettings(program).action(async () => {
      const run = RUN[name];
      await run(valuesOf(flags, command.opts()) as never, command.args);
    });
  }
  if (args.length) await program.parseAsync(args, { from: 'user' });
  else program.outputHelp();
};
