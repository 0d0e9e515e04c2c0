/** Calls of `offersight/proxy/node` that must and must not compile. */
import { createServer, type Server } from 'node:http';
import type { OfferProxy } from 'offersight/proxy';
import { createOfferServer, incomingOf, type NodeListener, toNodeListener } from 'offersight/proxy/node';

declare const proxy: OfferProxy;

const listener: NodeListener = toNodeListener(proxy, { path: '/offer-events' });
export const server: Server = createOfferServer(listener);
createServer(listener);
export const agentOf = (request: Request): string | undefined => incomingOf(request)?.headers['user-agent'];
// @ts-expect-error the proxy speaks Request and Response, and Node's server neither
createOfferServer(proxy);
// @ts-expect-error a path is a text
toNodeListener(proxy, { path: /offer/ });
