/** Loads libsql when an intake is opened: a host whose intake is another one has no need of it. */
import { createRequire } from 'node:module';
import type Database from 'libsql';
import { OffersightError } from '../../../errors.js';
import type { Value } from '../sql/driver.js';

/** A statement of a connection that does not block. */
export interface Prepared {
  all(params: readonly Value[]): Promise<readonly unknown[]>;
}

/** A connection that does not block: libsql runs its statements in threads of its own. */
export interface Connection {
  exec(sql: string): Promise<unknown>;
  prepare(sql: string): Promise<Prepared>;
  close(): void;
}

/** What libsql is used for. */
interface Libsql {
  readonly Blocking: typeof Database;
  readonly Connection: new (path: string, options: { readonly timeout: number }) => Connection;
}

const NOT_INSTALLED = 'This intake needs a package that is not installed. Add it with: npm install libsql';

const NOT_LOADED =
  "The intake cannot load libsql: see what broke. If the server is bundled, leave the package offersight out of the bundle, so that it is loaded from node_modules. In Next, set serverExternalPackages: ['offersight'] in next.config.ts.";

/**
 * Loads it. An import at the top of a file would end a host in Node's words, before the proxy is created and says what
 * is wrong.
 * @throws {OffersightError} `configuration` if it is not there.
 */
export const loadLibsql = (): Libsql => {
  try {
    const require = createRequire(import.meta.url);
    return {
      Blocking: require('libsql') as Libsql['Blocking'],
      Connection: require('libsql/promise') as Libsql['Connection'],
    };
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    throw new OffersightError('configuration', isMissing ? NOT_INSTALLED : NOT_LOADED, cause);
  }
};
