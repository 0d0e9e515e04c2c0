// The documentation's site. `npm run docs` serves it and shows what changes; `npm run docs:build` builds and checks it. Its
// packages are installed below docs/ when they are asked for first, so that `npm ci` of the repository does not grow.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const [command = 'build', ...rest] = process.argv.slice(2);

/** @param {string} file */
const ageOf = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * @param {string} program
 * @param {...string} args
 */
const run = (program, ...args) => {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

/** @param {readonly string[]} faults */
const report = (faults) => {
  for (const fault of faults) console.error(fault);
  if (faults.length) process.exit(1);
};

// The checks and the site's example need the packages of the repository. A checkout that only makes the site has none yet.
if (!existsSync('node_modules')) run('npm', 'ci', '--no-audit', '--loglevel=error');

// This comes before the installation of the site, so that faults of the text are reported at once.
if (command === 'build') {
  const { faultsOfSources } = await import('./site-check.mjs');
  report(faultsOfSources());
}

// npm writes the second file last.
if (ageOf('docs/package-lock.json') > ageOf('docs/node_modules/.package-lock.json'))
  run('npm', 'ci', '--prefix', 'docs', '--no-audit', '--loglevel=error');

// The site has an example that is the built package.
if (!existsSync('dist/index.js')) run('npm', 'run', 'build', '--silent');

run(process.execPath, 'docs/node_modules/vitepress/bin/vitepress.js', command, 'docs', ...rest);

if (command === 'build') {
  const { faultsOfOutput } = await import('./site-output.mjs');
  const { pages, faults } = faultsOfOutput();
  report(faults);
  console.log(`site: ${pages} pages, every link, heading and picture is there`);
}
