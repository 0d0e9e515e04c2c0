// Builds the site of every minor version under its number, for publishing: `node scripts/docs-versions.mjs OUTPUT`. Each comes from
// the last tag of its minor version, so nothing has to be kept between two releases. `GITHUB_REPOSITORY` and `GITHUB_SERVER_URL` say
// where the pages and the code are.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The last tag of each minor version, newest first: `[{ minor: '0.2', tag: 'v0.2.1' }]`.
 * @param {readonly string[]} tags As git lists them. A tag that is not a release, such as `v1.0.0-rc.1`, has no site.
 * @returns {{ readonly minor: string, readonly tag: string }[]}
 */
export const lastOfEachMinor = (tags) => {
  const releases = tags
    .map((tag) => /^v(\d+)\.(\d+)\.(\d+)$/.exec(tag))
    .filter((found) => found !== null)
    .map(([tag, ...parts]) => {
      const [major = 0, minor = 0, patch = 0] = parts.map(Number);
      return { tag, major, minor, patch };
    })
    .sort((a, b) => b.major - a.major || b.minor - a.minor || b.patch - a.patch);
  /** @type {Map<string, { minor: string, tag: string }>} */
  const last = new Map();
  for (const { tag, major, minor: second } of releases) {
    const minor = `${major}.${second}`;
    if (!last.has(minor)) last.set(minor, { minor, tag });
  }
  return [...last.values()];
};

/**
 * The path that a repository's pages are served under: `owner/offersight` has `/offersight/`.
 * @param {string} repository
 */
export const pathOf = (repository) => {
  const [owner = '', name = ''] = repository.split('/');
  return name.toLowerCase() === `${owner.toLowerCase()}.github.io` ? '/' : `/${name}/`;
};

/**
 * A page that leads to the newest version.
 * @param {string} path
 */
export const leadTo = (path) => `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Offersight</title>
  <meta http-equiv="refresh" content="0; url=${path}">
  <a href="${path}">Offersight</a>
</html>
`;

/**
 * @param {string} cwd
 * @param {Readonly<Record<string, string>>} env
 * @param {string} program
 * @param {...string} args
 */
const run = (cwd, env, program, ...args) => {
  const { status } = spawnSync(program, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed.`);
};

/** @param {string} output */
const build = (output) => {
  const { GITHUB_REPOSITORY: repository = '', GITHUB_SERVER_URL: server = 'https://github.com' } =
    process.env;
  const tags = execFileSync('git', ['tag', '--list', 'v*'], { encoding: 'utf8' }).split('\n');
  const path = pathOf(repository);
  const built = [];
  for (const { minor, tag } of lastOfEachMinor(tags)) {
    const folder = mkdtempSync(join(tmpdir(), 'offersight-docs-'));
    run('.', {}, 'git', 'worktree', 'add', '--detach', folder, tag);
    // The first releases had no site.
    if (!existsSync(join(folder, 'docs/package.json'))) continue;
    const env = { DOCS_BASE: `${path}${minor}/`, DOCS_REPOSITORY: `${server}/${repository}` };
    run(folder, env, 'npm', 'ci', '--no-audit', '--loglevel=error');
    run(folder, env, 'npm', 'run', 'docs:build');
    cpSync(join(folder, 'docs/.vitepress/dist'), join(output, minor), { recursive: true });
    built.push(minor);
  }
  if (!built.length) throw new Error('No tag has a site.');
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, 'index.html'), leadTo(`${path}${built[0]}/`));
  console.log(`sites of ${built.join(', ')}`);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [output] = process.argv.slice(2);
  if (!output) throw new Error('Say where to: node scripts/docs-versions.mjs OUTPUT');
  build(output);
}
