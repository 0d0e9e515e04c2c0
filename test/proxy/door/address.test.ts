/** Which address a request counts for: a sender cannot change it, regardless of what it writes. */
import { describe, expect, it } from 'vitest';
import type { StartedProxy } from '../../support/proxy.js';
import { body, post, start } from '../../support/visitors.js';

describe('the address of a request', () => {
  const rotating = Array.from({ length: 20 }, (_, at) => `198.51.100.${at}`);
  const statuses = async (
    started: StartedProxy,
    requests: readonly (readonly [forwardedFor: string | undefined, address: string | undefined])[],
  ): Promise<number[]> => {
    const all: number[] = [];
    for (const [forwardedFor, address] of requests) {
      const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
      all.push((await post(started, body(), headers, { address })).status);
    }
    return all;
  };

  it("is the socket's if no hop is trusted, regardless of the headers (attack 54)", async () => {
    const started = start({ limits: { perAddress: 1 } });
    const forged = rotating.map((address) => [address, '203.0.113.7'] as const);
    expect(await statuses(started, forged)).toEqual([200, ...Array<number>(19).fill(429)]);
  });

  it('is the one that the outermost trusted machine wrote; entries to its left are ignored (attack 54)', async () => {
    for (const trustedHops of [1, 2, 3]) {
      const started = start({ limits: { perAddress: 1 }, trustedHops });
      const own = Array.from({ length: trustedHops - 1 }, (_, at) => `10.0.0.${at}`);
      const forged = rotating.map(
        (address) => [[address, '203.0.113.7', ...own].join(', '), '10.0.0.9'] as const,
      );
      expect(await statuses(started, forged)).toEqual([200, ...Array<number>(19).fill(429)]);
    }
  });

  it.each([
    ['with ports', (at: number) => `203.0.113.7:${1_024 + at}`],
    ['as IPv6 that hides IPv4', (at: number) => (at % 2 ? '::ffff:203.0.113.7' : '::FFFF:cb00:7107')],
    ['with brackets, ports and zones', (at: number) => `[2001:db8::1%eth${at}]:${1_024 + at}`],
    ['all over its /64', (at: number) => `2001:db8:0:0:${at.toString(16)}:1:2:3`],
    ['in every spelling', (at: number) => (at % 2 ? '2001:DB8:0000::1' : '2001:db8::')],
    ['behind 1,000 others', (at: number) => `${'1.2.3.4, '.repeat(999)}203.0.113.7`.slice(at * 9)],
    ['behind blanks and commas', (at: number) => `${', '.repeat(at)} 203.0.113.7 `],
    ['behind nonsense', (at: number) => `<script>${at}</script>, unknown, _x${at}, 203.0.113.7`],
  ])('is the same if it is written %s (attack 54)', async (_, written) => {
    const started = start({ limits: { perAddress: 1 }, trustedHops: 1 });
    const forged = rotating.map((__, at) => [written(at), '10.0.0.9'] as const);
    expect(await statuses(started, forged)).toEqual([200, ...Array<number>(19).fill(429)]);
  });

  it("is the socket's if the header is missing, short or not an address (attack 54)", async () => {
    const started = start({ limits: { perAddress: 1 }, trustedHops: 2 });
    const broken = [
      undefined,
      '',
      ',',
      '198.51.100.1',
      'unknown, unknown',
      '999.1.1.1, x',
      `${'9'.repeat(4_000)}, x`,
    ];
    const forged = broken.map((forwardedFor) => [forwardedFor, '203.0.113.7'] as const);
    expect(await statuses(started, forged)).toEqual([200, ...Array<number>(6).fill(429)]);
  });

  it.each([
    '10.1.2.3',
    '127.0.0.1',
    '192.168.1.1',
    '172.31.0.1',
    '169.254.1.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])(
    'is nobody’s if a machine of the own network, %s, forwards for everybody (attack 54)',
    async (address) => {
      const started = start({ limits: { perAddress: 1 } });
      const forged = rotating.slice(0, 5).map((from) => [from, address] as const);
      expect(await statuses(started, forged)).toEqual(Array<number>(5).fill(200));
    },
  );

  it("is what the host's own function says (attack 54)", async () => {
    const started = start({
      limits: { perAddress: 1 },
      address: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
    });
    const from = (ip: string, address: string) =>
      post(started, body(), { 'cf-connecting-ip': ip }, { address });
    expect((await from('203.0.113.7', '10.0.0.1')).status).toBe(200);
    expect((await from('203.0.113.7', '10.0.0.2')).status).toBe(429);
    expect((await from('203.0.113.8', '10.0.0.1')).status).toBe(200);
  });
});
