/** A proxy that the environment names for calls is used, or the start is refused with a reason. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Dispatcher, getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useOutgoingProxy } from '../../../src/proxy/cli/outgoing-proxy.js';
import { post } from '../../../src/proxy/forward/http.js';
import { platformRuntime } from '../../../src/runtime.js';

const ADDRESS = 'http://proxy.example:3128';
const NAMES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'NODE_USE_ENV_PROXY'];

const stub = (env: Readonly<Record<string, string>>): void => {
  for (const name of NAMES) vi.stubEnv(name, env[name]);
};

let before: Dispatcher;
beforeEach(() => {
  before = getGlobalDispatcher();
});
afterEach(async () => {
  const agent = getGlobalDispatcher();
  setGlobalDispatcher(before);
  if (agent !== before) await agent.destroy();
  vi.unstubAllEnvs();
});

it.each<[Readonly<Record<string, string>>, isUsed: boolean, nodeVersion: string]>([
  [{ HTTPS_PROXY: ADDRESS }, true, '22.1.0'],
  [{ https_proxy: ADDRESS }, true, '22.1.0'],
  [{ HTTP_PROXY: ADDRESS }, true, '22.1.0'],
  [{ HTTPS_PROXY: ADDRESS, NODE_USE_ENV_PROXY: '1' }, true, '22.1.0'],
  [{ HTTPS_PROXY: ADDRESS, NODE_USE_ENV_PROXY: '1' }, false, '24.1.0'],
  [{}, false, '22.1.0'],
])('with %o undici is used: %s, in Node %s', async (env, isUsed, nodeVersion) => {
  stub(env);
  await useOutgoingProxy(nodeVersion);
  expect(getGlobalDispatcher() !== before).toBe(isUsed);
});

it.each(['127.0.0.1:3128', 'proxy.example:3128', 'http://', 'proxy'])(
  'the start is refused with %j as its address, which the message does not show',
  async (address) => {
    stub({ HTTPS_PROXY: address });
    await expect(useOutgoingProxy('22.1.0')).rejects.toThrow(
      'HTTPS_PROXY is not the address of a proxy, such as http://proxy.example:3128.',
    );
  },
);

it('the start is refused without the package, and the message hides the address and its password', async () => {
  vi.doMock('undici', () => {
    throw new Error('not found');
  });
  stub({ https_proxy: 'http://user:secret@proxy.example' });
  await expect(useOutgoingProxy('22.1.0')).rejects.toThrow(
    'https_proxy is set, which calls of Chargebee do not honour without a package: npm install undici@7, or unset it.',
  );
  vi.doUnmock('undici');
});

describe('a real proxy for calls', () => {
  let server: Server;
  let upstream: Server;
  let isOpen = true;
  const asked: string[] = [];

  beforeEach(async () => {
    upstream = createServer((_, response) => response.end('from upstream')).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    server = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      if (!isOpen) return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const { port } = upstream.address() as AddressInfo;
      const way = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        way.pipe(socket).pipe(way);
      });
      return way;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    stub({ HTTP_PROXY: `http://127.0.0.1:${port}` });
    await useOutgoingProxy('22.1.0');
  });

  afterEach(() => {
    for (const each of [server, upstream]) {
      each.closeAllConnections();
      each.close();
    }
  });

  it('lets a call reach its upstream', async () => {
    const request = new Request('http://upstream.example/api', { method: 'POST', body: '{}' });
    await expect((await fetch(request)).text()).resolves.toBe('from upstream');
    expect(asked).toEqual(['upstream.example:80']);
  });

  it('leaves a call certainly unsent if it lets nobody through, so that it can be retried', async () => {
    isOpen = false;
    const call = await post(
      { baseUrl: 'http://upstream.example', apiKey: 'test_key' },
      { path: '/api/v2/offer_events', body: {}, headers: {} },
      platformRuntime(),
    );
    expect(call).toMatchObject({ kind: 'unsent' });
  });
});
