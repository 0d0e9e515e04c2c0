/** Gives values to flags: runs their commands with something else that is wrong, so that none of them begins its work. */
import { spawnSync } from 'node:child_process';
import { vi } from 'vitest';
import { runDev } from '../../src/proxy/cli/dev-command.js';
import { runDoctor } from '../../src/proxy/cli/doctor-command.js';
import type { Flags } from '../../src/proxy/cli/flag-kinds.js';
import { FLAGS } from '../../src/proxy/cli/flag-table.js';
import { runProxy } from '../../src/proxy/cli/proxy-command.js';
import { openIntake } from '../../src/proxy/cli/sources.js';
import { signOffer } from '../../src/proxy/judging/signature.js';
import type { Probe } from './probes.js';
import type { Answer } from './range.js';

type Given = string | number;

/** What a command that fails says. */
const wordsOf = (run: Promise<void>): Promise<string> => run.then(() => '', String);

/** A message about the flag is a refusal; one about the other fault shows that the flag was taken. */
const answerOf = (flag: string, words: string, other: RegExp): Answer => {
  if (words.includes(`--${flag} `)) return 'refused';
  if (other.test(words)) return 'accepted';
  throw new Error(`Neither --${flag} nor the other fault: ${words}`);
};

const proxy =
  (flag: string): Probe =>
  async (value: Given) => {
    vi.stubEnv('OFFERSIGHT_API_KEY', '');
    const words = await wordsOf(runProxy([`--${flag}=${value}`]));
    return answerOf(flag, words, /Set OFFERSIGHT_API_KEY/);
  };

const dev =
  (flag: string): Probe =>
  async (value: Given) =>
    answerOf(flag, await wordsOf(runDev(['a', 'b', `--${flag}=${value}`])), /Give one folder/);

/** It prints its failures. */
const doctor = async (flag: string, args: readonly string[], other: RegExp): Promise<Answer> => {
  const { exitCode } = process;
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.stubEnv('OFFERSIGHT_API_KEY', 'test_key_1');
  vi.stubEnv('OFFERSIGHT_ADMIN_TOKEN', '');
  await runDoctor(['https://shop.example/', ...args]);
  const words = write.mock.calls.join();
  write.mockRestore();
  process.exitCode = exitCode;
  return answerOf(flag, words, other);
};

/** What only the program itself checks. */
const program =
  (command: string, flag: string, args: readonly string[], other: RegExp): Probe =>
  (value: Given) => {
    const { stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/proxy/cli.ts', command, ...args, `--${flag}=${value}`],
      { encoding: 'utf8' },
    );
    return answerOf(flag, stderr, other);
  };

/** Every command opens its intake in the same way. */
const schema: Probe = (value: string) =>
  openIntake({ intake: 'postgres', url: 'mysql://db/shop', schema: value }).then(
    () => {
      throw new Error('The intake was opened.');
    },
    (failure: unknown) => (String(failure).includes('Set schema ') ? 'refused' : 'accepted'),
  );

const NOWHERE = ['--intake', 'sqlite:/nowhere/intake.db'];

/** By the command and the flag. */
export const FLAG_PROBES: Readonly<Record<string, Probe>> = {
  ...Object.fromEntries(
    [
      ...['port', 'admin-port', 'per-minute', 'concurrent', 'max-waiting', 'max-delay-hours', 'trusted-hops'],
      ...['keep-alive-seconds', 'drain-seconds', 'per-address', 'ledger-days'],
    ].map((flag) => [`proxy --${flag}`, proxy(flag)]),
  ),
  ...Object.fromEntries(['port', 'upstream-port', 'admin-port'].map((flag) => [`dev --${flag}`, dev(flag)])),
  ...Object.fromEntries(
    Object.entries<Flags>(FLAGS).flatMap(([command, flags]) =>
      'schema' in flags ? [[`${command} --schema`, schema]] : [],
    ),
  ),
  'doctor --max-seconds': (value: Given) =>
    doctor(
      'max-seconds',
      [`--max-seconds=${value}`, '--admin', 'https://shop.example/admin/'],
      /Set OFFERSIGHT_ADMIN_TOKEN/,
    ),
  'doctor --site': (value: Given) =>
    doctor(
      'site',
      ['--check-key', `--site=${value}`, '--base-url', 'http://elsewhere.example'],
      /--base-url must/,
    ),
  'report --site': program('report', 'site', [...NOWHERE, '/nowhere/events.jsonl'], /cannot be read/),
  'report --ledger-days': program(
    'report',
    'ledger-days',
    [...NOWHERE, '--site=acme-test', '/nowhere/events.jsonl'],
    /cannot be read/,
  ),
  'status --limit': program('status', 'limit', NOWHERE, /There is no intake/),
  'status --page': program('status', 'page', NOWHERE, /There is no intake/),
  'sign --subject': async (subject: string) =>
    signOffer({ id: 'a52ge40b', subject, expiresAt: 1_893_456_000_000 }, 'a'.repeat(32)).then(
      () => 'accepted' as const,
      () => 'refused' as const,
    ),
};
