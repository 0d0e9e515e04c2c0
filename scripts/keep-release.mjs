// Keeps what a released version consists of, so that tests can let it meet this version:
// `node scripts/keep-release.mjs <commit> <version>` builds the commit and writes e2e/fixtures/releases/<version>. Run it again
// to check the files there: git then shows no change. It needs the whole history, and the network if the commit locks other
// packages than this version does.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rollup } from 'rollup';

const [commit = '', version = ''] = process.argv.slice(2);
/** Self-contained files for browsers, kept as they are. */
const SCRIPTS = ['offersight.js', 'offersight-worker.js'];
/** What of the proxy tests use, by the names under which the package exports it. */
const PROXY = ['./proxy', './proxy/node', './proxy/sqlite', './proxy/bullmq'];

const run = (command, args, cwd = '.') => execFileSync(command, args, { cwd, stdio: 'inherit' });

/** One ES module; packages stay outside, as they do for whoever installs the product. */
const bundleProxy = async (folder, exported, file) => {
  const bundle = await rollup({
    input: 'proxy',
    external: [/^[^./]/],
    plugins: [
      {
        name: 'proxy',
        resolveId: (id) => (id === 'proxy' ? id : null),
        load: (id) =>
          id === 'proxy'
            ? PROXY.map(
                (entry) => `export * from ${JSON.stringify(join(folder, exported[entry].default))};`,
              ).join('')
            : null,
      },
    ],
  });
  await bundle.write({ file, format: 'es' });
  await bundle.close();
};

const folder = mkdtempSync(join(tmpdir(), 'offersight-release-'));
try {
  run('git', ['worktree', 'add', '--quiet', '--detach', folder, commit]);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (manifest.version !== version)
    throw new Error(
      `Commit ${commit} has version ${manifest.version}: give that version, or another commit.`,
    );
  const lockOf = (where) => readFileSync(join(where, 'package-lock.json'), 'utf8');
  if (lockOf(folder) === lockOf('.'))
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  else run('npm', ['ci', '--ignore-scripts'], folder);
  run('npm', ['run', 'build', '--silent'], folder);
  const kept = join('e2e/fixtures/releases', version);
  mkdirSync(kept, { recursive: true });
  for (const script of SCRIPTS) copyFileSync(join(folder, 'dist', script), join(kept, script));
  await bundleProxy(folder, manifest.exports, join(kept, 'proxy.js'));
  console.log(`${kept} is what commit ${commit} consists of.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  run('git', ['worktree', 'prune']);
}
