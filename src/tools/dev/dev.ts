/** `offersight dev`: everything between a page and Chargebee on this machine, without an account. */
import { resolve } from 'node:path';
import { inspectLink } from '../../proxy/authorize/inspecting.js';
import { replyNothing } from '../../proxy/cli/routes.js';
import { platformRuntime } from '../../runtime.js';
import type { Upstream } from '../mock-api/server.js';
import { frontApplication } from './application.js';
import { pagesIn, serveFolder } from './folder.js';
import { openFront } from './front.js';
import { createLive, LIVE_PATH } from './live.js';
import { startMockApi } from './mock-api.js';
import { openOperators } from './operators.js';
import { type DevOptions, resolveDevOptions } from './options.js';
import { ADMIN_TOKEN, type Running, runProxy } from './running.js';
import { createTrail, type DevEvent } from './trail.js';

/** What runs. */
export interface Dev {
  /** Where pages are opened, without a slash at the end. */
  readonly url: string;
  /** The live page. */
  readonly liveUrl: string;
  /** Where a phone opens pages, if `lan` was given. */
  readonly lanUrl: string | undefined;
  /** The operator's page of the proxy, if that keeps events. */
  readonly operatorUrl: string | undefined;
  /** What operators sign in with there. */
  readonly adminToken: string;
  /** Whether the proxy keeps events in a file until the mock API has them, as in production: it does if `libsql` is installed. */
  readonly isDurable: boolean;
  /** The mock API: its `url` is your server's base URL, and its switches break it. */
  readonly upstream: Upstream;
  /** The only key that the mock API takes. */
  readonly apiKey: string;
  /** An offer that the mock API made, to put into a page. */
  readonly sampleOfferId: string;
  /** The pages at the top of the folder. */
  readonly pages: readonly string[];
  /** Every event of the run, up to 10,000, those that came first ahead. */
  events(): DevEvent[];
  /** As just started: events, faults and offers are forgotten. */
  reset(): Promise<void>;
  /** Ends everything at once. */
  stop(): Promise<void>;
}

/** Without the port that a scheme has anyway, as browsers write it. */
const originOf = (host: string, port: number): string =>
  new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`).origin;

/**
 * Starts a mock of Chargebee’s API, the proxy before it, and a front that serves a folder or an application, so that the
 * endpoint is of the same origin as its pages. Everything is on this machine; nothing is kept when it stops.
 * @throws {OffersightError} `configuration` if an option is wrong or a port is taken.
 */
export const startDev = async (options: DevOptions = {}): Promise<Dev> => {
  const { folder, application, port, upstreamPort, adminPort, path, anyId, lan, onEvent } =
    resolveDevOptions(options);
  const runtime = platformRuntime();
  const switches = { isNetworkOff: false, brokenOff: 0 };
  let liveChanged = (): void => undefined;
  const trail = createTrail(runtime.now, (event) => {
    liveChanged();
    new Promise((resolve) => resolve(event && onEvent?.(event))).catch((cause: unknown) => {
      console.error('onEvent threw:', cause);
    });
  });

  const mockApi = await startMockApi({
    ...(upstreamPort !== undefined && { port: upstreamPort }),
    anyId,
    onCall: (call) => trail.called(call),
  });
  const { upstream, apiKey, offer } = mockApi;
  const closing: (() => Promise<unknown>)[] = [() => upstream.close()];
  const stop = async (): Promise<void> => {
    // Calls under way end with the mock API, so that nothing is waited for; and nothing is left for the failure of another.
    for (const close of closing.splice(0)) await close().catch((cause: unknown) => console.error(cause));
  };
  try {
    const sampleOfferId = await mockApi.reset();
    let origins: readonly string[] = [];
    const startProxy = (): Promise<Running> =>
      runProxy({ trail, path, apiKey, baseUrl: upstream.url, origins });
    let running: Promise<Running> = Promise.resolve({
      answer: replyNothing,
      operate: undefined,
      close: async () => undefined,
    });
    // What the proxy remembers and waits for is of the run before.
    const reset = async (): Promise<void> => {
      const before = running;
      running = (async () => {
        upstream.reset();
        upstream.addFaults({ kind: 'down' });
        await (await before).close();
        Object.assign(switches, { isNetworkOff: false, brokenOff: 0 });
        await mockApi.reset();
        trail.clear();
        return startProxy();
      })();
      await running;
    };
    const pages = folder === undefined ? [] : pagesIn(folder);
    const [name = 'index.html'] = pages;
    const firstPage = pages.includes('index.html') || !pages.length ? '/' : `/${encodeURI(name)}`;
    const live = createLive({
      ...{ trail, upstream, runtime, switches, offer, reset, path, sampleOfferId },
      // The page may be opened by any of its names, so a code is valid for a path.
      async inspect(page = firstPage) {
        const { pathname, search, hash } = new URL(
          await inspectLink(`http://localhost${page}`, { secret: ADMIN_TOKEN, operatorUrl }),
        );
        return pathname + search + hash;
      },
    });
    liveChanged = live.changed;
    const front = await openFront({
      port,
      lan,
      path,
      async endpoint(incoming, outgoing) {
        if (switches.isNetworkOff) {
          switches.brokenOff++;
          live.changed();
          incoming.socket.destroy();
        } else (await running).answer(incoming, outgoing);
      },
      live: live.answer,
      behind: application === undefined ? serveFolder(resolve(folder ?? '.')) : frontApplication(application),
    });
    closing.push(() => front.close());
    // A free port is known when it is open, and only then which origins pages have.
    origins = ['localhost', '127.0.0.1', '::1', ...(lan === undefined ? [] : [lan])].map((host) =>
      originOf(host, front.port),
    );
    closing.push(async () => (await running).close());
    running = startProxy();
    const { operate } = await running;
    const operators =
      operate &&
      (await openOperators(adminPort, async (incoming, outgoing) =>
        ((await running).operate ?? replyNothing)(incoming, outgoing),
      ));
    if (operators) closing.unshift(() => operators.close());
    const operatorUrl = operators?.url;
    const [url = ''] = origins;
    return {
      url,
      liveUrl: `${url}${LIVE_PATH}`,
      lanUrl: lan === undefined ? undefined : originOf(lan, front.port),
      operatorUrl,
      adminToken: ADMIN_TOKEN,
      isDurable: operate !== undefined,
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
