/**
 * The proxy under Node's http, and so under Express: `createOfferServer(toNodeListener(proxy))`, or the listener in a
 * server of the host's own.
 * @module offersight/proxy/node
 */
import './needs-node.js';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OffersightError } from '../errors.js';
import { platformRuntime, type Stop } from '../runtime.js';
import { bodyRead, EXCHANGES } from './door/exchange.js';
import {
  type Answer,
  ask,
  headerLinesOf,
  isBodyGone,
  problem,
  type RequestHandler,
  targetOf,
} from './node-messages.js';
import { checkOptionNames } from './option-names.js';
import { patiently } from './patience.js';

export { incomingOf, type RequestHandler } from './node-messages.js';

/** What Node calls for each request. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** Options of {@link toNodeListener}. */
export interface NodeListenerOptions {
  /**
   * The only path that is answered, compared as it was sent, undecoded and without its query.
   * @default every path, since the host's own router has chosen
   * @range a path
   * @example `'/offer-events'`
   */
  readonly path?: string;
}

/** How long a request may take to arrive, milliseconds. Under the client's own deadline of 12 s. */
const ARRIVAL_MS = 10_000;
/** Node's own clock ends it on every path. It also runs while the process is busy, so it has some time more. */
const LONGEST_MS = 20_000;
/** How long a rejected sender may continue to send before it is cut off. */
const LINGER_MS = 1_000;
const MAX_HEADERS = 100;
const RUNTIME = platformRuntime();
/** Fetch forbids them, so no Request can be made of them. */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

/**
 * Whether everybody on the way reads the request alike: one host, and only chunks as the coding
 * (RFC 9112 §3.2, §6.1). Node's parser looks only at the last coding.
 */
const isWellFramed = (incoming: IncomingMessage): boolean => {
  const lines = headerLinesOf(incoming);
  const values = (name: string): string[] =>
    lines.filter((_, at) => at % 2 === 1 && lines[at - 1]?.toLowerCase() === name);
  if (values('host').length > 1) return false;
  const codings = values('transfer-encoding');
  return !codings.length || (codings.join().toLowerCase() === 'chunked' && incoming.httpVersion !== '1.0');
};

let isWarned = false;
/** Said once a process: no answer of the proxy would reach the person who has to repair it. */
const warn = (message: string): void => {
  if (!isWarned) process.emitWarning(`offersight: ${message}`);
  isWarned = true;
};

const answer = async (
  handler: RequestHandler,
  incoming: IncomingMessage,
  path: string | undefined,
): Promise<Answer> => {
  // A target that names a host asks for what another server has (RFC 9112 §3.2.2).
  const isHere =
    path === undefined ? (incoming.url ?? '/').startsWith('/') : targetOf(incoming).split('?', 1)[0] === path;
  if (!isHere) return problem('path');
  if (!isWellFramed(incoming)) return problem('headers');
  // Node drops those beyond its own bound without a word, and among them could be the one that matters.
  if (headerLinesOf(incoming).length >= 2 * MAX_HEADERS) return problem('many');
  if (FORBIDDEN_METHODS.has(incoming.method ?? '')) return problem('method', { allow: 'POST' });
  // A proxy says so itself, by its alert.
  if (!EXCHANGES.get(handler) && isBodyGone(incoming)) {
    warn(bodyRead().hint);
    return problem('unavailable', { 'retry-after': '60' });
  }
  let stopTimer: Stop = () => undefined;
  const late = new Promise<Answer>((resolve) => {
    stopTimer = patiently(RUNTIME, ARRIVAL_MS, () => {
      if (!incoming.complete) resolve(problem('late'));
    });
  });
  // What stands in for a request of Node's may have no socket.
  const { remoteAddress: address } = (incoming.socket as Socket | undefined) ?? {};
  try {
    return await Promise.race([ask(handler, incoming, { address }), late]);
  } finally {
    stopTimer();
  }
};

/** Sends an answer, unless the host has meanwhile sent one of its own, such as after a timer of its own. */
const send = async (
  { status, headers, body }: Answer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> => {
  if (outgoing.headersSent || outgoing.destroyed) {
    if (body instanceof Readable) body.destroy();
    // What nobody reads would hold up the next request of the connection.
    incoming.resume();
    return;
  }
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  // The reader may go away in the midst of a stream, and the intake may fail.
  if (body instanceof Readable) {
    outgoing.writeHead(status);
    return pipeline(body, outgoing).catch(() => {
      outgoing.destroy();
    });
  }
  outgoing.setHeader('content-length', Buffer.byteLength(body));
  // What stands in for a request of Node's may not say that it is complete.
  if (incoming.complete || incoming.readableEnded || incoming.destroyed) {
    outgoing.writeHead(status);
    outgoing.end(body);
    return;
  }
  // The body was not read to its end, so the connection cannot go on; but closing it over unread bytes could
  // destroy the answer on its way. The answer goes out whole, and the end comes when the sender is through.
  outgoing.setHeader('connection', 'close');
  outgoing.writeHead(status);
  outgoing.write(body);
  const timer = setTimeout(() => incoming.destroy(), LINGER_MS);
  timer.unref();
  const finish = (): void => {
    clearTimeout(timer);
    outgoing.end();
  };
  incoming.once('end', finish).once('close', finish);
  // The web stream over it would stop it again whenever nobody reads there.
  incoming.removeAllListeners('data').resume();
};

/**
 * Makes a listener for Node's http server. Mount it at the endpoint's path, ahead of any body parser,
 * or behind one that leaves `rawBody` or the parsed `body` on the request.
 * @throws {OffersightError} `configuration` if an option is unknown.
 */
export const toNodeListener = (proxy: RequestHandler, options: NodeListenerOptions = {}): NodeListener => {
  checkOptionNames('toNodeListener', options, { path: true });
  const { path } = options;
  return async (incoming, outgoing) => {
    // A broken connection is the sender's problem. Without a listener its error would end the process.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    const answered = await answer(proxy, incoming, path).catch((cause: unknown) => {
      // The words of such an error quote the header that it is about.
      warn(`a request could not be read (${cause instanceof Error ? cause.name : typeof cause}).`);
      return problem('unavailable', { 'retry-after': '5' });
    });
    // Nobody awaits a listener, so a rejection would end the process. A host may have put functions of its own on the response.
    await send(answered, incoming, outgoing).catch((cause: unknown) => {
      warn(`a response could not be sent (${cause instanceof Error ? cause.name : typeof cause}).`);
      outgoing.destroy();
    });
  };
};

/** Options of {@link createOfferServer}. */
export interface OfferServerOptions {
  /**
   * How long an idle connection is kept, milliseconds. Behind a load balancer longer than that keeps its own,
   * or a request may arrive at a connection that is being closed.
   * @default 5000
   * @range a whole number from 1
   * @example `65_000`
   */
  readonly keepAliveMs?: number;
}

/**
 * Makes a server with bounds for strangers: headers of 16 KiB, 10 s for a request to arrive at the endpoint and 20 s
 * elsewhere, 5 s for an idle connection by default, 1,000 connections, 1,000 requests each.
 * @throws {OffersightError} `configuration` if an option is unknown or no time.
 */
export const createOfferServer = (listener: NodeListener, options: OfferServerOptions = {}): Server => {
  checkOptionNames('createOfferServer', options, { keepAliveMs: true });
  const { keepAliveMs = 5_000 } = options;
  if (!Number.isInteger(keepAliveMs) || keepAliveMs < 1)
    throw new OffersightError('configuration', 'Set keepAliveMs to whole milliseconds, at least 1.');
  const server = createServer(
    {
      headersTimeout: ARRIVAL_MS,
      requestTimeout: LONGEST_MS,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: 16_384,
    },
    listener,
  );
  server.maxConnections = 1_000;
  server.maxRequestsPerSocket = 1_000;
  server.maxHeadersCount = MAX_HEADERS;
  return server;
};
