/** A proxy that the environment names for calls is used, or the start is refused with a reason. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type Dispatcher, getGlobalDispatcher, setGlobalDispatcher as setRealDispatcher } from 'undici';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useOutgoingProxy } from '../../../src/proxy/cli/outgoing-proxy.js';
import { post } from '../../../src/proxy/forward/http.js';
import { platformRuntime } from '../../../src/runtime.js';

const SHOP = 'https://acme-test.grow.chargebee.com';
const setGlobalDispatcher = vi.fn();

describe('with the package undici', () => {
  beforeEach(() => {
    vi.doMock('undici', () => ({ ProxyAgent: Object, setGlobalDispatcher }));
    setGlobalDispatcher.mockClear();
  });
  afterEach(() => vi.doUnmock('undici'));

  it.each<[string, NodeJS.ProcessEnv]>([
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128' }],
    [SHOP, { https_proxy: 'http://proxy.example:3128' }],
    ['http://127.0.0.1:9', { HTTP_PROXY: 'http://proxy.example:3128' }],
  ])('calls of %s use the proxy of %o', async (baseUrl, env) => {
    await useOutgoingProxy(baseUrl, env);
    expect(setGlobalDispatcher).toHaveBeenCalledOnce();
  });

  it('calls use it if NO_PROXY names other hosts, and if Node cannot do so by itself', async () => {
    const env = { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: 'localhost, .shop.example' };
    await useOutgoingProxy(SHOP, { ...env, NODE_USE_ENV_PROXY: '1' }, '22.1.0');
    expect(setGlobalDispatcher).toHaveBeenCalledOnce();
  });

  it.each(['127.0.0.1:3128', 'proxy.example:3128', 'socks5://proxy.example', 'http://', 'proxy'])(
    'the start is refused with %j as its address, which the message does not show',
    async (address) => {
      const refused = useOutgoingProxy(SHOP, { HTTPS_PROXY: address });
      await expect(refused).rejects.toThrow(
        'HTTPS_PROXY is not the address of a proxy, such as http://proxy.example:3128.',
      );
    },
  );

  it.each<[string, NodeJS.ProcessEnv]>([
    [SHOP, {}],
    [SHOP, { HTTPS_PROXY: '' }],
    [SHOP, { HTTP_PROXY: 'http://proxy.example:3128' }],
    ['http://127.0.0.1:9', { HTTPS_PROXY: 'http://proxy.example:3128' }],
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128', NODE_USE_ENV_PROXY: '1' }],
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: '*' }],
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128', no_proxy: 'localhost,.chargebee.com' }],
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128', NO_PROXY: 'acme-test.grow.chargebee.com' }],
  ])('calls of %s need nothing with %o', async (baseUrl, env) => {
    await useOutgoingProxy(baseUrl, env, '24.1.0');
    expect(setGlobalDispatcher).not.toHaveBeenCalled();
  });
});

it('the start is refused without the package, and the message hides the address and its password', async () => {
  vi.doMock('undici', () => {
    throw new Error('not found');
  });
  await expect(useOutgoingProxy(SHOP, { https_proxy: 'http://user:secret@proxy.example' })).rejects.toThrow(
    'https_proxy is set, which calls of Chargebee do not honour without a package: npm install undici@7, or unset it.',
  );
  vi.doUnmock('undici');
});

describe('a real proxy for calls', () => {
  let server: Server;
  let upstream: Server;
  let before: Dispatcher;
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
    before = getGlobalDispatcher();
    const { port } = server.address() as AddressInfo;
    await useOutgoingProxy('http://upstream.example', { HTTP_PROXY: `http://127.0.0.1:${port}` });
  });

  afterEach(async () => {
    const agent = getGlobalDispatcher();
    setRealDispatcher(before);
    await agent.destroy();
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
