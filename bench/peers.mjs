// What a page loads of other trackers: the published browser bundles of npm, compressed by Brotli as servers do. Packages are packed into a
// folder that goes again, and nothing of them is run. `npm run bench:peers` writes the figures to bench/peers.json, and
// `test/peers.test.ts` compares the README's table with them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

/**
 * Each tracker, as a page loads it at first: without what it asks for later. `title` is its name in the README.
 * @type {readonly { title: string, files: readonly [specifier: string, file: string][] }[]}
 */
const PEERS = [
  {
    title: 'Segment',
    files: [['@segment/analytics-next@1.84.3', 'dist/umd/standalone.js']],
  },
  {
    // Seeing elements takes its plugin.
    title: 'Snowplow',
    files: [
      ['@snowplow/browser-tracker@4.10.1', 'dist/index.umd.min.js'],
      ['@snowplow/browser-plugin-element-tracking@4.10.2', 'dist/index.umd.min.js'],
    ],
  },
  { title: 'PostHog', files: [['posthog-js@1.449.2', 'dist/array.js']] },
  { title: 'Plausible', files: [['@plausible-analytics/tracker@0.4.6', 'plausible.js']] },
];

const folder = mkdtempSync(join(tmpdir(), 'offersight-peers-'));
/**
 * @param {string} program
 * @param {...string} args
 */
const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' }).trim();

try {
  const figures = PEERS.map(({ title, files }) => {
    const sizes = files.map(([specifier, file]) => {
      const archive = run('npm', 'pack', '--silent', specifier).split('\n').at(-1) ?? '';
      run('tar', 'xzf', archive, `package/${file}`);
      return brotliCompressSync(readFileSync(join(folder, 'package', file))).length;
    });
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const packages = files.map(([specifier]) => specifier);
    console.log(`${title}: ${(bytes / 1_000).toFixed(1)} KB (${packages.join(', ')})`);
    return { title, packages, bytes };
  });
  writeFileSync('bench/peers.json', `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
