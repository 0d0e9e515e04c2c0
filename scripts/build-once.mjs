// Builds unless the last build is younger than all of its sources. `npm run build` always builds. It is a module (`BUILT`)
// and a command.
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
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
export const BUILT = 'dist/offersight-inspector.js.sri';

const buildOnce = () => {
  if (isYounger(BUILT, SOURCES)) console.log('dist is as the sources are');
  else process.exitCode = spawnSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' }).status ?? 1;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) buildOnce();
