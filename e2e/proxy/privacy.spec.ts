/**
 * The page about privacy lists everything that the product stores, sends and writes while it runs. Data that can be
 * about a person is only in the places that the page names.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from '@playwright/test';
import { inspectLink, signOffer } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { openFile } from '../../src/proxy/intake/sqlite/sqlite-file.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import {
  BROWSER,
  type Canaries,
  CHARGEBEE,
  FILE,
  LOG,
  METRICS,
  misplaced,
  type Place,
  readPrivacyPage,
  WIRE,
} from '../fixtures/privacy-page.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import { test as base, expect } from '../fixtures/stack.js';
import { test as standalone } from '../fixtures/standalone.js';

/** Signs offers and links of the inspector. */
const SECRET = 'a signing secret of at least thirty-two characters';
/** An offer that the upstream refuses. */
const REFUSED = 'offer-canary-refused';
const USER = 'user-canary-8f14';

const tokenOf = (id: string, subject?: string) =>
  signOffer({ id, subject, expiresAt: Date.UTC(2099, 0) }, SECRET);

const canariesOf = async (subject?: string): Promise<Canaries> => ({
  address: '203.0.113.77',
  user: USER,
  offer: 'offer-canary-a52g',
  group: 'group-canary-autumn',
  subscription: 'sub-canary-4711',
  token: await tokenOf('offer-canary-a52g', subject),
});

interface Message {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What takes Chargebee's place: it takes everything except the offer that it must refuse, and remembers what it got. */
const startChargebee = async () => {
  const messages: Message[] = [];
  const server = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming as AsyncIterable<Buffer>) body += chunk.toString();
    messages.push({ path: incoming.url ?? '', headers: incoming.headers, body });
    // A usage event of that offer is taken.
    const isRefused = body.includes(REFUSED) && incoming.url === '/api/v2/offer_events';
    outgoing.writeHead(isRefused ? 404 : 200, { 'content-type': 'application/json' });
    const no = '{"api_error_code":"resource_not_found","param":"personalized_offer_id","message":"no"}';
    outgoing.end(isRefused ? no : '{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, messages, close };
};

/** A proxy with all options on that take data about a person. */
const test = base.extend<{ chargebee: Awaited<ReturnType<typeof startChargebee>>; file: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  chargebee: async ({}, use) => {
    const chargebee = await startChargebee();
    await use(chargebee);
    chargebee.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the pattern's names.
  file: async ({}, use, testInfo) => use(testInfo.outputPath('intake.sqlite')),
  proxyOptions: async ({ chargebee, file }, use) => {
    const { address, user, subscription } = await canariesOf();
    await use({
      ...{ baseUrl: chargebee.url, machines: 'count', intake: sqliteIntake({ file }) },
      ...{ requireSignedOffers: SECRET, inspectSecret: SECRET, pace: { perMinute: 6_000 } },
      subject: () => user,
      caller: () => ({ ip: address }),
      usage: { subscriptionFor: () => subscription, baseUrl: chargebee.url },
    });
  },
});

const place = (section: string, name: string, value = '', of?: string): Place => ({
  section,
  name,
  value,
  of,
});

/** The places in a value: every leaf with its name, and every name on the way to a leaf. */
const placesIn = (section: string, value: unknown, of?: string): Place[] => {
  if (Array.isArray(value)) return value.flatMap((item) => placesIn(section, item, of));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, held]) => {
    const below = placesIn(section, held, of);
    return [place(section, name, below.length ? '' : JSON.stringify(held ?? null), of), ...below];
  });
};

/** The headers of a message, without those of a plain one, which its platform adds by itself. */
const headersBeside = (section: string, headers: object, plain: object): Place[] =>
  Object.entries(headers)
    .filter(([name]) => !(name in plain))
    .map(([name, value]) => place(section, name, String(value)));

const jsonOf = (text: string): Record<string, unknown> => JSON.parse(text || '{}') as Record<string, unknown>;

/** Headers that Node adds to an answer by itself. */
const NODE_HEADERS = { date: '', 'keep-alive': '', 'transfer-encoding': '', connection: '' };

const placesOfAnswer = (headers: object, text: string): Place[] => [
  ...headersBeside(WIRE, headers, NODE_HEADERS),
  ...placesIn(WIRE, jsonOf(text)),
];

/** The names in calls to Chargebee. The properties of a usage event are the host's, and so one place. */
const placesOfCall = ({ headers, body }: Message, plain: Message): Place[] => {
  const { events, ...event } = jsonOf(body) as { events?: readonly Record<string, unknown>[] };
  return [
    ...headersBeside(CHARGEBEE, headers, plain.headers),
    ...placesIn(CHARGEBEE, event),
    ...(events ?? []).flatMap(({ properties, ...usage }) => [
      ...placesIn(CHARGEBEE, usage),
      place(CHARGEBEE, 'properties', JSON.stringify(properties)),
    ]),
  ];
};

/** Every column of the file, with its values. */
const placesOfFile = (file: string): Place[] => {
  const database = openFile(file);
  const rows = (sql: string) => database.prepare(sql).all() as unknown as Record<string, string>[];
  const tables = rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  const places = tables.flatMap(({ name: table }) => [
    ...rows(`SELECT name FROM pragma_table_info('${table}')`).map(({ name }) =>
      place(FILE, String(name), '', String(table)),
    ),
    ...placesIn(FILE, rows(`SELECT * FROM ${table}`), String(table)),
  ]);
  database.close();
  return places;
};

/** Every line of the log, and its properties. */
const placesOfLog = (text: string): Place[] =>
  text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => {
      const said = JSON.parse(line) as { readonly level: string; readonly message: string };
      // Another page of the documentation has the words of each alert.
      const title = said.level === 'error' ? 'alert' : said.message.replace(/: .*/, ': …');
      const own = (name: string): boolean => !['time', 'level', 'message', 'left_out'].includes(name);
      const found = placesIn(LOG, said).map((each) => (own(each.name) ? { ...each, of: title } : each));
      return [place(LOG, title), ...found];
    });

/** The metrics, without those of the process, which the metrics package adds. */
const placesOfMetrics = (text: string): Place[] =>
  text
    .split('\n')
    .filter((line) => /^(?:# TYPE )?offersight_/.test(line))
    .flatMap((line) => {
      const [, written = '', labels = ''] = /^(?:# TYPE )?(\w+)(?:\{(.*)\})?/.exec(line) ?? [];
      const name = written.replace(/_(bucket|sum|count)$/, '');
      return [
        place(METRICS, name),
        ...[...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) =>
          place(METRICS, label, value, label === 'le' ? undefined : name),
        ),
      ];
    });

/** Expects that the page lists all places, and that nothing about a person is where it does not belong. */
const expectAllListed = async (places: readonly Place[], canaries: Canaries): Promise<void> => {
  expect((await readPrivacyPage()).unlisted(places)).toEqual([]);
  expect(misplaced(places, canaries)).toEqual([]);
};

/** For the beginning of a page: notes the messages on channels, and the globals that are not the product's. */
const NOTING = `<script>
  globalThis.channels = [];
  const Before = BroadcastChannel;
  globalThis.BroadcastChannel = class extends Before {
    constructor(name) { super(name); channels.push({ name, said: '' }); }
    postMessage(said) { channels.push({ name: this.name, said: JSON.stringify(said) }); super.postMessage(said); }
  };
  globalThis.before = Object.keys(globalThis);
</script>`;

/** Reads every storage of the browser. What the page says to be empty has to be. */
const placesOfBrowser = async (page: Page): Promise<Place[]> => {
  expect(await page.context().cookies()).toEqual([]);
  const left = await page.evaluate(async () => {
    const own = globalThis as unknown as {
      channels: { name: string; said: string }[];
      layer?: unknown[];
      before: string[];
    };
    const asked = <T>(asking: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        asking.onsuccess = () => resolve(asking.result);
        asking.onerror = () => reject(new Error(String(asking.error)));
      });
    const names: string[] = [];
    const records: { key: unknown[]; value: unknown }[] = [];
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await asked(indexedDB.open(name));
      names.push(name, ...database.objectStoreNames);
      for (const store of database.objectStoreNames) {
        const reading = database.transaction(store).objectStore(store);
        const [keys, values] = await Promise.all([asked(reading.getAllKeys()), asked(reading.getAll())]);
        for (const [at, key] of keys.entries())
          records.push({ key: [key].flat(), value: values[at] as unknown });
      }
      database.close();
    }
    names.push(
      ...Object.keys(globalThis).filter((name) => ![...own.before, 'before', 'layer'].includes(name)),
    );
    const others = [localStorage.length, sessionStorage.length, (await caches.keys()).length];
    return { names, records, others, channels: own.channels, layer: [...(own.layer ?? [])] };
  });
  expect(left.others).toEqual([0, 0, 0]);
  return [
    ...left.names.map((name) => place(BROWSER, name)),
    ...left.channels.map(({ name, said }) => place(BROWSER, name, said)),
    ...placesIn(BROWSER, left.layer),
    ...left.records.flatMap(({ key: [kind, ...about], value }) => {
      const { event, lease, ...rest } = Object(value) as Record<string, unknown>;
      const of = String(kind === 'state' ? about[0] : kind);
      return [
        place(BROWSER, String(kind), JSON.stringify(about)),
        ...placesIn(BROWSER, rest, of),
        ...(lease === undefined ? [] : [place(BROWSER, 'lease', JSON.stringify(lease), of)]),
        ...(event === undefined ? [] : [place(BROWSER, 'event', '', of)]),
        ...placesIn(BROWSER, event),
      ];
    }),
  ];
};

test('the page lists all that a browser, the proxy, its file and Chargebee get, and nothing else is found', async ({
  chargebee,
  file,
  page,
  stack,
}) => {
  const canaries = await canariesOf(USER);
  const tokens = { [canaries.offer]: canaries.token, [REFUSED]: await tokenOf(REFUSED, USER) };
  const offers = Object.entries(tokens).map(
    ([id, token]) =>
      `<article class="offer" data-offer-id="${id}" data-offer-token="${token}" data-offer-group="${canaries.group}"><button data-offer-dismiss>×</button></article>`,
  );
  stack.site.show(offers.join(''), {
    head: NOTING,
    script: `data-endpoint="/offer-events" data-dwell="0" data-repeat="browser" data-subject="${USER}" data-data-layer="layer personalized_offer_id"`,
  });
  const places: Place[] = [];
  const reading: Promise<void>[] = [];
  let plain = {};
  page.on('response', (response) => {
    const request = response.request();
    if (request.method() !== 'POST') return;
    const read = async (): Promise<void> => {
      const headers = await request.allHeaders();
      if (request.url().endsWith('/plain')) plain = headers;
      else
        places.push(
          ...headersBeside(WIRE, headers, plain),
          ...placesIn(WIRE, jsonOf(request.postData() ?? '')),
          ...placesOfAnswer(await response.allHeaders(), await response.text()),
        );
    };
    reading.push(read());
  });
  await page.goto(`${stack.site.url}/elsewhere`);
  await page.evaluate(() => fetch('/plain', { method: 'POST', body: '{}' }));
  await expect.poll(() => Object.keys(plain)).not.toEqual([]);
  // The operator's link also opens the inspector, which leaves nothing more.
  await page.goto(await inspectLink(`${stack.site.url}/page.html`, { secret: SECRET }));
  await trackerStats(page);
  places.push(...(await placesOfBrowser(page)));
  for (const at of [0, 1]) {
    await page.click(`article button >> nth=${at}`);
    await untilWaiting(page, 0);
  }
  await expect(page.locator('offersight-inspector')).toContainText('counted');
  const called = (isOfUsage: boolean) =>
    chargebee.messages.filter(({ path }) => path.includes('usage') === isOfUsage);
  await expect.poll(() => called(false).length).toBe(3);
  // All four, since one that waits has its caller in the file. The last dismissal is refused only as an offer event.
  const metered = () => called(true).flatMap(({ body }) => jsonOf(body).events as readonly unknown[]);
  await expect.poll(() => metered()).toHaveLength(4);
  places.push(...(await placesOfBrowser(page)));
  await fetch(`${chargebee.url}/plain`, { method: 'POST', body: '{}' });
  await page.goto('about:blank');
  await Promise.all(reading);
  const plainCall = chargebee.messages.pop() as Message;
  const ofFile = placesOfFile(file);
  places.push(...chargebee.messages.flatMap((message) => placesOfCall(message, plainCall)), ...ofFile);

  // This shows that the test looked at the right places.
  const met = new Set(places.map(({ name }) => name));
  for (const name of [
    'offersight',
    'seen',
    'sent_at',
    'token',
    'status',
    'authorization',
    'offer_id',
    'inspect',
  ])
    expect([...met]).toContain(name);
  for (const secret of Object.values(canaries).filter((value) => value !== canaries.token))
    expect(places.some(({ value }) => value.includes(secret))).toBe(true);
  expect((await readFile(file, 'latin1')).includes(canaries.token)).toBe(false);
  await expectAllListed(places, canaries);
  // Columns also the other way round: the page lists none that is not there.
  const columns = new Set(ofFile.map(({ of, name }) => `${of}.${name}`));
  expect((await readPrivacyPage()).rows(FILE).sort()).toEqual([...columns].sort());
});

standalone(
  'the page lists all of an answer, the log and the metrics, and none of them identifies a person',
  async ({ bench }) => {
    const canaries = await canariesOf();
    const taker = await startChargebee();
    const refusedToken = await tokenOf(REFUSED);
    const proxy = await bench.start(
      [...['--trusted-hops', '1', '--per-address', '3'], ...['--base-url', taker.url, '--log-ids']],
      { env: { OFFERSIGHT_API_KEY: bench.apiKey, OFFERSIGHT_SIGNING_SECRET: SECRET } },
    );
    const { offer, token, group, user: subject } = canaries;
    const headers = { 'x-forwarded-for': canaries.address, cookie: `visitor=${subject}`, referer: offer };
    const event = eventOf(1, { offer, token, group, subject });
    const refused = { token: refusedToken, group, subject };
    const send = (change: Record<string, string>, sent = bodyOf(event)) =>
      post(proxy.url, sent, { headers: { ...headers, ...change } });
    const answers = [
      await ask(proxy.url, `/offer-events?offer=${offer}`, { headers }),
      await send({ 'sec-fetch-site': 'cross-site', origin: `https://${subject}.example` }),
      await send({ 'content-type': `text/plain; offer=${offer}` }),
      await send({ 'content-encoding': 'gzip' }),
      await send({}, bodyOf(event).padEnd(500_001)),
      await send({}, `{"v":1,"sent_at":1,"events":[{"personalized_offer_id":"${offer}"`),
      await send({}, JSON.stringify({ v: 1, sent_at: 1, events: [{ ...event, [subject]: token }] })),
      await send({}, JSON.stringify({ v: offer, sent_at: 1, events: [] })),
      await send({}, JSON.stringify({ v: 1, inspect: `${token}${subject}`, path: `/${offer}` })),
      // Taken, and then too many.
      await send(
        {},
        bodyOf(event, eventOf(2, { offer: REFUSED, ...refused }), eventOf(3, { offer, ...refused })),
      ),
      await send({}, bodyOf(eventOf(4, { offer, token, group, subject }))),
    ];
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].sort()).toEqual([200, 400, 403, 405, 413, 415, 429]);
    await expect.poll(() => proxy.log.filter(({ message }) => message === 'forwarded').length).toBe(2);
    const metrics = placesOfMetrics((await ask(proxy.url, '/metrics')).text);
    proxy.kill('SIGTERM');
    expect((await proxy.ended).code).toBe(0);
    const log = placesOfLog(proxy.output());
    const met = [...log, ...metrics].map(({ name }) => name);
    for (const name of ['listening', 'request', 'verdict', 'call', 'forwarded', 'event', 'stopped', 'lane'])
      expect(met).toContain(name);
    const answered = answers.flatMap((answer) => placesOfAnswer(answer.headers, answer.text));
    // An answer repeats nothing of its request, not even what it may hold otherwise.
    for (const secret of Object.values(canaries))
      expect(answered.filter(({ value }) => value.includes(secret))).toEqual([]);
    await expectAllListed([...answered, ...log, ...metrics], canaries);
    // Every metric has a type, also one that has counted nothing yet.
    const scraped = new Set(metrics.filter(({ of, name }) => !of && name !== 'le').map(({ name }) => name));
    expect((await readPrivacyPage()).heads(METRICS).sort()).toEqual([...scraped].sort());
    taker.close();
  },
);
