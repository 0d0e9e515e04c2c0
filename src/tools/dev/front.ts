/** The port that pages are opened at: endpoint, script files and live page, and behind them a folder or an application. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { OffersightError } from '../../errors.js';
import { type Answer, isReading, listenerOf, type Routes, reply } from '../../proxy/cli/routes.js';
import { readScriptFile, SCRIPT_FILES } from '../../proxy/cli/script-file.js';
import { isLoopback, isNamedSafely } from '../mock-api/callers.js';
import type { Behind } from './application.js';
import { LIVE_PATH } from './live.js';
import { portTaken } from './options.js';

/** What it is made of. */
export interface FrontOptions {
  readonly port: number;
  /** One more address to listen at, for a phone. */
  readonly lan: string | undefined;
  /** The endpoint's path. */
  readonly path: string;
  readonly endpoint: Answer;
  readonly live: Answer;
  readonly behind: Behind;
}

/** A port that is open. */
export interface Front {
  readonly port: number;
  /** Cuts everything off. */
  close(): Promise<void>;
}

const misdirected: Answer = (_, outgoing) =>
  reply(outgoing, 421, 'text/plain', 'Open this by localhost, or by an address of this machine.\n');

/** What a page on a phone is not shown. */
const notHere: Answer = (_, outgoing) =>
  reply(outgoing, 404, 'text/plain', 'This is shown on the machine itself alone, by localhost.\n');

const toLive: Answer = (_, outgoing) => void outgoing.writeHead(308, { location: LIVE_PATH }).end();

const listen = async (server: Server, port: number, host: string): Promise<number> => {
  server.listen(port, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/**
 * Opens a port.
 * @throws {OffersightError} `configuration` if it is taken, or `lan` is not an address of this machine.
 */
export const openFront = async (options: FrontOptions): Promise<Front> => {
  const { path, endpoint, live, behind, lan } = options;
  const files = SCRIPT_FILES.map((name) => readScriptFile(name));

  const routes: Routes = (target, incoming) => {
    if (!isNamedSafely(incoming.headers)) return misdirected;
    if (`${target}/` === LIVE_PATH) return toLive;
    if (target.startsWith(LIVE_PATH)) return isLoopback(incoming.socket.localAddress) ? live : notHere;
    if (target === path)
      return (incoming, outgoing) => {
        // So the inspector knows where to ask how far events came.
        outgoing.setHeader('server-timing', 'offersight-dev');
        return endpoint(incoming, outgoing);
      };
    const file = isReading(incoming) && files.find(({ plainPath }) => plainPath === target);
    if (!file) return behind.answer;
    return (_, outgoing) => {
      outgoing.setHeader('cache-control', 'no-store');
      reply(outgoing, 200, 'text/javascript; charset=utf-8', file.body);
    };
  };
  const listener = listenerOf([routes], (cause) => console.error('A request failed:', cause));

  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const open = async (port: number, host: string): Promise<number> => {
    const server = createServer(listener);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    const { upgrade } = behind;
    // If nothing listens for upgrades, Node answers as if none had been asked for.
    if (upgrade)
      server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head) => {
        if (isNamedSafely(incoming.headers) && /^websocket$/i.test(incoming.headers.upgrade ?? ''))
          upgrade(incoming, socket, head);
        else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      });
    const opened = await listen(server, port, host);
    servers.push(server);
    return opened;
  };
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => once(server, 'close'));
    for (const server of servers) server.close();
    // The server no longer counts web sockets among its connections.
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };

  try {
    const port = await open(options.port, '127.0.0.1');
    // Some machines have no such address; where they do, localhost may lead there.
    await open(port, '::1').catch((cause: unknown) => {
      // A port that was taken by chance is nobody's wish.
      if (options.port && (cause as NodeJS.ErrnoException).code === 'EADDRINUSE') throw cause;
    });
    if (lan !== undefined) await open(port, lan);
    return { port, close };
  } catch (cause) {
    await close();
    throw inWords(cause, options.port);
  }
};

const inWords = (cause: unknown, port: number): unknown => {
  const { code } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return portTaken(port, 'your pages (--port, port)', cause);
    case 'EADDRNOTAVAIL':
      return new OffersightError('configuration', 'Set lan to an address of this machine.', cause);
    default:
      return cause;
  }
};
