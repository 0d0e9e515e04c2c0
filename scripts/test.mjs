// Everything that CI runs, in one command: prints what each step does, goes on after a failure so that one run
// shows all of them, and ends with the line `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const RESULTS = 'test-results';

/** A step counts as one check, or as the tests that its report holds. */
const STEPS = [
  { name: 'browser', command: 'node scripts/ensure-browser.mjs' },
  { name: 'servers', command: 'node scripts/ensure-servers.mjs' },
  { name: 'engines', command: 'node scripts/ensure-engines.mjs' },
  { name: 'build', command: 'npm run build --silent' },
  { name: 'format and lint', command: 'npm run lint --silent' },
  { name: 'types', command: 'npm run types --silent' },
  { name: 'unused code', command: 'npm run unused --silent' },
  {
    name: 'unit',
    command: 'npm run unit --silent',
    report: 'unit.json',
    count: ({ numPassedTests, numFailedTests }) => [numPassedTests, numFailedTests],
  },
  { name: 'byte budget', command: 'npm run budget --silent' },
  { name: 'package', command: 'npm run package --silent' },
  { name: 'public face', command: 'npm run api --silent -- --check' },
  { name: 'reference', command: 'npm run reference --silent -- --check' },
  { name: 'applications by their guides', command: 'npm run apps --silent' },
  {
    name: 'end to end',
    command: 'npm run e2e --silent',
    report: 'e2e.json',
    count: ({ stats }) => [stats.expected, stats.unexpected + stats.flaky + stats.skipped],
  },
];

const countOf = ({ report, count }, isOk) => {
  const file = `${RESULTS}/${report}`;
  if (!report || !existsSync(file)) return isOk ? [1, 0] : [0, 1];
  const [passed, failed] = count(JSON.parse(readFileSync(file, 'utf8')));
  // A runner can fail for another reason than a test, and without any test it has shown nothing.
  return [passed, failed || (isOk && passed ? 0 : 1)];
};

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS);
let passed = 0;
let failed = 0;
const summary = [];
for (const step of STEPS) {
  console.log(`\n── ${step.name}: ${step.command}`);
  const startedAt = Date.now();
  const { status } = spawnSync(step.command, { shell: true, stdio: 'inherit' });
  const [ok, bad] = countOf(step, status === 0);
  passed += ok;
  failed += bad;
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  summary.push(`${bad ? '✘' : '✓'} ${step.name}: ${ok} passed, ${bad} failed, ${seconds} s`);
}
const line = `${passed} passed, ${failed} failed`;
writeFileSync(`${RESULTS}/summary.txt`, `${line}\n`);
console.log(`\n${summary.join('\n')}\n${line}`);
process.exitCode = failed ? 1 : 0;
