// Writes the list of end-to-end tests that show every promise once, as Playwright reads it: `npm test` runs these, and
// `npm run proof` the others. They are the first test of each group, each test outside groups, of a table the first row,
// and each that names a fault or an attack. Of what takes long, or stands beside the product, there are none.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

/**
 * What is read of Playwright's JSON report.
 * @typedef {{ title: string, file: string, line: number, tests: { projectName: string }[] }} Spec
 * @typedef {{ title: string, specs?: Spec[], suites?: Group[] }} Group
 */

/** Other browsers, stacks and servers, runs of minutes, and the whole packed program. */
const LONG =
  /^(chaos|engines|operator)\/|^package\/|^proxy\/(page-blocks|systemd|web-servers)|^(seeing\/(counting|occlusion)|diagnosing\/(doctor|inspector-engines|mistakes)|page\/lacking|closing\/presses-table)\.spec/;

/**
 * @param {Group} group
 * @param {readonly string[]} titles
 * @returns {{ spec: Spec, titles: readonly string[] }[]}
 */
const specsIn = ({ specs = [], suites = [] }, titles = []) => [
  ...specs.map((spec) => ({ spec, titles })),
  ...suites.flatMap((suite) => specsIn(suite, [...titles, suite.title])),
];

const command = ['playwright', 'test', '--list', '--reporter=json', '--project=whole', '--project=light'];
/** @type {{ suites: Group[] }} */
const { suites } = JSON.parse(execFileSync('npx', command, { encoding: 'utf8', maxBuffer: 2 ** 26 }));
/** @type {Set<string>} */
const shown = new Set();
const lines = suites.flatMap((file) =>
  specsIn(file).flatMap(({ spec: { title, file, line, tests }, titles }) =>
    tests.flatMap(({ projectName }) => {
      // Several tests of one line are rows of a table.
      const promise = [projectName, file, ...(titles.length ? titles : [line])].join('\n');
      const isListed = !shown.has(promise) || /\((fault|attack)s? \d/.test(title);
      shown.add(promise);
      return isListed && !LONG.test(file) ? [[`[${projectName}]`, file, ...titles, title].join(' › ')] : [];
    }),
  ),
);
if (!lines.length) throw new Error('No test was found.');
mkdirSync('test-results', { recursive: true });
writeFileSync('test-results/once.txt', `${lines.join('\n')}\n`);
