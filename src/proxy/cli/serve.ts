/** `offersight proxy`: the endpoint, the script file and what operators look at, in one process. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OffersightError } from '../../errors.js';
import { platformRuntime } from '../../runtime.js';
import { createOfferProxy } from '../handler.js';
import type { DirectIntake } from '../intake/direct/direct.js';
import { isDurable } from '../intake/durable.js';
import type { Intake } from '../intake/intake.js';
import { createOfferServer, toNodeListener } from '../node.js';
import { createOfferAdmin, type OfferAdmin } from '../operator/admin.js';
import type { OfferProxyOptions } from '../options.js';
import { Failure } from './failure.js';
import type { Log } from './log.js';
import { createMetrics } from './metrics.js';
import { readScriptFile } from './script-file.js';

/** What the standalone proxy runs on. */
export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  /** Of the endpoint. */
  readonly path: string;
  readonly intake: Intake | DirectIntake;
  readonly proxy: Omit<OfferProxyOptions, 'intake' | 'onAlert' | 'onObservation'>;
  /** Opens the admin route under `/admin/`. */
  readonly adminToken?: string | undefined;
  /** Whether logs name events. */
  readonly logIds: boolean;
  readonly log: Log;
}

/** A running proxy. */
export interface Serving {
  readonly url: string;
  /** Takes nothing more, answers what has come, and ends the calls under way. */
  stop(): Promise<void>;
}

/** For requests that are still arriving when it stops. */
const STOP_MS = 10_000;
const READY_MS = 2_000;
const ADMIN_METHODS = new Set(['GET', 'POST']);

const reply = (outgoing: ServerResponse, status: number, type: string, body: string | Buffer): void => {
  outgoing.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
};

/** Names events in the log, for whoever asked for it. */
const naming = (intake: Intake, log: Log): Intake => ({
  ...intake,
  async take(events) {
    const verdicts = await intake.take(events);
    for (const { id, type, offerId } of events)
      log.info('event', { id, type, offer_id: offerId, verdict: verdicts.get(id)?.kind });
    return verdicts;
  },
});

/**
 * Starts serving.
 * @throws {Failure} If an option is wrong or the port is taken.
 */
export const serve = async (options: ServeOptions): Promise<Serving> => {
  const { log, intake, path } = options;
  const durable = isDurable(intake) ? intake : undefined;
  const metrics = await createMetrics(durable);
  if (!metrics) log.info('metrics are off: add them with npm install prom-client');
  const script = readScriptFile('offersight');
  /** What the script file imports from beside itself, by its plain name. */
  const more = readScriptFile('offersight-more');
  const { now } = platformRuntime();
  let isStopping = false;

  const make = () => {
    // First, since it can fail without leaving anything open.
    const admin: OfferAdmin | undefined =
      options.adminToken !== undefined && durable
        ? createOfferAdmin({ intake: durable, token: options.adminToken })
        : undefined;
    const proxy = createOfferProxy({
      ...options.proxy,
      intake: durable && options.logIds ? naming(durable, log) : intake,
      onAlert: (message, cause) =>
        log.error(message, { cause: cause instanceof Error ? cause.name : undefined }),
      onObservation(observation) {
        metrics?.observe(observation);
        const { kind, ...fields } = observation;
        log.info(
          kind,
          'durationMs' in fields ? { ...fields, durationMs: Math.round(fields.durationMs) } : fields,
        );
      },
    });
    return { proxy, admin };
  };
  const { proxy, admin } = ((): ReturnType<typeof make> => {
    try {
      return make();
    } catch (cause) {
      throw cause instanceof OffersightError ? new Failure(cause.hint) : cause;
    }
  })();
  const endpoint = toNodeListener(proxy, { path });

  const isReady = async (): Promise<boolean> => {
    if (isStopping) return false;
    if (!durable) return true;
    const { after } = platformRuntime();
    const late = new Promise<false>((resolve) => {
      after(READY_MS, () => resolve(false));
    });
    const status = durable.status(now()).then(
      () => true,
      () => false,
    );
    return Promise.race([status, late]);
  };

  const administer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    if (!admin || !ADMIN_METHODS.has(incoming.method ?? ''))
      return reply(outgoing, 404, 'text/plain', 'There is nothing here.\n');
    const response = await admin(
      new Request(`http://admin.invalid${incoming.url ?? '/'}`, {
        method: incoming.method ?? 'GET',
        headers: { authorization: incoming.headers.authorization ?? '' },
      }),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    // Whoever asks may leave in the midst of it, and so may the intake.
    if (response.body)
      await pipeline(Readable.fromWeb(response.body as never), outgoing).catch(() => outgoing.destroy());
    else outgoing.end();
  };

  const route = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const [target = ''] = (incoming.url ?? '').split('?', 1);
    if (target === path) return endpoint(incoming, outgoing);
    if (target.startsWith('/admin/')) return administer(incoming, outgoing);
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD')
      return reply(outgoing, 404, 'text/plain', 'There is nothing here.\n');
    const file = [script, more].find(
      ({ hashedPath, plainPath }) => target === hashedPath || target === plainPath,
    );
    if (file) {
      outgoing.setHeader('cache-control', file.cacheControl(target));
      return reply(outgoing, 200, 'text/javascript; charset=utf-8', file.body);
    }
    switch (target) {
      case '/healthz':
        return reply(outgoing, 200, 'text/plain', 'ok\n');
      case '/readyz': {
        const ready = await isReady();
        return reply(outgoing, ready ? 200 : 503, 'text/plain', ready ? 'ready\n' : 'not ready\n');
      }
      case '/metrics':
        if (metrics) return reply(outgoing, 200, metrics.contentType, await metrics.render());
        return reply(outgoing, 404, 'text/plain', 'Metrics need prom-client.\n');
      default:
        return reply(outgoing, 404, 'text/plain', 'There is nothing here.\n');
    }
  };

  const open = new Set<ServerResponse>();
  const server = createOfferServer((incoming, outgoing) => {
    open.add(outgoing);
    outgoing.once('close', () => open.delete(outgoing));
    // A connection that is kept would go on asking.
    if (isStopping) outgoing.setHeader('connection', 'close');
    route(incoming, outgoing).catch((cause: unknown) => {
      log.error('a request failed', { cause: cause instanceof Error ? cause.name : undefined });
      if (!outgoing.headersSent) reply(outgoing, 500, 'text/plain', 'Something broke.\n');
      else outgoing.destroy();
    });
  });
  server.listen(options.port, options.host);
  await once(server, 'listening').catch(async (cause: unknown) => {
    await proxy.close();
    throw new Failure(
      `Port ${options.port} of ${options.host} cannot be listened on (${(cause as NodeJS.ErrnoException).code}).`,
    );
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`;
  log.info('listening', {
    url,
    endpoint: path,
    script: script.hashedPath,
    integrity: script.integrity,
    admin: admin !== undefined,
  });

  return {
    url,
    async stop() {
      isStopping = true;
      log.info('stopping');
      const { after } = platformRuntime();
      const stopTimer = after(STOP_MS, () => server.closeAllConnections());
      for (const outgoing of open) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
      stopTimer();
      await proxy.close();
      log.info('stopped');
    },
  };
};
