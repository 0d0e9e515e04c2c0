/** What operators and their machines ask the standalone proxy over HTTP: probes, figures and the admin route. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { FORWARDING_HEADERS } from '../door/address.js';
import { SITE_HEADER } from './listening.js';
import type { Metrics } from './metrics.js';
import { type Answer, isReading, type Routes, reply, replyNothing } from './routes.js';
import type { Site } from './site.js';

/** What the routes show. */
export interface OperatorRoutesContext {
  readonly sites: readonly Site[];
  /** Whether probes report each site. */
  readonly isNamed: boolean;
  /** Whose operators ask. */
  readonly adminOf: (incoming: IncomingMessage) => Site | undefined;
  /** Answers a request of operators that is for no site. */
  readonly misdirect: Answer;
  readonly metrics: Metrics | undefined;
  readonly isStopping: () => boolean;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Makes the routes. */
export const createOperatorRoutes = ({
  sites,
  isNamed,
  adminOf,
  misdirect,
  metrics,
  isStopping,
}: OperatorRoutesContext): Routes => {
  const toAdmin: Answer = (_, outgoing) => {
    outgoing.writeHead(308, { location: '/admin/' }).end();
  };
  const isReadyNow = async (site: Site): Promise<boolean> => !isStopping() && (await site.isReady());
  const wordsOf = (isReady: boolean): string => (isReady ? 'ready' : 'not ready');
  const replyReady = (outgoing: ServerResponse, isReady: boolean, body = `${wordsOf(isReady)}\n`): void =>
    reply(outgoing, isReady ? 200 : 503, 'text/plain', body);

  const probes: Readonly<Record<string, Answer>> = {
    '/healthz'({ socket, headers }, outgoing) {
      // A web server of this machine asks for others.
      if (LOOPBACK.test(socket.remoteAddress ?? '') && !FORWARDING_HEADERS.some((name) => name in headers))
        outgoing.setHeader(SITE_HEADER, sites.map(({ name }) => name).join(', '));
      reply(outgoing, 200, 'text/plain', 'ok\n');
    },
    async '/readyz'(_, outgoing) {
      const ready = await Promise.all(sites.map(isReadyNow));
      const lines = sites.map(({ name }, at) => `${name} ${wordsOf(ready[at] === true)}\n`);
      // One site's trouble takes the others from nobody.
      replyReady(outgoing, ready.includes(true), isNamed ? lines.join('') : undefined);
    },
    async '/metrics'(_, outgoing) {
      if (metrics) reply(outgoing, 200, metrics.contentType, await metrics.render());
      else reply(outgoing, 404, 'text/plain', 'Metrics need prom-client.\n');
    },
    ...(isNamed &&
      Object.fromEntries(
        sites.map((site): [string, Answer] => [
          `/readyz/${site.name}`,
          async (_, outgoing) => replyReady(outgoing, await isReadyNow(site)),
        ]),
      )),
  };

  return (target, incoming) => {
    if (target === '/admin' || target.startsWith('/admin/')) {
      const site = adminOf(incoming);
      if (!site) return misdirect;
      if (target !== '/admin') return site.administer ?? replyNothing;
      return site.administer && isReading(incoming) ? toAdmin : undefined;
    }
    return isReading(incoming) && Object.hasOwn(probes, target) ? probes[target] : undefined;
  };
};
