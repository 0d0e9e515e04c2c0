/** A site's own tests, run by vitest: they make a proxy of the packed package. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { install, pack } from '../../e2e/fixtures/packed.js';

const TESTS = `
import { createOfferProxy } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { startUpstream } from 'offersight/testing/node';
import { isMainThread } from 'node:worker_threads';
import { expect, test } from 'vitest';

const apiKey = 'test_of_a_site_0123456789';
const viewed = (id) => new Request('https://shop.example/offer-events', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
  body: JSON.stringify({ v: 1, sent_at: Date.now(), events: [
    { id, type: 'viewed', personalized_offer_id: 'a52ge40b', occurred_at: Date.now() },
  ] }),
});

test.each(['closed', 'left open'])('an event reaches the mock API by a proxy that is %s', async (end) => {
  expect(isMainThread).toBe(process.env.VITEST_POOL === 'forks');
  const upstream = await startUpstream({ apiKey });
  const intake = sqliteIntake({ file: \`\${process.env.VITEST_POOL}-\${end}.db\` });
  const proxy = createOfferProxy({ site: 'acme-test', apiKey, baseUrl: upstream.url, intake });
  const answer = await proxy(viewed('019aa02f-3c00-7000-8000-000000000001'));
  expect(await answer.json()).toMatchObject({ results: [{ status: 'accepted' }] });
  await upstream.until(() => upstream.history().length === 1);
  expect(upstream.history()).toMatchObject([{ type: 'viewed', personalized_offer_id: 'a52ge40b' }]);
  if (end === 'closed') await proxy.close();
  await upstream.close();
});
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offersight-'));
  await install(pack(folder), folder, ['libsql', 'vitest']);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'offers.test.js'), TESTS);
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

it.each(['threads', 'forks'])(
  'a proxy of a site’s own test takes and forwards events in the pool of %s, and ends with the run',
  async (pool) => {
    const program = join(folder, 'node_modules/vitest/vitest.mjs');
    const args = [program, 'run', '--pool', pool, '--reporter', 'json'];
    const { VITEST: _, ...env } = process.env;
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...env, VITEST_POOL: pool } });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 2, numTotalTests: 2 });
  },
  120_000,
);
