// Whether a tag may be published: `node scripts/release.mjs v1.2.3` fails unless that is the version of the manifest
// and of the lock file, and the changelog has a section of it that says something.
import { readFileSync } from 'node:fs';

const [tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')).version;
const [, ...sections] = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m);
const told = sections.find((section) => section.split('\n', 1)[0]?.trim() === version);

const faults = [
  tag !== `v${version}` &&
    `The tag is ${tag || 'missing'}, and the version ${version}: it has to be v${version}.`,
  locked !== version && `package-lock.json is of ${locked}, and package.json of ${version}: run npm install.`,
  !told?.includes('\n- ') && `CHANGELOG.md has no section "## ${version}" with what is new.`,
].filter(Boolean);

for (const fault of faults) console.error(fault);
if (!faults.length) console.log(`${tag} may be published`);
process.exitCode = faults.length ? 1 : 0;
