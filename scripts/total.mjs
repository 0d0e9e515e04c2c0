// Prints the sum of the results of these commands: `node scripts/total.mjs test proof`. A command without a result has
// failed.
import { existsSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
for (const name of process.argv.slice(2)) {
  const file = `test-results/${name}.txt`;
  const [, ok, bad] = /^(\d+) passed, (\d+) failed/.exec(
    existsSync(file) ? readFileSync(file, 'utf8') : '',
  ) ?? [0, 0, 1];
  passed += Number(ok);
  failed += Number(bad);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
