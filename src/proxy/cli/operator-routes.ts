/** What operators and their machines ask the standalone proxy over HTTP: probes, figures and the admin route. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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

const ADMIN_METHODS = new Set(['GET', 'POST']);
const FORWARDING = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'];
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;

/** Makes the routes. */
export const createOperatorRoutes = ({ site, metrics, admin, isReady }: OperatorRoutesContext): Routes => {
  const administer: Answer = async (incoming, outgoing) => {
    if (!admin || !ADMIN_METHODS.has(incoming.method ?? '')) return replyNothing(incoming, outgoing);
    const { method = 'GET', url = '/', headers } = incoming;
    const response = await admin(
      new Request(`http://admin.invalid${url}`, {
        method,
        headers: { authorization: headers.authorization ?? '' },
        ...(method === 'POST' && { body: Readable.toWeb(incoming), duplex: 'half' }),
      } as RequestInit),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    // The client may disconnect in the midst of it, and the intake may fail.
    if (response.body)
      return pipeline(Readable.fromWeb(response.body as never), outgoing).catch(() => outgoing.destroy());
    return outgoing.end();
  };

  const probes: Readonly<Record<string, Answer>> = {
    '/healthz'({ socket, headers }, outgoing) {
      // A web server of this machine asks for others.
      if (LOOPBACK.test(socket.remoteAddress ?? '') && !FORWARDING.some((name) => name in headers))
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
    return isReading(incoming) && Object.hasOwn(probes, target) ? probes[target] : undefined;
  };
};
