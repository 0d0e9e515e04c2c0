/** Importing the package outside a page, on a server or in a worker, does nothing and breaks nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from '@playwright/test';
import { install, pack } from '../fixtures/packed.js';
import { bePatient } from '../fixtures/patience.js';
import { expect, test } from '../fixtures/policed.js';

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const { exports, peerDependencies } = JSON.parse(await readFile('package.json', 'utf8')) as Manifest;

/** All entries that are for pages: neither the proxy's half nor single files. */
const entries = Object.keys(exports)
  .filter((path) => !path.startsWith('./proxy') && !/\.js(on)?$/.test(path))
  .map((path) => path.replace('.', 'offersight'));
/** Adds a listener for the browser's syncs, so it needs the scope of a worker. */
const WORKER_ENTRY = 'offersight/service-worker';
/** Peers of the proxy's half and of the doctor only. */
const SERVERS = ['@ghostery/adblocker', 'libsql', 'pg', 'prom-client', 'puppeteer-core'];
const frameworks = Object.keys(peerDependencies).filter((name) => !SERVERS.includes(name));

/**
 * Notes everything that a module could begin: timers, listeners, requests, output, globals. It runs outside pages, so
 * it uses only names that exist in all of these places.
 */
const SPIES = `
  globalThis.noted = [];
  const names = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'addEventListener', 'postMessage'];
  for (const name of names) {
    const real = globalThis[name];
    if (real) globalThis[name] = (...given) => {
      noted.push(name);
      return Reflect.apply(real, globalThis, given);
    };
  }
  for (const name of ['debug', 'log', 'info', 'warn', 'error']) console[name] = () => noted.push('console.' + name);
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (...given) {
    noted.push('listener ' + given[0]);
    return Reflect.apply(addEventListener, this, given);
  };
  // zod leaves its registry, so that several copies of it share one.
  const isNews = (key) => !known.has(key) && !String(key).startsWith('__zod_');
  globalThis.news = () => [...noted, ...Reflect.ownKeys(globalThis).filter(isNews).map(String)];
  globalThis.known = undefined;
  globalThis.known = new Set(Reflect.ownKeys(globalThis));
`;

/** Starts a tracker and calls all its methods. Returns what it answers and what it reports. */
const ASK = `
  globalThis.ask = async ({ createOfferTracker }) => {
    const reports = [];
    const tracker = createOfferTracker({ endpoint: '/offer-events', onError: ({ code }) => reports.push(code) });
    const answers = {};
    for (const [name, given] of Object.entries({
      observe: [{ nodeType: 1 }, { id: 'seen' }], dismiss: ['seen'], accept: ['seen'], flush: [], consent: ['granted'],
      subject: ['somebody'], pageView: [], stats: [], stop: [],
    })) {
      const answer = await tracker[name](...given);
      answers[name] = typeof answer === 'function' ? typeof answer() : typeof answer;
    }
    return { reports, answers, unasked: Object.keys(tracker).filter((name) => !(name in answers)), news: news() };
  };
`;

const METHODS = ['observe', 'dismiss', 'accept', 'flush', 'consent', 'subject', 'pageView', 'stop'];
/** The outcome of an inert tracker: each method returns, nothing else happens, and one report says why. */
const INERT = {
  reports: ['unsupported'],
  answers: { ...Object.fromEntries(METHODS.map((name) => [name, 'undefined'])), stats: 'object' },
  unasked: [],
  news: [],
};

test.describe('on a server', () => {
  // In this mode all tests share one worker, so the package is packed once.
  test.describe.configure({ mode: 'default' });
  let folder: string;

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  test.beforeAll(async ({}, testInfo) => {
    bePatient(testInfo);
    folder = await mkdtemp(join(tmpdir(), 'offersight-'));
    await install(pack(folder), folder, frameworks);
  });

  test.afterAll(() => rm(folder, { recursive: true }));

  /** Runs a module in a process of its own, and fails unless the process ends by itself. */
  const run = async (source: string): Promise<unknown> => {
    const file = join(folder, 'main.mjs');
    await writeFile(file, source);
    const ended = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
    expect([ended.signal, ended.stderr]).toEqual([null, '']);
    return JSON.parse(ended.stdout) as unknown;
  };

  /** Imports a module under spies. Frameworks are imported before, so that what they do is not noted. */
  const importing = (entry: string, then: string): string => `
    for (const name of ${JSON.stringify(frameworks)}) await import(name);
    const listeners = () => process.eventNames().flatMap((name) => process.listeners(name));
    const before = listeners().length;
    const resources = () => process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe|FS)/.test(name));
    const idle = resources().length;
    ${ASK}
    ${SPIES}
    const ended = { ...(await (async () => {
      const imported = await import('${entry}');
      return { exported: Object.keys(imported).length, result: await (${then})(imported) };
    })()), listeners: listeners().length - before, resources: resources().length - idle };
    process.stdout.write(JSON.stringify(ended));
  `;

  for (const entry of entries.filter((name) => name !== WORKER_ENTRY)) {
    test(`importing ${entry} begins nothing, and the process ends by itself`, async () => {
      expect(await run(importing(entry, 'news'))).toEqual({
        exported: expect.any(Number),
        result: [],
        listeners: 0,
        resources: 0,
      });
    });
  }

  test('a tracker is inert, and says so once', async () => {
    expect(await run(importing('offersight', 'ask'))).toMatchObject({
      result: INERT,
      listeners: 0,
      resources: 0,
    });
  });

  test('the service worker’s entry says that it needs a worker', async () => {
    const told = await run(
      importing('offersight', `async () => String(await import('${WORKER_ENTRY}').catch((cause) => cause))`),
    );
    expect(told).toMatchObject({ result: expect.stringContaining('addEventListener') });
  });
});

test.describe('in a worker', () => {
  const REST = `
    globalThis.outcome = { imported: news(), ...(await ask(offersight)) };
  `;
  const CLASSIC = `${ASK}${SPIES}
    (async () => { const offersight = await import('/module/index.js'); ${REST} })();`;
  const MODULE = `import '/spies.js'; import * as offersight from '/module/index.js';
    import '/module/element.js';
    (async () => { ${REST} })();`;

  const outcomeOf = async (worker: Worker): Promise<unknown> => {
    await expect.poll(() => worker.evaluate(() => 'outcome' in globalThis)).toBe(true);
    return worker.evaluate(() => (globalThis as unknown as { outcome: unknown }).outcome);
  };

  for (const [kind, source, start] of [
    ['a dedicated worker', CLASSIC, "void new Worker('/worker.js')"],
    ['a module worker', MODULE, "void new Worker('/worker.js', { type: 'module' })"],
    [
      'a service worker',
      MODULE,
      "navigator.serviceWorker.register('/worker.js', { type: 'module' }).then(() => undefined)",
    ],
  ] as const)
    test(`importing begins nothing and a tracker is inert in ${kind}`, async ({ page, policed }) => {
      policed.serve('/spies.js', ASK + SPIES);
      policed.serve('/worker.js', source);
      await policed.open({}, '', '<p>Imprint</p>');
      const isService = kind === 'a service worker';
      const started = isService ? page.context().waitForEvent('serviceworker') : page.waitForEvent('worker');
      await page.evaluate(start);
      expect(await outcomeOf(await started)).toEqual({ imported: [], ...INERT });
      expect(policed.noticed.console).toEqual([]);
    });
});
