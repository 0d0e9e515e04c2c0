/** One of several proxies of one site on one file, as a process of its own. It prints where it listens. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import * as proxyNow from '../../src/proxy/index.js';
import type { sqliteIntake } from '../../src/proxy/intake/sqlite/sqlite.js';
import * as nodeNow from '../../src/proxy/node.js';
import { BUILT_INTAKE } from './processes.js';

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { file: text, upstream: text, key: text, 'per-minute': text, release: text },
});
const { file = '', upstream = '', key = '', release } = values;

/** The parts of the proxy that are used here. The old release in e2e/fixtures has the same types. */
type Parts = Pick<typeof proxyNow & typeof nodeNow, 'createOfferProxy' | 'toNodeListener'>;
interface Released extends Parts {
  readonly sqliteIntake: typeof sqliteIntake;
}

const start = async (): Promise<{ parts: Parts; intake: proxyNow.Intake }> => {
  if (release === undefined) {
    const parts = { ...proxyNow, ...nodeNow };
    const built = (await import(BUILT_INTAKE)) as Pick<Released, 'sqliteIntake'>;
    return { parts, intake: built.sqliteIntake({ file }) };
  }
  const kept = new URL(`../../e2e/fixtures/releases/${release}/proxy.js`, import.meta.url);
  const parts = (await import(kept.href)) as Released;
  return { parts, intake: parts.sqliteIntake({ file }) };
};

const { parts, intake } = await start();
const proxy = parts.createOfferProxy({
  site: 'offersight-test',
  apiKey: key,
  baseUrl: upstream,
  intake,
  pace: { perMinute: Number(values['per-minute']), concurrent: 20 },
  onAlert: () => undefined,
});
const server = createServer(parts.toNodeListener(proxy)).listen(0, '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
