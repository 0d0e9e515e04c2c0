/** Which room answers a request to the standalone proxy. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemReply } from '../door/exchange.js';
import type { NodeListener } from '../node.js';

/** Answers a request. */
export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/**
 * Finds what answers a request, if it is for these routes.
 * @param target As it was sent, without its query.
 */
export type Routes = (target: string, incoming: IncomingMessage) => Answer | undefined;

/** Sends a whole answer. */
export const reply = (
  outgoing: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void => {
  outgoing.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
};

/** Sends that there is nothing, as the proxy does at a path that is not its own. */
export const replyNothing: Answer = (_, outgoing) => {
  const { status, headers, text } = problemReply('path');
  outgoing.writeHead(status, headers).end(text);
};

/** Whether a request is for reading. */
export const isReading = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD';

/** Has the first routes answer that know what a request asks for. */
export const listenerOf =
  (routes: readonly Routes[], onFailure: (cause: unknown) => void): NodeListener =>
  async (incoming, outgoing) => {
    const [target = ''] = (incoming.url ?? '').split('?', 1);
    let answer: Answer | undefined;
    for (const find of routes) answer ??= find(target, incoming);
    try {
      await (answer ?? replyNothing)(incoming, outgoing);
    } catch (cause) {
      onFailure(cause);
      if (outgoing.headersSent) outgoing.destroy();
      else reply(outgoing, 500, 'text/plain', 'Something broke.\n');
    }
  };
