// Builds unless the last build is younger than all of its sources. Folders count as sources, since a folder changes
// when one of its files is deleted. `npm run build` always builds.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = [
  'package-lock.json',
  'package.json',
  'rollup.config.mjs',
  'scripts',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
];
/** The file that a build writes last. */
const BUILT = 'dist/offersight-inspector.js.sri';

/**
 * @param {string} path
 * @returns {number[]}
 */
const agesBelow = (path) => {
  const found = statSync(path);
  return found.isDirectory()
    ? [found.mtimeMs, ...readdirSync(path).flatMap((name) => agesBelow(join(path, name)))]
    : [found.mtimeMs];
};

const builtAt = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (builtAt > Math.max(...SOURCES.flatMap(agesBelow))) console.log('dist is as the sources are');
else process.exitCode = spawnSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' }).status ?? 1;
