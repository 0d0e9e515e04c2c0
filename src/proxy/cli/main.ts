/** The program: runs its arguments, and says in one line what went wrong. */
import { CommanderError } from 'commander';
import { PREFIX, runCommandLine } from './command-line.js';
import { NOT_LOOKED } from './doctor-command.js';
import { wordsOf } from './failure.js';

const args = process.argv.slice(2);
// A reader that has seen enough, such as head, is not a fault. The proxy goes on without its log.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (args[0] !== 'proxy') process.exit(error.code === 'EPIPE' ? 0 : 1);
});
await runCommandLine(args).catch((cause: unknown) => {
  const failed = args[0] === 'doctor' ? NOT_LOOKED : 1;
  process.exitCode = cause instanceof CommanderError && cause.exitCode === 0 ? 0 : failed;
  // Commander has printed its own words.
  if (!(cause instanceof CommanderError)) process.stderr.write(`${PREFIX}${wordsOf(cause)}\n`);
});
