// What a page loads of other trackers: the published browser bundles of npm, compressed by Brotli as servers do. Packages are
// packed into a folder that goes again, and nothing of them is run. `npm run bench:peers`; the README's table names the same versions.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

/** Each tracker, as a page loads it at first: without what it asks for later. */
const PEERS = [
  {
    name: 'Segment analytics-next',
    files: [['@segment/analytics-next@1.84.3', 'dist/umd/standalone.js']],
  },
  {
    name: 'Snowplow with its plugin for elements',
    files: [
      ['@snowplow/browser-tracker@4.10.1', 'dist/index.umd.min.js'],
      ['@snowplow/browser-plugin-element-tracking@4.10.2', 'dist/index.umd.min.js'],
    ],
  },
  { name: 'PostHog', files: [['posthog-js@1.449.2', 'dist/array.js']] },
  { name: 'Plausible', files: [['@plausible-analytics/tracker@0.4.6', 'plausible.js']] },
];

const folder = mkdtempSync(join(tmpdir(), 'offersight-peers-'));
const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' }).trim();

try {
  for (const { name, files } of PEERS) {
    const sizes = files.map(([specifier, file]) => {
      const archive = run('npm', 'pack', '--silent', specifier).split('\n').at(-1);
      run('tar', 'xzf', archive, `package/${file}`);
      return brotliCompressSync(readFileSync(join(folder, 'package', file))).length;
    });
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    console.log(
      `${name}: ${(bytes / 1_000).toFixed(1)} KB (${files.map(([specifier]) => specifier).join(', ')})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
