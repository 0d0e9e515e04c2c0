/** Headers of excessive size and bodies that are not what they seem, as bytes to Node's server. */
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
