import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { type Bench, expect, type Standalone, test } from '../fixtures/standalone.js';

const TOKEN = 'an operator bears this token of 40 chars';
const env = { OFFERSIGHT_ADMIN_TOKEN: TOKEN };
const headers = { authorization: `Bearer ${TOKEN}` };

/** Starts a proxy that has delivered one view, and whose upstream refused another one as unknown. */
const startWithTwo = async (bench: Bench): Promise<Standalone> => {
  bench.upstream.addFaults({
    kind: 'status',
    status: 404,
    code: 'resource_not_found',
    match: { personalized_offer_id: 'gone' },
  });
  const proxy = await bench.start([], { env });
  await post(proxy.url, bodyOf(eventOf(1), eventOf(2, { offer: 'gone' })));
  const status = async () => (await ask(proxy.url, '/admin/status', { headers })).text;
  await expect.poll(status).toContain('"waiting":0,"refused":1');
  bench.upstream.clearFaults();
  return proxy;
};

test.describe('the admin route', () => {
  test('makes dead letters wait again, and the running proxy forwards them', async ({ bench }) => {
    const { url } = await startWithTwo(bench);
    const retry = async (query = '') =>
      (await ask(url, `/admin/dead-letters/retry${query}`, { method: 'POST', headers })).text;
    expect(await retry(`?id=${eventOf(1).id}`)).toBe('{"retried":0,"unchanged":1}');
    expect(await retry('?offer=a52ge1')).toBe('{"retried":0}');
    expect(await retry(`?offer=gone&since=${Date.now() + 60_000}`)).toBe('{"retried":0}');
    expect(await retry('?offer=gone')).toBe('{"retried":1}');
    // The proxy looks for waiting events every few seconds, and when an event comes.
    await post(url, bodyOf(eventOf(3)));
    await bench.upstream.until(() => bench.upstream.history().length === 3);
    const offers = bench.upstream.history().map((row) => row.personalized_offer_id);
    expect(offers.toSorted()).toEqual(['a52ge1', 'a52ge3', 'gone']);
  });

  test('takes events that other programs report, as the command does, and each once', async ({ bench }) => {
    const { url } = await bench.start([], { env });
    const lines = ['viewed', 'dismissed']
      .map((type) => JSON.stringify({ name: `mail-1-${type}`, type, personalized_offer_id: 'a52ge40b' }))
      .join('\n');
    const report = async (body: string, given = headers) => {
      const { status, text } = await ask(url, '/admin/report', { method: 'POST', headers: given, body });
      return { status, ...(JSON.parse(text) as object) };
    };
    expect(await report(lines)).toEqual({ status: 200, accepted: 2, duplicate: 0 });
    expect(await report('{')).toEqual(
      expect.objectContaining({ status: 400, code: 'request', detail: 'Line 1: it is no JSON.' }),
    );
    expect(await report(lines, { authorization: 'Bearer of something else' })).toMatchObject({ status: 401 });
    const file = join(bench.folder, 'events.jsonl');
    const third = JSON.stringify({ name: 'mail-2', type: 'viewed', personalized_offer_id: 'another' });
    await writeFile(file, `${lines}\n${third}\n`);
    const run = (...args: string[]) => bench.run(['report', ...args, '--intake', bench.intake]);
    expect(await run(file, '--site', 'offersight-test')).toEqual({
      code: 0,
      stdout: '1 new, 2 reported before.\n',
      stderr: '',
    });
    await bench.upstream.until(() => bench.upstream.history().length === 3);
    expect((await run(file, '--site', 'another-test')).stderr).toMatch(/another-test/);
    expect((await run(file)).stderr).toMatch(/Set --site/);
    expect((await run('--site', 'offersight-test')).stderr).toMatch(/Missing required argument file/);
    expect((await run('nowhere.jsonl', '--site', 'offersight-test')).stderr).toMatch(/cannot be read/);
    expect(bench.upstream.history().map(({ type }) => type)).toEqual(['viewed', 'dismissed', 'viewed']);
  });

  test('does not exist without a token, or without storage', async ({ bench }) => {
    const proxies = [await bench.start(), await bench.start(['--intake', 'direct'], { env })];
    for (const { url, log } of proxies) {
      expect((await ask(url, '/admin/status', { headers })).status).toBe(404);
      expect(log).toContainEqual(expect.objectContaining({ message: 'listening', admin: false }));
    }
  });
});
