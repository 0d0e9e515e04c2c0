import { describe, expect, it } from 'vitest';
import { addressKey, clientKey } from '../../../src/proxy/door/address.js';

describe('an address counts as one visitor, however it is written:', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['203.0.113.9:51234', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['0:0:0:0:0:ffff:cb00:7109', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:443', '203.0.113.9'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2:ffff::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]:51234', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::9]', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9%eth0', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::', '2001:db8:1:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['fe80::1%wlan0', 'fe80:0:0:0::/64'],
    ['64:ff9b::cb00:7109', '64:ff9b:0:0::/64'],
  ])('%s', (written, key) => {
    expect(addressKey(written)).toBe(key);
  });

  it('the last 64 bits make no difference, and a neighbouring network is another visitor', () => {
    const rotating = Array.from({ length: 500 }, (_, at) => `2001:db8:7:9:${at.toString(16)}:${at}:1:2`);
    expect(new Set(rotating.map(addressKey)).size).toBe(1);
    expect(addressKey('2001:db8:7:a::1')).not.toBe(addressKey('2001:db8:7:9::1'));
  });

  it.each([
    '',
    ' ',
    'unknown',
    '_hidden',
    'localhost',
    'shop.example',
    '256.1.1.1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.4.',
    '.1.2.3.4',
    '1.2.3.-4',
    '1.2.3.4:x',
    '0x7f.0.0.1',
    '2130706433',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '2001:db8::1::2',
    '2001:db8::g',
    '12345::',
    '[',
    '[]',
    '[::1',
    '::1]/x?y#z@',
    '::ffff:203.0.113.999',
    'a'.repeat(100_000),
    ':'.repeat(100_000),
    '1.'.repeat(50_000),
    '203.0.113.9\n10.0.0.1',
    '\u0661.\u0662.\u0663.\u0664',
  ])('what is not an address counts as none: %j', (written) => {
    expect(addressKey(written)).toBeUndefined();
  });
});

describe('a request counts for', () => {
  it.each<[string, string | undefined, string | null, number, string | undefined]>([
    ['the socket, while nobody else is trusted', '203.0.113.9', '198.51.100.1', 0, '203.0.113.9'],
    ['the nearest entry behind one machine', '10.0.0.5', '1.1.1.1, 198.51.100.1', 1, '198.51.100.1'],
    [
      'the second from the right behind two',
      '10.0.0.5',
      '9.9.9.9, 198.51.100.1, 10.0.0.7',
      2,
      '198.51.100.1',
    ],
    ['nobody’s invention before it', '10.0.0.5', 'evil, 6.6.6.6,,198.51.100.1', 1, '198.51.100.1'],
    ['an entry with a port', '10.0.0.5', '198.51.100.1:4711', 1, '198.51.100.1'],
    ['an entry in IPv6', '10.0.0.5', '[2001:db8:1:2::9]:4711', 1, '2001:db8:1:2::/64'],
    ['the socket, if the header is missing', '198.51.100.7', null, 1, '198.51.100.7'],
    ['the socket, if the header is shorter than it must be', '198.51.100.7', '1.1.1.1', 2, '198.51.100.7'],
    ['the socket, if the entry is not an address', '198.51.100.7', '1.1.1.1, unknown', 1, '198.51.100.7'],
    ['nobody, if there is nothing at all', undefined, null, 0, undefined],
    ['nobody, if the socket has no address', 'pipe', null, 0, undefined],
  ])('%s (attack 54)', (_, socket, forwardedFor, hops, key) => {
    expect(clientKey(socket, forwardedFor, hops)).toBe(key);
  });

  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '10.255.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    '100.127.255.255',
    '::1',
    '::ffff:10.0.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1%eth0',
    'febf::1',
  ])('nobody, if a machine of this site forwards for all visitors: %s', (socket) => {
    expect(clientKey(socket, '198.51.100.1', 0)).toBeUndefined();
  });

  it.each([
    '11.0.0.1',
    '172.15.0.1',
    '172.32.0.1',
    '192.169.0.1',
    '169.253.0.1',
    'fec0::1',
    '100.0.0.1',
    '100.63.255.255',
    '100.128.0.1',
    'fcc::1',
  ])('an address that only looks like one of those: %s', (socket) => {
    expect(clientKey(socket, null, 0)).toBe(addressKey(socket));
  });

  it('the same visitor with 1,000 invented entries as without any (attack 54)', () => {
    const invented = Array.from({ length: 1_000 }, (_, at) => `6.6.${at >> 8}.${at & 255}`).join(', ');
    expect(clientKey('10.0.0.5', `${invented}, 198.51.100.1`, 1)).toBe('198.51.100.1');
  });
});
