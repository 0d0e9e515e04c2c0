/** The demo's arguments and environment. */
import { parseArgs } from 'node:util';

/** The demo's options. */
export interface DemoOptions {
  /** The shop's port; 0 takes a free one. */
  readonly port: number;
  /** Folder of the intake's file and the mock API's history. */
  readonly data: string;
  /** A real Chargebee site; without one the mock API is started. */
  readonly chargebee: { readonly site: string; readonly apiKey: string } | undefined;
}

const DEFAULT_PORT = 4000;

/**
 * Reads `--port N` and `--data FOLDER`, and `CHARGEBEE_SITE` with `CHARGEBEE_API_KEY`.
 * @throws {Error} If an argument is unknown or malformed, or one of the two variables is missing.
 */
export const readOptions = (args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions => {
  const { values } = parseArgs({
    args: [...args],
    options: { port: { type: 'string' }, data: { type: 'string' } },
  });
  const port = Number(values.port ?? DEFAULT_PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port must be a whole number from 0 to 65535, not "${values.port}"`);
  }
  const { CHARGEBEE_SITE: site, CHARGEBEE_API_KEY: apiKey } = env;
  if (!site !== !apiKey) throw new Error('set both CHARGEBEE_SITE and CHARGEBEE_API_KEY, or neither');
  return {
    port,
    data: values.data ?? `.data/${port}`,
    chargebee: site && apiKey ? { site, apiKey } : undefined,
  };
};
