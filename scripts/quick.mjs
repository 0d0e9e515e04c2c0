// `npm run quick`: the checks that a contributor runs many times an hour, in about a minute on two cores. They are
// format, lint, types, the import law, and the unit tests that need neither a browser nor a server.
// `npm run quick -- --watch` continues with each change.
import { spawn } from 'node:child_process';

/** What the compiler found the last time. */
const CACHE = 'node_modules/.cache/tsc.tsbuildinfo';
/** What needs no server. */
const UNITS = '--project node --project dom';

/**
 * @param {string} name
 * @param {string} command
 * @returns {Promise<boolean>}
 */
const run = (name, command) =>
  new Promise((resolve) => {
    const startedAt = Date.now();
    const child = spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    /** @type {Buffer[]} */
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      const seconds = ((Date.now() - startedAt) / 1_000).toFixed(1);
      console.log(`${code === 0 ? '✓' : '✘'} ${name}, ${seconds} s`);
      // A step that passes prints nothing.
      if (code !== 0) console.log(Buffer.concat(output).toString());
      resolve(code === 0);
    });
  });

if (process.argv.includes('--watch')) {
  spawn(`npx vitest ${UNITS} --changed --watch`, { shell: true, stdio: 'inherit' });
} else {
  /** @param {...[name: string, command: string]} steps */
  const inTurn = async (...steps) => {
    let isOk = true;
    for (const [name, command] of steps) isOk = (await run(name, command)) && isOk;
    return isOk;
  };
  // Two at a time: on two cores more would only wait for each other.
  const results = await Promise.all([
    inTurn(
      ['format', 'npx biome ci'],
      ['types', `node node_modules/typescript-newest/bin/tsc --incremental --tsBuildInfoFile ${CACHE}`],
      ['lint', 'npx oxlint'],
    ),
    run('units', `npx vitest run ${UNITS} --reporter dot`),
  ]);
  process.exitCode = results.every(Boolean) ? 0 : 1;
}
