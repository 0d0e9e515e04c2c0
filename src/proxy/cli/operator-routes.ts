/** What operators and their machines ask the standalone proxy over HTTP: probes, figures and the admin route. */
import { FORWARDING_HEADERS } from '../door/address.js';
import { toNodeListener } from '../node.js';
import type { OfferAdmin } from '../operator/admin.js';
import { SITE_HEADER } from './listening.js';
import type { Metrics } from './metrics.js';
import { type Answer, isReading, type Routes, reply, replyNothing } from './routes.js';

/** What the routes show. */
export interface OperatorRoutesContext {
  /** The site's name, for another proxy that finds this one on its port. */
  readonly site: string;
  readonly metrics: Metrics | undefined;
  readonly admin: OfferAdmin | undefined;
  readonly isReady: () => Promise<boolean>;
}

const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Makes the routes. */
export const createOperatorRoutes = ({ site, metrics, admin, isReady }: OperatorRoutesContext): Routes => {
  const administer = admin ? toNodeListener(admin) : replyNothing;

  const toAdmin: Answer = (_, outgoing) => {
    outgoing.writeHead(308, { location: '/admin/' }).end();
  };

  const probes: Readonly<Record<string, Answer>> = {
    '/healthz'({ socket, headers }, outgoing) {
      // A web server of this machine asks for others.
      if (LOOPBACK.test(socket.remoteAddress ?? '') && !FORWARDING_HEADERS.some((name) => name in headers))
        outgoing.setHeader(SITE_HEADER, site);
      reply(outgoing, 200, 'text/plain', 'ok\n');
    },
    async '/readyz'(_, outgoing) {
      const ready = await isReady();
      reply(outgoing, ready ? 200 : 503, 'text/plain', ready ? 'ready\n' : 'not ready\n');
    },
    async '/metrics'(_, outgoing) {
      if (metrics) reply(outgoing, 200, metrics.contentType, await metrics.render());
      else reply(outgoing, 404, 'text/plain', 'Metrics need prom-client.\n');
    },
  };

  return (target, incoming) => {
    if (target.startsWith('/admin/')) return administer;
    if (target === '/admin' && admin && isReading(incoming)) return toAdmin;
    return isReading(incoming) && Object.hasOwn(probes, target) ? probes[target] : undefined;
  };
};
