import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, pack } from '../fixtures/packed.js';
import { bePatient } from '../fixtures/patience.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { expect, test } from '../fixtures/standalone.js';

test.describe('the program of the packed package', () => {
  // In this mode all tests share one worker, so the package is packed once.
  test.describe.configure({ mode: 'default' });
  let packedIn: string;
  let archive: string;

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  test.beforeAll(async ({}, testInfo) => {
    bePatient(testInfo, 120_000);
    packedIn = await mkdtemp(join(tmpdir(), 'offersight-'));
    archive = pack(packedIn);
  });

  test.afterAll(() => rm(packedIn, { recursive: true }));

  test('names the command that adds an intake’s missing package', async ({ bench }) => {
    const program = await install(archive, bench.folder);
    for (const [intake, packages] of [
      [bench.intake, 'libsql'],
      ['postgres://127.0.0.1:1/shop', 'pg'],
    ] as const) {
      const args = ['proxy', '--site', 'offersight-test', '--port', '0', '--intake', intake];
      const ended = await bench.run(args, { program, env: { OFFERSIGHT_API_KEY: bench.apiKey } });
      expect(ended).toEqual({
        code: 1,
        stdout: '',
        stderr: `offersight: This intake needs a package that is not installed. Add it with: npm install ${packages}\n`,
      });
    }
    expect((await bench.run(['--help'], { program })).stdout).toContain('dev [options] [folder|URL]');
  });

  test('takes events without any other package, and says that it has no metrics', async ({ bench }) => {
    const program = await install(archive, bench.folder);
    const proxy = await bench.start(['--intake', 'direct'], { program });
    expect((await post(proxy.url, bodyOf(eventOf(1)))).status).toBe(200);
    await bench.upstream.until(() => bench.upstream.history().length === 1);
    const statuses = ['/healthz', '/readyz', '/offersight.js', '/metrics'].map((path) =>
      ask(proxy.url, path),
    );
    expect((await Promise.all(statuses)).map(({ status }) => status)).toEqual([200, 200, 200, 404]);
    expect(proxy.log.map(({ message }) => message)).toContain(
      'metrics are off: add them with npm install prom-client',
    );
  });

  test('keeps events durably once libsql is there', async ({ bench }) => {
    const program = await install(archive, bench.folder, ['libsql', 'prom-client']);
    bench.upstream.addFaults({ kind: 'down' });
    const first = await bench.start([], { program });
    expect((await post(first.url, bodyOf(eventOf(1)))).text).toContain('accepted');
    first.kill('SIGKILL');
    await first.ended;
    bench.upstream.clearFaults();
    const second = await bench.start([], { program });
    await bench.upstream.until(() => bench.upstream.history().length === 1);
    expect((await ask(second.url, '/metrics')).status).toBe(200);
  });
});
