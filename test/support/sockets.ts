/** Raw connections to a server on loopback, for bytes that no well-behaved client sends. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A server on a free port of loopback. */
export interface LoopbackServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on a free port, by default with a server as Node makes them. */
export const listenOnLoopback = async (by: RequestListener | Server): Promise<LoopbackServer> => {
  const server = typeof by === 'function' ? createServer(by) : by;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/**
 * Writes bytes as they are, and returns everything that came back until the connection was closed.
 * @param isOver Decides by the answer so far whether to stop listening before the server closes.
 */
export const exchange = (
  port: number,
  bytes: string | Uint8Array,
  isOver: (answer: string) => boolean = () => false,
): Promise<string> =>
  new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => void socket.write(bytes));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (isOver(answer)) socket.destroy();
    });
    // A reset is one of the answers that a test may look at.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });

/** Opens a connection and leaves everything to the test. */
export const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
  });

/** Resolves when the connection is closed, by either side. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });

/** A request as text, with `Connection: close` unless another is given. */
export const rawRequest = (line: string, headers: readonly string[], body = ''): string =>
  `${line}\r\n${['Host: shop.example', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n${body}`;

/** The statuses of an answer that may hold several replies, in order. */
export const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
