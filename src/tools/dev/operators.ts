/** The port of the operator's page: not that of pages, whose scripts could act there in an operator's name. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Answer } from '../../proxy/cli/routes.js';
import { createOfferServer } from '../../proxy/node.js';
import { portTaken } from './options.js';

/** A port that is open. */
export interface Operators {
  readonly url: string;
  /** Cuts everything off. */
  close(): Promise<void>;
}

const DEFAULT_PORT = 4_402;

const listen = async (answer: Answer, port: number): Promise<Operators> => {
  const server = createOfferServer((incoming, outgoing) => void answer(incoming, outgoing));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};

/**
 * Opens it, only on this machine.
 * @param port By default 4402, or a free one if that is taken.
 * @throws {OffersightError} `configuration` if it is taken.
 */
export const openOperators = (port: number | undefined, answer: Answer): Promise<Operators> =>
  listen(answer, port ?? DEFAULT_PORT).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    if (port === undefined) return listen(answer, 0);
    throw portTaken(port, 'the operator’s page (adminPort)', cause);
  });
