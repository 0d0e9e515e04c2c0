// Prints what failed in these commands, and then the sum of their results: `node scripts/total.mjs test proof`. A
// command without a result has failed.
import { existsSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
for (const name of process.argv.slice(2)) {
  const file = `test-results/${name}.txt`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [, ok, bad, failures] = /^(\d+) passed, (\d+) failed\n(.*)/s.exec(text) ?? [
    '',
    0,
    1,
    `npm run ${name} did not end\n`,
  ];
  passed += Number(ok);
  failed += Number(bad);
  process.stdout.write(failures);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
