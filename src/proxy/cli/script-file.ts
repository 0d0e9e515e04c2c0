/** The script files as the standalone proxy serves them: under their hash for ever, and under their name for a while. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** One file, read once. */
export interface ScriptFile {
  readonly body: Buffer;
  /** For a script tag's `integrity`. */
  readonly integrity: string;
  /** Changes with every byte of it. */
  readonly hashedPath: string;
  readonly plainPath: string;
  /** How long each path may be kept, as Cache-Control says it. */
  cacheControl(path: string): string;
}

/** What pages may need: the script itself first, what it imports from beside itself, and what a service worker imports. */
export const SCRIPT_FILES = [
  'offersight',
  'offersight-offers',
  'offersight-closing',
  'offersight-more',
  'offersight-debug',
  'offersight-inspector',
  'offersight-worker',
] as const;

/** Reads a script file beside the build of this program. */
export const readScriptFile = (
  name: (typeof SCRIPT_FILES)[number],
  folder = new URL('../../', import.meta.url),
): ScriptFile => {
  const body = readFileSync(new URL(`${name}.js`, folder));
  const digest = createHash('sha384').update(body).digest();
  const hashedPath = `/${name}-${digest.toString('hex').slice(0, 16)}.js`;
  return {
    body,
    integrity: `sha384-${digest.toString('base64')}`,
    hashedPath,
    plainPath: `/${name}.js`,
    cacheControl: (path) =>
      path === hashedPath ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
  };
};
