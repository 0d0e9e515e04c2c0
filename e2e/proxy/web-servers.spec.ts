/** The proxy behind real web servers on loopback, which run the configurations of their recipes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { SCRIPT_FILES } from '../../src/proxy/cli/script-file.js';
import { freePort } from '../fixtures/free-port.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import { onlyBlock } from '../fixtures/recipe.js';
import { installedServers } from '../fixtures/servers.js';
import { type Bench, test as base, expect, type Standalone } from '../fixtures/standalone.js';

/** A running web server. */
interface WebServer {
  readonly url: string;
  readonly port: number;
  /** The folder of the shop's pages. */
  readonly pages: string;
  stop(): Promise<void>;
}

/** The values that differ on a test's machine. */
interface Place {
  /** The folder for everything that the server writes. */
  readonly folder: string;
  readonly pages: string;
  readonly port: number;
  readonly proxyPort: number;
}

/** One web server, and how a test starts it. */
interface Kind {
  /** The language of the recipe's one block. */
  readonly language: string;
  /** The status of its answers while the proxy does not run. */
  readonly awayStatus: number;
  /** The values that are filled in. Everything else of the recipe stays as it is. */
  readonly fillings: (place: Place) => Readonly<Record<string, string>>;
  /** The file that the server is started with, if it is not the recipe itself. */
  readonly around?: (place: Place) => string;
  readonly args: (folder: string, file: string) => readonly string[];
}

const MODULES =
  'mpm_event authz_core dir mime unixd proxy proxy_http headers filter deflate reqtimeout'.split(' ');
/** The folders in which Debian and Homebrew put Apache's modules. */
const MODULE_FOLDERS = [
  '/usr/lib/apache2/modules',
  '/opt/homebrew/lib/httpd/modules',
  '/usr/local/lib/httpd/modules',
];

/** The lines around the recipe that a distribution's own nginx.conf would have. */
const aroundNginx = ({ folder }: Place): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
events {}
http {
  types { text/html html; text/css css; }
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  include ${folder}/recipe.conf;
}
`;

/** The same for Apache, with the modules that the recipe names. */
const aroundApache = ({ folder, port }: Place): string => {
  const modules = MODULE_FOLDERS.find((each) => existsSync(each)) ?? '';
  // A module without a file is built in.
  const files = MODULES.filter((name) => existsSync(join(modules, `mod_${name}.so`)));
  return `
${files.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
# Apache serves nobody as root.
${process.getuid?.() === 0 ? 'User nobody\nGroup nogroup' : ''}
TypesConfig /dev/null
AddType text/html .html
DirectoryIndex index.html
Include ${folder}/recipe.conf
`;
};

/** Every web server that has a recipe. */
const WEB_SERVERS = {
  nginx: {
    language: 'nginx',
    awayStatus: 502,
    fillings: ({ pages, port, proxyPort }) => ({
      'listen 80;': `listen 127.0.0.1:${port};`,
      'server 127.0.0.1:8787;': `server 127.0.0.1:${proxyPort};`,
      'root /srv/shop;': `root ${pages};`,
    }),
    around: aroundNginx,
    args: (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
  },
  caddy: {
    language: 'text',
    awayStatus: 502,
    fillings: ({ pages, port, proxyPort }) => ({
      '\tservers {': '\tadmin off\n\tservers {',
      'shop.example {': `http://127.0.0.1:${port}, http://shop.example:${port} {`,
      'reverse_proxy 127.0.0.1:8787 {': `reverse_proxy 127.0.0.1:${proxyPort} {`,
      'root * /srv/shop': `root * ${pages}`,
    }),
    args: (_folder, file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  apache: {
    language: 'apache',
    awayStatus: 503,
    fillings: ({ pages, port, proxyPort }) => ({
      '<VirtualHost *:80>': `<VirtualHost 127.0.0.1:${port}>`,
      'http://127.0.0.1:8787/': `http://127.0.0.1:${proxyPort}/`,
      'DocumentRoot /srv/shop': `DocumentRoot ${pages}`,
      '<Directory /srv/shop>': `<Directory ${pages}>`,
    }),
    around: aroundApache,
    args: (folder, file) => ['-d', folder, '-f', file, '-DFOREGROUND'],
  },
} as const satisfies Record<string, Kind>;

/** The name of a web server. */
type WebServerName = keyof typeof WEB_SERVERS;

/**
 * Starts a web server in front of a proxy.
 * @param parent A folder that is the test's own.
 * @throws In CI, if it is not installed; elsewhere the test is skipped.
 */
const startWebServer = async (name: WebServerName, parent: string, proxyPort: number): Promise<WebServer> => {
  const { [name]: program } = installedServers();
  const { language, fillings, around, args }: Kind = WEB_SERVERS[name];
  const folder = join(parent, 'web-server');
  const pages = join(folder, 'shop');
  const port = await freePort();
  const place = { folder, pages, port, proxyPort };
  await mkdir(pages, { recursive: true });
  const recipe = `docs/recipes/${name}.md`;
  let text = await onlyBlock(recipe, language);
  for (const [from, to] of Object.entries(fillings(place))) {
    if (!text.includes(from)) throw new Error(`${recipe} should say "${from}"`);
    text = text.replaceAll(from, to);
  }
  const file = join(folder, around ? 'server.conf' : 'recipe.conf');
  await writeFile(join(folder, 'recipe.conf'), text);
  if (around) await writeFile(file, around(place));
  // Other users than root must be able to enter, since Apache reads pages as another user.
  await chmod(parent, 0o711);
  const child = spawn(program, [...args(folder, file)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const url = `http://127.0.0.1:${port}`;
  // The page does not exist yet, and the server itself says so.
  await expect
    .poll(
      async () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
        return (await fetch(`${url}/nothing`).catch(() => undefined))?.status;
      },
      { intervals: [20] },
    )
    .toBe(404);
  return {
    url,
    port,
    pages,
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
};

const ADMIN_TOKEN = 'an operator bears this token of 40 chars';
const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` };

/** A proxy behind the web server of a recipe. */
interface Shop {
  readonly server: WebServer;
  readonly proxy: Standalone;
}

/** Events of one address a minute. */
const PER_ADDRESS = 6_000;

const startProxy = (bench: Bench, port = 0): Promise<Standalone> =>
  bench.start(['--trusted-hops', '1', '--port', `${port}`, '--per-address', `${PER_ADDRESS}`], {
    env: { OFFERSIGHT_ADMIN_TOKEN: ADMIN_TOKEN },
  });

const test = base.extend<{ shop: Shop; serverName: WebServerName }>({
  serverName: ['nginx', { option: true }],
  shop: async ({ bench, serverName }, use) => {
    const proxy = await startProxy(bench);
    const server = await startWebServer(serverName, bench.folder, proxy.port);
    await use({ server, proxy });
    await server.stop();
  },
});

/** Opens a page of the shop's folder, whose script tag has the path and the integrity that the proxy printed. */
const openShop = async (page: Page, { server, proxy }: Shop, offers: readonly string[]): Promise<void> => {
  const { path, integrity } = proxy.script;
  const articles = offers.map(
    (id) =>
      `<article data-offer-id="${id}" style="width: 300px; height: 200px"><button data-offer-dismiss>x</button></article>`,
  );
  await writeFile(
    join(server.pages, 'index.html'),
    `<!doctype html><link rel="icon" href="data:,">
    <script async src="${path}" integrity="${integrity}" data-endpoint="/offer-events" data-dwell="0"></script>
    ${articles.join('')}`,
  );
  await page.goto(server.url);
};

const recorded = ({ upstream }: Bench): string[] =>
  upstream.history().map(({ type, personalized_offer_id: id }) => `${type} ${id}`);

const scenarios = (name: WebServerName): void => {
  test.use({ serverName: name });

  test('a view and a close reach the upstream from the page’s own origin', async ({ bench, page, shop }) => {
    const scripts: (string | undefined)[][] = [];
    page.on('response', async (response) => {
      const { pathname } = new URL(response.url());
      if (pathname !== shop.proxy.script.path) return;
      const { 'content-encoding': coding, 'cache-control': caching, vary } = response.headers();
      scripts.push([coding, caching, vary]);
    });
    await openShop(page, shop, ['hero-a52g']);
    await trackerStats(page);
    await page.click('button');
    await expect.poll(() => recorded(bench)).toEqual(['viewed hero-a52g', 'dismissed hero-a52g']);
    await untilWaiting(page, 0);
    expect(scripts).toEqual([['gzip', 'public, max-age=31536000, immutable', 'Accept-Encoding']]);
  });

  test('a restart of the proxy under the page loses nothing', async ({ bench, page, shop }) => {
    await openShop(page, shop, ['before', 'during']);
    await trackerStats(page);
    await page.click('[data-offer-id=before] button');
    await expect.poll(() => recorded(bench)).toContain('dismissed before');
    shop.proxy.kill('SIGTERM');
    expect((await shop.proxy.ended).code).toBe(0);

    const isAway = page.waitForResponse((response) => response.status() === WEB_SERVERS[name].awayStatus);
    await page.click('[data-offer-id=during] button');
    await isAway;
    await expect.poll(async () => (await trackerStats(page)).outbox?.waiting).toBeGreaterThan(0);
    await startProxy(bench, shop.proxy.port);
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await untilWaiting(page, 0);
    await expect
      .poll(() => recorded(bench).toSorted())
      .toEqual(['dismissed before', 'dismissed during', 'viewed before', 'viewed during']);
  });

  test('each script file comes through', async ({ shop: { server } }) => {
    for (const name of SCRIPT_FILES)
      expect([name, (await ask(server.url, `/${name}.js`)).status]).toEqual([name, 200]);
  });

  test('visitors reach only the endpoint and the script file of the proxy', async ({ shop }) => {
    const { server, proxy } = shop;
    const inside = ['/metrics', '/healthz', '/readyz', '/admin/status', '/admin/events'];
    for (const path of inside) {
      expect((await ask(proxy.url, path, { headers: BEARER })).status, path).toBe(200);
      expect((await ask(server.url, path, { headers: BEARER })).status, path).toBe(404);
    }
    const detours = [
      ...['/offer-events/../metrics', '/offersight.js/../healthz', '//metrics', '/%6detrics'],
      ...[
        '/admin/status/../../offersight.js/..',
        '/offer-events%2f..%2fmetrics',
        '/offer-events/admin/status',
      ],
    ];
    for (const path of detours)
      expect((await ask(server.url, path, { headers: BEARER })).status, path).not.toBe(200);
    // A detour that ends at an open location gets what is there, no matter how the path began.
    const { status, headers } = await ask(server.url, '/admin/../offersight.js', { headers: BEARER });
    expect([status, headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
    expect((await ask(server.url, '/admin/status/../../offer-events', { headers: BEARER })).status).toBe(405);
  });

  test('the visitor’s own address counts, no matter what they write into X-Forwarded-For', async ({
    shop,
  }) => {
    const { url } = shop.server;
    let number = 0;
    const batch = () => bodyOf(...Array.from({ length: 500 }, () => eventOf(++number)));
    const forged = () => ({ 'x-forwarded-for': `203.0.113.${number % 250}` });
    for (let events = 0; events < PER_ADDRESS; events += 500)
      expect((await post(url, batch(), { from: '127.0.0.2', headers: forged() })).status).toBe(200);
    const more = await post(url, batch(), { from: '127.0.0.2', headers: forged() });
    expect([more.status, Number(more.headers['retry-after']) > 0]).toEqual([429, true]);
    expect((await post(url, batch(), { from: '127.0.0.3' })).status).toBe(200);
    expect(
      (await post(url, batch(), { from: '127.0.0.3', headers: { 'x-forwarded-for': '127.0.0.2' } })).status,
    ).toBe(200);
  });

  test('a request of 500,000 bytes passes, and a larger one is refused as too large', async ({
    bench,
    shop,
  }) => {
    const { url } = shop.server;
    const largest = await post(url, bodyOf(eventOf(1)).padEnd(500_000));
    expect([largest.status, largest.text]).toEqual([200, expect.stringContaining('accepted')]);
    const tooLarge = await post(url, bodyOf(eventOf(2)).padEnd(500_001));
    expect(tooLarge.status).toBe(413);
    await expect.poll(() => recorded(bench)).toHaveLength(1);
  });
};

for (const name of Object.keys(WEB_SERVERS) as WebServerName[])
  test.describe(`behind the ${name} of the recipe`, () => scenarios(name));
