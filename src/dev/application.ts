/** An application that runs already: its pages, and the web sockets of its hot reload, through this port. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer } from 'httpxy';
import { type Answer, reply } from '../proxy/cli/routes.js';

/** What stands behind the front. */
export interface Behind {
  readonly answer: Answer;
  /** Switches to another protocol, if what stands there can. */
  readonly upgrade?: (incoming: IncomingMessage, socket: Socket, head: Buffer) => void;
}

const NOT_THERE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH']);

/** A page that asks again until the application is there. */
const notThere = (url: string): string => `<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Waiting for the application</title>
<p>Nothing answers at ${url}. Start your application; this page asks again every 2 seconds.
`;

/**
 * Hands everything to an application.
 * @param url Of the application, an origin. Requests keep the host that their browser named, since frameworks compare it
 *   with the origin of a form.
 */
export const frontApplication = (url: string): Behind => {
  // A certificate for development is signed by nobody.
  const proxy = createProxyServer({ target: url, autoRewrite: true, secure: false });
  proxy.on('error', ({ code }: NodeJS.ErrnoException, _incoming, outgoing) => {
    if (!outgoing || !('writeHead' in outgoing)) outgoing?.destroy();
    else if (outgoing.headersSent) outgoing.destroy();
    else if (NOT_THERE.has(code ?? '')) reply(outgoing, 502, 'text/html; charset=utf-8', notThere(url));
    else
      reply(outgoing, 502, 'text/plain', `The application at ${url} did not answer: ${code ?? 'unknown'}.\n`);
  });
  const ignore = (): void => undefined;
  return {
    // What failed was answered above.
    answer: (incoming: IncomingMessage, outgoing: ServerResponse) =>
      proxy.web(incoming, outgoing).catch(ignore),
    upgrade: (incoming, socket, head) => void proxy.ws(incoming, socket, {}, head).catch(ignore),
  };
};
