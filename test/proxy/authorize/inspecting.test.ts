/** Links that open the inspector: who can make one, and where it is valid. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInspecting } from '../../../src/proxy/authorize/inspecting.js';
import { keyOf, macOf } from '../../../src/proxy/authorize/mac.js';
import { inspectLink } from '../../../src/proxy/index.js';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

const SECRET = 'canary-inspect-0123456789-abcdefghij';
const OTHER = 'another-inspect-0123456789-abcdefghi';
const HOUR_MS = 3_600_000;
const PAGE = 'https://shop.example/offers/autumn?from=mail#top';

const now = (): number => START;

const codeOf = (link: string): string => new URL(link).hash.replace('#offersight-inspect=', '');

const opens = createInspecting([SECRET]);

describe('a link', () => {
  it('keeps the page’s path and query, and opens the inspector on that path', async () => {
    const link = await inspectLink(PAGE, { secret: SECRET, now });
    expect(link).toMatch(
      /^https:\/\/shop\.example\/offers\/autumn\?from=mail#offersight-inspect=[\da-z]+\.\.[\w-]{43}$/,
    );
    expect(await opens(codeOf(link), '/offers/autumn', START)).toBe(true);
  });

  it('opens it for an hour, and not a millisecond longer (attack 76)', async () => {
    const code = codeOf(await inspectLink(PAGE, { secret: SECRET, now }));
    expect(await opens(code, '/offers/autumn', START + HOUR_MS - 1)).toBe(true);
    expect(await opens(code, '/offers/autumn', START + HOUR_MS)).toBe(false);
  });

  it('opens nothing before its hour if a clock ahead of the proxy’s made it (attack 76)', async () => {
    const code = codeOf(await inspectLink(PAGE, { secret: SECRET, now: () => START + 2 * HOUR_MS }));
    expect(await opens(code, '/offers/autumn', START)).toBe(false);
    expect(await opens(code, '/offers/autumn', START + 2 * HOUR_MS)).toBe(true);
  });

  it('opens nothing on another path, with another end or another operator’s page (attack 76)', async () => {
    const options = { secret: SECRET, now, operatorUrl: 'https://ops.example/admin/' };
    const code = codeOf(await inspectLink(PAGE, options));
    expect(await opens(code, '/offers/autumn', START)).toBe(true);
    const [end = '', operator = '', mac = ''] = code.split('.');
    const later = (Number.parseInt(end, 36) + 1).toString(36);
    const elsewhere = Buffer.from('https://evil.example/').toString('base64url');
    for (const [changed, path] of [
      [code, '/offers/'],
      [code, '/offers/autumn/'],
      [`${later}.${operator}.${mac}`, '/offers/autumn'],
      [`${end}.${elsewhere}.${mac}`, '/offers/autumn'],
      [`${end}..${mac}`, '/offers/autumn'],
      [`${end}.${operator}.${mac.slice(0, -1)}`, '/offers/autumn'],
      [`${end}.${operator}.${mac.slice(1)}${mac.charAt(0)}`, '/offers/autumn'],
      [`${code}.x`, '/offers/autumn'],
      [`x.${code}`, '/offers/autumn'],
      ['', '/offers/autumn'],
    ] as const)
      expect([changed, await opens(changed, path, START)]).toEqual([changed, false]);
  });

  it('can also be made by a clock that has parts of milliseconds', async () => {
    const code = codeOf(await inspectLink(PAGE, { secret: SECRET, now: () => START + 0.25 }));
    expect(await opens(code, '/offers/autumn', START)).toBe(true);
  });

  it.each([
    ['offersight inspect 1', true],
    // The token of a signed offer is another use of the same secret.
    ['offersight offer 1', false],
  ])('is signed for the purpose “%s”: %s', async (purpose, isOpen) => {
    const end = (START + 1_000).toString(36);
    const mac = await macOf(await keyOf(SECRET), JSON.stringify([purpose, '/offers/autumn', end, '']));
    expect(await opens(`${end}..${mac}`, '/offers/autumn', START)).toBe(isOpen);
  });

  it('opens nothing if another secret made it, and any of several secrets may have made it', async () => {
    const code = codeOf(await inspectLink(PAGE, { secret: OTHER, now }));
    expect(await opens(code, '/offers/autumn', START)).toBe(false);
    expect(await createInspecting([SECRET, OTHER])(code, '/offers/autumn', START)).toBe(true);
    expect(await createInspecting([])(code, '/offers/autumn', START)).toBe(false);
  });

  it.each([
    ['/offers', SECRET, undefined, /whole address/],
    ['javascript:alert(1)', SECRET, undefined, /whole address/],
    [PAGE, 'short', undefined, /32 characters/],
    ['https://ann:pw@shop.example/', SECRET, undefined, /whole address/],
    [PAGE, SECRET, '/admin/', /operator’s page/],
    [PAGE, SECRET, 'https://ops.example/admin', /slash at the end/],
    [PAGE, SECRET, 'https://ops.example/admin/?a=1', /slash at the end/],
    [PAGE, SECRET, `https://ops.example/${'a'.repeat(300)}/`, /300 characters/],
    [PAGE, SECRET, 'javascript:alert(1)', /operator’s page/],
  ])('is not made for %s with %s and %s', async (url, secret, operatorUrl, words) => {
    await expect(inspectLink(url, { secret, operatorUrl, now })).rejects.toThrow(words);
  });
});

describe('the proxy', () => {
  let started: StartedProxy;

  beforeEach(() => {
    started = startProxy({ inspectSecret: SECRET, limits: { perAddress: 5 } });
  });
  afterEach(() => started.end());

  const ask = (body: object, headers = {}, address = '203.0.113.7'): Promise<Response> =>
    started.proxy(pageRequest(JSON.stringify(body), headers), { address });

  const right = async (): Promise<string> => codeOf(await inspectLink(PAGE, { secret: SECRET, now }));

  it('says yes to a valid link, and takes no events that come with it', async () => {
    const events = JSON.parse(wireBody([wireEvent(1)])) as object;
    const response = await ask({ ...events, v: 1, inspect: await right(), path: '/offers/autumn' });
    expect([response.status, await response.json()]).toEqual([200, { v: 1, inspect: true }]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await started.intake.list({ limit: 1 })).toEqual([]);
  });

  it('answers every other code alike (attack 76)', async () => {
    const code = await right();
    const answers = [];
    for (const [inspect, path] of [
      [code, '/'],
      ['', '/offers/autumn'],
      ['x'.repeat(10_000), '/offers/autumn'],
      ['__proto__', 'constructor'],
    ]) {
      const response = await ask({ v: 1, inspect, path });
      answers.push([response.status, await response.text()]);
    }
    expect(answers).toEqual(Array(4).fill([403, expect.stringContaining('"code":"inspect"')]));
    expect(answers[1]).toEqual(answers[0]);
  });

  it('lets an address guess as often as it may report, and no more (attack 77)', async () => {
    const statuses = [];
    for (let guess = 0; guess < 7; guess++)
      statuses.push((await ask({ v: 1, inspect: `1.${guess}.x`, path: '/' })).status);
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429, 429]);
    // This does not keep out anybody else.
    const other = await ask({ v: 1, inspect: await right(), path: '/offers/autumn' }, {}, '203.0.113.8');
    expect(other.status).toBe(200);
  });

  it('does not look at a code that a page of another site sends (attack 77)', async () => {
    const response = await ask(
      { v: 1, inspect: await right(), path: '/offers/autumn' },
      { 'sec-fetch-site': 'cross-site' },
    );
    expect([response.status, await response.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'origin' }),
    ]);
  });

  it.each([
    [{ v: 1, inspect: 7, path: '/' }, 'batch'],
    [{ v: 1, inspect: 'x' }, 'batch'],
    [{ v: 2, inspect: 'x', path: '/' }, 'unsupported'],
  ])('rejects the request %o as %s', async (body, code) => {
    const response = await ask(body);
    expect([response.status, await response.json()]).toEqual([400, expect.objectContaining({ code })]);
  });

  it('opens nothing without a secret, and refuses one that is too short', async () => {
    await started.end();
    started = startProxy();
    expect((await ask({ v: 1, inspect: await right(), path: '/offers/autumn' })).status).toBe(403);
    expect(() => startProxy({ inspectSecret: 'short' })).toThrow(/32 characters/);
  });
});
