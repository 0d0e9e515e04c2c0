/** Alerts about the machines in front of the proxy, as far as their requests show them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OfferProxyOptions } from '../../../src/proxy/index.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const METADATA = /neither Sec-Fetch-Site nor an origin/;
const FORWARDED = /through machines of your own, such as a CDN, that trustedHops does not count/;
const NOT_FORWARDED = /no X-Forwarded-For, or fewer entries in it than trustedHops/;
const ONE_ADDRESS = /come from one public address/;
const WINDOW_MS = 300_000;
const HOUR_MS = 3_600_000;
/** Safari before 16.4, which sends an Origin with every POST. */
const OLD = { 'sec-fetch-site': undefined, origin: 'https://shop.example' };
const DAY_MS = 86_400_000;
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

describe('an alert says', () => {
  it('that requests lack Sec-Fetch-Site, once five of them were refused', async () => {
    await send(4, NAKED);
    expect(started.alerts).toEqual([]);
    await send(1, NAKED);
    expect(started.alerts).toEqual([expect.stringMatching(METADATA)]);
  });

  it('which origin is missing, once 2 % of the requests of an hour are refused for it', async () => {
    await send(245);
    for (const { count, alerts } of [
      { count: 4, alerts: 0 },
      { count: 1, alerts: 1 },
    ]) {
      await send(count, OLD);
      expect(started.alerts).toHaveLength(alerts);
    }
    expect(started.alerts).toEqual([
      expect.stringContaining('add https://shop.example to origins (--origins)'),
    ]);
  });

  it('no other origin in that hour, however many somebody makes up (attack 15)', async () => {
    await send(5, OLD);
    for (let at = 0; at < 40; at++) await send(6, { ...OLD, origin: `https://made-up-${at}.example` });
    started.runtime.pass(HOUR_MS / 2);
    await send(1, OLD);
    expect(started.alerts.map((words) => /add (\S+) to/.exec(words)?.[1])).toEqual(
      Array.from({ length: started.alerts.length }, () => 'https://shop.example'),
    );
  });

  it.each([
    'null',
    'https://a.example/\u001b[31m',
    'javascript:alert(1)',
    `https://${'a'.repeat(300)}.example`,
  ])('that requests lack Sec-Fetch-Site, without repeating an Origin that is none: %j', async (origin) => {
    await send(5, { ...OLD, origin: origin.replace('\u001b', '%1b') });
    expect(started.alerts).toEqual([expect.stringContaining('add the origins of your pages to origins')]);
  });

  it('that trustedHops is too small, once a CDN of five addresses stands for many visitors', async () => {
    await started.end();
    started = startProxy({ trustedHops: 1, limits: { perAddress: 50 } });
    for (let at = 0; at < 400; at++)
      await send(1, { 'x-forwarded-for': `198.51.100.${at % 200}, 203.0.113.${at % 5}` }, () => '127.0.0.1');
    expect(started.alerts).toEqual([expect.stringMatching(FORWARDED)]);
  });

  it('that trustedHops is missing, once a CDN of five addresses connects directly', async () => {
    await send(21, {}, (at) => `203.0.113.${at % 5}`);
    expect(started.alerts).toEqual([]);
    for (let at = 0; at < 100; at++)
      await send(1, { 'x-forwarded-for': `198.51.100.${at}` }, () => `203.0.113.${at % 5}`);
    expect(started.alerts).toEqual([expect.stringMatching(FORWARDED)]);
  });

  it('that trustedHops is missing, once most requests were forwarded', async () => {
    await send(21, { 'x-forwarded-for': '198.51.100.7' }, () => '10.0.0.2');
    expect(started.alerts).toEqual([expect.stringMatching(FORWARDED)]);
  });

  it('that X-Forwarded-For is missing, if trustedHops expects it', async () => {
    await started.end();
    start({ trustedHops: 1 });
    await send(210, {}, () => '127.0.0.1');
    expect(started.alerts).toEqual([expect.stringMatching(NOT_FORWARDED)]);
  });

  it('that X-Forwarded-For has fewer entries than trustedHops, even if most of the requests exceed the budget of one address', async () => {
    await started.end();
    started = startProxy({ trustedHops: 2, limits: { perAddress: 15 } });
    for (let at = 0; at < 21; at++)
      await send(1, { 'x-forwarded-for': `203.0.113.${at}` }, () => '127.0.0.1');
    expect(started.alerts).toEqual([expect.stringMatching(NOT_FORWARDED)]);
  });

  it('that trustedHops is too small, once one private address stands for most visitors', async () => {
    await started.end();
    started = startProxy({ trustedHops: 1, limits: { perAddress: 15 } });
    for (let at = 0; at < 201; at++)
      await send(1, { 'x-forwarded-for': `203.0.113.${at}, 10.0.0.5` }, () => '127.0.0.1');
    expect(started.alerts).toEqual([expect.stringMatching(FORWARDED)]);
  });

  it('only once a day that one address sends most requests, since it may be a network of many visitors', async () => {
    await send(201, {}, () => '203.0.113.77');
    for (const waitMs of [WINDOW_MS + 1, DAY_MS - WINDOW_MS - 2]) {
      started.runtime.pass(waitMs);
      await send(201, {}, () => '203.0.113.77');
      expect(started.alerts).toHaveLength(1);
    }
    started.runtime.pass(1);
    await send(1, {}, () => '203.0.113.77');
    expect(started.alerts).toHaveLength(2);
  });

  it('that one public address sends most requests, without naming it', async () => {
    await send(201, {}, () => '203.0.113.77');
    expect(started.alerts).toEqual([expect.stringMatching(ONE_ADDRESS)]);
    expect(started.alerts.join()).not.toContain('203.0.113');
  });

  it('that requests lack Sec-Fetch-Site even if this begins only after a while', async () => {
    await send(200);
    await started.runtime.advance(HOUR_MS + 1);
    await send(5, NAKED);
    expect(started.alerts).toEqual([expect.stringMatching(METADATA)]);
  });
});

describe('no alert follows', () => {
  const silently = async (
    options: Partial<OfferProxyOptions>,
    ...sending: Parameters<typeof send>
  ): Promise<void> => {
    await started.end();
    start(options);
    await send(...sending);
    expect(started.alerts).toEqual([]);
  };

  it('if an origin is refused for another reason', () =>
    silently({}, 50, { 'sec-fetch-site': 'cross-site' }));

  it('if browsers without Sec-Fetch-Site have a listed origin', () =>
    silently({ origins: ['https://shop.example'] }, 50, { ...NAKED, origin: 'https://shop.example' }));

  it('if trusted machines forwarded the requests', () =>
    silently({ trustedHops: 1 }, 50, { 'x-forwarded-for': '198.51.100.7' }));

  it('if requests were forwarded and a hook names their addresses', () =>
    silently({ address: (request) => request.headers.get('x-client') ?? undefined }, 250, {
      'x-forwarded-for': '198.51.100.7',
      'x-client': '198.51.100.9',
    }));

  it('if visitors write the header themselves', () =>
    silently({}, 50, { 'x-forwarded-for': '198.51.100.7' }));

  it('if a web server that knows its CDN writes the visitor twice', async () => {
    await started.end();
    start({ trustedHops: 1 });
    for (let at = 0; at < 100; at++)
      await send(1, { 'x-forwarded-for': `198.51.100.${at}, 198.51.100.${at}` }, () => '127.0.0.1');
    expect(started.alerts).toEqual([]);
  });

  it('if one of many visitors makes up who was before it', async () => {
    for (let at = 0; at < 100; at++) {
      await send(1, {}, () => `203.0.113.${at}`);
      await send(1, { 'x-forwarded-for': `198.51.100.${at}` }, () => '203.0.113.200');
    }
    expect(started.alerts).toEqual([]);
  });

  it('if monitors send other requests', async () => {
    for (let at = 0; at < 250; at++)
      await started.proxy(pageRequest(null, { 'x-forwarded-for': '198.51.100.7' }, 'GET'), {
        address: '203.0.113.77',
      });
    expect(started.alerts).toEqual([]);
    await send(5, NAKED);
    expect(started.alerts).toEqual([expect.stringMatching(METADATA)]);
  });

  it('if one address is among many', () =>
    silently({}, 250, {}, (at) => (at % 2 ? '203.0.113.77' : `198.51.100.${at % 200}`)));

  it('if one visitor is on a quiet site', () => silently({}, 100, {}, () => '203.0.113.77'));

  it('if each of many hours has only a few such requests', async () => {
    for (let hour = 0; hour < 5; hour++) {
      await send(4, NAKED);
      await started.runtime.advance(HOUR_MS + 1);
    }
    expect(started.alerts).toEqual([]);
  });

  it('if fewer than 2 % of the requests lack Sec-Fetch-Site', async () => {
    await send(500);
    await send(9, OLD);
    expect(started.alerts).toEqual([]);
  });
});
