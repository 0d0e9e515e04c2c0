// Builds the site of every minor version under its number, for publishing: `node scripts/docs-versions.mjs OUTPUT`. Each comes from
// the last tag of its minor version, so nothing has to be kept between two releases. `GITHUB_REPOSITORY` and `GITHUB_SERVER_URL` say
// where the pages and the code are.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [output] = process.argv.slice(2);
if (!output) throw new Error('Say where to: node scripts/docs-versions.mjs OUTPUT');
const { GITHUB_REPOSITORY: repository = '', GITHUB_SERVER_URL: server = 'https://github.com' } = process.env;
const [owner = '', name = ''] = repository.split('/');
// A repository of this name has its owner's own site.
const path = name.toLowerCase() === `${owner.toLowerCase()}.github.io` ? '/' : `/${name}/`;

// Newest first. A tag that is not a release, such as v1.0.0-rc.1, has no site.
const tags = execFileSync('git', ['tag', '--list', 'v*', '--sort=-v:refname'], { encoding: 'utf8' });
/** @type {Map<string, string>} */
const last = new Map();
for (const [tag, minor = ''] of tags.matchAll(/^v(\d+\.\d+)\.\d+$/gm))
  if (!last.has(minor)) last.set(minor, tag);

const built = [];
for (const [minor, tag] of last) {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-docs-'));
  execFileSync('git', ['worktree', 'add', '--detach', folder, tag], { stdio: 'inherit' });
  // The first releases had no site.
  if (!existsSync(join(folder, 'docs/package.json'))) continue;
  const env = { ...process.env, DOCS_BASE: `${path}${minor}/`, DOCS_REPOSITORY: `${server}/${repository}` };
  for (const args of [
    ['ci', '--no-audit', '--loglevel=error'],
    ['run', 'docs:build'],
  ])
    execFileSync('npm', args, { cwd: folder, stdio: 'inherit', env });
  cpSync(join(folder, 'docs/.vitepress/dist'), join(output, minor), { recursive: true });
  built.push(minor);
}
if (!built.length) throw new Error('No tag has a site.');
mkdirSync(output, { recursive: true });
// A page that leads to the newest version.
writeFileSync(
  join(output, 'index.html'),
  `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Offersight</title>
  <meta http-equiv="refresh" content="0; url=${path}${built[0]}/">
  <a href="${path}${built[0]}/">Offersight</a>
</html>
`,
);
console.log(`sites of ${built.join(', ')}`);
