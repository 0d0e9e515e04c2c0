/** `npm start`: the mock API in its own process, the proxy, and the shop that uses both. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createOfferProxy } from 'offersight/proxy';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { startOperators } from './operators.js';
import { readOptions } from './options.js';
import { startShop } from './shop/server.js';
import { spawnUpstream } from './spawn-upstream.js';

const MOCK_API = { site: 'offersight-test', apiKey: 'test_stand_in_key' };
/** No secret: before the mock API nothing is. */
const DEMO_TOKEN = 'a-token-of-the-demo-which-is-no-secret';

try {
  const options = readOptions(process.argv.slice(2), process.env);
  await mkdir(options.data, { recursive: true });
  const { site, apiKey } = options.chargebee ?? MOCK_API;
  const mockApi = options.chargebee
    ? undefined
    : await spawnUpstream({ site, apiKey, historyFile: join(options.data, 'upstream.jsonl') });
  const baseUrl = mockApi?.url ?? `https://${site}.grow.chargebee.com`;
  // A shop that is pointed at another site leaves what waits for this one where it is.
  const intake = sqliteIntake({ file: join(options.data, `intake-${site}.sqlite`) });
  const proxy = createOfferProxy({
    site,
    apiKey,
    baseUrl,
    intake,
    origins: options.port ? [`http://127.0.0.1:${options.port}`, `http://localhost:${options.port}`] : [],
    ...(mockApi && { pace: { perMinute: 6_000 } }),
  });
  const token = mockApi ? DEMO_TOKEN : process.env.OFFERSIGHT_ADMIN_TOKEN;
  const operators =
    token === undefined
      ? undefined
      : await startOperators({ intake, proxy, token, port: options.port && options.port + 1 });
  const shop = await startShop({
    port: options.port,
    proxy,
    intake,
    // A real site's token is not for a page.
    operators: mockApi && operators,
    upstream: { baseUrl, apiKey, isMockApi: !!mockApi },
  });

  console.log(`shop: ${shop.url}`);
  console.log(`upstream: ${baseUrl}`);
  if (operators) console.log(`operator's page: ${operators.url}${mockApi ? ` (token ${DEMO_TOKEN})` : ''}`);

  const stop = async () => {
    await shop.close();
    operators?.close();
    await proxy.close();
    mockApi?.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
} catch (error) {
  console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
