/** `offersight dev`: everything between a page and Chargebee on this machine, without an account. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { OffersightError } from '../errors.js';
import { type Answer, replyNothing } from '../proxy/cli/routes.js';
import { createOfferProxy, type OfferProxy } from '../proxy/handler.js';
import { type DirectIntake, directIntake } from '../proxy/intake/direct/direct.js';
import { isDurable } from '../proxy/intake/durable.js';
import type { Intake } from '../proxy/intake/intake.js';
import { type RequestHandler, toNodeListener } from '../proxy/node.js';
import { checkOptionNames } from '../proxy/option-names.js';
import { platformRuntime } from '../runtime.js';
import { isLocalUrl } from '../upstream/callers.js';
import type { Upstream } from '../upstream/server.js';
import { frontApplication } from './application.js';
import { pagesIn, serveFolder } from './folder.js';
import { openFront } from './front.js';
import { createLive, LIVE_PATH } from './live.js';
import { startStandIn } from './stand-in.js';
import { createTrail, type DevEvent, type Trail } from './trail.js';

/** Options of {@link startDev}. */
export interface DevOptions {
  /** The folder whose pages are served. @default the current one, unless `application` is given */
  readonly folder?: string;
  /** Where your application runs already, such as `http://localhost:5173`: an origin on this machine. */
  readonly application?: string;
  /** The port to open pages at; 0 takes a free one. @default 4400 */
  readonly port?: number;
  /** The port of the stand-in for Chargebee's API, for your own server; 0 takes a free one. @default 4401 */
  readonly upstreamPort?: number;
  /** The endpoint's path. @default '/offer-events' */
  readonly path?: string;
  /** Whether events count of offers that the stand-in never made. @default false, as at Chargebee */
  readonly anyId?: boolean;
  /** One more address of this machine to listen at, such as `192.168.1.20`, for a phone. The live page is not shown there. */
  readonly lan?: string;
  /** Told of each event that came further. */
  readonly onEvent?: (event: DevEvent) => void;
}

/** What runs. */
export interface Dev {
  /** Where pages are opened, without a slash at the end. */
  readonly url: string;
  /** The live page. */
  readonly liveUrl: string;
  /** Whether events outlast the proxy's memory: they do if `libsql` is installed. */
  readonly isDurable: boolean;
  /** The stand-in for Chargebee's API: its `url` is your server's base URL, and its switches break it. */
  readonly upstream: Upstream;
  /** The only key that the stand-in takes. */
  readonly apiKey: string;
  /** An offer that the stand-in made, to put into a page. */
  readonly sampleOfferId: string;
  /** The pages at the top of the folder. */
  readonly pages: readonly string[];
  /** Every event of the run, up to 1,000, those that came first ahead. */
  events(): DevEvent[];
  /** As just started: events, faults and offers are forgotten. */
  reset(): Promise<void>;
  /** Ends everything at once. */
  stop(): Promise<void>;
}

const SITE = 'offersight-dev';
const MAX_DEAD = 500;

/** Durable where its optional package is installed, as a proxy in production is. */
const openIntake = async (folder: string): Promise<Intake | DirectIntake> => {
  try {
    const { sqliteIntake } = await import('../proxy/intake/sqlite/sqlite.js');
    return sqliteIntake({ file: join(folder, 'intake.sqlite') });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The second is what the package itself says without the part that fits the machine.
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    return directIntake();
  }
};

const behindOf = async ({ folder = '.', application }: DevOptions) => {
  if (application !== undefined) {
    if (!isLocalUrl(application))
      throw new OffersightError(
        'configuration',
        'Set application to an origin on this machine, such as http://localhost:5173.',
      );
    return { behind: frontApplication(new URL(application).origin), pages: [] };
  }
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new OffersightError('configuration', `There is no folder ${folder}.`);
  return { behind: serveFolder(resolve(folder)), pages: pagesIn(folder) };
};

/** Notes what the proxy answers. */
const watching =
  (proxy: OfferProxy, trail: Trail): RequestHandler =>
  async (request, connection) => {
    const copy = request.clone();
    const response = await proxy(request, connection);
    const { pathname: page } = pageOf(request.headers.get('referer'));
    const answer = await response.clone().text();
    // A body that broke off is a problem that the answer names.
    trail.answered({ body: await copy.text().catch(() => ''), page, status: response.status, answer });
    return response;
  };

/** Notes which events became dead letters, those among them that went along with another one. */
const tellingDead = (intake: Intake, trail: Trail): Intake => ({
  ...intake,
  async finish(finished, now) {
    await intake.finish(finished, now);
    if (finished.every(({ result }) => result.kind !== 'dead')) return;
    for (const { id, code } of await intake.list({ states: ['dead'], limit: MAX_DEAD }))
      trail.buried(id, code ?? 'refused');
  },
});

const pageOf = (referrer: string | null): { pathname?: string } => {
  try {
    return new URL(referrer ?? '');
  } catch {
    return {};
  }
};

const originsOf = (port: number, lan: string | undefined): string[] =>
  [
    'localhost',
    '127.0.0.1',
    '[::1]',
    ...(lan === undefined ? [] : [lan.includes(':') ? `[${lan}]` : lan]),
  ].map((host) => `http://${host}:${port}`);

/**
 * Starts a stand-in for Chargebee, the proxy before it, and a front that serves a folder or an application, so that the
 * endpoint is of the same origin as its pages. Everything is on this machine; nothing is kept when it stops.
 * @throws {OffersightError} `configuration` if an option is wrong or a port is taken.
 */
export const startDev = async (options: DevOptions = {}): Promise<Dev> => {
  checkOptionNames('startDev', options, {
    folder: true,
    application: true,
    port: true,
    upstreamPort: true,
    path: true,
    anyId: true,
    lan: true,
    onEvent: true,
  });
  const { port = 4_400, upstreamPort, path = '/offer-events', anyId = false, lan, onEvent } = options;
  const { behind, pages } = await behindOf(options);
  const runtime = platformRuntime();
  const switches = { isNetworkOff: false };
  const trail = createTrail(runtime.now, (event) => {
    live.changed();
    try {
      if (event) onEvent?.(event);
    } catch (cause) {
      console.error('onEvent threw:', cause);
    }
  });

  const standIn = await startStandIn({
    ...(upstreamPort !== undefined && { port: upstreamPort }),
    anyId,
    onCall: (call) => trail.called(call),
  });
  const { upstream, apiKey, offer } = standIn;
  const reset = async (): Promise<void> => {
    switches.isNetworkOff = false;
    trail.clear();
    await standIn.reset();
  };
  const live = createLive({ trail, upstream, runtime, switches, offer, reset });

  const folder = await mkdtemp(join(tmpdir(), 'offersight-dev-'));
  const opened: (() => Promise<unknown>)[] = [
    () => rm(folder, { recursive: true, force: true }),
    () => upstream.close(),
  ];
  const stop = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const sampleOfferId = await standIn.reset();
    const intake = await openIntake(folder);
    const durable = isDurable(intake);
    // A free port is known when it is open, and only then which origins pages have.
    let endpoint: Answer = replyNothing;
    const front = await openFront({
      port,
      lan,
      path,
      endpoint: (incoming, outgoing) =>
        switches.isNetworkOff ? incoming.socket.destroy() : endpoint(incoming, outgoing),
      live: live.answer,
      behind,
    });
    opened.push(() => front.close());
    const proxy = createOfferProxy({
      site: SITE,
      apiKey,
      baseUrl: upstream.url,
      intake: durable ? tellingDead(intake, trail) : intake,
      origins: originsOf(front.port, lan),
      // Who develops drives a browser by a script.
      machines: 'count',
      pace: { perMinute: 6_000 },
      onAlert: (message) => console.error(message),
    });
    opened.push(() => proxy.close());
    endpoint = toNodeListener(watching(proxy, trail), { path });
    return {
      url: `http://localhost:${front.port}`,
      liveUrl: `http://localhost:${front.port}${LIVE_PATH}`,
      isDurable: durable,
      upstream,
      apiKey,
      sampleOfferId,
      pages,
      events: () => trail.events(),
      reset,
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
};
