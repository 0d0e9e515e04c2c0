/** A proxy that the environment names for calls is used, or the start is refused in words. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useOutgoingProxy } from '../../../src/proxy/cli/outgoing-proxy.js';

const SHOP = 'https://acme-test.grow.chargebee.com';
const setGlobalDispatcher = vi.fn();

describe('where the package is there', () => {
  beforeEach(() => {
    vi.doMock('undici', () => ({ EnvHttpProxyAgent: Object, setGlobalDispatcher }));
    setGlobalDispatcher.mockClear();
  });
  afterEach(() => vi.doUnmock('undici'));

  it.each<[string, NodeJS.ProcessEnv]>([
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128' }],
    [SHOP, { https_proxy: 'http://proxy.example:3128' }],
    ['http://127.0.0.1:9', { HTTP_PROXY: 'http://proxy.example:3128' }],
  ])('calls of %s honour %o', async (baseUrl, env) => {
    await useOutgoingProxy(baseUrl, env);
    expect(setGlobalDispatcher).toHaveBeenCalledOnce();
  });

  it.each<[string, NodeJS.ProcessEnv]>([
    [SHOP, {}],
    [SHOP, { HTTPS_PROXY: '' }],
    [SHOP, { HTTP_PROXY: 'http://proxy.example:3128' }],
    ['http://127.0.0.1:9', { HTTPS_PROXY: 'http://proxy.example:3128' }],
    [SHOP, { HTTPS_PROXY: 'http://proxy.example:3128', NODE_USE_ENV_PROXY: '1' }],
  ])('calls of %s need nothing with %o', async (baseUrl, env) => {
    await useOutgoingProxy(baseUrl, env);
    expect(setGlobalDispatcher).not.toHaveBeenCalled();
  });
});

it('where the package is missing, the start is refused, and its address, which may hold a password, not told', async () => {
  vi.doMock('undici', () => {
    throw new Error('not found');
  });
  await expect(useOutgoingProxy(SHOP, { https_proxy: 'http://user:secret@proxy.example' })).rejects.toThrow(
    'https_proxy is set, which calls of Chargebee do not honour without a package: npm install undici@7, or unset it.',
  );
  vi.doUnmock('undici');
});

describe('through a real one', () => {
  let server: Server;
  const asked: string[] = [];

  beforeEach(async () => {
    const upstream = createServer((_, response) => response.end('from upstream')).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    server = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      const { port } = upstream.address() as AddressInfo;
      const way = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        way.pipe(socket).pipe(way);
      });
      way.once('close', () => upstream.close());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    vi.unstubAllEnvs();
  });

  it('a call reaches its upstream', async () => {
    const { Agent, getGlobalDispatcher, setGlobalDispatcher: restore } = await import('undici');
    const before = getGlobalDispatcher();
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv('NO_PROXY', '');
    try {
      await useOutgoingProxy('http://upstream.example');
      const request = new Request('http://upstream.example/api', { method: 'POST', body: '{}' });
      await expect((await fetch(request)).text()).resolves.toBe('from upstream');
      expect(asked).toEqual(['upstream.example:80']);
      await getGlobalDispatcher().close();
    } finally {
      restore(before instanceof Agent ? before : new Agent());
    }
  });
});
