// `npm run quick`: the checks that a contributor runs many times an hour, in about a minute on two cores. They are
// format, types, the import law, the short unit tests that need neither a browser nor a server, and lint of what changed.
// `npm run quick -- --watch` continues with each change. Types and some units read what is built, so it builds if nothing is.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { BUILT } from './build-once.mjs';

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

/** The files that differ from the last commit: the rules that need types would take a fifth of the time for all files. */
const changed = () => {
  const status = [
    'status',
    '--porcelain',
    '--untracked-files=all',
    '--no-renames',
    '-z',
    '--',
    '*.ts',
    '*.tsx',
  ];
  return execFileSync('git', status, { encoding: 'utf8' })
    .split('\0')
    .filter((line) => line && !line.slice(0, 2).includes('D'))
    .map((line) => `"${line.slice(3)}"`);
};

if (
  !existsSync(BUILT) &&
  !(await run('build, which is only done if there is none', 'npm run build --silent'))
)
  process.exitCode = 1;
else if (process.argv.includes('--watch')) {
  spawn(`npx vitest ${UNITS} --changed --watch`, { shell: true, stdio: 'inherit' });
} else {
  /** @param {...[name: string, command: string]} steps */
  const inTurn = async (...steps) => {
    let isOk = true;
    for (const [name, command] of steps) isOk = (await run(name, command)) && isOk;
    return isOk;
  };
  const files = changed();
  /** @type {[name: string, command: string][]} */
  const linting = files.length
    ? [['lint of what changed', `npx oxlint --no-error-on-unmatched-pattern ${files.join(' ')}`]]
    : [];
  // Two at a time: on two cores more would only wait for each other.
  const results = await Promise.all([
    inTurn(
      ['format', 'npx biome ci'],
      ['types', `node node_modules/typescript-newest/bin/tsc --incremental --tsBuildInfoFile ${CACHE}`],
      ...linting,
    ),
    run('units', `npx vitest run ${UNITS} --reporter dot --silent=passed-only`),
  ]);
  process.exitCode = results.every(Boolean) ? 0 : 1;
}
