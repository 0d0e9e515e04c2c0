import { createServer, type Server } from 'node:http';
import { platformRuntime } from '../../runtime.js';
import { serveCall } from './call.js';
import type { Call } from './calls.js';
import { type Control, createControl, serveCommand } from './control.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import type { OfferSettings } from './offers.js';
import { Site } from './site.js';

export type { Control } from './control.js';
export type { Fault } from './faults.js';
export type { Limits } from './limits.js';

/** How the mock API starts. */
export interface UpstreamOptions {
  /** The only key that the API takes. */
  readonly apiKey: string;
  /** The site's name; once given, a host that names another site is answered 404. @default 'offersight-test' */
  readonly site?: string;
  /** @default 0, any free port */
  readonly port?: number;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** What is not named is 150 a minute and 100 at once. */
  readonly limits?: Partial<Limits>;
  /** What is not named is lenient about ids, one offer for everybody, valid for a day. */
  readonly offers?: Partial<OfferSettings>;
  /** A file that keeps the history beyond the process. @default none */
  readonly historyFile?: string;
  /** The clock for limits, windows and ages, epoch milliseconds. @default Date.now */
  readonly now?: () => number;
  /** Called for each call when it ends. What it throws is written to standard error. */
  readonly onCall?: (call: Call) => void;
}

/** A running mock API. */
export interface Upstream extends Control {
  /** Without a path and without a slash at the end. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  /** Resolves as soon as the condition holds, looked at whenever a call moves or a row comes; rejects after 5 s. */
  until(holds: () => boolean, timeoutMs?: number): Promise<void>;
  /** Ends at once, with all sockets; may be called again. */
  close(): Promise<void>;
}

/** Starts a server that behaves as the vendor's API does, and that can misbehave on command. */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const { host = '127.0.0.1' } = options;
  const site = new Site({
    name: options.site ?? 'offersight-test',
    isHostChecked: options.site !== undefined,
    apiKey: options.apiKey,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    offers: options.offers,
    historyFile: options.historyFile ?? null,
    now: options.now ?? platformRuntime().now,
    onCall: options.onCall,
  });
  const control = createControl(site);
  const server = createServer((request, response) => {
    const isCall = /^\/api\/v2(?:[/?]|$)/.test(request.url ?? '');
    const served = isCall ? serveCall(site, request, response) : serveCommand(control, request, response);
    served.catch(() => response.destroy());
  });
  // Clients that reuse a connection must not meet its end by chance: only faults break connections.
  server.keepAliveTimeout = 120_000;
  let port: number;
  try {
    port = await listen(server, options.port ?? 0, host);
  } catch (error) {
    site.history.close();
    throw error;
  }
  let closing: Promise<void> | undefined;
  return {
    ...control,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    until: (holds, timeoutMs = 5_000) => site.until(holds, timeoutMs),
    close: () => {
      closing ??= close(server, site);
      return closing;
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function close(server: Server, site: Site): Promise<void> {
  site.endLife();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
  site.history.close();
}
