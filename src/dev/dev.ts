/** `offersight dev`: everything between a page and Chargebee on this machine, without an account. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Answer, replyNothing } from '../proxy/cli/routes.js';
import { createOfferProxy, type OfferProxy } from '../proxy/handler.js';
import { type DirectIntake, directIntake } from '../proxy/intake/direct/direct.js';
import { isDurable } from '../proxy/intake/durable.js';
import type { Intake } from '../proxy/intake/intake.js';
import { type RequestHandler, toNodeListener } from '../proxy/node.js';
import { platformRuntime } from '../runtime.js';
import type { Upstream } from '../upstream/server.js';
import { frontApplication } from './application.js';
import { pagesIn, serveFolder } from './folder.js';
import { openFront } from './front.js';
import { createLive, LIVE_PATH } from './live.js';
import { type DevOptions, resolveDevOptions } from './options.js';
import { startStandIn } from './stand-in.js';
import { createTrail, type DevEvent, type Trail } from './trail.js';

/** What runs. */
export interface Dev {
  /** Where pages are opened, without a slash at the end. */
  readonly url: string;
  /** The live page. */
  readonly liveUrl: string;
  /** Where a phone opens pages, if `lan` was given. */
  readonly lanUrl: string | undefined;
  /** Whether the proxy keeps events in a file until the stand-in has them, as in production: it does if `libsql` is installed. */
  readonly isDurable: boolean;
  /** The stand-in for Chargebee's API: its `url` is your server's base URL, and its switches break it. */
  readonly upstream: Upstream;
  /** The only key that the stand-in takes. */
  readonly apiKey: string;
  /** An offer that the stand-in made, to put into a page. */
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

/** A proxy that runs, until the next reset. */
interface Running {
  readonly answer: Answer;
  readonly isDurable: boolean;
  close(): Promise<void>;
}

const SITE = 'offersight-dev';
const MAX_DEAD = 500;

/** Durable where its optional package is installed, as a proxy in production is. */
const openIntake = async (): Promise<{
  readonly intake: Intake | DirectIntake;
  readonly remove?: () => Promise<void>;
}> => {
  try {
    const { sqliteIntake } = await import('../proxy/intake/sqlite/sqlite.js');
    const folder = await mkdtemp(join(tmpdir(), 'offersight-dev-'));
    return {
      intake: sqliteIntake({ file: join(folder, 'intake.sqlite') }),
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // The second is what the package itself says without the part that fits the machine.
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw cause;
    return { intake: directIntake() };
  }
};

/** Notes what the proxy answers, and of what was asked only as much as the proxy itself reads. */
const watching =
  (proxy: OfferProxy, trail: Trail): RequestHandler =>
  async (request, connection) => {
    const chunks: Uint8Array[] = [];
    const noting = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        chunks.push(chunk);
        controller.enqueue(chunk);
      },
    });
    const body = request.body?.pipeThrough(noting);
    const response = await proxy(
      body ? new Request(request, { body, duplex: 'half' } as RequestInit) : request,
      connection,
    );
    const { pathname: page } = pageOf(request.headers.get('referer'));
    const { status } = response;
    const answer = await response.clone().text();
    trail.answered({ body: Buffer.concat(chunks).toString(), page, status, answer });
    return response;
  };

/** Notes which events became dead letters, those among them that went along with another one. */
const tellingDead = (intake: Intake, trail: Trail): Intake => {
  const tell = async (offerId?: string): Promise<void> => {
    for (const { id, code } of await intake.list({ states: ['dead'], offerId, limit: MAX_DEAD }))
      trail.buried(id, code ?? 'refused');
  };
  return {
    ...intake,
    async begin(options) {
      const begun = await intake.begin(options);
      if (begun.expired) await tell();
      return begun;
    },
    async finish(finished, now) {
      await intake.finish(finished, now);
      const offers = new Set<string | undefined>();
      for (const { id, result } of finished)
        if (result.kind === 'dead') offers.add(trail.buried(id, result.code));
      for (const offerId of offers) await tell(offerId);
    },
  };
};

const pageOf = (referrer: string | null): { pathname?: string } => {
  try {
    return new URL(referrer ?? '');
  } catch {
    return {};
  }
};

/** Without the port that a scheme has anyway, as browsers write it. */
const originOf = (host: string, port: number): string =>
  new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`).origin;

/**
 * Starts a stand-in for Chargebee, the proxy before it, and a front that serves a folder or an application, so that the
 * endpoint is of the same origin as its pages. Everything is on this machine; nothing is kept when it stops.
 * @throws {OffersightError} `configuration` if an option is wrong or a port is taken.
 */
export const startDev = async (options: DevOptions = {}): Promise<Dev> => {
  const { folder, application, port, upstreamPort, path, anyId, lan, onEvent } = resolveDevOptions(options);
  const runtime = platformRuntime();
  const switches = { isNetworkOff: false, brokenOff: 0 };
  let liveChanged = (): void => undefined;
  const trail = createTrail(runtime.now, (event) => {
    liveChanged();
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
  const closing: (() => Promise<unknown>)[] = [() => upstream.close()];
  const stop = async (): Promise<void> => {
    // Calls under way end with the stand-in, so that nothing is waited for; and nothing is left for the failure of another.
    for (const close of closing.splice(0)) await close().catch((cause: unknown) => console.error(cause));
  };
  try {
    const sampleOfferId = await standIn.reset();
    let origins: readonly string[] = [];
    const startProxy = async (): Promise<Running> => {
      const { intake, remove } = await openIntake();
      const proxy = createOfferProxy({
        site: SITE,
        apiKey,
        baseUrl: upstream.url,
        intake: isDurable(intake) ? tellingDead(intake, trail) : intake,
        origins,
        // Who develops drives a browser by a script.
        machines: 'count',
        pace: { perMinute: 6_000 },
        onAlert: (message) => console.error(message),
      });
      return {
        answer: toNodeListener(watching(proxy, trail), { path }),
        isDurable: isDurable(intake),
        async close() {
          await proxy.close();
          await remove?.();
        },
      };
    };
    let running: Promise<Running> = Promise.resolve({
      answer: replyNothing,
      isDurable: false,
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
        await standIn.reset();
        trail.clear();
        return startProxy();
      })();
      await running;
    };
    const live = createLive({ trail, upstream, runtime, switches, offer, reset, path, sampleOfferId });
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
    const [url = ''] = origins;
    return {
      url,
      liveUrl: `${url}${LIVE_PATH}`,
      lanUrl: lan === undefined ? undefined : originOf(lan, front.port),
      isDurable: (await running).isDurable,
      upstream,
      apiKey,
      sampleOfferId,
      pages: folder === undefined ? [] : pagesIn(folder),
      events: () => trail.events(),
      reset,
      stop,
    };
  } catch (cause) {
    await stop();
    throw cause;
  }
};
