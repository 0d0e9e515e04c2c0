/** The live page: what arrives, how far it came, and what to break. It answers on loopback names alone. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, isReading, reply, replyNothing } from '../../proxy/cli/routes.js';
import type { Runtime } from '../../runtime.js';
import { isFromElsewhere } from '../mock-api/callers.js';
import type { Control } from '../mock-api/control.js';
import { serveCommand } from '../mock-api/control.js';
import { type DevState, figuresOf, type LiveState } from './live-state.js';
import type { Trail } from './trail.js';

/** Where it is. */
export const LIVE_PATH = '/_offersight/';

/** What it shows and changes. */
export interface LiveOptions {
  readonly trail: Trail;
  readonly upstream: Control;
  readonly runtime: Runtime;
  readonly switches: { isNetworkOff: boolean; brokenOff: number };
  /** The endpoint's path. */
  readonly path: string;
  /** The offer that is there to begin with. */
  readonly sampleOfferId: string;
  /** Makes an offer as the API does; the answer as it came. */
  readonly offer: (body: string) => Promise<{ readonly status: number; readonly body: string }>;
  /** As just started. */
  readonly reset: () => Promise<void>;
  /** A link that opens the inspector on the page at this path, by default on the first page. */
  readonly inspect: (path: string | undefined) => Promise<string>;
}

/** The live page. */
export interface Live {
  readonly answer: Answer;
  /** Something changed, so open pages get the news. */
  changed(): void;
}

const FILES: Readonly<Record<string, readonly [name: string, type: string]>> = {
  '': ['page.html', 'text/html; charset=utf-8'],
  'page.js': ['page.js', 'text/javascript; charset=utf-8'],
  'page.css': ['page.css', 'text/css; charset=utf-8'],
};
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
/** So many are shown; what tests ask for is all that is known. */
const SHOWN_EVENTS = 200;
/** Changes within this time are reported together. */
const GATHER_MS = 100;
const MAX_BODY = 10_000;
const HERE = 'http://localhost';

const replyJson = (outgoing: ServerResponse, status: number, value: unknown): void =>
  reply(outgoing, status, 'application/json; charset=utf-8', JSON.stringify(value));

const readBody = async (incoming: IncomingMessage): Promise<string> => {
  let text = '';
  try {
    for await (const chunk of incoming.setEncoding('utf8') as AsyncIterable<string>)
      if (text.length <= MAX_BODY) text += chunk;
  } catch {
    // The sender is gone: nothing is changed, and nobody reads the answer.
    return '';
  }
  return text;
};

const isOn = (text: string, name: string): boolean | undefined => {
  try {
    const value = (Object(JSON.parse(text)) as Record<string, unknown>)[name];
    return typeof value === 'boolean' ? value : undefined;
  } catch {
    return undefined;
  }
};

/** Makes the live page of one run. */
export const createLive = ({
  trail,
  upstream,
  runtime,
  switches,
  offer,
  reset,
  inspect,
  path,
  sampleOfferId,
}: LiveOptions): Live => {
  const streams = new Set<ServerResponse>();
  let isGathering = false;

  const state = (): DevState => ({
    events: trail.events(),
    problems: trail.problems(),
    faults: upstream.state().faults,
    isNetworkOff: switches.isNetworkOff,
    brokenOff: switches.brokenOff,
    isAnyId: !upstream.state().offers.known_only,
  });
  const tell = (to: Iterable<ServerResponse>): void => {
    const { events, ...rest } = state();
    const shown: LiveState = {
      ...rest,
      ...{ path, sampleOfferId },
      events: events.slice(-SHOWN_EVENTS),
      figures: figuresOf(events),
    };
    for (const stream of to) stream.write(`data: ${JSON.stringify(shown)}\n\n`);
  };
  const changed = (): void => {
    if (isGathering) return;
    isGathering = true;
    runtime.after(GATHER_MS, () => {
      isGathering = false;
      tell(streams);
    });
  };

  const stream: Answer = (_, outgoing) => {
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
    streams.add(outgoing);
    outgoing.once('close', () => streams.delete(outgoing));
    tell([outgoing]);
  };

  /** Answers the state, so that who changes something sees that it is so. */
  const changing =
    (change: (body: string) => Promise<string | undefined> | string | undefined): Answer =>
    async (incoming, outgoing) => {
      const wrong = await change(await readBody(incoming));
      changed();
      if (wrong === undefined) replyJson(outgoing, 200, state());
      else replyJson(outgoing, 400, { message: wrong });
    };

  /** Leads to a page with the inspector on it; a page of another site may not. */
  const inspecting: Answer = async (incoming, outgoing) => {
    const site = incoming.headers['sec-fetch-site'] ?? 'none';
    const given = new URL(incoming.url ?? '/', HERE).searchParams.get('path') ?? undefined;
    // As a browser reads it: blanks and dots in between may lead elsewhere.
    const path = given ?? '/';
    const url = URL.canParse(path, HERE) ? new URL(path, HERE) : undefined;
    const isHere = path.startsWith('/') && url?.origin === HERE && !url.pathname.startsWith('//');
    if (!['none', 'same-origin'].includes(String(site)) || !isHere)
      return reply(
        outgoing,
        403,
        'text/plain',
        'Open this by yourself, with a path that begins with one slash, such as ?path=/cart.\n',
      );
    outgoing.writeHead(302, { location: await inspect(given) }).end();
  };

  const routes: Readonly<Record<string, Answer>> = {
    'GET state': (_, outgoing) => replyJson(outgoing, 200, state()),
    'GET stream': stream,
    'GET inspect': inspecting,
    'POST reset': changing(async () => {
      await reset();
      return undefined;
    }),
    'POST network': changing((body) => {
      const isOff = isOn(body, 'off');
      if (isOff === undefined) return 'Send {"off": true} or {"off": false}.';
      switches.isNetworkOff = isOff;
      return undefined;
    }),
    'POST any-id': changing((body) => {
      const isAnyId = isOn(body, 'on');
      if (isAnyId === undefined) return 'Send {"on": true} or {"on": false}.';
      upstream.setOffers({ known_only: !isAnyId });
      return undefined;
    }),
    'POST offers': async (incoming, outgoing) => {
      const { status, body } = await offer(await readBody(incoming));
      reply(outgoing, status, 'application/json; charset=utf-8', body);
    },
  };

  /** The mock API's own commands, except its reset, which knows nothing of this page. */
  const command: Answer = async (incoming, outgoing) => {
    await serveCommand(upstream, incoming, outgoing);
    changed();
  };

  const find = (incoming: IncomingMessage): Answer => {
    const [name = ''] = (incoming.url ?? '').slice(LIVE_PATH.length).split('?', 1);
    const file = isReading(incoming) && Object.hasOwn(FILES, name) && FILES[name];
    if (file)
      return (_, outgoing) =>
        reply(outgoing, 200, file[1], readFileSync(new URL(`./live/${file[0]}`, import.meta.url)));
    if (name.startsWith('upstream/') && name !== 'upstream/reset') {
      incoming.url = name.slice('upstream'.length);
      return command;
    }
    const route = `${incoming.method} ${name}`;
    return (Object.hasOwn(routes, route) && routes[route]) || replyNothing;
  };

  return {
    changed,
    async answer(incoming, outgoing) {
      outgoing.setHeader('cache-control', 'no-store');
      outgoing.setHeader('content-security-policy', POLICY);
      outgoing.setHeader('referrer-policy', 'no-referrer');
      // Following a link to the page itself is nothing that could be read or changed.
      const isOpening = isReading(incoming) && incoming.headers['sec-fetch-mode'] === 'navigate';
      if (isFromElsewhere(incoming) && !isOpening)
        return reply(outgoing, 403, 'text/plain', 'Not from a page of another origin.\n');
      await find(incoming)(incoming, outgoing);
    },
  };
};
