/** Alerts about the machines in front of the proxy, as far as their requests show them. */
import { describe, expect, it } from 'vitest';
import { createAlert } from '../../../src/proxy/alerts/alert.js';
import { clientKey } from '../../../src/proxy/door/address.js';
import { watchSurroundings } from '../../../src/proxy/door/surroundings.js';
import { pageRequest, startProxy } from '../../support/proxy.js';
import { fakeRuntime } from '../../support/runtime.js';
import { wireBody, wireEvent } from '../../support/wire.js';

const WINDOW_MS = 300_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** So many requests, with these headers, from the address that counts, and why they were rejected; or how long none came. */
interface Requests {
  readonly count: number;
  readonly headers?: Readonly<Record<string, string>> | ((at: number) => Readonly<Record<string, string>>);
  readonly from?: string | ((at: number) => string);
  readonly code?: 'origin' | 'budget' | 'method';
}
type Step = Requests | number;

interface Machines {
  readonly hops?: number;
  readonly isAddressGiven?: boolean;
}

/** The codes of all alerts, in order, and the words of the last one. */
const alertsAfter = (steps: readonly Step[], { hops = 0, isAddressGiven = false }: Machines = {}) => {
  const runtime = fakeRuntime();
  const codes: string[] = [];
  const words: string[] = [];
  const alert = createAlert((message, _, code) => {
    codes.push(code ?? '');
    words.push(message);
  }, runtime);
  const hear = watchSurroundings({ trustedHops: hops, isAddressGiven }, alert, runtime);
  for (const step of steps) {
    if (typeof step === 'number') {
      runtime.pass(step);
      continue;
    }
    const { count, headers: given = {}, from = (at: number) => `203.0.113.${at % 200}`, code } = step;
    for (let at = 0; at < count; at++) {
      const headers = new Headers(typeof given === 'function' ? given(at) : given);
      const socket = typeof from === 'function' ? from(at) : from;
      hear({ headers, address: clientKey(socket, headers.get('x-forwarded-for'), hops), code });
    }
  }
  return { codes, words };
};

const SAME = { 'sec-fetch-site': 'same-origin' };
const ok = (count: number): Requests => ({ count, headers: SAME });
/** Neither fetch metadata nor an Origin. */
const naked = (count: number): Requests => ({ count, code: 'origin' });
/** Safari before 16.4, which sends an Origin with every POST. */
const old = (count: number, origin = 'https://shop.example'): Requests => ({
  count,
  headers: { origin },
  code: 'origin',
});
const forwarded = (
  count: number,
  by: Requests['from'],
  of: (at: number) => string = () => '198.51.100.7',
): Requests => ({
  count,
  headers: (at) => ({ ...SAME, 'x-forwarded-for': of(at) }),
  ...(by !== undefined && { from: by }),
});
const cdn = (at: number): string => `203.0.113.${at % 5}`;
const visitor = (at: number): string => `198.51.100.${at % 200}`;
const ONE = '203.0.113.77';

describe('the alerts, if', () => {
  it.each<[string, Step[], string[], Machines?]>([
    ['four requests lack metadata', [naked(4)], []],
    ['five do', [naked(5)], ['noMetadata']],
    ['five do, after an hour of others', [ok(200), HOUR_MS + 1, naked(5)], ['noMetadata']],
    ['a few do in each of many hours', [naked(4), HOUR_MS + 1, naked(4), HOUR_MS + 1, naked(4)], []],
    ['fewer than 2 % of an hour do', [ok(245), old(4)], []],
    ['2 % of an hour do', [ok(245), old(5)], ['noMetadata']],
    ['nine of 509 do', [ok(500), old(9)], []],
    [
      'requests of other sites are refused',
      [{ count: 50, headers: { 'sec-fetch-site': 'cross-site' }, code: 'origin' }],
      [],
    ],
    [
      'browsers without metadata have a listed origin',
      [{ count: 50, headers: { origin: 'https://shop.example' } }],
      [],
    ],
    [
      'monitors send other requests, which do not count',
      [{ count: 250, from: ONE, code: 'method' }, naked(5)],
      ['noMetadata'],
    ],
    ['most were forwarded by a private machine', [forwarded(21, '10.0.0.2')], ['forwarded']],
    ['twenty were', [forwarded(19, '10.0.0.2')], []],
    ['visitors write the header themselves', [forwarded(50, undefined)], []],
    ['a hook names the addresses', [forwarded(250, '10.0.0.2')], [], { isAddressGiven: true }],
    ['a CDN of five addresses connects directly', [ok(21), forwarded(100, cdn, visitor)], ['forwarded']],
    [
      'a CDN of five addresses stands behind the trusted one',
      [forwarded(400, '127.0.0.1', (at) => `${visitor(at)}, ${cdn(at)}`)],
      ['forwarded'],
      { hops: 1 },
    ],
    [
      'a private machine stands there',
      [forwarded(201, '127.0.0.1', (at) => `${visitor(at)}, 10.0.0.5`)],
      ['forwarded'],
      { hops: 1 },
    ],
    ['the trusted one forwards', [forwarded(50, '127.0.0.1')], [], { hops: 1 }],
    [
      'a server that knows its CDN writes the visitor twice',
      [forwarded(100, '127.0.0.1', (at) => `${visitor(at)}, ${visitor(at)}`)],
      [],
      { hops: 1 },
    ],
    [
      'one of many visitors makes up who was before it',
      Array.from({ length: 100 }, (_, at) => [
        { count: 1, headers: SAME, from: `203.0.113.${at}` },
        forwarded(1, '203.0.113.200', () => visitor(at)),
      ]).flat(),
      [],
    ],
    [
      'no request was forwarded, though one machine is trusted',
      [{ count: 210, headers: SAME, from: '127.0.0.1' }],
      ['notForwarded'],
      { hops: 1 },
    ],
    [
      'entries are fewer than trusted machines, over the budget',
      [{ ...forwarded(21, '127.0.0.1', visitor), code: 'budget' }],
      ['notForwarded'],
      { hops: 2 },
    ],
    ['one visitor is on a quiet site', [{ count: 100, headers: SAME, from: ONE }], []],
    [
      'one address is among many',
      [{ count: 250, headers: SAME, from: (at) => (at % 2 ? ONE : visitor(at)) }],
      [],
    ],
    ['one public address sends most', [{ count: 201, headers: SAME, from: ONE }], ['oneAddress']],
    [
      'it does so for a day, since it may be a network of many',
      [WINDOW_MS + 1, DAY_MS - 2 * WINDOW_MS, WINDOW_MS + 1].flatMap((waitMs) => [
        { count: 201, headers: SAME, from: ONE },
        waitMs,
      ]),
      ['oneAddress'],
    ],
    [
      'it does so for longer',
      [DAY_MS, 1].flatMap((waitMs) => [{ count: 201, headers: SAME, from: ONE }, waitMs]),
      ['oneAddress', 'oneAddress'],
    ],
  ])('%s', (_, steps, expected, machines) => {
    const { codes, words } = alertsAfter(steps, machines);
    expect(codes).toEqual(expected);
    expect(words.join()).not.toMatch(/203\.0\.113|198\.51/);
  });
});

describe('the origin that an alert names', () => {
  it('is the one that most had, and no other in that hour, however many somebody makes up (attack 15)', () => {
    const madeUp = Array.from({ length: 40 }, (_, at) => old(6, `https://made-up-${at}.example`));
    const { words } = alertsAfter([old(5), ...madeUp, HOUR_MS / 2, old(1)]);
    expect(new Set(words.map((one) => /add (\S+) to origins \(--origins\)/.exec(one)?.[1]))).toEqual(
      new Set(['https://shop.example']),
    );
  });

  it.each(['null', 'https://a.example/%1b[31m', 'javascript:alert(1)', `https://${'a'.repeat(300)}.example`])(
    'is not %j, which is no origin',
    (origin) => {
      expect(alertsAfter([old(5, origin)]).words).toEqual([
        expect.stringContaining('add the origins of your pages to origins'),
      ]);
    },
  );
});

it('the whole proxy hears what it admits and what it refuses', async () => {
  const { proxy, alerts, end } = startProxy({ trustedHops: 1, limits: { perAddress: 15 } });
  const send = (number: number, headers: Record<string, string | undefined>): Promise<Response> =>
    proxy(pageRequest(wireBody([wireEvent(number)]), headers), { address: '127.0.0.1' });
  for (let at = 0; at < 201; at++) await send(at, { 'x-forwarded-for': `203.0.113.${at}, 10.0.0.5` });
  expect(alerts).toEqual([expect.stringMatching(/through machines of your own/)]);
  for (let at = 0; at < 5; at++)
    await send(at, { 'sec-fetch-site': undefined, origin: 'https://shop.example' });
  expect(alerts.slice(1)).toEqual([expect.stringMatching(/neither Sec-Fetch-Site nor an origin/)]);
  await end();
});
