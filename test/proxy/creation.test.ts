import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createOfferProxy,
  directIntake,
  isOffersightError,
  type OfferProxyOptions,
} from '../../src/proxy/index.js';
import { CANARY_KEY, pageRequest, type StartedProxy, startProxy } from '../support/proxy.js';
import { wireBody, wireEvent } from '../support/wire.js';

const BASIC = btoa(`${CANARY_KEY}:`);

let started: StartedProxy;

beforeEach(() => {
  started = startProxy();
});

afterEach(async () => {
  await started.end();
});

/** The error of creating a proxy with these options, which may be of any type. */
const errorOf = (options: { [Name in keyof OfferProxyOptions]?: unknown }): unknown => {
  const { intake, runtime } = started;
  try {
    createOfferProxy({
      site: 'acme-test',
      apiKey: CANARY_KEY,
      intake,
      runtime,
      ...options,
    } as OfferProxyOptions);
    return undefined;
  } catch (error) {
    return error;
  }
};

const expectRefusal = (options: { [Name in keyof OfferProxyOptions]?: unknown }, word: RegExp): void => {
  const error = errorOf(options);
  expect(error).toMatchObject({ name: 'OffersightError', code: 'configuration' });
  expect(isOffersightError(error) && error.hint).toMatch(word);
  const { apiKey = CANARY_KEY } = options;
  const shown = [String(error), inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error)].join(
    '\n',
  );
  if (typeof apiKey === 'string' && apiKey.trim().length > 6) expect(shown).not.toContain(apiKey);
  expect(shown).not.toContain('CANARY');
};

describe('creation fails, before any request,', () => {
  it('if what forwards later would run in a Worker, which runs only while it answers', () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    expectRefusal({}, /directIntake\(\) in a Worker/);
    expect(errorOf({ intake: directIntake() })).toBeUndefined();
  });

  it.each<unknown>([
    '',
    'acme.test',
    'acme-test.grow.chargebee.com',
    'https://acme-test',
    'acme/x',
    'acme test',
    'acme@evil.example',
    'acme#',
    '-acme',
    'acme\n',
    'a'.repeat(64),
    '\u0430cme',
    undefined,
    null,
  ])('if the site is %j (attack 48)', (site) => {
    expectRefusal({ site }, /\bsite\b/);
  });

  it.each<[string, unknown]>([
    ['it is missing', undefined],
    ['it is null', null],
    ['it is empty', ''],
    ['it is blank', '        '],
    ['a space before it', ` ${CANARY_KEY}`],
    ['a space inside', 'live_CANARY q7Zx81vN'],
    ['a line feed behind it', `${CANARY_KEY}\n`],
    ['a header behind it', `${CANARY_KEY}\r\nx-a: b`],
    ['a colon', `${CANARY_KEY}:`],
    ['quotes around it', `"${CANARY_KEY}"`],
    ['a query', `https://x.example/?key=${CANARY_KEY}`],
    ['letters beyond ASCII', `${CANARY_KEY}\u00e9`],
    ['1,000 characters', CANARY_KEY.repeat(60)],
  ])('if the API key is wrong (%s), and the message does not show it (attack 52)', (_, apiKey) => {
    expectRefusal({ apiKey }, /\bapiKey\b/);
  });

  it.each<unknown>([
    '',
    'upstream.example',
    '/api',
    'http://upstream.example',
    'ftp://upstream.example',
    'ftp://localhost',
    'ws://127.0.0.1:9',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://10.0.0.7',
    'https://169.254.169.254',
    'https://192.168.1.1:8443',
    'https://0x0a000007',
    'https://167772167',
    'https://[fd00::7]',
    'https://[::ffff:10.0.0.7]',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://localhost@evil.example',
    'https://user@upstream.example',
    'https://:secret@upstream.example',
    'https://upstream.example/?',
    'https://upstream.example?site=other',
    'https://upstream.example#',
  ])('if the base URL, also for usage events, is %j (attack 48)', (baseUrl) => {
    expectRefusal({ baseUrl }, /\bbaseUrl\b/);
    const usage = { subscriptionFor: () => 'sub_1', baseUrl };
    expectRefusal({ usage }, /\busage\.baseUrl\b/);
  });

  it.each<unknown>([
    ['shop.example'],
    ['https://shop.example/'],
    ['https://shop.example/cart'],
    ['HTTPS://shop.example'],
    ['https://Shop.example'],
    ['https://shop.example:443'],
    ['https://*.shop.example'.replace('*', ' ')],
    ['null'],
    [''],
    ['*'],
    ['https://a.example, https://b.example'],
    ['https://good.example', 'data:text/html,x'],
  ])('if the origins are %j', (...origins) => {
    expectRefusal({ origins }, /\borigins\b/);
  });

  it.each<unknown>([
    { perMinute: 0 },
    { perMinute: -1 },
    { perMinute: Number.NaN },
    { concurrent: 0 },
    { concurrent: Number.NaN },
  ])('if the pace is %o, by which nothing would ever be forwarded', (pace) => {
    expectRefusal({ pace }, /\bpace\b/);
  });

  it.each([
    'https://upstream.example',
    'https://upstream.example/',
    'https://upstream.example:8443',
    'http://localhost:3001',
    'http://127.0.0.1:3001',
    'http://[::1]:3001',
  ])('but not if the base URL is %s', (baseUrl) => {
    expect(errorOf({ baseUrl })).toBeUndefined();
  });
});

describe('the API key is shown only to the upstream', () => {
  it('and is in no reply, alert or inspection, even if the upstream echoes it (attacks 51, 53)', async () => {
    const { proxy, runtime, alerts } = started;
    const answers = [
      new Response(JSON.stringify({ message: CANARY_KEY, api_error_code: CANARY_KEY }), { status: 400 }),
      new Response(JSON.stringify({ message: BASIC }), { status: 401 }),
      new Response(`<p>${CANARY_KEY} ${BASIC}`, { status: 502, headers: { 'x-key': CANARY_KEY } }),
    ];
    runtime.answer = () => answers.shift() ?? Promise.reject(new Error(CANARY_KEY));
    const shown: string[] = [];
    for (const body of [wireBody([wireEvent(1), wireEvent(2), wireEvent(3)]), '<', wireBody([])]) {
      const response = await proxy(pageRequest(body));
      shown.push(JSON.stringify([...response.headers]), await response.text());
      await runtime.advance(60_000);
    }
    shown.push(...alerts, inspect(proxy, { depth: 9, showHidden: true }), JSON.stringify(proxy) ?? '');
    expect(alerts).not.toEqual([]);
    expect(shown.filter((text) => text.includes(CANARY_KEY) || text.includes(BASIC))).toEqual([]);
  });

  it('and no reply reveals where the upstream is (attack 51)', async () => {
    const { proxy, runtime } = started;
    runtime.answer = () => Promise.reject(new TypeError('fetch failed'));
    const response = await proxy(pageRequest(wireBody([wireEvent(1)])));
    await runtime.advance(10_000);
    const again = await proxy(pageRequest(wireBody([wireEvent(1)])));
    const shown = [await response.text(), await again.text(), JSON.stringify([...response.headers])];
    expect(shown.filter((text) => /chargebee|acme/.test(text))).toEqual([]);
  });
});
