/** What commands say of an intake that they cannot reach. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../e2e/fixtures/free-port.js';
import { runCommandLine } from '../../../src/proxy/cli/command-line.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an intake that cannot be reached', () => {
  it.each<[string, (intake: string[]) => Promise<void>]>([
    ['status', (intake) => runCommandLine(['status', ...intake])],
    ['status --follow', (intake) => runCommandLine(['status', '--follow', ...intake])],
    ['funnel', (intake) => runCommandLine(['funnel', ...intake])],
    ['events', (intake) => runCommandLine(['events', ...intake])],
    ['dead-letters retry', (intake) => runCommandLine(['dead-letters', 'retry', ...intake])],
    ['purge', (intake) => runCommandLine(['purge', '--dead', ...intake])],
    ['report', (intake) => runCommandLine(['report', '/dev/null', '--site', 'acme-test', ...intake])],
  ])('is named by %s with what to check, and without its password', async (_, run) => {
    const port = await freePort();
    vi.stubEnv('OFFERSIGHT_POSTGRES_URL', `postgres://shop:s3cret@127.0.0.1:${port}/offers?password=s3cret`);
    const words = await run(['--intake', 'postgres']).catch((cause: unknown) => (cause as Error).message);
    expect(words).toBe(
      `The intake at postgres://127.0.0.1:${port}/offers cannot be reached (ECONNREFUSED). Check host and port in OFFERSIGHT_POSTGRES_URL or --postgres-url-file, that the server runs there, and that a firewall lets this machine through.`,
    );
  });

  it('is named with the flag that has its URL', async () => {
    const port = await freePort();
    await expect(
      runCommandLine(['status', '--intake', `postgres://ops@127.0.0.1:${port}/shop`]),
    ).rejects.toThrow(
      `The intake at postgres://127.0.0.1:${port}/shop cannot be reached (ECONNREFUSED). Check host and port in --intake,`,
    );
  });
});
