/** An application that runs already: its pages, and the web sockets of its hot reload, through this port. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer } from 'httpxy';
import { type Answer, reply } from '../../proxy/cli/routes.js';
import { isLocalUrl } from '../mock-api/callers.js';

/** The server behind the front. */
export interface Behind {
  readonly answer: Answer;
  /** Switches to another protocol, if that server can. */
  readonly upgrade?: (incoming: IncomingMessage, socket: Socket, head: Buffer) => void;
}

const NOT_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH']);

/** A page that asks again until the application is there. */
const notThere = (url: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="2">
<title>Waiting for your application</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 36em; margin: 15vh auto; padding: 0 1em">
<h1 style="font-size: 1.4em">Waiting for your application</h1>
<p>Nothing answers at ${url}. Start your application; this page asks again every 2 seconds.
<p style="opacity: .7">This is offersight dev.
`;

/** A redirect, without its origin if that is the application's by any loopback name. */
const staying = (location: string, url: string): string => {
  const { port } = new URL(url);
  if (!isLocalUrl(location) || new URL(location).port !== port) return location;
  const { pathname, search, hash } = new URL(location);
  return `${pathname}${search}${hash}`;
};

/**
 * Hands everything to an application.
 * @param url The application's address, an origin. Requests keep the host that their browser named,
 * since frameworks compare it
 *   with the origin of a form.
 */
export const frontApplication = (url: string): Behind => {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  // A certificate for development is signed by nobody.
  const proxy = createProxyServer({
    target: { protocol, host, port: port || (protocol === 'https:' ? 443 : 80) },
    secure: false,
    // It would take a phone for this machine.
    xfwd: true,
  });
  proxy.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException, incoming, outgoing) => {
    if (!outgoing || !('writeHead' in outgoing)) outgoing?.destroy();
    else if (outgoing.headersSent) outgoing.destroy();
    else if (NOT_THERE.has(code) && incoming?.headers.accept?.includes('text/html'))
      reply(outgoing, 502, 'text/html; charset=utf-8', notThere(url));
    else reply(outgoing, 502, 'text/plain', `The application at ${url} did not answer: ${code}.\n`);
  });
  // If it redirects to itself by a name of this machine, the browser stays here.
  proxy.on('proxyRes', ({ headers }) => {
    if (headers.location) headers.location = staying(headers.location, url);
  });
  // Neither side's end is the other one's by itself, and what is open would keep the process alive.
  proxy.on('proxyReqWs', (asking, _incoming, socket) => {
    socket.once('close', () => asking.destroy());
    asking.once('upgrade', (_response, other: Socket) => socket.once('close', () => other.destroy()));
  });
  const ignore = (): void => undefined;
  return {
    // What failed was answered above.
    answer: (incoming: IncomingMessage, outgoing: ServerResponse) =>
      proxy.web(incoming, outgoing).catch(ignore),
    upgrade: (incoming, socket, head) => void proxy.ws(incoming, socket, {}, head).catch(ignore),
  };
};
