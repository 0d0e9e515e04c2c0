/** The bench's own site on the loopback interface. Its endpoint accepts every event, so delivery is real and near. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import type { WireReply, WireRequest } from '../../src/protocol/batch.js';
import { snowplowScript } from '../peers/snowplow.mjs';
import { type Layout, SNOWPLOW_COUNTED, type Strategy } from './plan.js';

/** A running site. */
export interface BenchSite {
  /** Where the page with these offers is. */
  pageOf(strategy: Strategy, layout: Layout, count: number): string;
  close(): Promise<void>;
}

/** All offers of a layout have one size, so that nothing but their number differs from count to count. */
const STYLE = `
  body { margin: 0; min-height: 5000px; font: 12px sans-serif }
  header { height: 30px; contain: strict }
  #bar { width: 100px; height: 20px; background: teal }
  .offer { box-sizing: border-box; border: 1px solid #999; overflow: hidden }
  .grid .group { display: contents }
  .grid { display: grid; grid-template-columns: repeat(10, 120px); grid-auto-rows: 90px; gap: 8px }
  .column .offer { width: 600px; height: 160px; margin: 8px }
  .carousels .group { display: flex; gap: 8px; overflow-x: scroll; height: 150px }
  .carousels .offer { flex: 0 0 160px; height: 120px }`;

const SCRIPTS: Readonly<Record<string, string>> = {
  ours: '<script src="/offersight.js" data-endpoint="/offer-events"></script>',
  against: '<script src="/against/offersight.js" data-endpoint="/offer-events"></script>',
  snowplow: '<script src="/snowplow.js"></script>',
};

const render = (strategy: string, layout: string | null): string => `<!doctype html>
<html><head><meta charset="utf-8"><link rel="icon" href="data:,"><style>${STYLE}</style>
${SCRIPTS[strategy] ?? ''}<script type="module" src="/page.js"></script></head>
<body><header><div id="bar"></div></header><div id="coming" class="${layout}"></div><main class="${layout}"></main></body></html>`;

const PAGE_FILES = ['page', 'bare', 'plan'];

/** The page's own modules, without their types. */
const transpile = async (name: string): Promise<string> => {
  const source = await readFile(new URL(`${name}.ts`, import.meta.url), 'utf8');
  const { target, module } = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
  return ts.transpileModule(source, { compilerOptions: { target, module } }).outputText;
};

/**
 * Starts it.
 * @param against The script file of another release.
 */
export const startBenchSite = async (against?: string): Promise<BenchSite> => {
  const files = new Map<string, string>([['/snowplow.js', snowplowScript(SNOWPLOW_COUNTED)]]);
  const read = async (folder: string, path: string): Promise<void> => {
    for (const name of ['offersight.js', 'offersight-offers.js'])
      files.set(path + name, await readFile(join(folder, name), 'utf8'));
  };
  await read('dist', '/');
  if (against) await read(dirname(against), '/against/');
  for (const name of PAGE_FILES) files.set(`/${name}.js`, await transpile(name));

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://bench.invalid');
    const file = files.get(pathname);
    if (pathname === '/offer-events') {
      let text = '';
      for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
      const { events } = JSON.parse(text) as WireRequest;
      const reply: WireReply = { v: 1, results: events.map(({ id }) => ({ id, status: 'accepted' })) };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
    } else if (file !== undefined) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(file);
    } else {
      const page = render(searchParams.get('strategy') ?? '', searchParams.get('layout'));
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    pageOf: (strategy, layout, count) =>
      `http://127.0.0.1:${port}/?${new URLSearchParams({ strategy, layout, count: `${count}` })}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
};
