// Runs checks one after the other, prints what each does, goes on after a failure so that one run shows all of them, and
// ends with the line `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const RESULTS = 'test-results';

/** Steps whose reports say how many tests they held. */
const UNIT = {
  report: 'unit.json',
  count: ({ numPassedTests, numFailedTests }) => [numPassedTests, numFailedTests],
};
const END_TO_END = {
  report: 'e2e.json',
  count: ({ stats }) => [stats.expected, stats.unexpected + stats.flaky + stats.skipped],
};

/** What tests need beside npm's packages. */
const NEEDS = [
  { name: 'browser', command: 'node scripts/ensure-browser.mjs' },
  { name: 'servers', command: 'node scripts/ensure-servers.mjs' },
  { name: 'engines', command: 'node scripts/ensure-engines.mjs' },
  { name: 'build', command: 'node scripts/build-once.mjs' },
];

/** What each command runs; CONTRIBUTING tells which of them shows what. */
export const STEPS = {
  test: [
    ...NEEDS,
    { name: 'format and lint', command: 'npm run lint --silent' },
    { name: 'types', command: 'npm run types --silent' },
    { name: 'unused code', command: 'npm run unused --silent' },
    {
      name: 'unit',
      command: 'npm run unit --silent -- --project node --project dom --project servers',
      ...UNIT,
    },
    { name: 'byte budget', command: 'npm run budget --silent' },
    { name: 'package', command: 'npm run package --silent' },
    { name: 'public face', command: 'npm run api --silent -- --check' },
    { name: 'reference', command: 'npm run reference --silent -- --check' },
    {
      name: 'end to end',
      command: 'npm run e2e --silent -- --project promises --project smoke',
      ...END_TO_END,
    },
  ],
  proof: [
    ...NEEDS,
    { name: 'long units', command: 'npm run unit --silent -- --project proof', ...UNIT },
    { name: 'documentation site', command: 'npm run docs:build --silent' },
    { name: 'applications by their guides', command: 'npm run apps --silent' },
    { name: 'long end to end', command: 'npm run e2e --silent -- --project proof', ...END_TO_END },
  ],
};

/** A step counts as one check, or as the tests that its report holds. */
const countOf = ({ report, count }, isOk) => {
  if (!report) return isOk ? [1, 0] : [0, 1];
  const file = `${RESULTS}/${report}`;
  // A runner that says nothing of what it ran has shown nothing.
  if (!existsSync(file)) return [0, 1];
  const [passed, failed] = count(JSON.parse(readFileSync(file, 'utf8')));
  // A runner can fail for another reason than a test, and without any test it has shown nothing.
  return [passed, failed || (isOk && passed ? 0 : 1)];
};

/** Runs the steps of one command; `test-results/NAME.txt` keeps the last line. */
export const runSteps = (name) => {
  mkdirSync(RESULTS, { recursive: true });
  let passed = 0;
  let failed = 0;
  const summary = [];
  for (const step of STEPS[name]) {
    console.log(`\n── ${step.name}: ${step.command}`);
    // What an earlier step of the kind reported is not this one's.
    if (step.report) rmSync(`${RESULTS}/${step.report}`, { force: true });
    const startedAt = Date.now();
    const { status } = spawnSync(step.command, { shell: true, stdio: 'inherit' });
    const [ok, bad] = countOf(step, status === 0);
    passed += ok;
    failed += bad;
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    summary.push(`${bad ? '✘' : '✓'} ${step.name}: ${ok} passed, ${bad} failed, ${seconds} s`);
  }
  const line = `${passed} passed, ${failed} failed`;
  writeFileSync(`${RESULTS}/${name}.txt`, `${line}\n`);
  console.log(`\n${summary.join('\n')}\n${line}`);
  process.exitCode = failed ? 1 : 0;
};
