/**
 * The proxy under Node's http, and so under Express: `http.createServer(toNodeListener(proxy))`.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { OfferProxy } from './handler.js';
import { problem } from './problem.js';

/** What Node calls for each request. */
export type NodeListener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** How long a rejected sender may go on talking before it is cut off. */
const LINGER_MS = 1_000;
/** Fetch forbids them, so no Request can be made of them. */
const FORBIDDEN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);

const toRequest = (incoming: IncomingMessage): Request => {
  const { method = 'GET', rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  const hasBody = method !== 'GET' && method !== 'HEAD';
  // The host of the request says nothing that may be trusted, and nothing here needs it.
  return new Request('http://proxy.invalid/', {
    method,
    headers,
    ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: 'half' }),
  } as RequestInit);
};

const answer = async (proxy: OfferProxy, incoming: IncomingMessage): Promise<Response> => {
  if (FORBIDDEN_METHODS.has(incoming.method ?? '')) return problem('method', { allow: 'POST' });
  return proxy(toRequest(incoming));
};

/** Makes a listener for Node's http server. Mount it at the endpoint's path, ahead of any body parser. */
export const toNodeListener =
  (proxy: OfferProxy): NodeListener =>
  async (incoming, outgoing) => {
    // A connection that breaks is the sender's to mend; unheard it would end the process.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    const response = await answer(proxy, incoming).catch(() =>
      problem('unavailable', { 'retry-after': '5' }),
    );
    const body = Buffer.from(await response.arrayBuffer());
    for (const [name, value] of response.headers) outgoing.setHeader(name, value);
    outgoing.setHeader('content-length', body.length);
    if (incoming.complete) {
      outgoing.writeHead(response.status);
      outgoing.end(body);
      return;
    }
    // The body was not read to its end, so the connection cannot go on; but closing it over unread bytes could
    // destroy the answer on its way. The answer goes out whole, and the end comes when the sender is through.
    outgoing.setHeader('connection', 'close');
    outgoing.writeHead(response.status);
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
