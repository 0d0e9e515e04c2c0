import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasPostgres, startPostgres } from '../../test/support/postgres.js';
import { openSocket } from '../../test/support/sockets.js';
import { ask, bodyOf, eventOf, PAGE_HEADERS, post } from '../fixtures/post.js';
import { type Bench, expect, test } from '../fixtures/standalone.js';

/** Every module of the package that a server or a test of a server imports. */
const serverModules = async (): Promise<string[]> => {
  const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
  };
  return Object.entries(exports).flatMap(([name, entry]) =>
    typeof entry !== 'string' && /^\.\/(?:proxy|testing\/node)\b/.test(name) ? [entry.default] : [],
  );
};

test.describe('the program', () => {
  test('says its version', async ({ bench }) => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(await bench.run(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test('says which Node it needs before anything else, and so do the modules that a server imports', async ({
    bench,
  }) => {
    const pretence = 'Object.defineProperty(process.versions,"node",{value:"18.20.8"})';
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(pretence)}` };
    const words = 'Offersight needs Node 20 or newer. This is Node 18.20.8.';
    for (const args of [['--version'], ['proxy'], ['dev'], []])
      expect(await bench.run(args, { env })).toEqual({
        code: 1,
        stdout: '',
        stderr: `offersight: ${words}\n`,
      });
    const program = join(bench.folder, 'server.mjs');
    for (const entry of await serverModules()) {
      await writeFile(program, `import '${pathToFileURL(entry).href}'; console.log('loaded');`);
      const ended = await bench.run([], { env, program });
      expect([entry, ended.code, ended.stdout, ended.stderr]).toEqual([
        entry,
        1,
        '',
        expect.stringContaining(words),
      ]);
      expect((await bench.run([], { program })).stdout).toBe('loaded\n');
    }
  });
});

test.describe('starting the proxy', () => {
  test('takes the key from the environment or a file', async ({ bench }) => {
    const file = join(bench.folder, 'key');
    await writeFile(file, `${bench.apiKey}\n`);
    const proxy = await bench.start(['--api-key-file', file], { env: { OFFERSIGHT_API_KEY: '' } });
    expect((await post(proxy.url, bodyOf(eventOf(1)))).status).toBe(200);
    await bench.upstream.until(() => bench.upstream.history().length === 1);
  });

  test('answers another path with a problem that says so, as the endpoint does', async ({ bench }) => {
    const { url } = await bench.start();
    const answer = await fetch(new URL('/api/offers', url), { method: 'POST' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ code: 'path' });
  });

  test('ends at once with a message if the file is another site’s, whose proxy continues', async ({
    bench,
  }) => {
    const { url } = await bench.start();
    const { code, stdout, stderr } = await bench.run(
      ['proxy', '--site', 'other-test', '--port', '0', '--intake', bench.intake],
      { env: { OFFERSIGHT_API_KEY: bench.apiKey } },
    );
    expect([code, stderr]).toEqual([
      1,
      "offersight: The intake's file keeps the events of the site offersight-test, and this proxy is for other-test: " +
        'name a file of its own for each site.\n',
    ]);
    expect(stdout).not.toContain('listening');
    expect((await post(url, bodyOf(eventOf(1)))).status).toBe(200);
    await bench.upstream.until(() => bench.upstream.history().length === 1);
  });

  test('ends at once with a message if another program has the port, and leaves the intake to any site', async ({
    bench,
  }) => {
    const somebody = createServer().listen(0, '127.0.0.1');
    await once(somebody, 'listening');
    const { port } = somebody.address() as AddressInfo;
    const { code, stderr } = await bench.run(
      ['proxy', '--site', 'offersight-test', '--port', `${port}`, '--intake', bench.intake],
      { env: { OFFERSIGHT_API_KEY: bench.apiKey } },
    );
    somebody.close();
    expect([code, stderr]).toEqual([
      1,
      `offersight: Port ${port} of 127.0.0.1 is taken already: end the program that has it, or choose another port by --port (or --admin-port).\n`,
    ]);
    expect(existsSync(bench.intake.replace('sqlite:', ''))).toBe(false);
  });
});

test.describe('the script file', () => {
  test('is the file of the build, cached for ever under its hash and for a while under its name', async ({
    bench,
  }) => {
    const { url, script } = await bench.start();
    const built = await readFile('dist/offersight.js', 'utf8');
    expect(script.integrity).toBe(`sha384-${createHash('sha384').update(built).digest('base64')}`);
    expect(`${script.integrity}\n`).toBe(await readFile('dist/offersight.js.sri', 'utf8'));
    for (const [path, caching] of [
      [script.path, 'public, max-age=31536000, immutable'],
      ['/offersight.js', 'public, max-age=300'],
    ] as const) {
      const { status, headers, text } = await ask(url, path);
      expect([status, headers['cache-control'], headers['content-type']]).toEqual([
        ...[200, caching, 'text/javascript; charset=utf-8'],
      ]);
      expect(text === built).toBe(true);
    }
    const more = await ask(url, '/offersight-more.js');
    expect([more.status, more.headers['cache-control']]).toEqual([200, 'public, max-age=300']);
    expect(more.text === (await readFile('dist/offersight-more.js', 'utf8'))).toBe(true);
    expect((await ask(url, '/offersight-0000000000000000.js')).status).toBe(404);
  });

  test('runs in a browser that checks the integrity that the proxy printed', async ({ bench, page }) => {
    const { url, script } = await bench.start();
    const show = (integrity: string) =>
      page.route(`${url}/page.html`, (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: `<!doctype html><script src="${script.path}" integrity="${integrity}" data-endpoint="/offer-events"></script>
          <article data-offer-id="pinned" data-offer-dwell="0" style="width: 300px; height: 200px"></article>`,
        }),
      );
    await show(`sha384-${createHash('sha384').update('another file').digest('base64')}`);
    const refused = page.waitForEvent('console', (message) => message.text().includes('integrity'));
    await page.goto(`${url}/page.html`);
    await refused;
    await show(script.integrity);
    await page.goto(`${url}/page.html`);
    await bench.upstream.until(() => bench.upstream.history().length === 1);
  });
});

test.describe('a monitor of the proxy', () => {
  const figures = async (url: string): Promise<Map<string, number>> => {
    const { text } = await ask(url, '/metrics');
    const rows = text.split('\n').filter((line) => line && !line.startsWith('#'));
    return new Map(rows.map((row) => [row.slice(0, row.lastIndexOf(' ')), Number(row.split(' ').at(-1))]));
  };

  test('gets figures by name', async ({ bench }) => {
    const { url } = await bench.start();
    bench.upstream.addFaults({
      kind: 'status',
      status: 400,
      param: 'personalized_offer_id',
      count: 1,
      match: { personalized_offer_id: 'gone' },
    });
    const event = eventOf(1);
    await post(url, bodyOf(event, eventOf(2, { offer: 'gone' })));
    await post(url, bodyOf(event));
    await post(url, bodyOf(eventOf(3)), { headers: { 'sec-fetch-site': 'cross-site' } });
    await bench.upstream.until(() => bench.upstream.calls().length === 2);
    await expect
      .poll(async () => (await figures(url)).get('offersight_waiting{lane="offer_events"}'))
      .toBe(0);
    const found = await figures(url);
    const expected = {
      'offersight_requests_total{status="200",code=""}': 2,
      'offersight_requests_total{status="403",code="origin"}': 1,
      offersight_request_seconds_count: 3,
      'offersight_events_total{type="viewed",verdict="accepted",code=""}': 2,
      'offersight_events_total{type="viewed",verdict="duplicate",code=""}': 1,
      'offersight_calls_total{destination="offer_events",outcome="done"}': 1,
      'offersight_calls_total{destination="offer_events",outcome="refused"}': 1,
      'offersight_forwarded_events_total{destination="offer_events",type="viewed",outcome="done",code=""}': 1,
      'offersight_forwarded_events_total{destination="offer_events",type="viewed",outcome="refused",code="invalid_request"}': 1,
      'offersight_call_seconds_count{destination="offer_events"}': 2,
      'offersight_begun_last_minute{lane="offer_events"}': 2,
      'offersight_oldest_waiting_seconds{lane="offer_events"}': 0,
      'offersight_paused_seconds{lane="offer_events"}': 0,
      'offersight_alert{lane="offer_events",code="badKey"}': 0,
      'offersight_alert{lane="",code="full"}': 0,
      'offersight_dead_letters{lane="offer_events",code="invalid_request"}': 1,
      'offersight_waiting{lane="usage_events"}': 0,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, found.get(name)]))).toEqual(
      expected,
    );
    expect(found.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect((await ask(url, '/metrics')).text).not.toMatch(/a52ge|gone|019aa02f|127\.0\.0\.1/);
  });

  test('learns that events are no longer taken if the intake file was removed', async ({ bench }) => {
    const { url } = await bench.start();
    const stands = async () => [
      (await ask(url, '/readyz')).status,
      (await figures(url)).get('offersight_intake_up'),
    ];
    expect(await stands()).toEqual([200, 1]);
    await rm(bench.intake.slice('sqlite:'.length));
    expect((await post(url, bodyOf(eventOf(1)))).status).toBe(503);
    expect(await stands()).toEqual([503, 0]);
  });

  test('learns that it is alive, and whether it can take events', async ({ bench }) => {
    test.skip(!hasPostgres, 'there is no Postgres');
    const postgres = await startPostgres();
    try {
      const { url } = await bench.start(['--intake', postgres.url]);
      const statuses = async () =>
        Promise.all(['/healthz', '/readyz', '/metrics'].map(async (path) => (await ask(url, path)).status));
      expect(await statuses()).toEqual([200, 200, 200]);
      expect((await figures(url)).get('offersight_intake_up')).toBe(1);
      await postgres.kill();
      // The proxy stays alive and still reports its own figures, so that it is not restarted for a fault of Postgres.
      await expect.poll(statuses).toEqual([200, 503, 200]);
      const found = await figures(url);
      expect(found.get('offersight_intake_up')).toBe(0);
      expect(found.get('offersight_waiting{lane="offer_events"}')).toBeUndefined();
      const { status, headers } = await post(url, bodyOf(eventOf(1)));
      expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
      await postgres.start();
      await expect.poll(statuses).toEqual([200, 200, 200]);
      expect((await post(url, bodyOf(eventOf(1)))).status).toBe(200);
      await bench.upstream.until(() => bench.upstream.history().length === 1);
    } finally {
      await postgres.remove();
    }
  });

  test('finds nothing else', async ({ bench }) => {
    const { url } = await bench.start();
    for (const path of [
      '/',
      '/admin',
      '/admin/status',
      '/offer-events/',
      '/offersight.js.map',
      '/favicon.ico',
    ])
      expect((await ask(url, path)).status, path).toBe(404);
    for (const path of ['/healthz', '/offersight.js', '/metrics'])
      expect((await ask(url, path, { method: 'POST' })).status, path).toBe(404);
  });
});

/** Opens connections that have sent all of an event except its last byte. Returns functions that finish them. */
const beginRequests = async ({ port }: { readonly port: number }, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const socket = await openSocket(port);
      const body = bodyOf(eventOf(at + 1));
      const headers = Object.entries({
        host: 'shop.example',
        ...PAGE_HEADERS,
        'content-length': body.length,
      });
      const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      let answer = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        answer += chunk;
      });
      const closed = once(socket, 'close').then(() => answer);
      socket.write(`POST /offer-events HTTP/1.1\r\n${head}\r\n${body.slice(0, -1)}`);
      return { finish: () => socket.write(body.slice(-1)), closed };
    }),
  );

test.describe('stopping the proxy', () => {
  const recorded = ({ upstream }: Bench) =>
    upstream
      .history()
      .map((row) => row.personalized_offer_id)
      .toSorted();
  const idsOf = (count: number) => Array.from({ length: count }, (_, at) => `a52ge${at + 1}`).toSorted();

  test('answers the requests that have begun, takes no more, and loses nothing', async ({ bench }) => {
    const proxy = await bench.start(['--per-minute', '5']);
    const requests = await beginRequests(proxy, 20);
    const looking = await openSocket(proxy.port);
    looking.write('GET /readyz HTTP/1.1\r\nhost: proxy\r\n');
    // All requests have certainly begun once a later one is answered.
    expect((await ask(proxy.url, '/readyz')).status).toBe(200);

    proxy.kill('SIGTERM');
    await expect.poll(() => proxy.log.map(({ message }) => message)).toContain('stopping');
    await expect(ask(proxy.url, '/healthz')).rejects.toThrow('ECONNREFUSED');
    const readiness = once(looking, 'data');
    looking.write('\r\n');
    expect(String((await readiness)[0])).toMatch(/^HTTP\/1.1 503 /);
    for (const { finish } of requests) finish();
    for (const { closed } of requests) {
      const answer = await closed;
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n(.+\r\n)*connection: close\r\n/i);
      expect(answer).toContain('"status":"accepted"');
    }
    expect((await proxy.ended).code).toBe(0);
    expect(proxy.log.at(-1)?.message).toBe('stopped');

    await bench.start();
    await bench.upstream.until(() => recorded(bench).length >= 20);
    expect(recorded(bench)).toEqual(idsOf(20));
  });

  for (const [where, args] of [
    ['one listener', []],
    ['a listener for operators', ['--admin-port', '0']],
  ] as const)
    test(`by SIGTERM says so at /readyz first and still takes events, with ${where}; a second SIGTERM ends it at once`, async ({
      bench,
    }) => {
      const proxy = await bench.start(['--drain-seconds', '3600', ...args]);
      const statusOf = async () => (await ask(proxy.operators, '/readyz')).status;
      expect(await statusOf()).toBe(200);
      proxy.kill('SIGTERM');
      await expect.poll(statusOf).toBe(503);

      // A balancer’s connection is kept until it is answered once more.
      const kept = await openSocket(proxy.port);
      const body = bodyOf(eventOf(1));
      const lines = Object.entries({ host: 'proxy', ...PAGE_HEADERS, 'content-length': body.length });
      kept.write(
        `POST /offer-events HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n${body}`,
      );
      const answer = String((await once(kept, 'data'))[0]);
      expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n(.+\r\n)*connection: close\r\n/i);
      expect(answer).toContain('"status":"accepted"');
      await bench.upstream.until(() => recorded(bench).length === 1);

      proxy.kill('SIGTERM');
      expect((await proxy.ended).code).toBeNull();
    });

  test('ends by itself once it was drained', async ({ bench }) => {
    const proxy = await bench.start(['--drain-seconds', '0.1']);
    proxy.kill('SIGTERM');
    expect((await proxy.ended).code).toBe(0);
    // Where its events are kept it says once it has looked, whatever happens meanwhile.
    const messages = proxy.log.map(({ message }) => message).filter((message) => message !== 'intake');
    expect(messages.slice(-3)).toEqual(['draining', 'stopping', 'stopped']);
  });

  test('by Ctrl+C waits only for the calls under way, so that nothing is upstream twice', async ({
    bench,
  }) => {
    bench.upstream.setIdempotency({ mode: 'ignore' });
    bench.upstream.addFaults({ kind: 'delay', ms: 700, count: 12 });
    const proxy = await bench.start(['--drain-seconds', '3600']);
    await post(proxy.url, bodyOf(...Array.from({ length: 12 }, (_, at) => eventOf(at + 1))));
    // As many as may be under way at once.
    await bench.upstream.until(() => bench.upstream.calls().length === 10);
    proxy.kill('SIGINT');
    expect((await proxy.ended).code).toBe(0);
    await bench.start();
    await bench.upstream.until(() => recorded(bench).length >= 12);
    expect(recorded(bench)).toEqual(idsOf(12));
  });
});
