import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';
import { startUpstream, type Upstream } from '../../src/upstream/server.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { type Bench, test as base, expect, type Standalone } from '../fixtures/standalone.js';

const TOKENS = {
  one: 'one-token-that-nobody-guesses-0123456789',
  two: 'two-token-that-nobody-guesses-0123456789',
};
const HOSTS = { one: 'one.example', two: 'two.example' };
type Name = keyof typeof HOSTS;

/** Two sites in one process, each with an upstream that takes only its key. */
interface Pair {
  readonly upstreams: Readonly<Record<Name, Upstream>>;
  readonly configuration: Record<string, unknown> & { sites: Record<string, unknown>[] };
  /** Writes the file with these changes to sites, and starts the process. */
  start(change?: Partial<Record<Name, Record<string, unknown>>>): Promise<Standalone>;
  /** Writes the file and runs the command to its end. */
  run(): ReturnType<Bench['run']>;
}

const KEYS = { one: 'test_canary_of_one_0123', two: 'test_canary_of_two_4567' };

const test = base.extend<{ pair: Pair }>({
  pair: async ({ bench }, use) => {
    const upstreams = {
      one: await startUpstream({ apiKey: KEYS.one, limits: { per_minute: null } }),
      two: await startUpstream({ apiKey: KEYS.two, limits: { per_minute: null } }),
    };
    const siteOf = async (name: Name): Promise<Record<string, unknown>> => {
      for (const [file, text] of [
        ['key', KEYS[name]],
        ['token', TOKENS[name]],
      ] as const)
        await writeFile(join(bench.folder, `${name}.${file}`), `${text}\n`);
      return {
        site: `${name}-test`,
        hosts: [HOSTS[name]],
        intake: `sqlite:${join(bench.folder, `${name}.db`)}`,
        apiKeyFile: join(bench.folder, `${name}.key`),
        adminTokenFile: join(bench.folder, `${name}.token`),
        adminNames: [`ops.${HOSTS[name]}`],
        baseUrl: upstreams[name].url,
        perMinute: 100_000,
      };
    };
    const file = join(bench.folder, 'offersight.config.json');
    const configuration: Pair['configuration'] = {
      port: 0,
      adminPort: 0,
      drainSeconds: 0,
      sites: [await siteOf('one'), await siteOf('two')],
    };
    const write = () => writeFile(file, JSON.stringify(configuration));
    await use({
      upstreams,
      configuration,
      async start(change = {}) {
        for (const [at, name] of (['one', 'two'] as const).entries())
          Object.assign(configuration.sites[at] ?? {}, change[name]);
        await write();
        return bench.startWith(['proxy', '--config', file]);
      },
      async run() {
        await write();
        return bench.run(['proxy', '--config', file]);
      },
    });
    await Promise.all(Object.values(upstreams).map((upstream) => upstream.close()));
  },
});

const postTo = (url: string, name: Name, number: number) =>
  post(url, bodyOf(eventOf(number)), { headers: { host: `${HOSTS[name]}:8080` } });

const offersOf = (upstream: Upstream): string[] => upstream.history().map((row) => row.personalized_offer_id);

const until = (upstream: Upstream, offer: string) =>
  upstream.until(() => offersOf(upstream).includes(offer), 20_000);

const figuresOf = async (url: string): Promise<Map<string, number>> => {
  const { text } = await ask(url, '/metrics');
  const rows = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return new Map(rows.map((row) => [row.slice(0, row.lastIndexOf(' ')), Number(row.split(' ').at(-1))]));
};

test.describe('two sites in one process', () => {
  test('get the events of their own hosts only, under their own key', async ({ pair }) => {
    const { url, operators, log } = await pair.start();
    for (const [name, number] of [
      ['one', 1],
      ['two', 2],
      ['one', 3],
    ] as const)
      expect((await postTo(url, name, number)).status).toBe(200);
    await until(pair.upstreams.one, 'a52ge3');
    await until(pair.upstreams.two, 'a52ge2');
    expect(offersOf(pair.upstreams.one).toSorted()).toEqual(['a52ge1', 'a52ge3']);
    expect(offersOf(pair.upstreams.two)).toEqual(['a52ge2']);
    // A stand-in also counts calls with another key.
    expect([pair.upstreams.one.calls().length, pair.upstreams.two.calls().length]).toEqual([2, 1]);

    const figures = await figuresOf(operators);
    expect(
      figures.get('offersight_events_total{site="one-test",type="viewed",verdict="accepted",code=""}'),
    ).toBe(2);
    expect(
      figures.get('offersight_events_total{site="two-test",type="viewed",verdict="accepted",code=""}'),
    ).toBe(1);
    expect(figures.get('offersight_intake_up{site="two-test"}')).toBe(1);
    expect(log.filter(({ message }) => message === 'verdict').map(({ site }) => site)).toEqual([
      ...['one-test', 'two-test', 'one-test'],
    ]);
    const ready = await ask(operators, '/readyz');
    expect([ready.status, ready.text]).toEqual([200, 'one-test ready\ntwo-test ready\n']);
    expect((await ask(url, '/offersight.js', { headers: { host: HOSTS.one } })).status).toBe(200);
  });

  test('have no default, so a request for neither is answered 421, counted, and forwarded nowhere (attack 79)', async ({
    pair,
  }) => {
    const { url, operators } = await pair.start();
    for (const host of ['three.example', 'one.example.evil.example', 'one.example.', '127.0.0.1', '']) {
      const { status, text, headers } = await post(url, bodyOf(eventOf(1)), {
        headers: { host, 'x-forwarded-host': HOSTS.one, origin: `http://${HOSTS.one}` },
      });
      expect([host, status, headers['content-type']]).toEqual([host, 421, 'application/problem+json']);
      expect(JSON.parse(text)).toMatchObject({ code: 'misdirected', status: 421 });
    }
    expect((await ask(url, '/offersight.js', { headers: { host: 'three.example' } })).status).toBe(421);
    expect((await ask(operators, '/admin/status', { headers: { host: HOSTS.one } })).status).toBe(421);
    expect((await figuresOf(operators)).get('offersight_misdirected_total')).toBe(7);
    // The right host does not help pages of another origin.
    const { status } = await post(url, bodyOf(eventOf(1)), {
      headers: { host: HOSTS.one, 'sec-fetch-site': 'cross-site', origin: `http://${HOSTS.two}` },
    });
    expect(status).toBe(403);
    expect(pair.upstreams.one.calls().length + pair.upstreams.two.calls().length).toBe(0);
  });

  test('may be distinguished by their paths, at any host', async ({ pair }) => {
    const { url } = await pair.start({
      one: { hosts: undefined, path: '/one/offer-events' },
      two: { hosts: undefined, path: '/two/offer-events' },
    });
    const { status } = await ask(url, '/two/offer-events', {
      method: 'POST',
      body: bodyOf(eventOf(5)),
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', host: 'any.example' },
    });
    expect(status).toBe(200);
    await until(pair.upstreams.two, 'a52ge5');
    expect(pair.upstreams.one.calls()).toEqual([]);
    expect((await postTo(url, 'one', 6)).status).toBe(421);
  });

  test('show only their own operators what they have, by host and token', async ({ pair }) => {
    const { url, operators } = await pair.start();
    await postTo(url, 'one', 1);
    const statusOf = async (name: Name, token: Name) => {
      const headers = { host: `ops.${HOSTS[name]}`, authorization: `Bearer ${TOKENS[token]}` };
      const { status, text } = await ask(operators, '/admin/status', { headers });
      return status === 200 ? (JSON.parse(text) as { all: { offers: number } }).all.offers : status;
    };
    expect([await statusOf('one', 'one'), await statusOf('two', 'two')]).toEqual([1, 0]);
    expect([await statusOf('one', 'two'), await statusOf('two', 'one')]).toEqual([401, 401]);
    const page = await ask(operators, '/admin/', {
      headers: {
        host: `ops.${HOSTS.two}`,
        accept: 'text/html',
        'sec-fetch-site': 'none',
        'sec-fetch-mode': 'navigate',
      },
    });
    expect([page.status, page.headers['content-type']]).toEqual([200, expect.stringContaining('text/html')]);
  });
});

test.describe('if one of two sites fails', () => {
  test('since its key is wrong, the alert has its name, and the other site works', async ({
    bench,
    pair,
  }) => {
    await writeFile(join(bench.folder, 'one.key'), 'test_of_somebody_else');
    const { url, operators, log } = await pair.start();
    await postTo(url, 'one', 1);
    await expect
      .poll(async () =>
        (await figuresOf(operators)).get(
          'offersight_alert{site="one-test",lane="offer_events",code="badKey"}',
        ),
      )
      .toBe(1);
    await postTo(url, 'two', 2);
    await until(pair.upstreams.two, 'a52ge2');
    expect(
      (await figuresOf(operators)).get('offersight_alert{site="two-test",lane="offer_events",code="badKey"}'),
    ).toBe(0);
    expect(log.filter(({ level }) => level === 'error').map(({ site }) => site)).toEqual(['one-test']);
    expect(offersOf(pair.upstreams.one)).toEqual([]);
  });

  test('since another program holds its file, the other site works, and the failure ends by itself', async ({
    bench,
    pair,
  }) => {
    const { url, operators } = await pair.start();
    const holder = new Database(join(bench.folder, 'one.db'), { timeout: 5_000 });
    holder.exec('BEGIN IMMEDIATE');
    expect((await postTo(url, 'one', 1)).status).toBe(503);
    expect((await postTo(url, 'two', 2)).status).toBe(200);
    await until(pair.upstreams.two, 'a52ge2');
    const { status, text } = await ask(operators, '/readyz');
    expect([status, text]).toEqual([200, 'one-test not ready\ntwo-test ready\n']);
    expect((await ask(operators, '/readyz/one-test')).status).toBe(503);
    expect((await ask(operators, '/readyz/two-test')).status).toBe(200);
    holder.exec('ROLLBACK');
    holder.close();
    expect((await postTo(url, 'one', 3)).status).toBe(200);
    await until(pair.upstreams.one, 'a52ge3');
  });

  test('since its file cannot be opened, the other site works, and its own events stay with the pages', async ({
    bench,
    pair,
  }) => {
    await writeFile(join(bench.folder, 'one.db'), 'no database at all, but a text that somebody left here');
    const { url, operators, log } = await pair.start();
    expect((await postTo(url, 'two', 2)).status).toBe(200);
    await until(pair.upstreams.two, 'a52ge2');
    const { status, headers } = await postTo(url, 'one', 1);
    expect([status, headers['retry-after']]).toEqual([503, '30']);
    expect((await ask(operators, '/readyz/one-test')).status).toBe(503);
    const [fault] = log.filter(({ level }) => level === 'error');
    expect(fault).toMatchObject({
      site: 'one-test',
      message: expect.stringMatching(/cannot be started.*not a database/),
    });
    expect((await figuresOf(operators)).get('offersight_intake_up{site="one-test"}')).toBe(0);
  });

  test('since its file was locked as the process began, the other site works, and it is tried again by itself', async ({
    bench,
    pair,
  }) => {
    const first = await pair.start();
    expect((await postTo(first.url, 'one', 1)).status).toBe(200);
    await until(pair.upstreams.one, 'a52ge1');
    first.kill('SIGTERM');
    await first.ended;
    // So another program holds a file that SQLite cannot even look into.
    const holder = new Database(join(bench.folder, 'one.db'), { timeout: 5_000 });
    holder.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const { url, log } = await pair.start();
    expect((await postTo(url, 'two', 2)).status).toBe(200);
    await expect.poll(() => log.filter(({ code }) => code === 'siteAway').length).toBeGreaterThan(0);
    expect((await postTo(url, 'one', 3)).status).toBe(503);
    holder.exec('ROLLBACK');
    holder.close();
    await expect.poll(async () => (await postTo(url, 'one', 4)).status).toBe(200);
    await until(pair.upstreams.one, 'a52ge4');
  });

  test('since its disk is full, the other site works', async ({ pair }) => {
    const { url, operators, pid } = await pair.start();
    // No file of this process may grow beyond this limit. The first site's file reaches it, the second one's stays
    // small.
    await promisify(execFile)('prlimit', ['--pid', `${pid}`, '--fsize=1500000']);
    const answerTo = async (batch: number): Promise<number> => {
      const events = Array.from({ length: 400 }, (_, at) => eventOf(batch * 1_000 + at));
      return (await post(url, bodyOf(...events), { headers: { host: HOSTS.one } })).status;
    };
    let batch = 1;
    while ((await answerTo(batch)) === 200) expect(++batch).toBeLessThan(50);
    expect(await answerTo(batch)).toBe(503);
    expect((await ask(operators, '/readyz/one-test')).status).toBe(503);
    expect((await postTo(url, 'two', 2)).status).toBe(200);
    await until(pair.upstreams.two, 'a52ge2');
    expect((await ask(operators, '/readyz/two-test')).status).toBe(200);
  });

  test('since its intake is full, its own events are deferred, and the other site works', async ({
    bench,
    pair,
  }) => {
    await writeFile(join(bench.folder, 'one.key'), 'test_of_somebody_else');
    const { url, log } = await pair.start({ one: { maxWaiting: 1 } });
    const answers = [await postTo(url, 'one', 1), await postTo(url, 'one', 3)];
    expect(
      answers.map(({ text }) => (JSON.parse(text) as { results: { status: string }[] }).results[0]?.status),
    ).toEqual([...['accepted', 'deferred']]);
    expect((await postTo(url, 'two', 2)).status).toBe(200);
    await until(pair.upstreams.two, 'a52ge2');
    const told = log.filter(({ message }) => message.startsWith('New events are deferred'));
    expect(told.map(({ site }) => site)).toEqual(['one-test']);
  });
});

test.describe('a wrong configuration file', () => {
  test('ends the command at once, with a message about each fault by its path', async ({ pair }) => {
    const [one = {}, two = {}] = pair.configuration.sites;
    Object.assign(pair.configuration, { prot: 1, keepAliveSeconds: 'long' });
    Object.assign(one, { origin: ['x'], perMinute: 0, hosts: ['one.example:80'] });
    Object.assign(two, {
      origins: ['https://two.example', 'two.example/path'],
      machines: 'maybe',
      site: undefined,
    });
    const { code, stdout, stderr } = await pair.run();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.split('\n').slice(1, -1).toSorted()).toEqual([
      '  keepAliveSeconds: Set it to a number from 1 to 3600.',
      '  prot: There is no such setting. Did you mean port?',
      '  sites[0].hosts[0]: Set it to a host name without scheme and port, such as shop.example.',
      '  sites[0].origin: There is no such setting. Did you mean origins?',
      '  sites[0].perMinute: Set it to a whole number of at least 1.',
      '  sites[1].machines: Set it to ignore or count.',
      '  sites[1].origins[1]: Set it to an exact origin, such as https://shop.example, without a path.',
      '  sites[1].site: Set it to the name of your Chargebee site, 1 to 63 letters, digits and dashes, such as acme-test.',
    ]);
    expect(stderr).toMatch(/^offersight: The file .*offersight\.config\.json has 8 faults\.\n/);
  });

  test('is refused with a message if it gives two sites one intake, one host, one admin host or one token', async ({
    bench,
    pair,
  }) => {
    const [, two = {}] = pair.configuration.sites;
    Object.assign(two, {
      intake: `sqlite:${bench.folder}/./one.db`,
      hosts: ['ONE.example'],
      adminNames: ['ops.one.example'],
      adminTokenFile: join(bench.folder, 'one.token'),
    });
    const { code, stderr } = await pair.run();
    expect(code).toBe(1);
    expect(stderr.split('\n').slice(1, -1).toSorted()).toEqual([
      '  sites[1].adminNames[0]: sites[0] has this host: its operators could not be told apart.',
      '  sites[1].adminTokenFile: sites[0] has this token: give each site its own, or operators of one could act for the other.',
      '  sites[1].hosts[0]: sites[0] has this host: a request could not choose between them.',
      '  sites[1].intake: sites[0] has this intake: give each site its own file, or schema in Postgres.',
    ]);
  });

  test('leads to a message about a wrong secret that does not contain the secret', async ({
    bench,
    pair,
  }) => {
    const [one = {}] = pair.configuration.sites;
    await writeFile(join(bench.folder, 'two.token'), 'short-but-secret');
    Object.assign(one, {
      apiKeyFile: undefined,
      apiKeyVariable: 'NOT_SET_ANYWHERE',
      requireSignedOffers: true,
    });
    const { stderr } = await pair.run();
    expect(stderr.split('\n').slice(1, -1).toSorted()).toEqual([
      '  sites[0].apiKeyVariable: This variable is not set.',
      '  sites[0].requireSignedOffers: Set signingSecretFile or signingSecretVariable too.',
      '  sites[1].adminTokenFile: A token has at least 32 characters.',
    ]);
    expect(stderr).not.toContain('short-but-secret');
  });
});

test('the sample of the documentation runs as it is', async ({ bench, pair }) => {
  const page = await readFile('docs/several-sites.md', 'utf8');
  const [, sample = ''] = /```json\n([^`]+)```/.exec(page) ?? [];
  const at = (path: string) =>
    sample.replaceAll('/etc/offersight', path).replaceAll('/var/lib/offersight', path);
  const configuration = JSON.parse(at(bench.folder)) as Pair['configuration'];
  for (const secret of ['acme.key', 'brand.key'])
    await writeFile(join(bench.folder, secret), secret.startsWith('acme') ? KEYS.one : KEYS.two);
  for (const secret of ['acme.token', 'brand.token'])
    await writeFile(join(bench.folder, secret), `${TOKENS.one}${secret}`);
  const [acme = {}, brand = {}] = configuration.sites;
  Object.assign(configuration, { port: 0, adminPort: 0 });
  Object.assign(acme, { baseUrl: pair.upstreams.one.url });
  Object.assign(brand, { baseUrl: pair.upstreams.two.url });
  const file = join(bench.folder, 'sample.json');
  await writeFile(file, JSON.stringify(configuration));
  const { url } = await bench.startWith(['proxy', '--config', file], { env: { BRAND_KEY: KEYS.two } });
  for (const [number, host] of ['shop.acme.example', 'shop.brand.example'].entries())
    expect((await post(url, bodyOf(eventOf(number)), { headers: { host } })).status).toBe(200);
  await until(pair.upstreams.one, 'a52ge0');
  await until(pair.upstreams.two, 'a52ge1');
});
