// Builds unless the last build is younger than all of its sources. `npm run build` always builds.
import { spawnSync } from 'node:child_process';
import { isYounger } from './younger.mjs';

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

if (isYounger(BUILT, SOURCES)) console.log('dist is as the sources are');
else process.exitCode = spawnSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' }).status ?? 1;
