// `npm run quick`: the checks that a contributor runs many times an hour, in about a minute on two cores. They are
// format, types, the import law, the short unit tests that need neither a browser nor a server, and lint of what changed.
// `npm run quick -- --watch` checks again after each change, of the units those that the change is about.
// Types and some units read what is built, so it builds if nothing is.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, watch } from 'node:fs';
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

/** @param {...[name: string, command: string]} steps */
const inTurn = async (...steps) => {
  let isOk = true;
  for (const [name, command] of steps) isOk = (await run(name, command)) && isOk;
  return isOk;
};

/** @param {...[name: string, command: string]} units */
const check = async (...units) => {
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
      ['import law', 'npm run law --silent'],
      ...linting,
    ),
    inTurn(...units),
  ]);
  return results.every(Boolean);
};

/** Checks now and whenever a file of the project has changed, until it is interrupted. */
const checkEachTime = async () => {
  const folders = readdirSync('e2e', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !existsSync(`e2e/${entry.name}/node_modules`))
    .map(({ name }) => `e2e/${name}`);
  let hasChanged = true;
  let wake = () => undefined;
  for (const folder of ['src', 'test', 'scripts', 'bench', 'demo', ...folders])
    watch(folder, { recursive: true }, () => {
      hasChanged = true;
      wake();
    });
  for (;;) {
    hasChanged = false;
    await check([
      'units about the change',
      `npx vitest run ${UNITS} --changed --passWithNoTests --reporter dot --silent=passed-only`,
    ]);
    if (!hasChanged) {
      console.log('Waiting for a change.\n');
      await new Promise((resolve) => {
        wake = () => void resolve(undefined);
      });
    }
  }
};

const isBuilt =
  existsSync(BUILT) || (await run('build, which is only done if there is none', 'npm run build --silent'));
if (isBuilt && process.argv.includes('--watch')) await checkEachTime();
else if (!isBuilt || !(await check(['units', `npx vitest run ${UNITS} --reporter dot --silent=passed-only`])))
  process.exitCode = 1;
