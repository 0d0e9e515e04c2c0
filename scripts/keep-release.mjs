// Keeps the files of a released version, so that tests can run it together with this version:
// `node scripts/keep-release.mjs <commit> <version>` builds the commit and writes e2e/fixtures/releases/<version>. Run it again
// to check the files there: git then shows no change. It needs the whole history, and the network if the commit locks other
// packages than this version does.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rollup } from 'rollup';

const [commit = '', version = ''] = process.argv.slice(2);
/** Files for browsers, kept as they are. */
const SCRIPTS = ['offersight.js', 'offersight-delivery.js', 'offersight-worker.js'];
/** The parts of the proxy that tests use, by the names under which the package exports them. */
const PROXY = /** @type {const} */ (['./proxy', './proxy/node', './proxy/sqlite', './proxy/bullmq']);
/** Everything that version 0.1 used of a package that this version does not install. */
const BULLMQ = `export class QueueKeys {
  constructor(prefix) { this.prefix = prefix; }
  toKey(name, type) { return \`\${this.prefix}:\${name}:\${type}\`; }
}`;

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
const run = (command, args, cwd = '.') => execFileSync(command, args, { cwd, stdio: 'inherit' });

/**
 * One ES module; packages stay outside, as they do for users who install the product.
 * @param {string} folder
 * @param {Readonly<Record<(typeof PROXY)[number], { readonly default: string }>>} exported
 * @param {string} file
 */
const bundleProxy = async (folder, exported, file) => {
  const bundle = await rollup({
    input: 'proxy',
    external: (id) => /^[^./]/.test(id) && id !== 'bullmq',
    plugins: [
      {
        name: 'bullmq',
        resolveId: (id) => (id === 'bullmq' ? id : null),
        load: (id) => (id === 'bullmq' ? BULLMQ : null),
      },
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

/**
 * The thread that has the file of an intake. It has to be beside the file that starts it.
 * @param {string} folder
 * @param {string} kept
 */
const bundleThread = async (folder, kept) => {
  const input = join(folder, 'dist/proxy/intake/sqlite/sqlite-thread.js');
  // 0.1 has none.
  if (!existsSync(input)) return;
  const bundle = await rollup({ input, external: [/^[^./]/] });
  await bundle.write({ file: join(kept, 'sqlite-thread.js'), format: 'es', inlineDynamicImports: true });
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
  /** @param {string} where */
  const lockOf = (where) => readFileSync(join(where, 'package-lock.json'), 'utf8');
  if (lockOf(folder) === lockOf('.'))
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'), 'junction');
  else run('npm', ['ci', '--ignore-scripts'], folder);
  run('npm', ['run', 'build', '--silent'], folder);
  const kept = join('e2e/fixtures/releases', version);
  mkdirSync(kept, { recursive: true });
  for (const script of SCRIPTS) copyFileSync(join(folder, 'dist', script), join(kept, script));
  await bundleProxy(folder, manifest.exports, join(kept, 'proxy.js'));
  await bundleThread(folder, kept);
  // What its users could call, for the page that says what has changed since.
  cpSync(join(folder, 'docs/api'), join(kept, 'api'), {
    recursive: true,
    filter: (path) => path.endsWith('api') || path.endsWith('.api.md'),
  });
  console.log(`${kept} is what commit ${commit} consists of.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  run('git', ['worktree', 'prune']);
}
