/** What an operator is told of the machines before the proxy, by what their requests look like. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OfferProxyOptions } from '../../../src/proxy/index.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const METADATA = /neither Sec-Fetch-Site nor an origin/;
const FORWARDED = /through a machine of your own, and trustedHops is 0/;
const NOT_FORWARDED = /no X-Forwarded-For, although trustedHops is set/;
const ONE_ADDRESS = /come from one public address/;
const WINDOW_MS = 300_000;
const NAKED = { 'sec-fetch-site': undefined };

let started: StartedProxy;
let sent = 0;

const start = (options: Partial<OfferProxyOptions> = {}): void => {
  started = startProxy({ limits: { perAddress: Infinity }, ...options } as never);
};

beforeEach(() => start());
afterEach(() => started.end());

/** Sends so many requests, each from the address that `addressOf` gives. */
const send = async (
  count: number,
  headers: Readonly<Record<string, string | undefined>> = {},
  addressOf: (at: number) => string = (at) => `203.0.113.${at % 200}`,
): Promise<void> => {
  for (let at = 0; at < count; at++)
    await started.proxy(pageRequest(wireBody([wireEvent(++sent)]), headers), { address: addressOf(at) });
};

describe('an operator is told', () => {
  it('that something drops Sec-Fetch-Site, once most requests lack it', async () => {
    await send(19, NAKED);
    expect(started.alerts).toEqual([]);
    await send(2, NAKED);
    expect(started.alerts).toEqual([expect.stringMatching(METADATA)]);
  });

  it('that trustedHops is missing, once most requests were forwarded', async () => {
    await send(21, { 'x-forwarded-for': '198.51.100.7' }, () => '10.0.0.2');
    expect(started.alerts).toEqual([expect.stringMatching(FORWARDED)]);
  });

  it('that X-Forwarded-For is missing, where trustedHops waits for it', async () => {
    await started.end();
    start({ trustedHops: 1 });
    await send(210, {}, () => '127.0.0.1');
    expect(started.alerts).toEqual([expect.stringMatching(NOT_FORWARDED)]);
  });

  it('once that one address stands for most visitors, since it may be a network of many', async () => {
    await send(201, {}, () => '203.0.113.77');
    await started.runtime.advance(2 * WINDOW_MS + 1);
    await send(201, {}, () => '203.0.113.77');
    expect(started.alerts).toHaveLength(1);
  });

  it('that one public address stands for most visitors, without naming it', async () => {
    await send(201, {}, () => '203.0.113.77');
    expect(started.alerts).toEqual([expect.stringMatching(ONE_ADDRESS)]);
    expect(started.alerts.join()).not.toContain('203.0.113');
  });

  it('anew where it begins after other times', async () => {
    await send(100);
    await started.runtime.advance(WINDOW_MS + 1);
    await send(21, NAKED);
    expect(started.alerts).toEqual([expect.stringMatching(METADATA)]);
  });
});

describe('an operator is not told', () => {
  const silently = async (
    options: Partial<OfferProxyOptions>,
    ...sending: Parameters<typeof send>
  ): Promise<void> => {
    await started.end();
    start(options);
    await send(...sending);
    expect(started.alerts).toEqual([]);
  };

  it('of an origin that is refused for another reason', () =>
    silently({}, 50, { 'sec-fetch-site': 'cross-site' }));

  it('of browsers without Sec-Fetch-Site whose origin is listed', () =>
    silently({ origins: ['https://shop.example'] }, 50, { ...NAKED, origin: 'https://shop.example' }));

  it('of requests that trusted machines forwarded', () =>
    silently({ trustedHops: 1 }, 50, { 'x-forwarded-for': '198.51.100.7' }));

  it('of forwarded requests where a hook names addresses', () =>
    silently({ address: (request) => request.headers.get('x-client') ?? undefined }, 250, {
      'x-forwarded-for': '198.51.100.7',
      'x-client': '198.51.100.9',
    }));

  it('of a header that visitors write themselves', () =>
    silently({}, 50, { 'x-forwarded-for': '198.51.100.7' }));

  it('of monitors that ask in other ways', async () => {
    for (let at = 0; at < 250; at++)
      await started.proxy(pageRequest(null, { 'x-forwarded-for': '198.51.100.7' }, 'GET'), {
        address: '203.0.113.77',
      });
    expect(started.alerts).toEqual([]);
    await send(21, NAKED);
    expect(started.alerts).toEqual([expect.stringMatching(METADATA)]);
  });

  it('of one address among many', () =>
    silently({}, 250, {}, (at) => (at % 2 ? '203.0.113.77' : `198.51.100.${at % 200}`)));

  it('of one visitor on a quiet site', () => silently({}, 100, {}, () => '203.0.113.77'));

  it('of a few requests in each of many windows', async () => {
    for (let window = 0; window < 5; window++) {
      await send(10, NAKED);
      await started.runtime.advance(WINDOW_MS + 1);
    }
    expect(started.alerts).toEqual([]);
  });
});
