/**
 * `offersight dev` from the packed package: only with what an installation brings, and under a developer's own tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { arrived, expect, test } from '../fixtures/dev.js';
import { freePort } from '../fixtures/free-port.js';
import { install, pack } from '../fixtures/packed.js';
import { bePatient } from '../fixtures/patience.js';
import { bodyOf, eventOf, post } from '../fixtures/post.js';

// In this mode all tests share one worker, so the package is packed once.
test.describe.configure({ mode: 'default' });

let packedIn: string;
let archive: string;

// biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
test.beforeAll(async ({}, testInfo) => {
  bePatient(testInfo);
  packedIn = await mkdtemp(join(tmpdir(), 'offersight-'));
  archive = pack(packedIn);
});

test.afterAll(() => rm(packedIn, { recursive: true }));

test('the command needs no optional package, and delivers each event before the page has its answer', async ({
  desk,
}) => {
  const dev = await desk.start(['--any-id'], await install(archive, desk.folder));
  for (const path of ['', 'page.js', 'page.css'])
    expect((await fetch(`${dev.url}/_offersight/${path}`)).status, path).toBe(200);
  expect((await post(dev.url, bodyOf(eventOf(1)))).text).toContain('accepted');
  expect(await arrived(dev.url)).toEqual(['viewed a52ge1: delivered']);
  // Without a file, the code in the proxy's answer to the page is another one than the mock API's.
  await fetch(`${dev.url}/_offersight/any-id`, { method: 'POST', body: '{"on":false}' });
  await post(dev.url, bodyOf(eventOf(3)));
  expect(await arrived(dev.url)).toContain('viewed a52ge3: refused resource_not_found');
  await fetch(`${dev.url}/_offersight/any-id`, { method: 'POST', body: '{"on":true}' });
  const down = { kind: 'status', status: 401, match: { path: '/offer_events' } };
  await fetch(`${dev.url}/_offersight/upstream/faults`, { method: 'POST', body: JSON.stringify(down) });
  await post(dev.url, bodyOf(eventOf(2)));
  expect(await arrived(dev.url)).toContain('viewed a52ge2: waiting 401 api_authentication_failed');
});

test('the tests of the guide pass, and fail for a page that reports nothing', async ({ desk }, testInfo) => {
  // It starts two runs of Playwright, each with a server and a browser of its own.
  bePatient(testInfo, 300_000);
  const port = await freePort();
  const program = await install(archive, desk.folder);
  // npm does the same.
  await chmod(program, 0o755);
  const modules = join(desk.folder, 'node_modules');
  await mkdir(join(modules, '.bin'));
  await symlink('../offersight/dist/proxy/cli.js', join(modules, '.bin', 'offersight'));
  await symlink(resolve('node_modules/@playwright'), join(modules, '@playwright'));
  await mkdir(join(desk.folder, 'shop'));
  await desk.page('shop/offers.html', 'summer');

  const guide = await readFile('docs/dev.md', 'utf8');
  const blocks = [...guide.matchAll(/^```ts\n(.*?)\n```$/gms)]
    .map(([, code = '']) => code.replaceAll('4400', `${port}`))
    .filter((code) => code.includes('@playwright/test'));
  const [config = '', spec = ''] = blocks;
  expect(blocks).toHaveLength(2);
  await writeFile(
    join(desk.folder, 'playwright.config.ts'),
    config.replace('dev shop', `dev shop --port ${port}`),
  );
  await writeFile(join(desk.folder, 'offers.spec.ts'), spec);
  // The configuration names the browser of this machine.
  const { launchOptions } = testInfo.project.use;
  await writeFile(
    join(desk.folder, 'here.config.ts'),
    `import config from './playwright.config';
     export default { ...config, use: { ...config.use, launchOptions: ${JSON.stringify(launchOptions)} } };`,
  );

  const run = async (args: readonly string[] = []): Promise<string> => {
    const child = spawn(
      process.execPath,
      [
        resolve('node_modules/@playwright/test/cli.js'),
        'test',
        '--config',
        'here.config.ts',
        '--reporter=line',
        ...args,
      ],
      {
        cwd: desk.folder,
        env: { PATH: process.env.PATH ?? '', HOME: desk.folder },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    await once(child, 'close');
    return output;
  };
  expect(await run()).toMatch(/^ *2 passed/m);
  await writeFile(join(desk.folder, 'shop/offers.html'), '<!doctype html><button>No, thanks</button>');
  expect(await run(['--grep', 'who closes'])).toMatch(/^ *1 failed/m);
});
