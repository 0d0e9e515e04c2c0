/**
 * The mistakes that people make, each made for real. The screen then shows the words that docs/troubleshooting.md has
 * under a heading of its own, with a repair.
 */
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { type BrowserContext, chromium, type LaunchOptions, mergeTests, type Page } from '@playwright/test';
import { type Clinic, test as clinicTest, expect } from './fixtures/doctor.js';
import { bodyOf, eventOf, post } from './fixtures/post.js';
import type { Stack } from './fixtures/stack.js';
import { type Bench, test as benchTest } from './fixtures/standalone.js';

const test = mergeTests(clinicTest, benchTest);

/** The fixtures in which a mistake is made. */
interface Place {
  readonly page: Page;
  readonly stack: Stack;
  readonly clinic: Clinic;
  readonly bench: Bench;
  readonly launchOptions: LaunchOptions;
}

/** Returns everything that is on a screen by now. */
type Screen = () => string;

interface Mistake {
  /** The heading of the mistake in docs/troubleshooting.md. */
  readonly heading: string;
  /** The words that are on the screen and in that section, all of them. */
  readonly words: readonly string[];
  /** Makes the mistake. */
  readonly make: (place: Place) => Promise<Screen>;
}

const OFFER = '<article class="offer" data-offer-id="a52ge40b" data-offer-dwell="0"></article>';
const SHOP = 'https://shop.example';

const listen = (context: BrowserContext): string[] => {
  const said: string[] = [];
  context.on('console', (message) => said.push(message.text()));
  return said;
};

/** The console of a page with this script tag and body. */
const onConsole =
  (
    script: string,
    body = OFFER,
    more: { head?: string; headers?: Record<string, string>; prepare?: (place: Place) => unknown } = {},
  ): Mistake['make'] =>
  async (place) => {
    const { page, stack } = place;
    const said = listen(page.context());
    const { prepare, ...options } = more;
    await prepare?.(place);
    await stack.open(page, body, { script, ...options });
    return () => said.join('\n').replaceAll(stack.site.url, SHOP);
  };

const TAG = 'data-endpoint="/offer-events" data-debug';

/** The doctor's output for a page. */
const byDoctor =
  (page: Parameters<Clinic['deploy']>[1]): Mistake['make'] =>
  async ({ clinic }) => {
    const { stdout } = await clinic.examine([clinic.deploy('/mistake', page), '--no-browser']);
    return () => stdout;
  };

/** Several screens at once. */
const both =
  (...ways: readonly Mistake['make'][]): Mistake['make'] =>
  async (place) => {
    const screens: Screen[] = [];
    for (const make of ways) screens.push(await make(place));
    return () => screens.map((screen) => screen()).join('\n');
  };

/** The terminal of a proxy that has taken so many events. */
const atProxy =
  (
    events: number,
    prepare: (bench: Bench) => unknown,
    env: Readonly<Record<string, string>> = {},
  ): Mistake['make'] =>
  async ({ bench }) => {
    prepare(bench);
    const proxy = await bench.start([], { env });
    for (let at = 1; at <= events; at++)
      expect((await post(proxy.url, bodyOf(eventOf(at, { offer: `plan-offer-${at}` })))).status).toBe(200);
    return () => proxy.output().replaceAll('\\"', '"');
  };

/** The terminal of a command that ends by itself. */
const atCommand =
  (args: readonly string[], env: Readonly<Record<string, string>> = {}, program?: string): Mistake['make'] =>
  async ({ bench }) => {
    const { stderr } = await bench.run(args, { env, ...(program !== undefined && { program }) });
    return () => stderr;
  };

/** The program with the packages that npm installs with it, and without those that people add by name. */
const installWithoutLibsql = async (folder: string): Promise<string> => {
  const own = join(folder, 'node_modules', 'offersight');
  await mkdir(own, { recursive: true });
  await cp('dist', join(own, 'dist'), { recursive: true });
  await cp('package.json', join(own, 'package.json'));
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as {
    dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies))
    await symlink(resolve('node_modules', name), join(folder, 'node_modules', name));
  return join(own, 'dist', 'proxy', 'cli.js');
};

/** A page on plain http under a name, as a phone in the same network opens it. */
const onPhone: Mistake['make'] = async ({ stack, launchOptions }) => {
  const { port } = new URL(stack.site.url);
  const browser = await chromium.launch({
    ...launchOptions,
    args: [...(launchOptions.args ?? []), '--host-resolver-rules=MAP shop.test 127.0.0.1'],
  });
  const context = await browser.newContext();
  const said = listen(context);
  stack.site.show(OFFER, { script: `${TAG} data-machines="count"` });
  await (await context.newPage()).goto(`http://shop.test:${port}/page.html`);
  await expect.poll(() => said.join('\n')).toContain('answered');
  await browser.close();
  return () => said.join('\n').replaceAll(`:${port}`, ':3000');
};

/** Starts the proxy on a port that another program has. */
const onTakenPort: Mistake['make'] = async ({ bench }) => {
  const other = createServer((_, response) => response.end('mine')).listen(0, '127.0.0.1');
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as AddressInfo;
  const args = ['proxy', '--site', 'acme-test', '--intake', 'direct', '--port', `${port}`];
  const { stderr } = await bench.run(args, { env: { OFFERSIGHT_API_KEY: bench.apiKey } });
  other.close();
  return () => stderr.replaceAll(`${port}`, '8787');
};

const NODE_18 =
  '--import=data:text/javascript,Object.defineProperty(process,%22versions%22,{value:{...process.versions,node:%2218.20.8%22}})';

const MISTAKES: readonly Mistake[] = [
  {
    heading: 'The endpoint’s path is wrong',
    words: [`delivery: POST ${SHOP}/offers answered 404; events wait.`],
    make: onConsole('data-endpoint="/offers" data-debug'),
  },
  {
    heading: 'The endpoint is on another origin',
    words: [`configuration: endpoint is on https://api.shop.example: it has to be on ${SHOP}.`],
    make: onConsole('data-endpoint="https://api.shop.example/offer-events"'),
  },
  {
    heading: 'No proxy runs',
    words: [`delivery: POST ${SHOP}/offer-events answered 502; events wait.`],
    make: onConsole(TAG, OFFER, {
      // A web server answers so if the proxy behind it does not run.
      prepare: ({ stack }) =>
        stack.site.serve('/offer-events', (_, response) => response.writeHead(502).end('Bad Gateway')),
    }),
  },
  {
    heading: 'The API key is wrong',
    words: [
      'Chargebee does not accept the API key for offer events: check the key, its permissions and the site. Events are kept.',
    ],
    make: atProxy(1, () => undefined, { OFFERSIGHT_API_KEY: 'test_of_another_site' }),
  },
  {
    heading: 'Growth is not enabled',
    words: [
      'The offer events API is not enabled for this site: ask Chargebee support to enable Growth for it. Events are kept.',
    ],
    make: atProxy(1, ({ upstream }) => upstream.setEnabled({ offer_events: '404' })),
  },
  {
    heading: 'libsql is not installed',
    words: ['offersight: This intake needs a package that is not installed. Add it with: npm install libsql'],
    make: async (place) => {
      const program = await installWithoutLibsql(place.bench.folder);
      const args = ['proxy', '--site', 'acme-test', '--intake', 'sqlite:offers.db'];
      return atCommand(args, { OFFERSIGHT_API_KEY: place.bench.apiKey }, program)(place);
    },
  },
  {
    heading: 'Node is too old',
    words: ['offersight: Offersight needs Node 20 or newer. This is Node 18.20.8.'],
    make: atCommand(['dev'], { NODE_OPTIONS: NODE_18 }),
  },
  {
    heading: 'The port is taken',
    words: [
      'offersight: Port 8787 of 127.0.0.1 is taken by another program: end that one, or choose another port by --port (or --admin-port).',
    ],
    make: onTakenPort,
  },
  {
    heading: 'No element has an id',
    words: [
      'Offersight: no element has data-offer-id with an id yet.',
      'The page shows no element with data-offer-id.',
    ],
    make: both(
      onConsole(TAG, '<article>Two months on us</article>'),
      byDoctor({ body: '<article>Two months on us</article>' }),
    ),
  },
  {
    heading: 'The id is empty',
    words: [
      'Offersight: no element has data-offer-id with an id yet.',
      'An offer has no id, so it does not count.',
    ],
    make: both(
      onConsole(TAG, '<article class="offer" data-offer-id=""></article>'),
      byDoctor({ body: '<article data-offer-id="">Two months on us</article>' }),
    ),
  },
  {
    heading: 'The id is a template’s placeholder',
    words: [
      'Offersight: data-offer-id="{{ id }}" is not the id of a personalized offer, so the element is not an offer yet.',
      'An offer has a template’s placeholder in the place of its id.',
    ],
    make: both(
      onConsole(TAG, '<article class="offer" data-offer-id="{{ id }}"></article>'),
      byDoctor({ body: '<article data-offer-id="{{ id }}">Two months on us</article>' }),
    ),
  },
  {
    heading: 'The id is the plan’s offer_id',
    words: [
      "Chargebee refuses most events, the last as resource_not_found: it knows no such offer. Check that pages name the personalized offer's id, not its offer_id, and that the key is of the same site. See offersight dead-letters.",
    ],
    make: atProxy(6, ({ upstream }) => upstream.setOffers({ known_only: true })),
  },
  {
    heading: 'The offer has no size',
    words: ['Offersight: a52ge40b: It has no size.'],
    make: onConsole(TAG, '<article data-offer-id="a52ge40b" style="height: 0"></article>'),
  },
  {
    heading: 'A Content-Security-Policy blocks the script',
    words: ['violates the following Content Security Policy directive'],
    make: onConsole(TAG, OFFER, { headers: { 'content-security-policy': "script-src 'none'" } }),
  },
  {
    heading: 'An ad blocker stops the requests',
    words: ['net::ERR_BLOCKED_BY_CLIENT', `delivery: POST ${SHOP}/analytics/collect failed; events wait.`],
    make: onConsole('data-endpoint="/analytics/collect" data-debug', OFFER, {
      prepare: ({ page }) => page.route('**/collect', (route) => route.abort('blockedbyclient')),
    }),
  },
  {
    heading: 'An ad blocker stops the script',
    words: ['net::ERR_BLOCKED_BY_CLIENT'],
    make: onConsole('', OFFER, {
      head: '<script async src="/analytics/offersight.js" data-endpoint="/offer-events"></script>',
      prepare: ({ page }) => page.route('**/analytics/*', (route) => route.abort('blockedbyclient')),
    }),
  },
  {
    heading: 'The script is a module',
    words: [
      'Offersight: no data-endpoint, so it is /offer-events. The tag is not found: leave type=module out.',
      'The script file is loaded as a module, so it cannot tell which tag is its own.',
    ],
    make: both(
      onConsole('', OFFER, {
        head: '<script type="module" src="/bundle.js" data-endpoint="/offers"></script>',
        prepare: ({ stack }) =>
          stack.site.serve('/bundle.js', async (_, response) => {
            response.writeHead(200, { 'content-type': 'text/javascript' });
            response.end(await readFile('dist/offersight.js'));
          }),
      }),
      byDoctor({
        tag: '<script type="module" src="/offersight.js" data-endpoint="/offer-events"></script>',
      }),
    ),
  },
  {
    heading: 'There are two script tags',
    words: ['Offersight: the tag for /other is ignored, since another one came first. Remove one.'],
    make: onConsole('', OFFER, {
      head: '<script src="/offersight.js" data-endpoint="/offer-events"></script><script src="/offersight.js" data-endpoint="/other"></script>',
    }),
  },
  {
    heading: 'A tag manager drops the attributes',
    words: ['Offersight: no data-endpoint, so it is /offer-events.'],
    make: onConsole('', OFFER, { head: '<script src="/offersight.js"></script>' }),
  },
  {
    heading: 'Seconds stand where milliseconds belong',
    words: ['Offersight: data-offer-dwell="2" is in milliseconds; for seconds write 2000.'],
    make: onConsole(TAG, '<article class="offer" data-offer-id="a52ge40b" data-offer-dwell="2"></article>'),
  },
  {
    heading: 'A phone opens the page over http',
    words: ['delivery: POST http://shop.test:3000/offer-events answered 403; events wait.'],
    make: onPhone,
  },
];

/** The text under each heading of the page. */
const readSections = async (): Promise<ReadonlyMap<string, string>> =>
  new Map(
    (await readFile('docs/troubleshooting.md', 'utf8'))
      .split(/\n##+ /)
      .map((part): [string, string] => [part.split('\n', 1)[0] ?? '', part]),
  );

for (const { heading, words, make } of MISTAKES)
  test(`the mistake “${heading}” shows the words that docs/troubleshooting.md has, with a repair`, async ({
    page,
    stack,
    clinic,
    bench,
    launchOptions,
  }) => {
    const section = (await readSections()).get(heading);
    const screen = await make({ page, stack, clinic, bench, launchOptions });
    for (const said of words) {
      await expect.poll(screen).toContain(said);
      expect(section).toContain(said);
    }
    expect(section).toMatch(/\*\*Repair:\*\* \S.{20,}/);
  });

test('these tests make every mistake of docs/troubleshooting.md', async () => {
  const [, part = ''] = (await readFile('docs/troubleshooting.md', 'utf8')).split('\n## Common mistakes\n');
  const [section = ''] = part.split('\n## ');
  const headings = [...section.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(MISTAKES.map(({ heading }) => heading));
});
