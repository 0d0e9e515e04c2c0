import { afterEach, describe, expect, it } from 'vitest';
import type { Observation } from '../../../src/proxy/index.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const CRAWLER = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const VISITOR =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';

let started: StartedProxy | undefined;

afterEach(async () => {
  await started?.end();
  started = undefined;
});

/** The status of an event that such an agent reports. */
const report = async (
  headers: Readonly<Record<string, string>>,
  options: Parameters<typeof startProxy>[0] = {},
): Promise<unknown> => {
  started = startProxy(options);
  const response = await started.proxy(pageRequest(wireBody([wireEvent(1)]), headers));
  const { results } = (await response.json()) as { results: readonly { status: string; code?: string }[] };
  return results.map(({ status, code }) => [status, code].filter(Boolean).join(' '));
};

describe('an event that a declared machine reports', () => {
  it.each([
    ['a crawler', CRAWLER],
    ['a headless browser', VISITOR.replace('Version/17.4', 'HeadlessChrome/149.0.0.0')],
    ['a monitor', `${VISITOR} Chrome-Lighthouse`],
    ['an HTTP library', 'python-requests/2.32'],
  ])('is refused and never forwarded: %s', async (_, agent) => {
    const observations: Observation[] = [];
    const alerts: string[] = [];
    const options = {
      onObservation: (each: Observation) => observations.push(each),
      onAlert: (message: string) => alerts.push(message),
    };
    expect(await report({ 'user-agent': agent }, options)).toEqual(['refused machine']);
    await started?.runtime.advance(60_000);
    expect(started?.runtime.calls).toEqual([]);
    expect(alerts).toEqual([]);
    expect(observations).toContainEqual({
      kind: 'verdict',
      verdict: 'refused',
      type: 'viewed',
      code: 'machine',
      events: 1,
    });
  });

  it('is taken if machines count', async () => {
    expect(await report({ 'user-agent': CRAWLER }, { machines: 'count' })).toEqual(['accepted']);
  });

  it.each(['http://localhost:5173', 'http://shop.localhost:3000', 'http://127.0.0.1:8080', 'https://[::1]'])(
    'is taken from pages of %s',
    async (origin) => {
      const headers = { 'user-agent': CRAWLER, origin };
      expect(await report(headers)).toEqual(['accepted']);
    },
  );

  it.each(['https://localhost.example', 'https://notlocalhost', 'null', 'http://127.0.0.1.example'])(
    'is refused from pages of %s, even if the host is localhost',
    async (origin) => {
      const headers = { 'user-agent': CRAWLER, origin, host: 'localhost:8787' };
      expect(await report(headers)).toEqual(['refused machine']);
    },
  );

  it('is taken from a site’s own application, which a user’s token vouches for', async () => {
    const headers = { 'user-agent': 'okhttp/4.12.0', 'sec-fetch-site': '' };
    const options = { withoutOrigin: 'with-subject' as const, subject: () => 'user-1' };
    started = startProxy(options);
    const request = pageRequest(wireBody([wireEvent(1)]), headers);
    request.headers.delete('sec-fetch-site');
    const response = await started.proxy(request);
    expect(await response.json()).toMatchObject({ results: [{ id: eventId(1), status: 'accepted' }] });
  });
});

describe('an event that a visitor reports', () => {
  it.each([
    ['a desktop', VISITOR],
    [
      'an application’s web view',
      'Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120 Mobile Safari/537.36',
    ],
    ['an application that shows the pages, by its own name', 'AcmeShop/3.1'],
    ['a browser that does not name itself', ''],
  ])('is taken: %s', async (_, agent) => {
    expect(await report({ 'user-agent': agent })).toEqual(['accepted']);
  });
});

it('a proxy refuses to start with an unknown value of machines', () => {
  expect(() => startProxy({ machines: 'ignored' as 'ignore' })).toThrow(
    'Set machines to `ignore` or `count`.',
  );
});
