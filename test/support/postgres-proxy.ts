/** One of several proxies of one site on one Postgres, as a process of its own. It prints where it listens. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createOfferProxy } from '../../src/proxy/index.js';
import { postgresIntake } from '../../src/proxy/intake/postgres/postgres.js';
import { toNodeListener } from '../../src/proxy/node.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({ options: { postgres: text, upstream: text, key: text, 'per-minute': text } });
const { postgres = '', upstream = '', key = '' } = values;

const proxy = createOfferProxy({
  site: 'offersight-test',
  apiKey: key,
  baseUrl: upstream,
  intake: postgresIntake({ connection: postgres }),
  pace: { perMinute: Number(values['per-minute']), concurrent: 20 },
  onAlert: () => undefined,
});
const server = createServer(toNodeListener(proxy)).listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
