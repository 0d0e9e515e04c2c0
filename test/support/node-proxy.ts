/** A proxy under Node's server on loopback, and good requests as bytes, in which tests change one thing. */
import type { Server } from 'node:http';
import { createOfferServer, toNodeListener } from '../../src/proxy/node.js';
import { type StartedProxy, startProxy } from './proxy.js';
import { exchange, listenOnLoopback, rawRequest, statusesOf } from './sockets.js';
import { wireBody, wireEvent } from './wire.js';

/** A body with one good event, and how many bytes it has. */
export const GOOD = wireBody([wireEvent(1)]);
export const BYTES = Buffer.byteLength(GOOD);
export const LINE = 'POST /offer-events HTTP/1.1';
export const LENGTH = `Content-Length: ${BYTES}`;
export const CHUNKED = 'Transfer-Encoding: chunked';
/** The headers that admission needs. */
export const OURS = ['Content-Type: application/json', 'Sec-Fetch-Site: same-origin'];

/** A body in one chunk. */
export const chunks = (body: string, size = body.length.toString(16), end = '\r\n'): string =>
  `${size}${end}${body}${end}0${end}${end}`;

/** A body in chunks of one byte. */
export const crumbs = (body: string): string => `${body.replace(/./gs, '1\r\n$&\r\n')}0\r\n\r\n`;

/** A good request, except for the given lines instead of its framing. */
export const framed = (framing: readonly string[], body = GOOD, line = LINE): string =>
  rawRequest(line, [...OURS, ...framing], body);

/** A proxy that listens. */
export interface NodeProxy extends StartedProxy {
  readonly port: number;
  /** Sends these bytes as they are, and returns the status of the reply; undefined if the connection was cut. */
  statusOf(bytes: string): Promise<number | undefined>;
}

/** How the server is made. */
interface Serving {
  /** Changes a bound of the server, so that a test need not fill or await it. */
  readonly tune?: (server: Server) => void;
  /** The only path that is answered. */
  readonly path?: string;
}

/** Starts a proxy that listens. */
export const startNodeProxy = async (
  options: Parameters<typeof startProxy>[0] = {},
  { tune, path }: Serving = {},
): Promise<NodeProxy> => {
  const started = startProxy(options);
  const server = createOfferServer(toNodeListener(started.proxy, path === undefined ? {} : { path }));
  tune?.(server);
  const { port, close } = await listenOnLoopback(server);
  return {
    ...started,
    port,
    async statusOf(bytes) {
      const statuses = statusesOf(await exchange(port, Buffer.from(bytes, 'latin1')));
      if (statuses.length > 1) throw new Error(`one reply expected, came: ${statuses.join()}`);
      return statuses[0];
    },
    async end() {
      await close();
      await started.end();
    },
  };
};
