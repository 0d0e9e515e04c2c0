/** What declared machines report: refused, unless they show the pages of somebody who develops or a site's own application. */
import { afterEach, expect, it } from 'vitest';
import type { Observation } from '../../../src/proxy/index.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const CRAWLER = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const VISITOR =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15';
const ANDROID = 'Mozilla/5.0 (Linux; Android 13; wv) AppleWebKit/537.36 (KHTML, like Gecko)';

type Options = NonNullable<Parameters<typeof startProxy>[0]>;
const WITHOUT_ORIGIN: Options = { withoutOrigin: 'with-subject', subject: () => 'user-1' };

let started: StartedProxy;
afterEach(() => started.end());

/** The verdict on an event that such an agent reports. */
const report = async (agent: string, headers = {}, options: Options = {}): Promise<string> => {
  started = startProxy(options);
  const request = pageRequest(wireBody([wireEvent(1)]), { 'user-agent': agent, ...headers });
  const { results } = (await (await started.proxy(request)).json()) as {
    readonly results: readonly { readonly status: string; readonly code?: string }[];
  };
  return results.map(({ status, code }) => code ?? status).join();
};

it.each<[string, string, object?, Options?]>([
  ['a desktop', VISITOR],
  ['an application’s web view', `${ANDROID} Version/4.0 Chrome/120 Mobile Safari/537.36`],
  ['an application that shows the pages, by its own name', 'AcmeShop/3.1'],
  ['a browser that does not name itself', ''],
  ['a crawler, if machines count', CRAWLER, {}, { machines: 'count' }],
  ...['http://localhost:5173', 'http://shop.localhost:3000', 'http://127.0.0.1:8080', 'https://[::1]'].map(
    (origin) => [`a script at ${origin}`, CRAWLER, { origin }] as [string, string, object],
  ),
  [
    'a site’s own application, which a token vouches for',
    'okhttp/4.12.0',
    { 'sec-fetch-site': undefined },
    WITHOUT_ORIGIN,
  ],
])('an event of a visitor is taken: %s', async (_, agent, headers, options) => {
  expect(await report(agent, headers, options)).toBe('accepted');
});

it.each<[string, string, object?]>([
  ['a crawler', CRAWLER],
  ['a headless browser', VISITOR.replace('Version/17.4', 'HeadlessChrome/149.0.0.0')],
  ['a monitor', `${VISITOR} Chrome-Lighthouse`],
  ['an HTTP library', 'python-requests/2.32'],
  ...['https://localhost.example', 'https://notlocalhost', 'null', 'http://127.0.0.1.example'].map(
    (origin) =>
      [`pages of ${origin}, even if the host is localhost`, CRAWLER, { origin, host: 'localhost:87' }] as [
        string,
        string,
        object,
      ],
  ),
])('an event of a machine is refused, counted as such and never forwarded: %s', async (_, agent, headers) => {
  const seen: Observation[] = [];
  const onObservation = (each: Observation): unknown => seen.push(each);
  expect(await report(agent, headers, { onObservation })).toBe('machine');
  await started.runtime.advance(60_000);
  expect([started.runtime.calls, started.alerts]).toEqual([[], []]);
  expect(seen).toContainEqual({
    kind: 'verdict',
    verdict: 'refused',
    type: 'viewed',
    code: 'machine',
    events: 1,
  });
});
