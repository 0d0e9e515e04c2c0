/** Node's messages as the proxy needs them, and what a handler answers as Node sends it. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { bodyRead, EXCHANGES, type Incoming, problemReply, type Reply } from './door/exchange.js';
import type { Connection } from './handler.js';

/** Answers a request, as the proxy itself does. */
export type RequestHandler = (request: Request, connection?: object) => Promise<Response>;

/** Iterators of answers that are made while they are sent. */
const STREAMED = /^(?:application\/x-ndjson|text\/csv)/;
/** What Express and its like hand on, and what a platform or a parser leaves of a body that it has read. */
type RoutedMessage = IncomingMessage & {
  readonly originalUrl?: unknown;
  readonly rawBody?: unknown;
  readonly body?: unknown;
};

/** Routers that strip what they matched keep the whole. */
export const targetOf = ({ originalUrl, url = '/' }: RoutedMessage): string =>
  typeof originalUrl === 'string' ? originalUrl : url;

/**
 * Names and values in turn, as they were sent. What stands in for a request of Node's may have them only as an object:
 * serverless-http does, on Lambda and Netlify.
 */
export const headerLinesOf = ({ rawHeaders, headers }: IncomingMessage): readonly string[] =>
  rawHeaders.length
    ? rawHeaders
    : Object.entries(headers).flatMap(([name, values]) =>
        [values].flat().flatMap((value) => (value === undefined ? [] : [name, value])),
      );

const headersOf = (incoming: IncomingMessage): Headers => {
  const lines = headerLinesOf(incoming);
  const headers = new Headers();
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const [name = '', value = ''] = [lines[at], lines[at + 1]];
    // HTTP/2 has the method and the path among them.
    if (!name.startsWith(':')) headers.append(name, value);
  }
  return headers;
};

/**
 * The same, except for cookies, which the proxy does not read: `Headers` cost more than everything that it reads of them.
 * Names are in lower case.
 */
const viewOf = (incoming: IncomingMessage): Incoming['headers'] => {
  const lines = headerLinesOf(incoming);
  const get = (name: string): string | null => {
    let found: string | null = null;
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const [other = '', value = ''] = [lines[at], lines[at + 1]];
      if (other.length !== name.length || other.toLowerCase() !== name) continue;
      // What stands in for a request of Node's may have other values than Node's parser gives.
      const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
      found = found === null ? text : `${found}, ${text}`;
    }
    return found;
  };
  return { get, has: (name) => get(name) !== null };
};

const JSON_TYPE = /^application\/json\b/i;

/**
 * What a platform or a parser that read the body first has left of it: its bytes (`rawBody` on Google's functions and in
 * Nest), or what was parsed. Undefined if that is nothing.
 */
const leftOf = (incoming: RoutedMessage): Uint8Array | undefined => {
  const isJson = JSON_TYPE.test(incoming.headers['content-type'] ?? '');
  try {
    for (const left of [incoming.rawBody, incoming.body]) {
      if (ArrayBuffer.isView(left)) return new Uint8Array(left.buffer, left.byteOffset, left.byteLength);
      if (typeof left === 'string') return Buffer.from(left);
      if (isJson && typeof left === 'object' && left !== null) return Buffer.from(JSON.stringify(left));
    }
  } catch {
    // Some parse only when they are asked, and throw then.
  }
  return undefined;
};

/** Whether something has read the body already. What stands in for a request of Node's may only know that it has ended. */
const isRead = (incoming: IncomingMessage): boolean => incoming.readableDidRead || incoming.readableEnded;

/** Whether the body can be had no more. */
export const isBodyGone = (incoming: IncomingMessage): boolean =>
  isRead(incoming) && leftOf(incoming) === undefined;

/** The body as a request of the web takes it. */
const streamOf = (incoming: IncomingMessage): ReadableStream<Uint8Array> | Uint8Array =>
  (isRead(incoming) && leftOf(incoming)) || (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);

const incomings = new WeakMap<Request, IncomingMessage>();

/**
 * What Node or Express knows of a request, for hooks: `subject: (request) => incomingOf(request)?.session?.user.id`.
 * Undefined for a request that did not come through {@link toNodeListener}.
 */
export const incomingOf = (request: Request): IncomingMessage | undefined => incomings.get(request);

const toRequest = (incoming: RoutedMessage, headers: Headers, hasBody: boolean): Request => {
  // The host of the request cannot be trusted, so code that needs it reads the header.
  const request = new Request(`http://proxy.invalid${targetOf(incoming)}`, {
    method: incoming.method ?? 'GET',
    headers,
    ...(hasBody && { body: streamOf(incoming), duplex: 'half' }),
  } as RequestInit);
  incomings.set(request, incoming);
  return request;
};

const toIncoming = (incoming: IncomingMessage): Incoming => {
  // What watches requests may listen as well, and would have the body before it is read here.
  incoming.pause();
  let request: Request | undefined;
  return {
    method: incoming.method ?? 'GET',
    headers: viewOf(incoming),
    get request() {
      request ??= toRequest(incoming, headersOf(incoming), false);
      return request;
    },
    read: (take) =>
      new Promise((resolve, reject) => {
        const hear = (chunk: Buffer): void => {
          if (take(chunk)) return;
          incoming.off('data', hear).pause();
          resolve(true);
        };
        const left = isRead(incoming) ? leftOf(incoming) : undefined;
        if (left) resolve(take(left) || true);
        else if (isRead(incoming)) reject(bodyRead());
        else if (incoming.destroyed) resolve(false);
        else
          incoming
            .on('data', hear)
            .once('end', () => resolve(true))
            .once('close', () => resolve(false))
            .resume();
      }),
  };
};

/** What Node sends. The body of a large answer is a stream. */
export interface Answer extends Omit<Reply, 'headers' | 'text'> {
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: string | Buffer | Readable;
}

const fromReply = ({ status, headers, text }: Reply): Answer => ({
  status,
  headers: Object.entries(headers),
  body: text,
});
/** A problem as Node sends it. */
export const problem = (...given: Parameters<typeof problemReply>): Answer =>
  fromReply(problemReply(...given));

const fromResponse = async (response: Response): Promise<Answer> => {
  const { status, headers, body } = response;
  // `Response.error()` has the status 0, which Node does not send.
  if (!status) throw new TypeError('The handler gave the response of a failed request.');
  // Lines may be too many to hold at once.
  const isStreamed = body && STREAMED.test(headers.get('content-type') ?? '');
  return {
    status,
    headers,
    body: isStreamed
      ? Readable.fromWeb(body as ReadableStream<Uint8Array>)
      : Buffer.from(await response.arrayBuffer()),
  };
};

/** Asks a handler. A proxy is asked without web objects. */
export const ask = async (
  handler: RequestHandler,
  incoming: IncomingMessage,
  connection: Connection,
): Promise<Answer> => {
  const exchange = EXCHANGES.get(handler);
  if (exchange) return fromReply(await exchange(toIncoming(incoming), connection));
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD';
  return fromResponse(await handler(toRequest(incoming, headersOf(incoming), hasBody), connection));
};
