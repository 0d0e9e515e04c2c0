/** What operators and their machines ask the standalone proxy over HTTP: probes, figures and the admin route. */
import { FORWARDING_HEADERS } from '../door/address.js';
import { SITE_HEADER } from './listening.js';
import type { Metrics } from './metrics.js';
import { type Answer, isReading, type Routes, reply, replyNothing } from './routes.js';
import type { Site } from './site.js';

/** What the routes show. */
export interface OperatorRoutesContext {
  readonly site: Site;
  /** Its name. */
  readonly name: string;
  readonly metrics: Metrics | undefined;
  readonly isStopping: () => boolean;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Makes the routes. */
export const createOperatorRoutes = ({ site, name, metrics, isStopping }: OperatorRoutesContext): Routes => {
  const toAdmin: Answer = (_, outgoing) => {
    outgoing.writeHead(308, { location: '/admin/' }).end();
  };
  const probes: Readonly<Record<string, Answer>> = {
    '/healthz'({ socket, headers }, outgoing) {
      // A web server of this machine asks for others.
      if (LOOPBACK.test(socket.remoteAddress ?? '') && !FORWARDING_HEADERS.some((name) => name in headers))
        outgoing.setHeader(SITE_HEADER, name);
      reply(outgoing, 200, 'text/plain', 'ok\n');
    },
    async '/readyz'(_, outgoing) {
      const isReady = !isStopping() && (await site.isReady());
      reply(outgoing, isReady ? 200 : 503, 'text/plain', isReady ? 'ready\n' : 'not ready\n');
    },
    async '/metrics'(_, outgoing) {
      if (metrics) reply(outgoing, 200, metrics.contentType, await metrics.render());
      else reply(outgoing, 404, 'text/plain', 'Metrics need prom-client.\n');
    },
  };

  return (target, incoming) => {
    if (target === '/admin') return site.administer && isReading(incoming) ? toAdmin : undefined;
    if (target.startsWith('/admin/')) return site.administer ?? replyNothing;
    return isReading(incoming) && Object.hasOwn(probes, target) ? probes[target] : undefined;
  };
};
