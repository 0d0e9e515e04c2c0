/** What probes are told while a process ends. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createOperatorRoutes } from '../../../src/proxy/cli/operator-routes.js';
import type { Site } from '../../../src/proxy/cli/site.js';

it('/readyz answers 503 once the process drains, though its site takes events, and /healthz still 200', async () => {
  let isStopping = false;
  const site: Pick<Site, 'isReady'> = { isReady: async () => true };
  const routes = createOperatorRoutes({
    site: site as Site,
    name: 'acme-test',
    metrics: undefined,
    isStopping: () => isStopping,
  });
  const statusOf = async (target: string): Promise<number | undefined> => {
    const incoming = Object.assign(new IncomingMessage(new Socket()), { method: 'GET' });
    const outgoing = new ServerResponse(incoming);
    const answer = routes(target, incoming);
    await answer?.(incoming, outgoing);
    return answer && outgoing.statusCode;
  };
  expect(await statusOf('/readyz')).toBe(200);
  isStopping = true;
  expect([await statusOf('/readyz'), await statusOf('/healthz')]).toEqual([503, 200]);
});
