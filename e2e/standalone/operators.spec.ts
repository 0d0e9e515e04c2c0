/** The standalone proxy among other machines: probes, ports, load balancers and outgoing proxies. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { openSocket } from '../../test/support/sockets.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { expect, test } from '../fixtures/standalone.js';

const PROBES = ['/healthz', '/readyz', '/metrics', '/admin/status'];
const PAGES = ['', '-more', '-debug', '-inspector', '-worker'].map((name) => `/offersight${name}.js`);
const TOKEN = 'admin-token-of-at-least-32-characters';

const statusesOf = (url: string, paths: readonly string[]): Promise<number[]> =>
  Promise.all(
    paths.map(
      async (path) => (await ask(url, path, { headers: { authorization: `Bearer ${TOKEN}` } })).status,
    ),
  );

test.describe('a listener for operators', () => {
  test('serves what operators ask for, and then the endpoint’s listener does not', async ({ bench }) => {
    const { url, operators } = await bench.start(['--admin-port', '0'], {
      env: { OFFERSIGHT_ADMIN_TOKEN: TOKEN },
    });
    expect(operators).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(operators).not.toBe(url);
    expect(await statusesOf(operators, PROBES)).toEqual([200, 200, 200, 200]);
    expect(await statusesOf(url, PROBES)).toEqual([404, 404, 404, 404]);
    expect(await statusesOf(url, PAGES)).toEqual(PAGES.map(() => 200));
    expect(await statusesOf(operators, PAGES)).toEqual(PAGES.map(() => 404));
    expect((await post(operators, bodyOf(eventOf(1)))).status).toBe(404);
    expect((await post(url, bodyOf(eventOf(1)))).status).toBe(200);
  });

  test('leaves nothing open if it cannot have its port', async ({ bench }) => {
    const { port } = await bench.start();
    const { code, stdout, stderr } = await bench.run(
      [
        'proxy',
        '--site',
        'offersight-test',
        '--port',
        '0',
        '--admin-port',
        `${port}`,
        '--intake',
        bench.intake,
      ],
      { env: { OFFERSIGHT_API_KEY: bench.apiKey } },
    );
    expect([code, stderr]).toEqual([
      1,
      `offersight: Port ${port} of 127.0.0.1 is taken by the proxy of the site offersight-test: ` +
        'give each proxy a port of its own.\n',
    ]);
    expect(stdout).not.toContain('listening');
  });
});

test('the proxy names its site only to this machine', async ({ bench }) => {
  const { url } = await bench.start();
  const siteFor = async (headers: Readonly<Record<string, string>>) =>
    (await ask(url, '/healthz', { headers })).headers['x-offersight-site'];
  expect(await siteFor({})).toBe('offersight-test');
  expect(await siteFor({ 'x-forwarded-for': '203.0.113.7' })).toBeUndefined();
});

test('the proxy keeps an idle connection for as long as a load balancer needs it', async ({ bench }) => {
  const { port } = await bench.start(['--keep-alive-seconds', '65']);
  const socket = await openSocket(port);
  socket.write('GET /healthz HTTP/1.1\r\nhost: proxy\r\n\r\n');
  expect(String((await once(socket, 'data'))[0])).toMatch(/\r\nkeep-alive: timeout=65, /i);
  socket.destroy();
});

test('calls go through the HTTP proxy that the environment names', async ({ bench }) => {
  const asked: string[] = [];
  const way = createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  try {
    const { url } = await bench.start([], {
      env: { HTTP_PROXY: `http://127.0.0.1:${(way.address() as AddressInfo).port}` },
    });
    await post(url, bodyOf(eventOf(1)));
    await bench.upstream.until(() => bench.upstream.history().length === 1);
    expect(asked).toEqual([new URL(bench.upstream.url).host]);
  } finally {
    way.closeAllConnections();
    way.close();
  }
});
