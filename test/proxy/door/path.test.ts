/** Which targets are the endpoint: one exact path, and nothing that another reader takes for it. */
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toNodeListener } from '../../../src/proxy/node.js';
import { framed, GOOD, LENGTH, type NodeProxy, startNodeProxy } from '../../support/node-proxy.js';
import { exchange, listenOnLoopback, statusesOf } from '../../support/sockets.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId } from '../../support/wire.js';

let proxy: NodeProxy;

beforeEach(async () => {
  proxy = await startNodeProxy({}, { path: '/offer-events' });
});

afterEach(async () => {
  await proxy.end();
});

const posted = (target: string, headers: readonly string[] = []): string =>
  framed([LENGTH, ...headers], GOOD, `POST ${target} HTTP/1.1`);

describe('a target that is not the path', () => {
  it.each([
    '/',
    '/offer-events/',
    '/offer-events//',
    '//offer-events',
    '/Offer-Events',
    '/offer-events.json',
    '/offer-events;a=b',
    '/offer-events%20',
    '/offer-events%00',
    '/offer-events%3fa',
    '/offer%2devents',
    '/%6fffer-events',
    '/%256fffer-events',
    '/./offer-events',
    '/a/../offer-events',
    '/offer-events/.',
    '/offer-events/..;/admin',
    '/offer-events/%2e%2e/admin',
    '/a/%2e%2e/offer-events',
    '/..%2foffer-events',
    '\\\\offer-events',
    '/offer-events\\',
    '/a%2f..%2foffer-events',
    '/offer-events#a',
  ])('%s is not found (attack 3)', async (target) => {
    const answer = await exchange(proxy.port, posted(target));
    expect([400, 404]).toContain(statusesOf(answer)[0]);
    expect(answer).not.toMatch(/offer-events|admin/);
    await expectUntouched(proxy);
  });

  it.each([
    'http://169.254.169.254/offer-events',
    'http://shop.example/offer-events',
    'shop.example:443',
    '*',
    'file:///offer-events',
  ])('%s asks for another server (attack 4)', async (target) => {
    expect([400, 404]).toContain(await proxy.statusOf(posted(target)));
    await expectUntouched(proxy);
  });

  it.each([
    'X-Original-URL: /offer-events',
    'X-Rewrite-URL: /offer-events',
    'X-Forwarded-Prefix: /offer-events',
  ])('is not found with the header %s either (attack 3)', async (header) => {
    expect(await proxy.statusOf(posted('/', [header]))).toBe(404);
    await expectUntouched(proxy);
  });
});

describe('the path itself', () => {
  it.each(['/offer-events', '/offer-events?', '/offer-events?a=/../b'])('%s is answered', async (target) => {
    expect(await proxy.statusOf(posted(target))).toBe(200);
    expect((await proxy.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(1)]);
  });

  it('is refused if there is a second Host (attack 7)', async () => {
    for (const host of ['shop.example', 'evil.example', ''])
      expect(await proxy.statusOf(posted('/offer-events', [`Host: ${host}`]))).toBe(400);
    await expectUntouched(proxy);
  });

  it('sends its events to the same upstream, regardless of the Host (attacks 7, 48)', async () => {
    const { runtime } = proxy;
    const bytes = posted('/offer-events').replace('shop.example', 'acme.chargebee.com@169.254.169.254:80');
    expect(await proxy.statusOf(bytes)).toBe(200);
    await runtime.advance(1_000);
    expect(runtime.calls.map(({ url }) => new URL(url).host)).toEqual(['acme-test.grow.chargebee.com']);
  });
});

describe("a host's own server", () => {
  it('may hand over every target that its router chose, except one of another server (attacks 3, 4)', async () => {
    const listener = toNodeListener(proxy.proxy);
    const server = await listenOnLoopback(createServer(listener));
    expect(statusesOf(await exchange(server.port, posted('/anything')))).toEqual([200]);
    expect(statusesOf(await exchange(server.port, posted('http://shop.example/')))).toEqual([404]);
    await server.close();
  });
});
