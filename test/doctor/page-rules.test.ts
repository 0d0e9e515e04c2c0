import { describe, expect, it } from 'vitest';
import type { Answer, Observed } from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';
import {
  answer,
  browser,
  ENDPOINT,
  evidenceOf,
  found,
  idle,
  offer,
  PAGE,
  problem,
  seen,
  served,
  tag,
} from './seen.js';

const pageWith = (policy: string): Answer =>
  answer({ url: PAGE, headers: { 'content-type': 'text/html', 'content-security-policy': policy } });
const silent = { ...seen().endpoint, asked: { kind: 'failed', url: ENDPOINT, reason: 'fetch' } } as const;

describe('a page', () => {
  it.each(['sandbox', 'sandbox allow-scripts allow-forms', 'sandbox allow-same-origin'])(
    'that the policy “%s” takes its origin or its scripts from is named by that alone',
    (policy) => {
      const page = pageWith(`default-src 'self'; ${policy}`);
      expect(found(seen({ page, browser: idle(), endpoint: silent }))).toEqual(['error page-sandboxed']);
      const endpoint = { ...seen().endpoint, by: 'doctor' } as const;
      expect(found(served({ page, endpoint }))).toEqual(['error page-sandboxed']);
    },
  );

  it('that keeps both in a sandbox is fine', () => {
    expect(found(seen({ page: pageWith('sandbox allow-scripts allow-same-origin') }))).toEqual([]);
  });

  it('on plain http whose policy asks for https is named by that alone, and one on https or on this machine is fine', () => {
    const policies = ['upgrade-insecure-requests'];
    const at = (url: string) => {
      const endpoint = { ...silent, url: new URL('/offer-events', url).href };
      return seen({ page: answer({ url }), policies, browser: idle(), endpoint });
    };
    expect(found(at('http://192.0.2.2/'))).toEqual(['error page-upgraded']);
    expect(judge(at('http://192.0.2.2/')).fine.join()).not.toContain('The proxy answers');
    expect(found(seen({ policies }))).toEqual([]);
    for (const host of ['localhost', '127.0.0.2'])
      expect(found(at(`http://${host}/`))).not.toContain('error page-upgraded');
  });

  it('whose quotation marks an editor has replaced is named by that, and not by what follows from it', () => {
    const quoted = tag({ src: '”/offersight.js”', 'data-endpoint': '”/offer-events”' });
    const observed = seen({
      ...{
        tags: [quoted],
        script: answer({ status: 404 }),
        endpoint: { ...silent, asked: answer({ status: 404 }) },
      },
      browser: idle({ tags: [quoted], offers: [offer('”a52ge40b”')] }),
      inspector: answer({ status: 404 }),
    });
    expect(found(observed)).toEqual(['error page-quotes']);
    expect(found(served({ offers: [offer('”a52ge40b”')] }))).toEqual(['error page-quotes']);
    const both = served({
      ...{ offers: [offer('”a52ge40b”')], script: answer({ status: 404 }) },
      endpoint: { ...seen().endpoint, asked: answer({ url: ENDPOINT, status: 404 }) },
    });
    expect(found(both)).toEqual(['error page-quotes', 'error script-missing', 'error endpoint-not-found']);
    expect(judge(observed).fine.join()).not.toContain('an id that Chargebee can take');
    expect(found(served({ tags: [tag({ 'data-labels': '„Später“' })] }))).toEqual([]);
  });
});

describe('consent', () => {
  const withConsent = (consent: string) =>
    seen({ browser: browser({ tracker: { ...browser().tracker, consent } }) });

  it('that is missing is noted, and given consent is not', () => {
    expect(found(withConsent('pending'))).toEqual(['note consent-missing']);
    expect(found(withConsent('denied'))).toEqual(['note consent-missing']);
    expect(found(withConsent('granted'))).toEqual([]);
    const startedBy = { 'data-endpoint': '/offer-events', 'data-consent': 'pending' };
    const given = { ...browser().tracker, startedBy, consent: 'granted' };
    expect(found(seen({ browser: browser({ tracker: given }) }))).toEqual([]);
  });

  it('is noted by the tag where no tracker works', () => {
    const startedBy = { 'data-endpoint': '/offer-events', 'data-consent': 'pending' };
    const tracker = { hasScriptRun: true, startedBy, endpoints: [] };
    expect(found(seen({ browser: browser({ tracker }) }))).toEqual(['note consent-missing']);
  });
});

describe('an endpoint that is asked a few times', () => {
  const page = answer({ url: ENDPOINT, status: 404, headers: { 'content-type': 'text/html' } });
  const proxy = problem('batch');

  it('and answers in two ways is unsteady, and nothing else is said of it', () => {
    const endpoint = { ...seen().endpoint, asked: page };
    for (const observed of [
      seen({ repeated: [proxy, page, proxy] }),
      seen({ endpoint, repeated: [proxy, page, proxy] }),
    ]) {
      expect(found(observed)).toEqual(['error endpoint-unsteady']);
      expect(evidenceOf(observed)).toMatch(/[12] of 4 requests were not answered by the proxy/);
    }
    expect(found(seen({ endpoint, repeated: [proxy] }))).toEqual(['error endpoint-unsteady']);
    // The same machine may lack the script's file.
    const script = answer({ status: 404 });
    expect(found(seen({ endpoint, script, repeated: [proxy] }))).toEqual([
      'error endpoint-unsteady',
      'error script-missing',
    ]);
    const elsewhere = { ...endpoint, url: 'https://events.example/offer-events' };
    expect(found(seen({ endpoint: elsewhere, repeated: [proxy, page] }))).toEqual([
      'error endpoint-other-origin',
    ]);
  });

  it('and always answers alike is steady, whether that is right or wrong', () => {
    expect(found(seen({ repeated: [proxy, proxy] }))).toEqual([]);
    const endpoint = { ...seen().endpoint, asked: page };
    expect(found(seen({ endpoint, repeated: [page, page] }))).toEqual(['error endpoint-not-found']);
  });

  it('and keeps out those who ask often is not unsteady for that', () => {
    const kept = [202, 302, 403, 418].map((status) => answer({ url: ENDPOINT, status }));
    const challenge = answer({ url: ENDPOINT, status: 405, headers: { 'x-amzn-waf-action': 'captcha' } });
    expect(found(seen({ repeated: [proxy, ...kept, challenge] }))).toEqual([]);
  });

  const failed = { kind: 'failed', url: ENDPOINT, reason: 'no answer in time' } as const;
  it.each([
    ['a machine that is down', answer({ url: ENDPOINT, status: 502 }), 'error', 'others fail'],
    ['a limit', answer({ url: ENDPOINT, status: 429 }), 'warning', 'several requests at once'],
    ['nginx’s limit', answer({ url: ENDPOINT, status: 503 }), 'warning', 'several requests at once'],
    ['no answer', failed, 'warning', 'others get no answer'],
    ['another proxy’s refusal', problem('origin', 403), 'error', 'others are refused'],
    ['the proxy’s own limit', problem('budget', 429), 'warning', 'enough from this address'],
  ] as const)('and meets %s in some of them is unsteady', (_, other, severity, words) => {
    const observed = seen({ repeated: [proxy, other, proxy] });
    expect(found(observed)).toEqual([`${severity} endpoint-unsteady`]);
    expect(judge(observed).findings[0]?.title).toContain(words);
  });

  it('and answers slowly each time is named as slow, and not if one answer was fast', () => {
    const slow = { ...proxy, ms: 4_200 };
    expect(found(seen({ repeated: [slow, { ...proxy, ms: 3_100 }] }))).toEqual(['warning endpoint-slow']);
    expect(evidenceOf(seen({ repeated: [slow, slow] }))).toContain('the fastest of 2 answers took 4.2 s');
    expect(found(seen({ repeated: [slow, { ...proxy, ms: 80 }] }))).toEqual([]);
  });

  it('and refuses events is named by that and not by their length, unless it was meant for who asks often', () => {
    const refusing = answer({ url: ENDPOINT, status: 400, headers: {}, text: '{"message":"invalid"}' });
    const observed = seen({ full: refusing, long: refusing });
    expect(found(observed)).toEqual(['error endpoint-events-refused']);
    expect(evidenceOf(observed)).toContain('{"message":"invalid"}');
    for (const doubtful of [
      failed,
      ...[502, 403].map((status) => answer({ url: ENDPOINT, status, text: '' })),
    ])
      expect(found(seen({ full: doubtful }))).toEqual(['warning endpoint-events-refused']);
    const challenge = answer({ url: ENDPOINT, status: 403, headers: { 'cf-mitigated': 'challenge' } });
    const limit = answer({ url: ENDPOINT, status: 429 });
    for (const full of [proxy, problem('budget', 429), limit, challenge])
      expect(found(seen({ full }))).toEqual([]);
    expect(found(seen({ full: refusing, endpoint: { ...seen().endpoint, asked: refusing } }))).not.toContain(
      'error endpoint-events-refused',
    );
  });

  it('and refuses a long body is named by that, unless a limit of requests refused it', () => {
    const tooLarge = answer({ url: ENDPOINT, status: 413, headers: {}, text: '<h1>413</h1>' });
    expect(found(seen({ long: tooLarge }))).toEqual(['error endpoint-body-limit']);
    expect(evidenceOf(seen({ long: tooLarge }))).toContain('answered 413');
    expect(found(seen({ long: failed }))).toEqual(['warning endpoint-body-limit']);
    for (const long of [proxy, problem('budget', 429), answer({ url: ENDPOINT, status: 429 })])
      expect(found(seen({ long }))).toEqual([]);
  });

  it('and has a clock that is wrong by more than five minutes is named by that, unless its answer was stored', () => {
    const at = Date.UTC(2026, 10, 24);
    const dated = (minutes: number, headers = {}): Observed => {
      const date = new Date(at + minutes * 60_000).toUTCString();
      return seen({
        at,
        endpoint: { ...seen().endpoint, asked: problem('batch', 400, { date, ...headers }) },
      });
    };
    expect(found(dated(4))).toEqual([]);
    expect(found(dated(6))).toEqual(['warning endpoint-clock']);
    expect(found(dated(-60))).toEqual(['warning endpoint-clock']);
    expect(found(dated(-60, { age: '3600' }))).toEqual(['error endpoint-cached']);
  });

  it('and is a firewall’s page is named as that, with the number on the page', () => {
    const text = '<html><body>The requested URL was rejected. Your support ID is: 4711</body></html>';
    const asked = answer({ url: ENDPOINT, text, headers: { 'content-type': 'text/html' } });
    const observed = seen({ endpoint: { ...seen().endpoint, asked } });
    expect(found(observed)).toEqual(['error endpoint-forbidden']);
    expect(evidenceOf(observed)).toContain('support ID is: 4711');
  });

  it.each([
    [404, '<h1>Not found</h1><p>Support ideas</p>', 'endpoint-not-found'],
    [404, '<h1>Request Rejected</h1>', 'endpoint-not-found'],
    [200, '<div id="app"></div><script>t("Request rejected")</script>', 'endpoint-not-proxy'],
    [401, 'incident ID: 1', 'endpoint-not-proxy'],
    [503, 'Incapsula incident ID: 1', 'endpoint-gateway'],
  ])('and answers %i with “%s” does not count as a firewall', (status, text, name) => {
    const asked = answer({ url: ENDPOINT, status, text, headers: { 'content-type': 'text/html' } });
    expect(found(seen({ endpoint: { ...seen().endpoint, asked } }))).toEqual([`error ${name}`]);
  });
});

describe('an id', () => {
  it.each([
    'offer.id',
    'props.offer.id',
    'item.offerId',
    'offerId',
    'offer_id',
    'YOUR_OFFER_ID',
    'your-offer-id',
  ])('such as %s is doubted', (id) => {
    expect(found(seen({ browser: browser({ offers: [offer(id)] }) }))).toEqual(['warning offer-id-doubtful']);
    expect(found(served({ offers: [offer(id)] }))).toEqual(['warning offer-id-doubtful']);
  });

  it.each([
    'a52ge40b',
    'AzyXkTV5RqGb1Gx',
    'summer.2026',
    'paid',
    'offer-1',
    'cid',
    'com.example.id',
    'your_savings',
    'my-bundle',
  ])('such as %s is not', (id) => expect(found(served({ offers: [offer(id)] }))).toEqual([]));
});

describe('a page that was served with an offer', () => {
  const from = (headers: Answer['headers'], offers = [offer('a52ge40b')]) =>
    found(
      served({ page: answer({ url: PAGE, headers: { 'content-type': 'text/html', ...headers } }), offers }),
    );

  it.each([
    { age: '4711' },
    { 'x-cache': 'Hit from cloudfront' },
    { 'cf-cache-status': 'HIT' },
    { 'x-cache': 'TCP_HIT from a192' },
    { 'cache-status': 'edge; hit' },
    { 'x-vercel-cache': 'STALE' },
    { 'cache-control': 's-maxage=60' },
    { 'cache-control': 'public, max-age=600' },
  ])('is said to be for everybody if its headers have %j', (headers) =>
    expect(from(headers)).toEqual(['warning offer-shared']),
  );

  it.each([
    {},
    { age: '0' },
    { 'x-cache': 'Miss from cloudfront' },
    { 'cf-cache-status': 'DYNAMIC' },
    { 'cache-status': 'edge; fwd=miss' },
    { 'cache-control': 'public, no-cache, max-age=9' },
    { 'cache-control': 'public, no-store, max-age=9' },
    { 'cache-control': 's-maxage=60', vary: '*' },
    { 'cache-control': 'max-age=600' },
    { 'cache-control': 'public, max-age=0' },
    { 'cache-control': 'private, max-age=600' },
    { 'cache-control': 's-maxage=0' },
    { 'cache-control': 's-maxage=60', vary: 'Cookie' },
  ])('is not if they have %j', (headers) => expect(from(headers)).toEqual([]));

  it('is fine out of a cache if scripts add the offers, or their ids', () => {
    expect(from({ age: '1' }, [])).not.toContain('warning offer-shared');
    for (const id of ['', '{{ offer.id }}', 'offer.id'])
      expect(from({ age: '1' }, [offer(id)])).not.toContain('warning offer-shared');
    const page = answer({ url: PAGE, headers: { age: '1' } });
    const filled = browser({ offers: [offer('b63hf51c')] });
    expect(found(seen({ page, offers: [offer('a52ge40b')], browser: filled }))).toEqual([]);
    expect(found(seen({ page, offers: [offer('a52ge40b')] }))).toEqual(['warning offer-shared']);
  });

  it('is told apart by whether it came out of a cache or may yet', () => {
    const titleOf = (headers: Answer['headers']) =>
      judge(served({ page: answer({ url: PAGE, headers }) })).findings[0]?.title;
    expect(titleOf({ age: '1' })).toContain('came out of a cache');
    expect(titleOf({ 'cache-control': 's-maxage=60' })).toContain('may keep the page');
  });
});
