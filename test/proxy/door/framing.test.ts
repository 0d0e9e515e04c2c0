/**
 * Bytes to Node's server that no well-behaved client sends: odd framing, headers of excessive size, bodies that are not what
 * they seem. They are refused, and nothing of them goes any further.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  BYTES,
  CHUNKED,
  chunks,
  crumbs,
  framed,
  GOOD,
  LENGTH,
  LINE,
  type NodeProxy,
  OURS,
  startNodeProxy,
} from '../../support/node-proxy.js';
import { exchange, rawRequest, statusesOf } from '../../support/sockets.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

let proxy: NodeProxy;

beforeEach(async () => {
  proxy = await startNodeProxy();
});

afterEach(async () => {
  await proxy.end();
});

describe('a good request is admitted, so that the tests below fail only for what is wrong with theirs:', () => {
  it.each([
    ['with a length', framed([LENGTH])],
    ['in one chunk', framed([CHUNKED], chunks(GOOD))],
    ['in chunks of one byte', framed([CHUNKED], crumbs(GOOD))],
  ])('%s', async (_, bytes) => {
    expect(await proxy.statusOf(bytes)).toBe(200);
    expect((await proxy.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(1)]);
  });
});

describe('a body whose end two readers could see in different places', () => {
  it.each<[string, readonly string[], string?]>([
    ['a length and chunks', [LENGTH, CHUNKED], chunks(GOOD)],
    ['chunks and a length', [CHUNKED, LENGTH], chunks(GOOD)],
    ['two lengths that differ', [LENGTH, 'Content-Length: 0']],
    ['two lengths that agree', [LENGTH, LENGTH]],
    ['a list of lengths', [`${LENGTH}, ${BYTES}`]],
    ['a negative length', ['Content-Length: -1']],
    ['a length with a sign', [LENGTH.replace(': ', ': +')]],
    ['a hexadecimal length', [`Content-Length: 0x${BYTES.toString(16)}`]],
    ['a length with a fraction', [`${LENGTH}.0`]],
    ['a length beyond any number', [`Content-Length: ${'9'.repeat(30)}`]],
    ['an empty length', ['Content-Length:']],
    ['a space before the colon of the length', [LENGTH.replace(':', ' :')]],
    ['a space before the colon of the coding', [CHUNKED.replace(':', ' :')], chunks(GOOD)],
    ['a coding that is not chunked', ['Transfer-Encoding: gzip'], chunks(GOOD)],
    ['a coding that only looks like chunked', ['Transfer-Encoding: xchunked'], chunks(GOOD)],
    ['chunked behind a vertical tab', ['Transfer-Encoding:\x0bchunked'], chunks(GOOD)],
    ['chunked twice', [CHUNKED, CHUNKED], chunks(GOOD)],
    ['chunked, and then another coding', ['Transfer-Encoding: chunked, identity'], chunks(GOOD)],
    ['a length behind a bare line feed', [`X-A: 1\n${LENGTH}`]],
    ['a length behind a bare carriage return', [`X-A: 1\r${LENGTH}`]],
    ['a folded header', ['X-A: 1\r\n  2', LENGTH]],
    ['a folded length', [`Content-Length:\r\n ${BYTES}`]],
    ['a NUL in a value', ['X-A: a\0b', LENGTH]],
    ['a NUL in a name', ['X-\0: a', LENGTH]],
    ['a header without a name', [': a', LENGTH]],
    ['a header without a colon', ['garbage', LENGTH]],
    ['a name with a space', ['X A: a', LENGTH]],
    ['a name beyond ASCII', ['X-\xe4: a', LENGTH]],
    ['a chunk whose size has a sign', [CHUNKED], chunks(GOOD, '-1')],
    ['a chunk whose size has a prefix', [CHUNKED], chunks(GOOD, `0x${BYTES.toString(16)}`)],
    ['a chunk whose size is no number', [CHUNKED], chunks(GOOD, 'zz')],
    ['a chunk beyond any size', [CHUNKED], chunks(GOOD, 'f'.repeat(17))],
    ['a chunk that is longer than it says', [CHUNKED], chunks(GOOD, '5')],
    ['chunks behind bare line feeds', [CHUNKED], chunks(GOOD, BYTES.toString(16), '\n')],
  ])('is refused: %s (attack 6)', async (_, framing, body) => {
    expect(await proxy.statusOf(framed(framing, body))).toBe(400);
    await expectUntouched(proxy);
  });

  it('is refused if a whole request has bare line feeds (attack 6)', async () => {
    expect(await proxy.statusOf(framed([LENGTH]).replaceAll('\r', ''))).toBe(400);
    await expectUntouched(proxy);
  });

  it('is not followed by another request in the same bytes (attack 6)', async () => {
    const answer = await exchange(proxy.port, framed([LENGTH, 'Content-Length: 0'], GOOD + framed([LENGTH])));
    expect(statusesOf(answer)).toEqual([400]);
    await expectUntouched(proxy);
  });

  it('is not read beyond its length, neither as an event nor as a request (attack 6)', async () => {
    const bytes = framed(['Content-Length: 5'], GOOD).replace('Connection: close\r\n', '');
    const statuses = statusesOf(await exchange(proxy.port, bytes));
    expect([...new Set(statuses)]).toEqual([400]);
    await expectUntouched(proxy);
  });

  it.each([
    ['a list whose last coding is chunked', framed(['Transfer-Encoding: gzip, chunked'], chunks(GOOD))],
    ['a list of chunked and nothing', framed(['Transfer-Encoding: , chunked'], chunks(GOOD))],
    ['a version that has no chunks', framed([CHUNKED], chunks(GOOD), LINE.replace('1.1', '1.0'))],
  ])('is refused for its coding: %s (attack 6)', async (_, bytes) => {
    expect(await proxy.statusOf(bytes)).toBe(400);
    await expectUntouched(proxy);
  });
});

describe('a raw request', () => {
  it.each([
    ['a method in small letters', 'post / HTTP/1.1'],
    ['an unknown method', 'POSTS / HTTP/1.1'],
    ['a target with a space', 'POST /a b HTTP/1.1'],
    ['a target beyond ASCII', 'POST /\xe4 HTTP/1.1'],
    ['a target with a NUL', 'POST /\0 HTTP/1.1'],
    ['a relative target', 'POST offer-events HTTP/1.1'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0'],
    ['another version', 'POST / HTTP/3.0'],
    ['another protocol', 'POST / RTMP/1.0'],
  ])('has %s and is refused (attack 6)', async (_, line) => {
    expect(await proxy.statusOf(framed([LENGTH], GOOD, line))).toBe(400);
    await expectUntouched(proxy);
  });

  it('has no Host and is refused (attacks 6, 7)', async () => {
    expect(await proxy.statusOf(framed([LENGTH]).replace('Host: shop.example\r\n', ''))).toBe(400);
    await expectUntouched(proxy);
  });

  it.each(['TRACE', 'PUT', 'PATCH', 'QUERY', 'SOURCE', 'PURGE', 'MKCOL'])(
    'has the method %s, which is not POST even with a good body (attack 1)',
    async (method) => {
      const answer = await exchange(proxy.port, framed([LENGTH], GOOD, LINE.replace('POST', method)));
      expect(statusesOf(answer)).toEqual([405]);
      expect(answer).toMatch(/^allow: POST\r$/im);
      await expectUntouched(proxy);
    },
  );

  it('cannot change its method by a header: a POST stays a POST (attack 1)', async () => {
    expect(
      await proxy.statusOf(framed([LENGTH, 'X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: GET'])),
    ).toBe(200);
  });

  it.each(['https://evil.example', 'null', 'https://shop.example'])(
    'is a preflight from %s and is granted nothing (attack 2)',
    async (origin) => {
      const asks = ['Access-Control-Request-Method: POST', 'Access-Control-Request-Private-Network: true'];
      const answer = await exchange(
        proxy.port,
        rawRequest('OPTIONS /offer-events HTTP/1.1', [`Origin: ${origin}`, ...asks]),
      );
      expect(statusesOf(answer)).toEqual([405]);
      expect(answer).not.toMatch(/access-control/i);
      await expectUntouched(proxy);
    },
  );
});

describe('headers of excessive size', () => {
  it.each([
    ['a header of 17 KB', framed([`X-A: ${'a'.repeat(17_000)}`, LENGTH])],
    ['a target of 17 KB', framed([LENGTH], GOOD, `POST /${'a'.repeat(17_000)} HTTP/1.1`)],
    [
      '17 KB in 170 headers',
      framed([...Array.from({ length: 170 }, (_, n) => `X-${n}: ${'a'.repeat(96)}`), LENGTH]),
    ],
    ['a megabyte for a user agent', framed([`User-Agent: ${'a'.repeat(1_000_000)}`, LENGTH])],
    [
      'trailers of 17 KB',
      framed([CHUNKED], chunks(GOOD).replace(/\r\n\r\n$/, `\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`)),
    ],
  ])('are refused: %s (attack 8)', async (_, bytes) => {
    expect(await proxy.statusOf(bytes)).toBe(431);
    await expectUntouched(proxy);
  });

  it.each([100, 2_000, 4_000])(
    'are refused if there are %i of them, so that none hides behind the others (attacks 8, 54)',
    async (count) => {
      const many = Array.from({ length: count }, () => 'a:');
      const [type = '', site = ''] = OURS;
      const hostile = site.replace('same-origin', 'cross-site');
      expect(await proxy.statusOf(framed([...many, LENGTH]))).toBe(431);
      expect(await proxy.statusOf(rawRequest(LINE, [...many, type, site, LENGTH], GOOD))).toBe(431);
      expect(await proxy.statusOf(rawRequest(LINE, [type, hostile, ...many, site, LENGTH], GOOD))).toBe(431);
      await expectUntouched(proxy);
    },
  );

  it('are refused like chunk extensions of excessive size (attack 9)', async () => {
    const size = `${BYTES.toString(16)};${'a'.repeat(20_000)}`;
    expect(await proxy.statusOf(framed([CHUNKED], chunks(GOOD, size)))).toBe(413);
    await expectUntouched(proxy);
  });

  it('are not joined by trailers, which cannot take back what headers said (attack 9)', async () => {
    const trailers = 'Content-Encoding: gzip\r\nOrigin: null\r\nX-Forwarded-For: 10.0.0.1';
    const bytes = framed([CHUNKED], chunks(GOOD).replace(/\r\n\r\n$/, `\r\n${trailers}\r\n\r\n`));
    expect(await proxy.statusOf(bytes)).toBe(200);
    const hostile = rawRequest(
      LINE,
      ['Content-Type: application/json', CHUNKED],
      chunks(wireBody([wireEvent(2)])).replace(/\r\n\r\n$/, '\r\nSec-Fetch-Site: same-origin\r\n\r\n'),
    );
    expect(await proxy.statusOf(hostile)).toBe(403);
    expect((await proxy.intake.list({ limit: 9 })).map(({ id }) => id)).toEqual([eventId(1)]);
  });
});

describe('a body that is not what it seems', () => {
  it('is not read if it is encoded, even if no coding is named (attack 24)', async () => {
    expect(await proxy.statusOf(framed(['Content-Encoding: ', LENGTH]))).toBe(415);
    await expectUntouched(proxy);
  });

  it.each([
    ['a byte that no UTF-8 has', '\xff'],
    ['half a character', '\xe2\x82'],
  ])('is refused if it has %s, wherever its chunks are cut (attack 25)', async (_, junk) => {
    const body = GOOD.replace('a52ge1', junk);
    expect(await proxy.statusOf(framed([`Content-Length: ${body.length}`], body))).toBe(400);
    expect(await proxy.statusOf(framed([CHUNKED], crumbs(body)))).toBe(400);
    await expectUntouched(proxy);
  });

  it('is empty if it has no length and no chunks, even if bytes follow (attacks 6, 26)', async () => {
    const answer = await exchange(proxy.port, framed([]));
    expect(statusesOf(answer)).toEqual([400]);
    await expectUntouched(proxy);
  });
});
