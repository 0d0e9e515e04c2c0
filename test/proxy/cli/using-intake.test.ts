/** What commands say of an intake that they cannot reach. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../e2e/fixtures/free-port.js';
import { runFunnel } from '../../../src/proxy/cli/funnel-command.js';
import { runPurge } from '../../../src/proxy/cli/purge-command.js';
import { runReport } from '../../../src/proxy/cli/report-command.js';
import { runDeadLetters, runEvents } from '../../../src/proxy/cli/rows-command.js';
import { runStatus } from '../../../src/proxy/cli/status-command.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an intake that cannot be reached', () => {
  it.each<[string, (intake: string[]) => Promise<void>]>([
    ['status', (intake) => runStatus(intake)],
    ['status --follow', (intake) => runStatus(['--follow', ...intake])],
    ['funnel', (intake) => runFunnel(intake)],
    ['events', (intake) => runEvents(intake)],
    ['dead-letters retry', (intake) => runDeadLetters(['retry', ...intake])],
    ['purge', (intake) => runPurge(['--dead', ...intake])],
    ['report', (intake) => runReport(['/dev/null', '--site', 'acme-test', ...intake])],
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
    await expect(runStatus(['--intake', `postgres://ops@127.0.0.1:${port}/shop`])).rejects.toThrow(
      `The intake at postgres://127.0.0.1:${port}/shop cannot be reached (ECONNREFUSED). Check host and port in --intake,`,
    );
  });
});
