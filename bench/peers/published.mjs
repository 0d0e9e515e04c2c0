// Other trackers as a page loads them at first, without what they ask for later: the published browser bundles of npm.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A tracker. `title` is its name in the README.
 * @typedef {{ readonly title: string, readonly files: readonly (readonly [specifier: string, file: string])[] }} Peer
 */

/** @type {Peer} */
export const SNOWPLOW = {
  // Seeing elements takes its plugin.
  title: 'Snowplow',
  files: [
    ['@snowplow/browser-tracker@4.10.1', 'dist/index.umd.min.js'],
    ['@snowplow/browser-plugin-element-tracking@4.10.2', 'dist/index.umd.min.js'],
  ],
};

/** @type {readonly Peer[]} */
export const PEERS = [
  {
    title: 'Segment',
    files: [['@segment/analytics-next@1.84.3', 'dist/umd/standalone.js']],
  },
  SNOWPLOW,
  { title: 'PostHog', files: [['posthog-js@1.449.2', 'dist/array.js']] },
  { title: 'Plausible', files: [['@plausible-analytics/tracker@0.4.6', 'plausible.js']] },
];

/**
 * The files of a tracker. Its packages come into a folder that goes again.
 * @param {Peer} peer
 * @returns {readonly Buffer[]}
 */
export const filesOf = ({ files }) => {
  const folder = mkdtempSync(join(tmpdir(), 'offersight-peers-'));
  /**
   * @param {string} program
   * @param {...string} args
   */
  const run = (program, ...args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' }).trim();
  try {
    return files.map(([specifier, file]) => {
      const archive = run('npm', 'pack', '--silent', specifier).split('\n').at(-1) ?? '';
      run('tar', 'xzf', archive, `package/${file}`);
      return readFileSync(join(folder, 'package', file));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
};
