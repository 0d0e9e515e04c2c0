// Runs checks one after the other, and those in a list of their own side by side; a list in that one is one after the
// other again. It prints the output of each, continues after a failure so that one run shows all of them, and ends with the
// line `N passed, N failed`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { endToEndFailures, unitFailures } from './failures.mjs';
import { LIST, LISTED } from './once.mjs';

/** @import { EndToEndReport, UnitReport } from './failures.mjs' */

/**
 * What a step came to. What was left out counts as failed in CI, and is only said elsewhere.
 * @typedef {{
 *   readonly passed: number,
 *   readonly failed: number,
 *   readonly skipped?: number,
 *   readonly failures: readonly string[],
 * }} Result
 */

/**
 * The report of a step that says how many tests it ran.
 * @typedef {{ readonly file: string, readonly read: (text: string) => Result }} Report
 */

/**
 * One check of a command.
 * @typedef {{ readonly name: string, readonly command: string, readonly report?: Report }} Step
 */

const RESULTS = 'test-results';
/** Whether all has to be there that tests need. */
const isStrict = !!process.env.CI;

/** @type {Report} */
const UNIT = {
  file: 'unit.json',
  read: (text) => {
    /** @type {UnitReport & Record<'numPassedTests' | 'numPendingTests', number>} */
    const report = JSON.parse(text);
    const failures = unitFailures(report, isStrict);
    return {
      passed: report.numPassedTests,
      failed: failures.length,
      skipped: report.numPendingTests,
      failures,
    };
  },
};
/** @type {Report} */
const END_TO_END = {
  file: 'e2e.json',
  read: (text) => {
    /** @type {EndToEndReport & { stats: Record<'expected' | 'unexpected' | 'flaky' | 'skipped', number> }} */
    const report = JSON.parse(text);
    const { expected, unexpected, flaky, skipped } = report.stats;
    const failed = unexpected + flaky + (isStrict ? skipped : 0);
    return { passed: expected, failed, skipped, failures: endToEndFailures(report, isStrict) };
  },
};

/**
 * What tests need beside npm's packages, and the list of those that show every promise once. Debian installs one package
 * at a time, and mostly waits for the network and the disk, so it is built meanwhile.
 */
const NEEDS = [
  [
    [
      { name: 'browser', command: 'node scripts/ensure-browser.mjs' },
      { name: 'servers', command: 'node scripts/ensure-servers.mjs' },
      { name: 'engines', command: 'node scripts/ensure-engines.mjs' },
    ],
    { name: 'build', command: 'node scripts/build-once.mjs' },
  ],
  { name: 'list of promises', command: 'node scripts/once.mjs' },
];
const LISTED_PROJECTS = LISTED.map((project) => `--project ${project}`).join(' ');

/**
 * What each command runs.
 * @type {Readonly<Record<'test' | 'proof', readonly (Step | readonly (Step | readonly Step[])[])[]>>}
 */
export const STEPS = {
  test: [
    ...NEEDS,
    [
      { name: 'format and lint', command: 'npm run lint --silent' },
      { name: 'types', command: 'npm run types --silent' },
      { name: 'byte budget', command: 'npm run budget --silent' },
    ],
    {
      name: 'unit',
      command:
        'npm run unit --silent -- --allowOnly=false --project node --project dom --project servers --project alone',
      report: UNIT,
    },
    {
      name: 'end to end',
      command: `npm run e2e --silent -- ${LISTED_PROJECTS} --test-list ${LIST}`,
      report: END_TO_END,
    },
  ],
  proof: [
    ...NEEDS,
    [
      { name: 'unused code', command: 'npm run unused --silent' },
      { name: 'package', command: 'npm run package --silent' },
      { name: 'reference', command: 'npm run reference --silent -- --check' },
    ],
    // Applications mostly wait for the network while npm installs their packages, and some units for a clock.
    [
      {
        name: 'documentation site, also by the rules of axe',
        command: 'npm run docs:build --silent && npm run docs:axe --silent',
      },
      {
        name: 'long units',
        command: 'npm run unit --silent -- --allowOnly=false --project proof',
        report: UNIT,
      },
      { name: 'applications by their guides', command: 'npm run apps --silent' },
    ],
    // In one go, so that nothing waits for the longest test of a part.
    {
      name: 'end to end, the others and those that take longer',
      command: `npm run e2e --silent -- ${LISTED_PROJECTS} --test-list-invert ${LIST}`,
      report: END_TO_END,
    },
  ],
};

/**
 * A step counts as one check, or as the tests in its report.
 * @param {Step} step
 * @param {boolean} isOk
 * @returns {Result}
 */
const resultOf = ({ name, report }, isOk) => {
  if (!report) return { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1, failures: isOk ? [] : [name] };
  const file = `${RESULTS}/${report.file}`;
  // A runner without a report has not shown anything.
  if (!existsSync(file)) return { passed: 0, failed: 1, failures: [`${name}: no report`] };
  const result = report.read(readFileSync(file, 'utf8'));
  const { passed, failed } = result;
  if (failed) return result;
  // A runner can fail for another reason than a test, and without any test it has shown nothing.
  return isOk && passed
    ? { passed, failed, failures: [] }
    : { passed, failed: 1, failures: [`${name}: it failed, although no test did`] };
};

/**
 * Runs one step. If several run side by side, the output of each is shown when it ends.
 * @param {Step} step
 * @param {boolean} isAlone
 */
const runStep = async (step, isAlone) => {
  const title = `\n── ${step.name}: ${step.command}`;
  if (isAlone) console.log(title);
  // The report of an earlier step of this kind must not count for this one.
  if (step.report) rmSync(`${RESULTS}/${step.report.file}`, { force: true });
  const startedAt = Date.now();
  const child = spawn(step.command, {
    shell: true,
    stdio: isAlone ? 'inherit' : ['inherit', 'pipe', 'pipe'],
  });
  /** @type {Buffer[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => said.push(chunk));
  const [status] = await once(child, 'close');
  if (!isAlone) process.stdout.write(`${title}\n${Buffer.concat(said)}`);
  const result = resultOf(step, status === 0);
  const { passed, failed, skipped } = result;
  const leftOut = skipped ? `, ${skipped} left out` : '';
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  return {
    ...result,
    line: `${failed ? '✘' : '✓'} ${step.name}: ${passed} passed, ${failed} failed${leftOut}, ${seconds} s`,
  };
};

/**
 * Runs the steps of one command; `test-results/NAME.txt` keeps the last line, and below it what failed.
 * @param {'test' | 'proof'} name
 */
export const runSteps = async (name) => {
  mkdirSync(RESULTS, { recursive: true });
  /** @type {Awaited<ReturnType<typeof runStep>>[]} */
  const results = [];
  for (const each of STEPS[name]) {
    const together = Array.isArray(each) ? each : [each];
    const isAlone = together.length === 1;
    // Their output comes when they end.
    if (!isAlone)
      console.log(
        `\nside by side: ${together
          .flat()
          .map(({ name }) => name)
          .join(', ')}`,
      );
    const inTurn = together.map(async (steps) => {
      for (const step of [steps].flat()) results.push(await runStep(step, isAlone));
    });
    await Promise.all(inTurn);
  }
  /** @param {'passed' | 'failed'} count */
  const sum = (count) => results.reduce((total, result) => total + result[count], 0);
  const line = `${sum('passed')} passed, ${sum('failed')} failed`;
  const failures = results.flatMap((result) => result.failures);
  writeFileSync(`${RESULTS}/${name}.txt`, `${[line, ...failures].join('\n')}\n`);
  console.log(`\n${[...failures, ...results.map((result) => result.line), line].join('\n')}`);
  process.exitCode = sum('failed') ? 1 : 0;
};
