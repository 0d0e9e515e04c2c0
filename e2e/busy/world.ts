/** What the pages of a run talk to, all of it real: site, proxy, intake, and the mock API. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createOfferProxy } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import ts from 'typescript';
import { startUpstream } from '../../src/tools/mock-api/server.js';
import { tallyOf } from '../../test/support/intake.js';
import type { GatewayFault } from '../fixtures/gateway.js';
import { startSite } from '../fixtures/site.js';
import { type Cell, type EndpointState, TRAINS, tasksOf } from './plan.js';
import type { PageSettings } from './said.js';

/** A running world. Every visit has an origin of its own, and so an outbox of its own. */
export interface World {
  /** Makes an origin for a visit. Its endpoint is in the cell's state until it is repaired. */
  admit(cell: Cell): Origin;
  /** Resolves when the proxy has forwarded all that it took; rejects if that takes longer than it may. */
  drained(): Promise<void>;
  /** How often the upstream counted each event, by its id. */
  counted(): ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** The origin of one visit. */
export interface Origin {
  /** The busy page. */
  readonly busyUrl: string;
  /** A page of the same site that works. */
  readonly calmUrl: string;
  /** From now on the endpoint is up. */
  mend(): void;
}

interface Visit {
  readonly cell: Cell;
  endpoint: EndpointState;
  requests: number;
}

const API_KEY = 'test_key_of_a_busy_page';
/** How long the proxy may take to forward what is left. */
const DRAIN_MS = 60_000;
const LOOK_MS = 100;
/** Offers that a page shows at once, and again with its second train. */
const OFFERS = 10;
/** The requests of an endpoint that flaps meet these in turn. */
const FLAPS: readonly (GatewayFault | undefined)[] = ['off', 'lose-answer', undefined];

const STYLE = `body { margin: 0 } .offer { float: left; width: 60px; height: 40px; background: gold }
  .closed { display: none }`;

const offers = (train: number): string =>
  Array.from(
    { length: OFFERS },
    (_, index) =>
      `<div class="offer" data-offer-id="offer-${train}-${index}"><button data-offer-dismiss>x</button></div>`,
  ).join('');

const render = (script: string, settings: PageSettings, repeat: Cell['repeat']): string => `<!doctype html>
<html><head><meta charset="utf-8"><link rel="icon" href="data:,"><style>${STYLE}</style>
<script>{ const SETTINGS = ${JSON.stringify(settings)}; ${script} }</script>
<script async src="/offersight.js" data-endpoint="/offer-events" data-dwell="0" data-repeat="${repeat}"
  data-data-layer="busyLayer" data-debug></script>
</head><body><a href="/calm.html"></a>${settings.trains ? `${offers(0)}<template>${offers(1)}</template>` : ''}
</body></html>`;

/** The page's own script, without its types and what marks it as a module. */
const transpilePage = async (): Promise<string> => {
  const source = await readFile(new URL('page.ts', import.meta.url), 'utf8');
  const { target, module } = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target, module } });
  return outputText.replace('export {};', '');
};

const settingsOf = (cell: Cell, trains: number): PageSettings => {
  const { taskMs, yielding, end, train, share } = cell;
  const tasks = tasksOf(cell);
  const leaves = { train, task: Math.floor(share * tasks) };
  return { taskMs, tasks, trains, yielding, ...(end === 'leave' && { leaves }) };
};

/**
 * Starts it.
 * @param scriptFile The build of the script file that pages load.
 */
export const startWorld = async (scriptFile: string): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-busy-'));
  const upstream = await startUpstream({ apiKey: API_KEY, limits: { per_minute: null } });
  const intake = sqliteIntake({ file: join(folder, 'intake.sqlite') });
  const proxy = createOfferProxy({
    site: 'offersight-test',
    apiKey: API_KEY,
    baseUrl: upstream.url,
    intake,
    pace: { perMinute: 100_000 },
    onAlert: () => undefined,
  });
  const site = await startSite(proxy);
  const beside = join(dirname(scriptFile), 'offersight-delivery.js');
  const script = await transpilePage();
  const visits: Visit[] = [];

  const visitOf = ({ headers: { host = '' } }: IncomingMessage): Visit => {
    const visit = visits[Number(/^visit-(\d+)\./.exec(host)?.[1])];
    if (!visit) throw new Error(`no visit has the host ${host}`);
    return visit;
  };
  const servePage = (path: string, trains: number): void =>
    site.serve(path, (request, response) => {
      const { cell } = visitOf(request);
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end(render(script, settingsOf(cell, trains), cell.repeat));
    });
  servePage('/busy.html', TRAINS);
  servePage('/calm.html', 0);
  for (const [path, file] of [
    ['/offersight.js', scriptFile],
    ['/offersight-delivery.js', beside],
  ] as const) {
    const content = await readFile(file);
    site.serve(path, (_, response) =>
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(content),
    );
  }
  const faultOf = (visit: Visit): GatewayFault | undefined => {
    if (visit.endpoint === 'up') return undefined;
    return visit.endpoint === 'down' ? 'off' : FLAPS[visit.requests++ % FLAPS.length];
  };
  site.serve('/offer-events', (request, response) => {
    // The gateway reads the fault at once, so each request has its own.
    site.gateway.fault = faultOf(visitOf(request));
    site.gateway.listener(request, response);
  });

  return {
    admit(cell) {
      const visit: Visit = { cell, endpoint: cell.endpoint, requests: 0 };
      const url = `http://visit-${visits.push(visit) - 1}.localhost:${new URL(site.url).port}`;
      return {
        busyUrl: `${url}/busy.html`,
        calmUrl: `${url}/calm.html`,
        mend() {
          visit.endpoint = 'up';
        },
      };
    },
    async drained() {
      const isOpen = ({ state }: { readonly state: string }): boolean => !['done', 'dead'].includes(state);
      for (const endsAt = Date.now() + DRAIN_MS; (await tallyOf(intake)).some(isOpen); await wait(LOOK_MS))
        if (Date.now() > endsAt) throw new Error('the proxy does not forward what it took');
    },
    counted() {
      const counts = new Map<string, number>();
      for (const { key, replayed } of upstream.history())
        if (key && !replayed) counts.set(key.slice(4), (counts.get(key.slice(4)) ?? 0) + 1);
      return counts;
    },
    async close() {
      await site.close();
      await proxy.close();
      await upstream.close();
      await rm(folder, { recursive: true });
    },
  };
};
