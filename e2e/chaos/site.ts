/** The shop's pages on the loopback interface, and the side door by which they write down what happens in them. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import ts from 'typescript';
import type { Row } from '../../test/history/row.js';
import type { Network } from './network.js';
import type { PageSettings } from './page/settings.js';

/** A running site. */
export interface ChaosSite {
  readonly url: string;
  close(): Promise<void>;
}

/** A page's settings without what is added when it is served. */
export type TabSettings = Omit<PageSettings, 'side' | 'name'>;

const STYLE = `body { margin: 0 } .offer { float: left; width: 60px; height: 40px; background: gold }
  .closed { display: none }`;

const render = (settings: PageSettings): string => `<!doctype html>
<html><head><meta charset="utf-8"><link rel="icon" href="data:,"><style>${STYLE}</style>
<script id="settings" type="application/json">${JSON.stringify(settings)}</script></head>
<body><script type="module" src="/page/main.js"></script></body></html>`;

/** One of the page's own modules, without its types. */
const transpile = async (name: string): Promise<string> => {
  const source = await readFile(new URL(`page/${name}.ts`, import.meta.url), 'utf8');
  const { target, module } = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
  return ts.transpileModule(source, { compilerOptions: { target, module } }).outputText;
};

/** How long a keepalive request that hogs the browser's quota is held. */
const SLOW_MS = 1_500;

const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/**
 * Starts it.
 * @param settingsOf Gets a tab's name.
 * @param write Gets each row as a page wrote it.
 */
export const startChaosSite = async (
  network: Network,
  settingsOf: (tab: string) => TabSettings,
  write: (row: Row) => void,
): Promise<ChaosSite> => {
  const files = new Map<string, string>();
  for (const name of ['main', 'doing', 'instrument', 'settings'])
    files.set(`/page/${name}.js`, await transpile(name));
  const worker = (await transpile('worker')).replace(/^export .*$/m, '');
  for (const lie of ['portal', 'replay']) files.set(`/worker-${lie}.js`, `const LIE = '${lie}';\n${worker}`);
  for (const name of ['offersight', 'offersight-offers', 'offersight-closing'])
    files.set(`/${name}.js`, await readFile(`dist/${name}.js`, 'utf8'));

  const side = createServer(async (request, response) => {
    const headers = { 'access-control-allow-origin': '*' };
    if (request.method === 'GET') {
      const { clockMs } = settingsOf(
        new URL(request.url ?? '/', 'http://site.invalid').searchParams.get('tab') ?? '',
      );
      return void response.writeHead(200, headers).end(`${clockMs}`);
    }
    let text = '';
    for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
    const at = Date.now();
    for (const line of text.split('\n')) if (line) write({ ...(JSON.parse(line) as Row), at });
    response.writeHead(204, headers).end();
  });
  const sidePort = await listen(side);

  let documents = 0;
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site.invalid');
    if (pathname === '/offer-events') return network.serve(request, response);
    if (pathname === '/page.html') {
      const tab = searchParams.get('tab') ?? '';
      const settings = {
        ...settingsOf(tab),
        side: `http://127.0.0.1:${sidePort}/`,
        name: `${tab}.${++documents}`,
      };
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(render(settings));
    }
    if (pathname === '/slow') {
      request.resume();
      await wait(SLOW_MS);
      return void response.writeHead(204).end();
    }
    const isChunk = /^\/module\/(?!index)[\w.-]+\.js$/.test(pathname);
    if (isChunk && network.takesChunk()) return void request.socket.destroy();
    const file = /^\/module\/[\w.-]+\.js$/.test(pathname)
      ? await readFile(`test-results${pathname}`, 'utf8').catch(() => undefined)
      : files.get(pathname);
    const type = file === undefined ? 'text/html' : 'text/javascript';
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': type }).end(file);
  });
  const port = await listen(server);

  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const one of [server, side]) {
        one.close();
        one.closeAllConnections();
      }
    },
  };
};
