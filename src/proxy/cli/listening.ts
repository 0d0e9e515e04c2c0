/** A server on a port, and how it ends: what has begun is answered, and nothing new begins. */
import { once } from 'node:events';
import { type ClientRequest, get, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { platformRuntime } from '../../runtime.js';
import { createOfferServer, type NodeListener } from '../node.js';
import { Failure } from './failure.js';

/** Where to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A server that listens. */
export interface Listening {
  readonly url: string;
  /** Takes what comes, and asks those who keep a connection to open another one, which may lead to another process. */
  drain(): void;
  /** Ends once what has begun is answered, or cuts it off after 10 s. */
  stop(): Promise<void>;
}

/** Names the site of the proxy that answers `/healthz`, only on this machine. */
export const SITE_HEADER = 'x-offersight-site';

/** For requests that are still arriving when it stops. */
const STOP_MS = 10_000;
/** A proxy that has the port answers sooner. */
const NEIGHBOUR_MS = 1_000;

const urlOf = ({ host, port }: Place): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** The site of the proxy that has a port already, if it is one. The question never goes through an outgoing proxy. */
const siteAt = ({ host, port }: Place): Promise<string | undefined> =>
  new Promise((resolve) => {
    const answered = (site: unknown): void =>
      resolve(/^[a-z0-9-][a-z0-9, -]{0,999}$/.exec(typeof site === 'string' ? site : '')?.[0]);
    // What listens on all addresses does so on this one.
    const near = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
    get({ host: near, port, path: '/healthz', agent: false, timeout: NEIGHBOUR_MS }, (response) => {
      answered(response.headers[SITE_HEADER]);
      response.destroy();
    })
      .on('timeout', function (this: ClientRequest) {
        this.destroy();
      })
      .on('error', answered);
  });

const inWords = async (place: Place, { code }: NodeJS.ErrnoException): Promise<string> => {
  const where = `Port ${place.port} of ${place.host}`;
  const site = code === 'EADDRINUSE' ? await siteAt(place) : undefined;
  if (site !== undefined)
    return `${where} is taken by the proxy of the site ${site}: give each proxy a port of its own.`;
  return code === 'EADDRINUSE'
    ? `${where} is taken already: end the program that has it, or choose another port by --port (or --admin-port).`
    : `${where} cannot be listened on (${code}).`;
};

/**
 * Listens.
 * @param keepAliveMs How long an idle connection is kept.
 * @throws {Failure} If the port cannot be had.
 */
export const listen = async (
  listener: NodeListener,
  place: Place,
  keepAliveMs: number,
): Promise<Listening> => {
  const open = new Set<ServerResponse>();
  let isClosing = false;
  /** A connection that is kept would continue to ask. */
  const drain = (): void => {
    isClosing = true;
    for (const outgoing of open) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
  };
  const server = createOfferServer(
    (incoming, outgoing) => {
      open.add(outgoing);
      outgoing.once('close', () => open.delete(outgoing));
      if (isClosing) outgoing.setHeader('connection', 'close');
      listener(incoming, outgoing);
    },
    { keepAliveMs },
  );
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(place.port, place.host);
  await once(server, 'listening').catch(async (cause: unknown) => {
    throw new Failure(await inWords(place, cause as NodeJS.ErrnoException));
  });
  return {
    url: urlOf({ ...place, port: (server.address() as AddressInfo).port }),
    drain,
    async stop() {
      drain();
      const stopTimer = platformRuntime().after(STOP_MS, () => server.closeAllConnections());
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      // Node waits for those that never said a word, such as what a browser opened in advance.
      for (const socket of sockets) if (!socket.bytesRead) socket.destroy();
      await closed;
      stopTimer();
    },
  };
};
