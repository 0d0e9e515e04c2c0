/**
 * Breaks one promise of seeing, closing or delivering at a time and shows that tests notice:
 * `npm run mutants`. Works on copies of the tree in a temporary folder. `--list` prints the
 * switches of mutants/table.ts, `--only NAME` turns on one; it may be given more than once.
 */
import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBrowser, HELP } from './ensure-browser.mjs';
import { type Altered, createBuilder } from './mutants/build.js';
import { nameOf, type Outcomes, runTests, type Tests } from './mutants/suite.js';
import { MUTANTS, type Mutant } from './mutants/table.js';

/** Files that must not be in a copy: they are made again, or belong to the user. */
const NOT_COPIED = ['node_modules', 'dist', 'test-results', 'coverage', '.git', '.data'];

/** How many mutants are under test at once. */
const LANES = 2;

/** The result of one mutant. */
interface Verdict {
  readonly mutant: Mutant;
  /** `fault` says that the table, or a test run, is at fault: nothing was shown. */
  readonly kind: 'noticed' | 'survived' | 'fault';
  readonly lines: readonly string[];
  readonly seconds: number;
}

const tree = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({
  options: { list: { type: 'boolean' }, only: { type: 'string', multiple: true } },
});
const unknown = values.only?.filter((name) => !MUTANTS.some((mutant) => mutant.name === name)) ?? [];
if (unknown.length) {
  console.error(`There is no such mutant: ${unknown.join(', ')}. \`npm run mutants -- --list\` names them.`);
  process.exit(1);
}
const chosen = MUTANTS.filter(({ name }) => values.only?.includes(name) ?? true);

const namesOf = (tests: Tests): string[] =>
  Object.entries(tests).flatMap(([file, titles]) => titles.map((title) => nameOf(file, title)));

const union = (mutants: readonly Mutant[]): Tests => {
  const titles = new Map<string, Set<string>>();
  for (const { noticedBy } of mutants) {
    for (const [file, its] of Object.entries(noticedBy))
      titles.set(file, new Set([...(titles.get(file) ?? []), ...its]));
  }
  return Object.fromEntries([...titles].map(([file, its]) => [file, [...its]]));
};

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

const copyTree = async (from: string, to: string): Promise<void> => {
  await cp(from, to, {
    recursive: true,
    filter: (path) => {
      const [first = '', ...below] = relative(from, path).split(sep);
      // Folders with packages of their own, such as docs/, are large, and no unit asks for these.
      return !NOT_COPIED.includes(first) && !below.includes('node_modules');
    },
  });
  await symlink(await realpath(join(tree, 'node_modules')), join(to, 'node_modules'));
};

/** @throws {Error} If the text to replace is not there, or there more than once. */
const alter = async (folder: string, { file, find, put }: Mutant): Promise<Altered> => {
  const text = await readFile(join(folder, file), 'utf8').catch(() => {
    throw new Error(`there is no ${file}`);
  });
  const count = text.split(find).length - 1;
  if (count !== 1) throw new Error(`its text is ${count ? `${count} times` : 'not'} in ${file}: ${find}`);
  return { file, text: text.replace(find, () => put) };
};

/** The tests among these whose outcome is not as it has to be. */
const others = (outcomes: Outcomes, names: readonly string[], wanted: 'passed' | 'failed'): string[] =>
  names.flatMap((name) => {
    const outcome = outcomes.get(name);
    if (outcome?.kind === wanted) return [];
    if (!outcome) return [`there is no test: ${name}`];
    return [
      outcome.kind === 'void' ? `${name}: no assertion, but: ${outcome.why}` : `${outcome.kind}: ${name}`,
    ];
  });

const secondsSince = (start: number): number => (performance.now() - start) / 1_000;

const MARKS = { noticed: '✓', survived: '✘', fault: '!' } as const;

const print = ({ mutant, kind, lines, seconds }: Verdict): void => {
  console.log(`${MARKS[kind]} ${mutant.name}: ${mutant.breaks}  (${seconds.toFixed(1)} s)`);
  for (const line of lines) console.log(`    ${line}`);
};

const stopping = new AbortController();
// Not once: without a listener the loader of TypeScript would end this process before its copies are removed.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

/** Tries the chosen mutants. Returns whether all of them were noticed. */
const work = async (scratch: string): Promise<boolean> => {
  if (!(await ensureBrowser({ install: false }))) throw new Error(HELP);

  const base = join(scratch, 'base');
  await mkdir(base);
  await copyTree(tree, base);
  // The configuration of the build names its files from here.
  process.chdir(base);
  const builder = await createBuilder(base);

  const verdicts: Verdict[] = [];
  const waiting: [Mutant, Altered][] = [];
  const fault = (mutant: Mutant, lines: readonly string[]): void => {
    const verdict: Verdict = { mutant, kind: 'fault', lines, seconds: 0 };
    verdicts.push(verdict);
    print(verdict);
  };

  const begun = performance.now();
  await builder.build(base);
  const tests = union(chosen);
  const passing = await runTests(base, tests, LANES, stopping.signal);
  const count = namesOf(tests).length;
  const sound = count - others(passing, namesOf(tests), 'passed').length;
  console.log(`without a mutant: ${sound} of ${count} tests pass  (${secondsSince(begun).toFixed(1)} s)`);

  for (const mutant of chosen) {
    // A test that fails by itself cannot notice a mutant.
    const broken = others(passing, namesOf(mutant.noticedBy), 'passed');
    try {
      const altered = await alter(base, mutant);
      builder.check(altered);
      if (broken.length)
        fault(
          mutant,
          broken.map((line) => `without the mutant: ${line}`),
        );
      else waiting.push([mutant, altered]);
    } catch (cause) {
      fault(mutant, [messageOf(cause)]);
    }
  }

  const judge = async (folder: string, mutant: Mutant, made: Altered): Promise<Verdict> => {
    const began = performance.now();
    const file = join(folder, made.file);
    const verdict = (kind: Verdict['kind'], lines: readonly string[]): Verdict => ({
      mutant,
      kind,
      lines,
      seconds: secondsSince(began),
    });
    try {
      await writeFile(file, made.text);
      await builder.build(folder, made);
      const outcomes = await runTests(folder, mutant.noticedBy, 1, stopping.signal);
      const names = namesOf(mutant.noticedBy);
      const unnoticed = others(outcomes, names, 'failed');
      if (!unnoticed.length) return verdict('noticed', names);
      const isAlive = names.some((name) => outcomes.get(name)?.kind === 'passed');
      return verdict(isAlive ? 'survived' : 'fault', unnoticed);
    } catch (cause) {
      return verdict('fault', [messageOf(cause)]);
    } finally {
      await cp(join(base, made.file), file);
    }
  };

  const lane = async (name: string): Promise<void> => {
    const folder = join(scratch, name);
    await copyTree(base, folder);
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const verdict = await judge(folder, ...next);
      if (stopping.signal.aborted) return;
      verdicts.push(verdict);
      console.log(`${MARKS[verdict.kind]} ${verdict.mutant.name}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, index) => lane(`lane-${index}`)));
  if (stopping.signal.aborted) return false;

  console.log();
  verdicts.sort((one, other) => chosen.indexOf(one.mutant) - chosen.indexOf(other.mutant));
  for (const verdict of verdicts) print(verdict);
  const sum = (kind: Verdict['kind']): number => verdicts.filter((verdict) => verdict.kind === kind).length;
  console.log(`\n${sum('noticed')} noticed, ${sum('survived')} survived, ${sum('fault')} at fault`);
  return sum('noticed') === chosen.length;
};

if (values.list) {
  for (const { name, breaks, noticedBy } of chosen) {
    console.log(`${name}: ${breaks}`);
    for (const test of namesOf(noticedBy)) console.log(`    ${test}`);
  }
} else {
  const scratch = await realpath(await mkdtemp(join(tmpdir(), 'offersight-mutants-')));
  try {
    process.exitCode = (await work(scratch)) ? 0 : 1;
  } catch (cause) {
    if (!stopping.signal.aborted) throw cause;
    process.exitCode = 1;
  } finally {
    process.chdir(resolve(tree));
    await rm(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
