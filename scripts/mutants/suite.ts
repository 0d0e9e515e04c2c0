/** Runs chosen tests in a folder and returns the result of each. */
import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** The titles of tests by their file, with ` › ` between a group's title and what is in it. */
export type Tests = Readonly<Record<string, readonly string[]>>;

/** The result of one test. */
export type Outcome =
  | { readonly kind: 'passed' }
  /** One of its assertions did not hold. */
  | { readonly kind: 'failed' }
  /** There was no result, and why. */
  | { readonly kind: 'void'; readonly why: string };

/** The outcome of each test, by file and title as {@link nameOf} joins them. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** How a test is called. */
export const nameOf = (file: string, title: string): string => `${file} › ${title}`;

interface PlaywrightSuite {
  readonly title: string;
  readonly specs: readonly {
    readonly file: string;
    readonly title: string;
    readonly tests: readonly {
      readonly results: readonly {
        readonly status: string;
        readonly errors: readonly { readonly message?: string }[];
      }[];
    }[];
  }[];
  readonly suites?: readonly PlaywrightSuite[];
}

interface PlaywrightReport {
  readonly config: { readonly rootDir: string };
  readonly errors: readonly { readonly message?: string }[];
  readonly suites: readonly PlaywrightSuite[];
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

/** Joins a test's titles as both runners do; Playwright puts its tags behind. */
const patternOf = (titles: readonly string[]): string => {
  const escaped = titles.map((title) => title.replaceAll(' › ', ' ').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `(?:^| )(?:${escaped.join('|')})(?: @\\w+)*$`;
};

const firstLine = (text = ''): string => text.split('\n')[0] ?? '';

/** If no assertion failed, the test was stopped by something that it is not about. */
const outcomeOf = (status: string, given: readonly string[], assertion: RegExp): Outcome => {
  if (status === 'passed') return { kind: 'passed' };
  // A worker of Playwright colours its messages although its environment says that it should not.
  const messages = given.map(stripVTControlCharacters);
  if (messages.some((message) => assertion.test(message))) return { kind: 'failed' };
  return { kind: 'void', why: firstLine(messages[0]) || status };
};

const run = async (folder: string, args: readonly string[], signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, FORCE_COLOR: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      // Like Ctrl+C: the runners then end the processes that they have started.
      killSignal: 'SIGINT',
    });
    const written: string[] = [];
    let failure: Error | undefined;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => written.push(chunk.toString()));
    child.on('error', (cause) => {
      failure = cause;
    });
    child.on('close', () => (failure ? reject(failure) : resolve(written.join('').trim())));
  });

/** Runs a runner, and reads the report that its configuration has it write. */
const report = async <T>(
  folder: string,
  name: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<T> => {
  const file = join(folder, 'test-results', name);
  await rm(file, { force: true });
  const written = await run(folder, args, signal);
  const text = await readFile(file, 'utf8').catch(() => '');
  if (!text) throw new Error(`the test run came to nothing: ${written}`);
  return JSON.parse(text) as T;
};

const runBrowser = async (
  folder: string,
  tests: readonly (readonly [file: string, titles: readonly string[]])[],
  workers: number,
  signal: AbortSignal,
): Promise<[string, Outcome][]> => {
  const { config, errors, suites } = await report<PlaywrightReport>(
    folder,
    'e2e.json',
    [
      'node_modules/@playwright/test/cli.js',
      'test',
      ...tests.map(([file]) => file),
      ...['--grep', patternOf(tests.flatMap(([, titles]) => titles))],
      ...['--workers', String(workers), '--trace', 'off'],
    ],
    signal,
  );
  if (errors.length) throw new Error(errors.map(({ message }) => message).join('\n'));
  const outcomes: [string, Outcome][] = [];
  const collect = (suite: PlaywrightSuite, titles: readonly string[]): void => {
    for (const { file, title, tests: runs } of suite.specs) {
      const result = runs[0]?.results[0];
      const messages = result?.errors.map(({ message = '' }) => message) ?? [];
      const outcome = outcomeOf(result?.status ?? 'did not run', messages, /\bexpect[(.]/);
      outcomes.push([
        nameOf(relative(folder, join(config.rootDir, file)), [...titles, title].join(' › ')),
        outcome,
      ]);
    }
    for (const inner of suite.suites ?? []) collect(inner, [...titles, inner.title]);
  };
  for (const suite of suites) collect(suite, []);
  return outcomes;
};

const runUnits = async (
  folder: string,
  tests: readonly (readonly [file: string, titles: readonly string[]])[],
  signal: AbortSignal,
): Promise<[string, Outcome][]> => {
  const { testResults } = await report<VitestReport>(
    folder,
    'unit.json',
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...tests.map(([file]) => file),
      ...['-t', patternOf(tests.flatMap(([, titles]) => titles))],
    ],
    signal,
  );
  return testResults.flatMap(({ name, message, assertionResults }) => {
    if (!assertionResults.length) throw new Error(message);
    return assertionResults.map(({ ancestorTitles, title, status, failureMessages }): [string, Outcome] => [
      nameOf(relative(folder, name), [...ancestorTitles, title].join(' › ')),
      outcomeOf(status, failureMessages ?? [], /^(AssertionError|Error: (Property failed|expected ))/),
    ]);
  });
};

/**
 * Runs tests: those of `e2e` against the folder's `dist`, those of `test` against its `src`.
 * @throws {Error} If a runner could not begin.
 */
export const runTests = async (
  folder: string,
  tests: Tests,
  workers: number,
  signal: AbortSignal,
): Promise<Outcomes> => {
  const outcomes: [string, Outcome][] = [];
  const all = Object.entries(tests);
  const inBrowser = all.filter(([file]) => file.startsWith('e2e/'));
  const units = all.filter(([file]) => !file.startsWith('e2e/'));
  if (units.length) outcomes.push(...(await runUnits(folder, units, signal)));
  if (inBrowser.length) outcomes.push(...(await runBrowser(folder, inBrowser, workers, signal)));
  return new Map(outcomes);
};
