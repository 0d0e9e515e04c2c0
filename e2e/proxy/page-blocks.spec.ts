/**
 * The blocks of docs/operations.md and docs/postgres.md, run as a reader would. What readers write in place of the pages'
 * own values is in one table.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import ts from 'typescript';
import { blockAt, PAGES } from '../../test/support/blocks/places.js';
import { hasPostgres, startPostgres } from '../../test/support/postgres.js';
import { freePorts } from '../fixtures/free-port.js';
import { install, pack } from '../fixtures/packed.js';
import { bePatient } from '../fixtures/patience.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { type Bench, test as base, type Ended, expect, type Standalone } from '../fixtures/standalone.js';

/** A program that a reader has started. */
interface Begun {
  readonly ended: Promise<Ended>;
  /** Resolves with what it printed once that matches. Rejects if it ends before. */
  printed(words: RegExp): Promise<string>;
}

/** Somebody who follows a page. */
interface Reader {
  /** The text of a block with the values that differ on this machine, which readers know. */
  block(place: string, ...more: readonly Value[]): string;
  /** Gives commands to a shell in the reader's folder. */
  shell(commands: string, env?: Readonly<Record<string, string>>): Begun;
  /** Runs a script as a file of the reader's folder. */
  script(text: string, env?: Readonly<Record<string, string>>): Promise<Begun>;
  /** Ends everything that was started. */
  end(): Promise<void>;
}

/** What a page says, and what a reader writes in its place. */
type Value = readonly [from: string | RegExp, to: string];

const filled = (text: string, values: readonly Value[]): string =>
  values.reduce((sofar, [from, to]) => sofar.replaceAll(from, to), text);

const follow = (child: ChildProcess): Begun => {
  let [stdout, stderr] = ['', ''];
  const ended = once(child, 'close').then(
    ([code]): Ended => ({ code: code as number | null, stdout, stderr }),
  );
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const printed = (words: RegExp): Promise<string> =>
    new Promise((found, failed) => {
      const look = (): void => {
        if (words.test(stdout)) found(stdout);
      };
      child.stdout?.on('data', look);
      look();
      void ended.then((said) => failed(new Error(`it ended: ${JSON.stringify(said)}`)));
    });
  return { ended, printed };
};

/**
 * Installs the package in the bench's folder, and the optional packages that the pages add.
 * @param values What readers write in place of what pages say, in every block.
 */
const startReader = async (
  { folder, upstream, apiKey }: Bench,
  archive: string,
  values: readonly Value[],
): Promise<Reader> => {
  const program = await install(archive, folder, ['libsql', 'prom-client', 'pg']);
  const bin = join(folder, 'node_modules', '.bin');
  await mkdir(bin);
  await symlink(program, join(bin, 'offersight'));
  // As npm does for the programs of a package.
  await chmod(program, 0o755);
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    HOME: folder,
    // npx would ask the registry for a newer npm.
    npm_config_update_notifier: 'false',
    OFFERSIGHT_API_KEY: apiKey,
    OFFERSIGHT_MOCK_API: upstream.url,
    NODE_OPTIONS: `--import=${resolve('e2e/fixtures/apps/upstream-fetch.mjs')}`,
  };
  const children: ChildProcess[] = [];
  const begin = (command: string, args: readonly string[], more: Readonly<Record<string, string>>): Begun => {
    // It gets a process group of its own, so that what a shell started ends with it.
    const child = spawn(command, args, { cwd: folder, env: { ...env, ...more }, detached: true });
    children.push(child);
    return follow(child);
  };
  let scripts = 0;
  return {
    block: (place, ...more) => filled(blockAt(place), [...more, ...values]),
    shell: (commands, more = {}) => begin('bash', ['-e', '-c', commands], more),
    async script(text, more = {}) {
      const file = join(folder, `script-${scripts++}.mjs`);
      const { ESNext } = ts.ScriptTarget;
      await writeFile(file, ts.transpile(text, { target: ESNext, module: ts.ModuleKind.ESNext }));
      return begin(process.execPath, [file], more);
    },
    async end() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
        const closed = once(child, 'close');
        process.kill(-child.pid, 'SIGKILL');
        await closed;
      }
    },
  };
};

const ADMIN_TOKEN = 'an operator bears this token of 40 chars';
const DAY_MS = 86_400_000;
const OFFER = 'a52ge40b';

/** The reader's ports. */
interface Ports {
  /** Where the proxy listens. */
  readonly proxy: number;
  /** Where the reader's own server listens. */
  readonly own: number;
  /** Where that server shows operators how it does. */
  readonly operators: number;
}

/** What readers write in place of what the pages say. */
const valuesOf = ({ folder, apiKey }: Bench, { proxy, own, operators }: Ports) =>
  [
    ['/var/lib/offersight', folder],
    ['OFFERSIGHT_API_KEY=…', `OFFERSIGHT_API_KEY=${apiKey}`],
    [/\b8787\b/g, `${proxy}`],
    [/\b8080\b/g, `${own}`],
    [/\b8788\b/g, `${operators}`],
    ['2026-11-01', new Date(Date.now() - DAY_MS).toISOString().slice(0, 10)],
  ] as const;

const test = base.extend<{ ports: Ports; reader: Reader }, { archive: string }>({
  archive: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
    async ({}, use) => {
      const packedIn = await mkdtemp(join(tmpdir(), 'offersight-'));
      await use(pack(packedIn));
      await rm(packedIn, { recursive: true });
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  ports: async ({}, use) => {
    const [proxy = 0, own = 0, operators = 0] = await freePorts(3);
    await use({ proxy, own, operators });
  },
  reader: async ({ bench, ports, archive }, use, testInfo) => {
    bePatient(testInfo, 120_000);
    const reader = await startReader(bench, archive, valuesOf(bench, ports));
    await use(reader);
    await reader.end();
  },
});

// In this mode all tests share one worker, so the package is packed once.
test.describe.configure({ mode: 'default' });

/** Starts the site's proxy with the intake that the pages name. */
const startProxy = async (bench: Bench, port: number, ...more: readonly string[]): Promise<Standalone> =>
  bench.startWith(
    [
      ...['proxy', '--site', 'acme-test', '--port', `${port}`, '--base-url', bench.upstream.url],
      ...['--intake', `sqlite:${join(bench.folder, 'intake.db')}`, ...more],
    ],
    { env: { OFFERSIGHT_API_KEY: bench.apiKey, OFFERSIGHT_ADMIN_TOKEN: ADMIN_TOKEN } },
  );

/** What the mock API has recorded. */
const recorded = ({ upstream }: Bench): string[] =>
  upstream.history().map(({ type, personalized_offer_id: id }) => `${type} ${id}`);

/** Posts an event until the server is there that the reader started. */
const postOnceUp = async (port: number, number: number): Promise<void> => {
  const body = bodyOf(eventOf(number));
  await expect
    .poll(() => post(`http://127.0.0.1:${port}`, body).then(({ text }) => text, String))
    .toContain('accepted');
};

/** The answer to a question that is asked until the server is there. */
const askOnceUp = async (port: number, path: string): Promise<string> => {
  let text = '';
  await expect
    .poll(async () => {
      text = await ask(`http://127.0.0.1:${port}`, path).then(
        (answer) => answer.text,
        () => '',
      );
      return text;
    })
    .not.toBe('');
  return text;
};

test('the first commands install and start a proxy, which takes the event of the next and has the metrics that the pages name', async ({
  bench,
  reader,
  ports,
}) => {
  const [installing = '', ...commands] = reader.block('docs/operations.md: sh').split('\n');
  // The reader's folder has them from the packed package and from this repository.
  expect(installing).toBe('npm install offersight libsql prom-client');
  // The last line ends in a comment.
  const starting = commands.join('\n').replace(' proxy ', ` proxy --port ${ports.proxy} `);
  const proxy = reader.shell(starting);
  await proxy.printed(/"listening"/);
  const trying = reader.block('docs/operations.md: sh 2');
  expect((await reader.shell(trying).ended).stdout).toContain('"status":"accepted"');
  const named = await reader.shell(trying.replace('-A Firefox ', '')).ended;
  expect(named.stdout).toMatch(/"status":"refused","code":"machine"/);
  await bench.upstream.until(() => recorded(bench).length === 1);
  expect(recorded(bench)).toEqual([`viewed ${OFFER}`]);

  const metrics = await askOnceUp(ports.proxy, '/metrics');
  const names = PAGES.flatMap((page) => readFileSync(page, 'utf8').match(/\boffersight_[a-z_]+/g) ?? []);
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) expect(metrics).toMatch(new RegExp(`^# TYPE ${name} `, 'm'));
});

test('a server of one’s own forwards what pages and its own programs report', async ({
  bench,
  reader,
  ports,
}) => {
  const server = reader.block('docs/operations.md, In a server of your own: ts');
  const reporting = reader.block('docs/operations.md, Events that your own programs saw: ts');
  await reader.script(`${server}\nconst openedAt = Date.now();\n${reporting}`);
  await postOnceUp(ports.own, 1);
  await bench.upstream.until(() => recorded(bench).length === 2);
  expect(recorded(bench).sort()).toEqual(['viewed a52ge1', `viewed ${OFFER}`]);
});

test('a server of one’s own has metrics, by the names that the proxy’s own have', async ({
  reader,
  ports,
}) => {
  const own = await reader.script(`${reader.block('docs/operations.md, In a server of your own: ts 2')}
    const answer = await proxy(new Request('https://shop.example/offer-events', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: ${JSON.stringify(bodyOf(eventOf(1)))},
    }));
    console.log(await answer.text());`);
  await own.printed(/accepted/);
  const metrics = await askOnceUp(ports.operators, '/metrics');
  expect(metrics).toContain('offersight_events_total{type="viewed",verdict="accepted",code=""} 1');
  expect(metrics).toMatch(/^offersight_waiting [01]$/m);
  expect(await askOnceUp(ports.operators, '/')).toMatch(/^[01]$/);
});

/** What each command for looking prints, by how it begins on the page. Two events were taken, and one was refused. */
const LOOKING: readonly (readonly [command: string, prints: RegExp])[] = [
  [
    'offersight status',
    /^last 7 days +2 +1 +0 +1 [\s\S]*^yearly +2 [\s\S]*^a52ge40b +2 [\s\S]*^offer_events: 0 waiting/m,
  ],
  ['offersight status --since', /^\{"sums":\{"today":\{"taken":2,.*"door":/],
  ['offersight funnel --by group', /^yearly +2 /m],
  ['offersight events --offer a52ge40b', /^\{"id":"\S+2",.*"state":"done".*\n\{"id":"\S+1",.*"state":"dead"/],
  ['offersight dead-letters list', /^\{"id":"\S+1",.*"code":"resource_not_found".*\}\n$/],
  ['offersight dead-letters retry', /^1 dead letter waits again\.\n$/],
  ['offersight dead-letters retry --offer', /^0 dead letters wait again\.\n$/],
  ['offersight purge waiting --offer', /^1 event of 1 offer would be given up .* add --yes\.\n$/],
  ['offersight purge waiting --visitor', /^1 event of 1 offer would be given up .* add --yes\.\n$/],
];

const STATUS = 'offersight status --intake sqlite:intake.db';

const untilNothingWaits = (reader: Reader, status: string): Promise<void> =>
  expect.poll(async () => (await reader.shell(status).ended).stdout).toContain('offer_events: 0 waiting');

test('the commands for looking show what was taken and what became of it', async ({
  bench,
  reader,
  ports,
}) => {
  const commands = reader
    .block('docs/operations.md, Looking: sh', [' [ID…]', ''], [/…(?= +#)/g, '--intake sqlite:intake.db'])
    .split('\n');
  expect(commands).toHaveLength(LOOKING.length);
  const run = async (from: number, to: number): Promise<void> => {
    for (const [at, [begins, prints]] of [...LOOKING.entries()].slice(from, to)) {
      const command = commands[at] ?? '';
      expect(command.startsWith(begins), command).toBe(true);
      const ended = await reader.shell(command).ended;
      expect(ended).toEqual({ code: 0, stdout: expect.stringMatching(prints), stderr: '' });
    }
  };
  const { url } = await startProxy(bench, ports.proxy, '--trusted-hops', '1');
  const visit = (...numbers: number[]) =>
    post(url, bodyOf(...numbers.map((number) => eventOf(number, { offer: OFFER, group: 'yearly' }))), {
      headers: { 'x-forwarded-for': '203.0.113.9' },
    });

  bench.upstream.addFaults({ kind: 'status', status: 404, code: 'resource_not_found', count: 1 });
  await visit(1);
  await untilNothingWaits(reader, STATUS);
  await visit(2);
  await untilNothingWaits(reader, STATUS);
  await run(0, 7);
  await untilNothingWaits(reader, STATUS);
  expect(recorded(bench)).toHaveLength(2);
  // The first of these is on its way, and the other one waits for it.
  bench.upstream.addFaults({ kind: 'down' });
  await visit(3, 4);
  await bench.upstream.until(() => bench.upstream.calls().length === 4);
  await run(7, 9);
});

test('a program reads the intake beside the proxy', async ({ bench, reader, ports }) => {
  const { url } = await startProxy(bench, ports.proxy);
  bench.upstream.addFaults({ kind: 'down' });
  await post(url, bodyOf(eventOf(1), eventOf(2)));
  const script = reader.block('docs/operations.md, Looking: ts');
  const reading = await reader.script(`${script}\nconsole.log(waiting);`);
  expect(await reading.ended).toEqual({ code: 0, stdout: '2\n', stderr: '' });
});

test('other programs report an event, which counts once though it is reported twice', async ({
  bench,
  reader,
  ports,
}) => {
  await startProxy(bench, ports.proxy);
  const commands = reader.block('docs/operations.md, Events that your own programs saw: sh');
  const reported = await reader.shell(commands, { OFFERSIGHT_ADMIN_TOKEN: ADMIN_TOKEN }).ended;
  expect(reported.code, reported.stderr).toBe(0);
  expect(reported.stdout).toBe('1 new, 0 reported before.\n{"accepted":0,"duplicate":1}');
  await bench.upstream.until(() => recorded(bench).length === 1);
  expect(recorded(bench)).toEqual([`viewed ${OFFER}`]);
});

/**
 * A reader's own file around a block that creates a proxy and leaves the other options out. It reports one event of a
 * signed-in user.
 */
const around = (imports: string, block: string, options: string): string => `
  ${imports}
  import { createOfferProxy as create } from 'offersight/proxy';
  const options = { site: 'acme-test', apiKey: process.env.OFFERSIGHT_API_KEY, ${options} };
  const subscriptions = new Map([['ada', 'sub-4711']]);
  let made;
  const createOfferProxy = (given) => { made = create(given); };
  ${block.replace('{ …,', '{ ...options,').replace('\n  …,', '\n  ...options,')}
  const answer = await made(new Request('https://shop.example/offer-events', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: ${JSON.stringify(bodyOf(eventOf(1)))},
  }));
  console.log(await answer.text());`;

test('a proxy with usage events also reports to the customer’s subscription', async ({ bench, reader }) => {
  const block = reader.block('docs/operations.md, Usage events: ts');
  const script = around(
    `import { sqliteIntake } from 'offersight/proxy/sqlite';`,
    block,
    `subject: () => 'ada', intake: sqliteIntake({ file: 'usage.db' })`,
  );
  await (await reader.script(script)).printed(/accepted/);
  await bench.upstream.until(() => recorded(bench).length === 1 && bench.upstream.usage().length === 1);
  expect(bench.upstream.usage()).toMatchObject([{ subscription_id: 'sub-4711' }]);
});

/** Two proxies find a server as the lines of a block say, an event is delivered, and the last line shows it. */
const runsByItsUrl = async (
  { bench, reader, ports }: { readonly bench: Bench; readonly reader: Reader; readonly ports: Ports },
  block: string,
): Promise<void> => {
  const [byVariable = '', byFile = '', status = '', ...more] = block.split('\n');
  expect(more).toEqual([]);
  await reader.shell(`${byVariable} --port ${ports.proxy}`).printed(/"listening"/);
  await reader.shell(`${byFile} --port ${ports.own}`).printed(/"listening"/);
  await postOnceUp(ports.own, 1);
  await bench.upstream.until(() => recorded(bench).length === 1);
  await untilNothingWaits(reader, status);
  const { code, stdout } = await reader.shell(status).ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^last 7 days +1 +1 +0 /m)]);
};

test('a proxy finds Postgres by a URL of the environment and by one of a file, and a command shows how the intake does', async ({
  bench,
  reader,
  ports,
}) => {
  test.skip(!hasPostgres, 'there is no Postgres');
  const postgres = await startPostgres();
  try {
    await postgres.ask(blockAt('docs/postgres.md, The schema and the user: sql'));
    const { host, pathname } = new URL(postgres.url);
    const secret = join(bench.folder, 'postgres');
    await writeFile(secret, `postgres://offersight:secret@${host}${pathname}`);
    const block = reader.block(
      'docs/postgres.md: sh',
      ['localhost:5432/shop', host + pathname],
      ['/run/secrets/postgres', secret],
    );
    await runsByItsUrl({ bench, reader, ports }, block);
  } finally {
    await reader.end();
    await postgres.remove();
  }
});
