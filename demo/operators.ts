/** The operator's page of the demo, on a port of its own: pages of the shop could act there in an operator's name. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createOfferAdmin, type Intake, type OfferProxy } from 'offersight/proxy';
import { createOfferServer, toNodeListener } from 'offersight/proxy/node';

/** An operator's page that runs. */
export interface Operators {
  readonly url: string;
  /** What operators sign in with. */
  readonly token: string;
  close(): void;
}

/** Whose page it is. */
export interface OperatorsOptions {
  readonly intake: Intake;
  readonly proxy: OfferProxy;
  readonly token: string;
  /** 0 takes a free one, and so does one that is taken. */
  readonly port: number;
}

/** Starts it on the loopback interface. */
export const startOperators = async ({
  intake,
  proxy,
  token,
  port,
}: OperatorsOptions): Promise<Operators> => {
  const admin = createOfferAdmin({ intake, token, report: (events) => proxy.report(events) });
  const server = createOfferServer(toNodeListener(admin));
  const listen = (at: number): Promise<unknown> => {
    server.listen(at, '127.0.0.1');
    return once(server, 'listening');
  };
  await listen(port).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    return listen(0);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/`,
    token,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
};
