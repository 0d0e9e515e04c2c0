// Which end-to-end tests show every promise once: `npm test` runs these, and `npm run proof` all others. They are the
// first test of each group, each test outside groups, of a table the first row, and each test that names a fault or an
// attack by its number. It is a module (`onceOf`) and a command: `node scripts/once.mjs` writes a list as Playwright
// reads it, unless the last one is younger than what it is made of.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { LONG_SPECS } from './proofs.mjs';
import { isYounger } from './younger.mjs';

/**
 * What is read of a test in Playwright's JSON report.
 * @typedef {{
 *   readonly title: string,
 *   readonly file: string,
 *   readonly line: number,
 *   readonly tags?: readonly string[],
 *   readonly tests: readonly { readonly projectName: string }[],
 * }} Spec
 */

/**
 * What is read of a group of tests in that report.
 * @typedef {{ readonly title: string, readonly specs?: readonly Spec[], readonly suites?: readonly Group[] }} Group
 */

/** The projects whose tests the list divides. */
export const LISTED = ['whole', 'light'];
export const LIST = 'test-results/once.txt';
/** What it is made of. */
const SOURCES = [
  'README.md',
  'docs',
  'e2e',
  'package-lock.json',
  'playwright.config.ts',
  'scripts',
  'src',
  'test',
];
/** Only tests with this tag are listed of the files that take longer. */
const SMOKE = 'smoke';
const NUMBERED = /\((fault|attack)s? \d/;
/** Separates the parts of a line. */
const BETWEEN = ' › ';

/**
 * The tests of a group and of those inside, with the titles of the groups that they are in.
 * @param {Group} group
 * @param {readonly string[]} titles
 * @returns {readonly { readonly spec: Spec, readonly titles: readonly string[] }[]}
 */
const specsIn = ({ specs = [], suites = [] }, titles) => [
  ...specs.map((spec) => ({ spec, titles })),
  ...suites.flatMap((suite) => specsIn(suite, [...titles, suite.title])),
];

/**
 * The tests that show every promise once, a line each.
 * @param {{ readonly suites: readonly Group[] }} report
 */
export const onceOf = ({ suites }) => {
  /** @type {Set<string>} */
  const shown = new Set();
  return suites.flatMap((file) =>
    specsIn(file, []).flatMap(({ spec, titles }) => {
      if ([...titles, spec.title].some((title) => title.includes(BETWEEN.trim())))
        throw new Error(`A list cannot name “${spec.title}”: write it without ${BETWEEN.trim()}.`);
      return spec.tests.flatMap(({ projectName }) => {
        // Several tests of one line are rows of a table.
        const promise = [projectName, spec.file, ...(titles.length ? titles : [spec.line])].join(BETWEEN);
        const isFirst = !shown.has(promise);
        shown.add(promise);
        const isListed = LONG_SPECS.includes(`e2e/${spec.file}`)
          ? spec.tags?.includes(SMOKE)
          : isFirst || NUMBERED.test(spec.title);
        return isListed ? [[`[${projectName}]`, spec.file, ...titles, spec.title].join(BETWEEN)] : [];
      });
    }),
  );
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && !isYounger(LIST, SOURCES)) {
  const projects = LISTED.map((project) => `--project=${project}`);
  const command = ['playwright', 'test', '--list', '--reporter=json', ...projects];
  const report = execFileSync('npx', command, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  mkdirSync('test-results', { recursive: true });
  const lines = onceOf(JSON.parse(report));
  if (!lines.some((line) => LONG_SPECS.some((file) => line.includes(file.slice('e2e/'.length)))))
    throw new Error(`No test has the tag “${SMOKE}” any more.`);
  writeFileSync(LIST, `${lines.join('\n')}\n`);
}
