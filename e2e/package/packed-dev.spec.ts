/**
 * `offersight dev` from the packed package: only with what an installation brings, and under a developer's own tests.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import type { APIRequestContext, Page } from '@playwright/test';
import ts from 'typescript';
import { arrived, expect, test } from '../fixtures/dev.js';
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

/** What a test of the guide is given. */
interface Given {
  readonly page: Page;
  readonly request: APIRequestContext;
}
type Body = (given: Given) => Promise<void>;

test('the tests of the guide pass, and fail for a page that reports nothing', async ({
  browser,
  desk,
}, testInfo) => {
  bePatient(testInfo, 180_000);
  await mkdir(join(desk.folder, 'shop'));
  await desk.page('shop/offers.html', 'summer');
  const guide = await readFile('docs/dev.md', 'utf8');
  const [config = '', spec = '', ...more] = [...guide.matchAll(/^```ts\n(.*?)\n```$/gms)]
    .map(([, code = '']) => code)
    .filter((code) => code.includes('@playwright/test'));
  expect(more).toEqual([]);
  const [, args = ''] = /command: 'npx offersight dev (.*?)'/.exec(config) ?? [];
  const dev = await desk.start(args.split(' '), await install(archive, desk.folder));

  // Its tests run within this one, whose Playwright and browser they use.
  const tests: [title: string, body: Body][] = [];
  let before: Body = async () => undefined;
  const declare = Object.assign((title: string, body: Body) => void tests.push([title, body]), {
    beforeEach: (body: Body) => {
      before = body;
    },
  });
  const code = ts.transpile(spec.replace(/^import .*$/gm, ''), { target: ts.ScriptTarget.ES2022 });
  runInNewContext(code, { test: declare, expect });
  const run = async (body: Body): Promise<void> => {
    const context = await browser.newContext({ baseURL: dev.url });
    const given = { page: await context.newPage(), request: context.request };
    try {
      await before(given);
      await body(given);
    } finally {
      await context.close();
    }
  };
  expect(tests).toHaveLength(2);
  for (const [title, body] of tests) await test.step(title, () => run(body));
  await writeFile(join(desk.folder, 'shop/offers.html'), '<!doctype html><button>No, thanks</button>');
  await expect(run(tests[0]?.[1] ?? before)).rejects.toThrow(/viewed summer/);
});
