import { describe, expect, it } from 'vitest';
import { replyNothing } from '../../src/proxy/cli/routes.js';
import type { Asked, Observed } from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';
import { answer, browser, ENDPOINT, evidenceOf, found, problem, seen, served } from './seen.js';

const asked = (given: Asked): Observed => seen({ endpoint: { ...seen().endpoint, asked: given } });
const page = (status: number, headers: Readonly<Record<string, string>> = {}): Asked =>
  answer({
    url: ENDPOINT,
    status,
    headers: { 'content-type': 'text/html', ...headers },
    text: '<h1>Shop</h1>',
  });

describe('the endpoint', () => {
  it('of another origin is the only finding, with any answer', () => {
    const url = 'https://www.shop.example/offer-events';
    const observed = seen({ endpoint: { ...seen().endpoint, url, asked: page(404) } });
    expect(found(observed)).toEqual(['error endpoint-other-origin']);
    expect(evidenceOf(observed)).toContain('the page is on https://shop.example\n');
  });

  it('is blocked by a policy that the browser names, or that is read without one', () => {
    const violations = [{ directive: 'connect-src', blocked: ENDPOINT }];
    const nothing: Asked = { kind: 'failed', url: ENDPOINT, reason: 'Failed to fetch' };
    expect(
      found(seen({ browser: browser({ violations }), endpoint: { ...seen().endpoint, asked: nothing } })),
    ).toEqual(['error endpoint-blocked-by-policy']);
    expect(found(served({ policies: ["default-src 'none'; script-src 'self'"] }))).toEqual([
      'error endpoint-blocked-by-policy',
    ]);
    expect(found(asked(nothing))).toEqual(['error endpoint-unreachable']);
  });

  it.each([
    ['path', 404, 'endpoint-path'],
    ['method', 405, 'endpoint-method'],
    ['type', 415, 'endpoint-body-changed'],
    ['json', 400, 'endpoint-body-changed'],
    ['incomplete', 400, 'endpoint-body-changed'],
    ['headers', 400, 'endpoint-body-changed'],
    ['origin', 403, 'endpoint-origin-refused'],
    ['budget', 429, 'endpoint-budget'],
    ['unavailable', 503, 'endpoint-unavailable'],
  ])('whose proxy says %s is named by it', (code, status, id) => {
    const observed = asked(problem(code, status));
    expect(found(observed)).toEqual([`error ${id}`]);
    expect(evidenceOf(observed)).toContain(`answered ${status}`);
    expect(evidenceOf(observed)).toContain(`code: ${code}`);
  });

  it('that the standalone proxy answers at another path than its own is named like any path of a proxy', () => {
    const nothing = { url: ENDPOINT, status: 0, headers: {}, text: '' };
    const outgoing = {
      writeHead(status: number, headers: Readonly<Record<string, string>>) {
        Object.assign(nothing, { status, headers });
        return { end: (text: string) => Object.assign(nothing, { text }) };
      },
    };
    void replyNothing({} as never, outgoing as never);
    expect(found(asked(answer(nothing)))).toEqual(['error endpoint-path']);
  });

  it('whose answers a gateway wraps is named by that, and not as a page', () => {
    const text = JSON.stringify({ success: false, data: { type: 'urn:offersight:problem:batch' } });
    const observed = asked(answer({ url: ENDPOINT, status: 200, headers: {}, text }));
    expect(found(observed)).toEqual(['error endpoint-not-proxy']);
    expect(judge(observed).findings[0]?.title).toContain('wraps the proxy’s answers');
  });

  it.each([
    [200, 'endpoint-not-proxy'],
    [301, 'endpoint-redirected'],
    [400, 'endpoint-not-proxy'],
    [401, 'endpoint-not-proxy'],
    [403, 'endpoint-forbidden'],
    [404, 'endpoint-not-found'],
    [405, 'endpoint-method-not-allowed'],
    [413, 'endpoint-not-proxy'],
    [415, 'endpoint-not-proxy'],
    [418, 'endpoint-not-proxy'],
    [419, 'endpoint-forbidden'],
    [429, 'endpoint-not-proxy'],
    [502, 'endpoint-gateway'],
  ])('where somebody else answers %d is named by that', (status, id) => {
    const observed = asked(page(status));
    expect(found(observed)).toEqual([`error ${id}`]);
    expect(evidenceOf(observed)).toContain('it says: Shop');
  });

  it('behind a challenge is only doubted, since visitors may get through', () => {
    for (const headers of [
      { 'cf-mitigated': 'challenge' },
      { 'x-amzn-waf-action': 'challenge' },
      { 'x-vercel-mitigated': 'challenge' },
    ])
      for (const status of [202, 403, 405])
        expect(found(asked(page(status, headers)))).toEqual(['warning endpoint-forbidden']);
    const datadome = { 'x-datadome': 'protected' };
    expect(found(asked(page(403, datadome)))).toEqual(['warning endpoint-forbidden']);
    // It marks what it lets through as well.
    expect(found(asked(page(404, datadome)))).toEqual(['error endpoint-not-found']);
  });

  it('that refuses a page on plain http has to list it', () => {
    const url = 'http://shop.test:3000/';
    const observed = seen({
      page: answer({ url }),
      endpoint: {
        url: `${url}offer-events`,
        namedBy: 'page',
        by: 'page',
        asked: { ...problem('origin', 403), url: `${url}offer-events` },
      },
    });
    expect(judge(observed).findings[0]?.repair).toContain('--origins http://shop.test:3000');
    expect(judge(asked(problem('origin', 403))).findings[0]?.repair).toContain('Sec-Fetch-Site');
  });

  it('that a gateway has no route for, or that is answered with nothing, is reported as such', () => {
    const gateway = answer({
      url: ENDPOINT,
      status: 403,
      text: '{"message":"Missing Authentication Token"}',
    });
    expect(found(asked(gateway))).toEqual(['error endpoint-not-found']);
    const nothing = asked(answer({ url: ENDPOINT, status: 204, headers: {}, text: '' }));
    expect(judge(nothing).findings[0]?.title).toContain('answers nothing');
  });

  it('that redirects to a login is reported as such', () => {
    expect(judge(asked(page(307, { location: '/login?next=/' }))).findings[0]?.title).toContain('to a login');
    expect(judge(asked(page(308, { location: '/offer-events/' }))).findings[0]?.title).toContain(
      'follows no redirect',
    );
  });

  it('that a script of the page moves is named by where the request went', () => {
    const observed = asked(answer({ url: 'https://shop.example/api/v2/offer-events', status: 404 }));
    expect(found(observed)).toEqual(['error endpoint-request-changed']);
    expect(evidenceOf(observed)).toContain('POST https://shop.example/api/v2/offer-events answered 404');
  });

  it.each([
    ['its age', 'error', problem('batch', 400, { age: '3' })],
    ['a hit', 'error', problem('batch', 400, { 'cf-cache-status': 'HIT' })],
    ['another cache-control', 'warning', problem('batch', 400, { 'cache-control': 'max-age=60' })],
  ])('that a cache treats as a page is known by %s', (_, severity, answered) => {
    expect(found(asked(answered))).toEqual([`${severity} endpoint-cached`]);
  });

  it('that a cache let through is fine', () => {
    expect(found(asked(problem('batch', 400, { 'x-cache': 'Error from cloudfront', age: '0' })))).toEqual([]);
  });

  it('is proved by nothing but a problem of the proxy’s', () => {
    const like = answer({ url: ENDPOINT, status: 400, text: '{"code":"batch","type":"about:blank"}' });
    expect(found(asked(like))).toEqual(['error endpoint-not-proxy']);
  });
});

describe('a problem of the proxy’s own', () => {
  it.each(['late', 'size', 'unsupported', 'many', 'incomplete', 'headers', 'json', 'type'])(
    'says that the request does not arrive as it was sent if its code is %s',
    (code) => expect(found(asked(problem(code)))).toEqual(['error endpoint-body-changed']),
  );

  it('that waited for the body in vain names body parsers, and no wrapper of answers', () => {
    const [{ title, repair } = { title: '', repair: '' }] = judge(asked(problem('late', 408))).findings;
    expect(title).toBe('The body does not reach the proxy, which waits for it in vain.');
    expect(repair).toContain('express.json()');
  });

  it('that no proxy of this version has here is still the proxy’s', () => {
    for (const code of ['moon', '__proto__', 'constructor', 'toString']) {
      const [{ title, id } = { title: '', id: '' }] = judge(asked(problem(code))).findings;
      expect([id, title]).toEqual([
        'endpoint-not-proxy',
        expect.stringContaining('The proxy refuses a request'),
      ]);
    }
  });
});

it('an answer of CloudFront for methods that it does not pass on is named as that', () => {
  const text = `<!DOCTYPE HTML><HTML><HEAD><META CHARSET="x"><TITLE>ERROR</TITLE></HEAD><BODY>This distribution is not
    configured to allow the HTTP request method that was used for this request.</BODY></HTML>`;
  const observed = asked(answer({ url: ENDPOINT, status: 403, text, headers: { server: 'CloudFront' } }));
  expect(found(observed)).toEqual(['error endpoint-method-not-allowed']);
  expect(evidenceOf(observed)).toContain(
    'it says: ERROR This distribution is not configured to allow the HTTP',
  );
});

describe('the text of a page', () => {
  const saysOf = (text: string): string =>
    evidenceOf(asked(answer({ url: ENDPOINT, status: 418, text, headers: { 'content-type': 'text/html' } })));

  it('is what people read of it', () => {
    const page = `<!doctype html><style>p { color: red }</style><script-loader src="a"></script-loader>
      <!-- hidden --><script>call()</script ><svg><SCRIPT>more()</SCRIPT></svg><h1>Blocked</h1><p class="a">4711`;
    expect(saysOf(page)).toContain('it says: Blocked 4711');
    expect(saysOf('<script>only()')).toContain('it begins: <script>only()');
    expect(saysOf('1 < 2')).toContain('it begins: 1 < 2');
    expect(saysOf(`<p>${'x'.repeat(400)}`)).toMatch(/it says: x{300}$/m);
  });

  it('is read in one go, however much of it looks like tags', () => {
    for (const part of ['<', '<a ', '<!-', '<script>'])
      expect(saysOf(part.repeat(300_000))).toMatch(/it (?:says|begins): /);
  });
});
