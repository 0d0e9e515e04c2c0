// Prints what failed in the steps of a command, and then `N passed, N failed`: `node scripts/total.mjs STEP…`. A step has
// left test-results/STEP.json, a report of Vitest or of Playwright, or, if it has none, test-results/STEP.ok. With `CI` in
// the environment a test that was left out has failed.
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ name: string, status: string }} Outcome
 * @typedef {{ file: string, title: string, tests: { status: string }[] }} Spec
 * @typedef {{ specs?: Spec[], suites?: Group[] }} Group
 * @typedef {{ name: string, status: string, assertionResults: { fullName: string, status: string }[] }} UnitFile
 */

/**
 * @param {Group} group
 * @returns {Outcome[]}
 */
const endToEnd = ({ specs = [], suites = [] }) => [
  ...specs.flatMap(({ file, title, tests }) =>
    tests.map(({ status }) => ({ name: `${file}: ${title}`, status })),
  ),
  ...suites.flatMap(endToEnd),
];

/**
 * @param {UnitFile} file
 * @returns {Outcome[]}
 */
const unit = ({ name, status, assertionResults: results }) => [
  ...results.map(({ fullName, status }) => ({ name: `${name}: ${fullName}`, status })),
  // A file that could not be read, or in which something failed before or after its tests.
  ...(status === 'failed' && results.every((each) => each.status !== 'failed') ? [{ name, status }] : []),
];

/**
 * @param {string} step
 * @returns {Outcome[]}
 */
const outcomesOf = (step) => {
  const file = `test-results/${step}`;
  if (!existsSync(`${file}.json`))
    return [{ name: step, status: existsSync(`${file}.ok`) ? 'passed' : 'failed: see above' }];
  const report = JSON.parse(readFileSync(`${file}.json`, 'utf8'));
  const errors = (report.errors ?? []).map(() => ({
    name: `${step}, outside of its tests`,
    status: 'failed',
  }));
  const outcomes = [...errors, ...(report.testResults?.flatMap(unit) ?? endToEnd(report))];
  return outcomes.length ? outcomes : [{ name: step, status: 'failed: it ran nothing' }];
};

const outcomes = process.argv.slice(2).flatMap(outcomesOf);
const isPassed = (/** @type {Outcome} */ { status }) => status === 'passed' || status === 'expected';
const isLeftOut = (/** @type {Outcome} */ { status }) => ['skipped', 'pending', 'todo'].includes(status);
const failed = outcomes.filter((each) => !isPassed(each) && (process.env.CI || !isLeftOut(each)));
for (const { name, status } of failed) console.log(`${name}: ${status}`);
console.log(`${outcomes.filter(isPassed).length} passed, ${failed.length} failed`);
process.exitCode = failed.length ? 1 : 0;
