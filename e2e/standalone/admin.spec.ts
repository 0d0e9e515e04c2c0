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

const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test.describe('the admin route', () => {
  test('gives the listing to everybody who has the token', async ({ bench }) => {
    const { url } = await startWithTwo(bench);
    const get = async (path: string) => {
      const answer = await ask(url, path, { headers });
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      return answer;
    };
    const status = JSON.parse((await get('/admin/status')).text) as Record<string, unknown>;
    expect(status).toMatchObject({
      offers: expect.arrayContaining([
        { offerId: 'a52ge1', viewed: 1, dismissed: 0, taken: 1, delivered: 1, waiting: 0, deadLetters: 0 },
        { offerId: 'gone', viewed: 1, dismissed: 0, taken: 1, delivered: 0, waiting: 0, deadLetters: 1 },
      ]),
      lanes: { offer_events: { waiting: 0 }, usage_events: { waiting: 0 } },
    });
    const events = await get('/admin/events');
    expect(events.headers['content-type']).toBe('application/x-ndjson');
    expect(rowsOf(events.text).map(({ id }) => id)).toEqual([eventOf(2).id, eventOf(1).id]);
    expect(rowsOf((await get('/admin/events?offer=a52ge1')).text)).toHaveLength(1);
    expect((await get(`/admin/events?since=${Date.now() + 60_000}`)).text).toBe('');
    expect(rowsOf((await get('/admin/dead-letters')).text)).toEqual([
      expect.objectContaining({ personalized_offer_id: 'gone', code: 'resource_not_found' }),
    ]);
    expect((await ask(url, '/admin/events?since=yesterday', { headers })).status).toBe(400);
  });

  test('makes dead letters wait again, and the running proxy forwards them', async ({ bench }) => {
    const { url } = await startWithTwo(bench);
    const retry = async (query = '') =>
      (await ask(url, `/admin/dead-letters/retry${query}`, { method: 'POST', headers })).text;
    expect(await retry(`?id=${eventOf(1).id}`)).toBe('{"retried":0,"unchanged":1}');
    expect(await retry(`?id=${eventOf(2).id}&offer=gone`)).toContain('by their ids, or by offer and since.');
    expect(await retry(`?id=${eventOf(2).id}&since=2026-01-01`)).toContain(
      'by their ids, or by offer and since.',
    );
    expect(await retry('?offer=gone&offer=a52ge1')).toContain('Give each parameter once, except id.');
    expect(await retry('?since=next%20week%201')).toContain('Set since to an ISO date');
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

  test('gives others nothing but 401, no matter what they ask for', async ({ bench }) => {
    const { url } = await startWithTwo(bench);
    const wrong = [
      ...[
        undefined,
        '',
        TOKEN,
        'Bearer',
        'Bearer ',
        `Bearer ${TOKEN} `.repeat(2),
        `Basic ${btoa(`:${TOKEN}`)}`,
      ],
      ...[`Bearer ${TOKEN.slice(0, -1)}`, `Bearer ${TOKEN.toUpperCase()}`],
    ];
    const answers = new Set<string>();
    for (const [at, authorization] of wrong.entries()) {
      // Each token comes from another address, since ten wrong ones from one address are slowed down.
      const from = `127.0.0.${at + 2}`;
      for (const [method, path] of [
        ['GET', '/admin/status'],
        ['GET', '/admin/events?since=x'],
        ['GET', '/admin/nothing-here'],
        ['POST', '/admin/dead-letters/retry'],
      ] as const) {
        const given = { headers: authorization === undefined ? {} : { authorization } };
        const { status, text, headers: said } = await ask(url, path, { method, from, ...given });
        answers.add(`${status} ${String(said['www-authenticate'])} ${text}`);
      }
    }
    expect([...answers]).toEqual([
      expect.stringMatching(/^401 Bearer \{"type":"urn:offersight:problem:token"/),
    ]);
    expect(rowsOf((await ask(url, '/admin/dead-letters', { headers })).text)).toHaveLength(1);
  });

  test('does not exist without a token, or without storage', async ({ bench }) => {
    const proxies = [await bench.start(), await bench.start(['--intake', 'direct'], { env })];
    for (const { url, log } of proxies) {
      expect((await ask(url, '/admin/status', { headers })).status).toBe(404);
      expect(log).toContainEqual(expect.objectContaining({ message: 'listening', admin: false }));
    }
  });
});
