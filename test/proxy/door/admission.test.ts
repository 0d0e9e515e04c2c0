import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CANARY_KEY, pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const GOOD = wireBody([wireEvent(1)]);
const SHOP = 'https://shop.example';

let started: StartedProxy;

beforeEach(() => {
  started = startProxy({ origins: [SHOP, 'https://www.shop.example:8443'] });
});

afterEach(async () => {
  await started.end();
});

/** Everything that a problem promises, and that nothing of the request went any further. */
const expectProblem = async (response: Response, status: number, code: string): Promise<void> => {
  const text = await response.text();
  expect([response.status, JSON.parse(text)]).toEqual([
    status,
    { type: `urn:offersight:problem:${code}`, title: expect.any(String) as string, status, code },
  ]);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  expect(text).not.toContain(CANARY_KEY);
  await expectUntouched(started);
};

const expectAdmitted = async (response: Response): Promise<void> => {
  expect([response.status, await response.json()]).toEqual([
    200,
    { v: 1, results: [{ id: eventId(1), status: 'accepted' }] },
  ]);
};

describe('an admitted request', () => {
  it('is answered with JSON that nobody stores, sniffs or reads from another origin', async () => {
    const response = await started.proxy(pageRequest(GOOD));
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    await expectAdmitted(response);
  });
});

describe('the endpoint takes only POST', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])(
    'a %s is answered with 405 (attack 1)',
    async (method) => {
      const response = await started.proxy(pageRequest(null, {}, method));
      expect(response.headers.get('allow')).toBe('POST');
      await expectProblem(response, 405, 'method');
    },
  );

  it('a preflight is answered with 405 as well (attack 2)', async () => {
    const headers = { origin: SHOP, 'access-control-request-method': 'POST', 'sec-fetch-mode': 'cors' };
    await expectProblem(await started.proxy(pageRequest(null, headers, 'OPTIONS')), 405, 'method');
  });
});

describe('only pages of this site may report', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['same-site, which a sibling sub-domain is (attack 13)', { 'sec-fetch-site': 'same-site' }],
    ['none (attack 14)', { 'sec-fetch-site': 'none' }],
    ['an empty Sec-Fetch-Site (attack 13)', { 'sec-fetch-site': '' }],
    ['same-origin in capitals (attack 13)', { 'sec-fetch-site': 'Same-Origin' }],
    ['Sec-Fetch-Site twice (attack 13)', { 'sec-fetch-site': 'same-origin, same-origin' }],
    ['cross-site with a listed Origin (attack 13)', { 'sec-fetch-site': 'cross-site', origin: SHOP }],
    ['a navigation (attack 21)', { 'sec-fetch-mode': 'navigate' }],
    ['a document (attack 21)', { 'sec-fetch-dest': 'document' }],
    ['neither Sec-Fetch-Site nor Origin (attack 16)', { 'sec-fetch-site': undefined }],
    ['only a Referer (attack 16)', { 'sec-fetch-site': undefined, referer: `${SHOP}/cart` }],
  ])('refused: %s', async (_, headers) => {
    await expectProblem(await started.proxy(pageRequest(GOOD, headers)), 403, 'origin');
  });

  it.each([
    ['null (attack 17)', 'null'],
    ['empty (attack 15)', ''],
    ['another (attack 15)', 'https://evil.example'],
    ['the listed one with http (attack 15)', 'http://shop.example'],
    ['the listed one on another port (attack 15)', `${SHOP}:8443`],
    ['the listed one with a slash (attack 15)', `${SHOP}/`],
    ['one that begins alike (attack 15)', `${SHOP}.evil.example`],
    ['one that ends alike (attack 15)', 'https://notshop.example'],
    ['a sub-domain of it (attack 15)', 'https://a.shop.example'],
    ['listed, and there twice (attack 18)', `${SHOP}, ${SHOP}`],
    ['this request’s own Host (attack 15)', 'https://x.example'],
  ])('refused without Sec-Fetch-Site: an Origin that is %s', async (_, origin) => {
    const headers = { 'sec-fetch-site': undefined, origin, host: 'x.example' };
    await expectProblem(await started.proxy(pageRequest(GOOD, headers)), 403, 'origin');
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['fetch metadata that say same-origin', {}],
    ['the same with an Origin that is not listed', { origin: 'https://proxy.example' }],
    ['the same with mode cors', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a listed Origin where no fetch metadata are sent', { 'sec-fetch-site': undefined, origin: SHOP }],
    ['a listed Origin with a port', { 'sec-fetch-site': undefined, origin: 'https://www.shop.example:8443' }],
  ])('admitted: %s', async (_, headers) => {
    await expectAdmitted(await started.proxy(pageRequest(GOOD, headers)));
  });
});

describe('the endpoint reads only plain JSON in UTF-8', () => {
  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/json',
    'application/jsonp',
    'application/json-seq',
    'application/problem+json',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json; boundary=x',
    'application/json, text/plain',
    'text/plain; application/json',
    'application/json\u00a0',
    'application/json;\u00a0charset=utf-8',
    'application/json\u00a0; charset=utf-8',
  ])('the type %j is rejected (attack 19)', async (type) => {
    await expectProblem(await started.proxy(pageRequest(GOOD, { 'content-type': type })), 415, 'type');
  });

  it.each(['same-origin', 'same-site', 'cross-site'])(
    "not a beacon's text, which needs no preflight, whose sender is %s (attack 20)",
    async (site) => {
      const headers = {
        'content-type': 'text/plain;charset=UTF-8',
        'sec-fetch-site': site,
        'sec-fetch-mode': 'no-cors',
        origin: SHOP,
      };
      const [status, code] = site === 'same-origin' ? ([415, 'type'] as const) : ([403, 'origin'] as const);
      await expectProblem(await started.proxy(pageRequest(GOOD, headers)), status, code);
    },
  );

  it('a body without a type is rejected (attack 19)', async () => {
    const request = pageRequest(new TextEncoder().encode(GOOD), { 'content-type': undefined });
    await expectProblem(await started.proxy(request), 415, 'type');
  });

  it.each(['gzip', 'br', 'zstd', 'deflate', 'identity', 'gzip, gzip', 'x'])(
    'a body that is encoded as %s is rejected (attack 24)',
    async (coding) => {
      await expectProblem(
        await started.proxy(pageRequest(GOOD, { 'content-encoding': coding })),
        415,
        'type',
      );
    },
  );

  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json ; charset="utf-8"',
    'application/json\t;\tcharset=utf-8',
  ])('the type %s is admitted', async (type) => {
    await expectAdmitted(await started.proxy(pageRequest(GOOD, { 'content-type': type })));
  });

  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ['a byte that no UTF-8 has', Uint8Array.of(0x22, 0xff, 0x22)],
    ['an overlong slash', Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)],
    ['half a character', Uint8Array.of(0x22, 0xe2, 0x82, 0x22)],
    ['an encoded surrogate', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
  ])('%s is rejected, even inside an otherwise good event (attack 25)', async (_, junk) => {
    const [before, after] = GOOD.split('"a52ge1"').map((part) => new TextEncoder().encode(part));
    const bytes = Buffer.concat([before ?? junk, junk, after ?? junk]);
    await expectProblem(await started.proxy(pageRequest(new Uint8Array(bytes))), 400, 'json');
  });

  it.each<[string, BodyInit | null]>([
    ['no body', null],
    ['an empty body', ''],
    ['a byte order mark', `\ufeff${GOOD}`],
    ['UTF-16', new Uint8Array(Buffer.from(`\ufeff${GOOD}`, 'utf16le'))],
    ['HTML', '<form>'],
  ])('%s is rejected (attack 26)', async (_, body) => {
    await expectProblem(await started.proxy(pageRequest(body)), 400, 'json');
  });
});
