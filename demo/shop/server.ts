/** The shop's server: pages, the endpoint, and the switches of the demo. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Intake, OfferProxy } from 'offersight/proxy';
import { toNodeListener } from 'offersight/proxy/node';
import { readFunnel } from './funnel.js';
import { renderCard, renderShop } from './page.js';
import { fetchOffers, fulfil, type ShopUpstream, switchUpstream } from './upstream.js';

/** A running shop. */
export interface Shop {
  readonly url: string;
  close(): Promise<void>;
}

/** What the shop is built from. */
export interface ShopOptions {
  readonly port: number;
  readonly proxy: OfferProxy;
  readonly intake: Intake;
  readonly upstream: ShopUpstream;
  /** The operator's page, for a link to it. */
  readonly operators?: { readonly url: string; readonly token: string } | undefined;
}

const ROOT = new URL('../../', import.meta.url);
const FILES: Readonly<Record<string, readonly [path: string, type: string]>> = {
  '/offersight.js': ['dist/offersight.js', 'text/javascript'],
  '/offersight.js.map': ['dist/offersight.js.map', 'application/json'],
  '/offersight-offers.js': ['dist/offersight-offers.js', 'text/javascript'],
  '/offersight-closing.js': ['dist/offersight-closing.js', 'text/javascript'],
  '/offersight-more.js': ['dist/offersight-more.js', 'text/javascript'],
  '/offersight-debug.js': ['dist/offersight-debug.js', 'text/javascript'],
  '/offersight-inspector.js': ['dist/offersight-inspector.js', 'text/javascript'],
  '/shop.js': ['demo/public/shop.js', 'text/javascript'],
  '/shop.css': ['demo/public/shop.css', 'text/css'],
};
const FUNNEL_INTERVAL_MS = 500;
const MAX_BODY_BYTES = 1_000;

const send = (response: ServerResponse, status: number, type: string, body: string | Buffer): void => {
  response
    .writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' })
    .end(body);
};

const readJson = async (request: IncomingMessage): Promise<Record<string, unknown>> => {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > MAX_BODY_BYTES) break;
  }
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    // Not JSON: nothing of it is known, so nothing is asked for.
    return {};
  }
};

/** A customer lasts as long as the browser's session, so that reloading shows the same offers. */
const customerOf = (request: IncomingMessage): string | undefined =>
  /(?:^|;\s*)customer=([\w-]{1,40})/.exec(request.headers.cookie ?? '')?.[1];

/** Starts the shop on the loopback interface. */
export const startShop = async ({ port, proxy, intake, upstream, operators }: ShopOptions): Promise<Shop> => {
  const endpoint = toNodeListener(proxy);
  let isNetworkOff = false;
  let isUpstreamDown = false;

  const shop = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const known = url.searchParams.has('new') ? undefined : customerOf(request);
    const customerId = known ?? `guest-${randomBytes(4).toString('hex')}`;
    const cookie = `customer=${customerId}; Path=/; HttpOnly; SameSite=Lax`;
    if (url.searchParams.has('new')) {
      response.writeHead(303, { location: '/', 'set-cookie': cookie }).end();
      return;
    }
    const { hero, aside, modal, toast } = await fetchOffers(upstream, customerId);
    response.setHeader('set-cookie', cookie);
    const panel = { customerId, isMockApi: upstream.isMockApi, isNetworkOff, isUpstreamDown, operators };
    send(response, 200, 'text/html', renderShop({ hero, aside, modal, toast }, panel));
  };

  const funnel = async (response: ServerResponse): Promise<void> => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    let last = '';
    const tell = async (): Promise<void> => {
      const next = JSON.stringify(await readFunnel(intake));
      if (next !== last) response.write(`data: ${next}\n\n`);
      last = next;
    };
    await tell();
    const timer = setInterval(() => void tell(), FUNNEL_INTERVAL_MS);
    await once(response, 'close');
    clearInterval(timer);
  };

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Only a path, in any form.
    const url = new URL(`http://shop.invalid/${(request.url ?? '').replace(/^\/+/, '')}`);
    const where = `${request.method} ${url.pathname}`;
    if (url.pathname === '/offer-events') {
      if (isNetworkOff) request.socket.destroy();
      else endpoint(request, response);
      return;
    }
    const file = request.method === 'GET' && FILES[url.pathname];
    if (file) return send(response, 200, file[1], await readFile(fileURLToPath(new URL(file[0], ROOT))));
    switch (where) {
      case 'GET /':
        return shop(request, response, url);
      case 'GET /late': {
        const { late } = await fetchOffers(upstream, customerOf(request) ?? 'guest');
        return send(response, 200, 'text/html', late ? renderCard(late, 'late-offer') : '');
      }
      case 'POST /accept': {
        const { offer, option, group } = await readJson(request);
        const isTaken = await fulfil(upstream, String(offer), String(option));
        // A shop of your own does this when the billing system calls it, such as by a webhook.
        if (isTaken)
          await proxy.report([
            {
              name: `accepted ${String(offer)}`,
              type: 'accepted',
              offerId: String(offer),
              group: typeof group === 'string' ? group : undefined,
            },
          ]);
        return send(response, isTaken ? 200 : 502, 'application/json', JSON.stringify({ isTaken }));
      }
      case 'GET /demo/funnel':
        return funnel(response);
      case 'POST /demo/network':
        isNetworkOff = (await readJson(request)).off === true;
        return send(response, 200, 'application/json', JSON.stringify({ isNetworkOff }));
      case 'POST /demo/upstream': {
        isUpstreamDown = (await readJson(request)).down === true;
        if (upstream.isMockApi) await switchUpstream(upstream, isUpstreamDown);
        return send(response, 200, 'application/json', JSON.stringify({ isUpstreamDown }));
      }
      default:
        return send(response, 404, 'text/plain', 'There is nothing here.');
    }
  };

  const server = createServer((request, response) => {
    route(request, response).catch(() => {
      if (!response.headersSent) send(response, 500, 'text/plain', 'The shop made a mistake.');
      else response.destroy();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
};
