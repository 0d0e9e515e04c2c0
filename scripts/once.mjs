// Which end-to-end tests show every promise once: `npm test` runs these, and `npm run proof` all others. They are the
// first test of each group, each test outside groups, and each that names a fault or an attack by its number; of a
// table's rows with one number, the first. It is a module (`onceOf`) and a command: `node scripts/once.mjs` writes
// test-results/once.txt, a list as Playwright reads it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * What is read of a test in Playwright's JSON report.
 * @typedef {{
 *   readonly title: string,
 *   readonly file: string,
 *   readonly line: number,
 *   readonly tests: readonly { readonly projectName: string }[],
 * }} Spec
 */

/**
 * What is read of a group of tests in that report.
 * @typedef {{ readonly title: string, readonly specs?: readonly Spec[], readonly suites?: readonly Group[] }} Group
 */

/** All of its tests are what it is for. */
const SMOKE = 'smoke';
const NUMBERED = /\((fault|attack)s? \d[^)]*\)/g;
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
        const place = [projectName, spec.file];
        // Several tests of one line are rows of a table.
        const promises = [
          [...place, ...(titles.length ? titles : [spec.line])],
          ...(spec.title.match(NUMBERED) ?? []).map((number) => [...place, spec.line, number]),
        ].map((parts) => parts.join(BETWEEN));
        const isOne = projectName === SMOKE || promises.some((promise) => !shown.has(promise));
        for (const promise of promises) shown.add(promise);
        return isOne ? [[`[${projectName}]`, spec.file, ...titles, spec.title].join(BETWEEN)] : [];
      });
    }),
  );
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const projects = ['promises', 'whole', SMOKE].map((project) => `--project=${project}`);
  const command = ['playwright', 'test', '--list', '--reporter=json', ...projects];
  const report = execFileSync('npx', command, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  mkdirSync('test-results', { recursive: true });
  writeFileSync('test-results/once.txt', `${onceOf(JSON.parse(report)).join('\n')}\n`);
}
