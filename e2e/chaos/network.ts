/** An HTTP gateway between the browser and the proxies, which brings about faults on command. */
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { NetworkFault } from './plan.js';

/** The gateway. */
export interface Network {
  /** The next `count` requests meet this fault, after those that were armed before. */
  arm(fault: NetworkFault, count: number, ms: number): void;
  /** Ends all faults. */
  heal(): void;
  /** Requests that have not ended yet, including copies on their way. */
  readonly inFlight: number;
  /** What proxies answered, headers and bodies as text. */
  readonly said: () => string;
  /** Answers one request of the endpoint. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Whether a file of the offer part is kept from the browser now. */
  takesChunk(): boolean;
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const PAGE = '<!doctype html><title>Hotel</title><h1>Welcome to our hotel</h1>';
const HTML = { 'content-type': 'text/html' };

const readAll = async (stream: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** Puts a gateway before the port of the balancer. */
export const createNetwork = (port: number): Network => {
  let armed: { readonly fault: NetworkFault; readonly ms: number }[] = [];
  let chunks = 0;
  let inFlight = 0;
  const said: string[] = [];

  const forward = (request: IncomingMessage, body: Buffer): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { method, url, headers } = request;
      const { connection: _, 'transfer-encoding': __, ...kept } = headers;
      const onwards = httpRequest(
        {
          host: '127.0.0.1',
          port,
          method,
          path: url,
          headers: { ...kept, 'content-length': body.length },
          agent: false,
        },
        (incoming) =>
          void readAll(incoming).then((text) => {
            said.push(incoming.rawHeaders.join(), text.toString());
            resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: text });
          }, reject),
      );
      onwards.on('error', reject);
      onwards.end(body);
    });

  const answer = (response: ServerResponse, { status, headers, body }: Reply): void => {
    const { connection: _, 'transfer-encoding': __, ...kept } = headers;
    response.writeHead(status, { ...kept, 'content-length': body.length }).end(body);
  };

  const meet = async (
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
    hit: (typeof armed)[number] | undefined,
  ): Promise<void> => {
    const { socket } = request;
    const refuse = (status: number, headers: Record<string, string> = HTML): void =>
      void response.writeHead(status, headers).end(PAGE);
    const { fault, ms = 0 } = hit ?? {};
    switch (fault) {
      case undefined:
        return answer(response, await forward(request, body));
      case 'drop-request':
        return void socket.destroy();
      case 'drop-reply':
        await forward(request, body);
        return void socket.destroy();
      case 'delay':
        await wait(ms);
        return answer(response, await forward(request, body));
      case 'twice': {
        const replies = await Promise.allSettled([forward(request, body), forward(request, body)]);
        const whole = replies.findLast((reply) => reply.status === 'fulfilled');
        if (!whole) throw new Error('neither came through');
        return answer(response, whole.value);
      }
      case 'again-later': {
        answer(response, await forward(request, body));
        await wait(ms);
        await forward(request, body);
        return;
      }
      case 'portal':
        return refuse(200);
      case 'cut': {
        const reply = await forward(request, body);
        response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length });
        const whole = reply.body.length;
        response.write(reply.body.subarray(0, Math.min(whole - 1, Math.floor((whole * ms) / 1_500))), () =>
          socket.destroy(),
        );
        return;
      }
      case 'redirect':
        return refuse(302, { location: '/login' });
      case 'bare': {
        const reply = await forward(request, body);
        return answer(response, { ...reply, headers: {} });
      }
      case 'too-large':
        return refuse(413);
      case 'throttled':
        return refuse(429, { 'retry-after': '1', ...HTML });
      case 'unavailable':
        return refuse(503);
      case 'absent':
        return refuse(404);
      case 'forbidden':
        return refuse(401);
      case 'no-chunk':
        return answer(response, await forward(request, body));
      default:
        fault satisfies never;
    }
  };

  return {
    arm(fault, count, ms) {
      if (fault === 'no-chunk') chunks += count;
      else for (let left = count; left > 0; left--) armed.push({ fault, ms });
    },
    heal() {
      armed = [];
      chunks = 0;
    },
    get inFlight() {
      return inFlight;
    },
    said: () => said.join('\n'),
    takesChunk: () => chunks > 0 && chunks-- > 0,
    async serve(request, response) {
      inFlight++;
      try {
        await meet(request, response, await readAll(request), armed.shift());
      } catch {
        // No proxy took the request, or the proxy ended in the middle of it. This is how a load balancer answers then.
        if (response.headersSent) response.destroy();
        else response.writeHead(502, HTML).end(PAGE);
      } finally {
        inFlight--;
      }
    },
  };
};
