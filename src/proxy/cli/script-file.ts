/** The script file as the standalone proxy serves it: under its hash for ever, and under its plain name for a while. */
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

const PLAIN = '/offersight.js';

/** Reads the script file beside the build of this program. */
export const readScriptFile = (file = new URL('../../offersight.js', import.meta.url)): ScriptFile => {
  const body = readFileSync(file);
  const digest = createHash('sha384').update(body).digest();
  const hashedPath = `/offersight-${digest.toString('hex').slice(0, 16)}.js`;
  return {
    body,
    integrity: `sha384-${digest.toString('base64')}`,
    hashedPath,
    plainPath: PLAIN,
    cacheControl: (path) =>
      path === hashedPath ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
  };
};
