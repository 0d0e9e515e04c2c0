/** How large a body may be, with a length and without. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const LIMIT = 500_000;

let started: StartedProxy;

beforeEach(() => {
  started = startProxy();
});

afterEach(() => started.end());

/** A body cut into pieces. `seen` says how many bytes were asked for. */
const chunked = (text: string, chunkBytes: number) => {
  const bytes = new TextEncoder().encode(text);
  const seen = { bytes: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = bytes.slice(seen.bytes, seen.bytes + chunkBytes);
        seen.bytes += chunk.length;
        if (chunk.length) controller.enqueue(chunk);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
};

/** Sends a valid body of so many bytes in such chunks. */
const send = async (bytes: number, chunkBytes: number, length?: string) => {
  const good = wireBody([wireEvent(1)]);
  const { stream, seen } = chunked(`${' '.repeat(bytes - good.length)}${good}`, chunkBytes);
  const { status } = await started.proxy(pageRequest(stream, { 'content-length': length }));
  return { status, read: seen.bytes };
};

it.each([
  ['with a length', LIMIT, `${LIMIT}`],
  ['without one', 65_537, undefined],
])('a body of exactly 500,000 bytes is taken, %s', async (_, chunkBytes, length) => {
  expect(await send(LIMIT, chunkBytes, length)).toEqual({ status: 200, read: LIMIT });
  expect((await started.intake.list({ limit: 5 })).map(({ id }) => id)).toEqual([eventId(1)]);
});

it.each<[string, bytes: number, chunkBytes: number, length: string | undefined, mostRead: number]>([
  ['of one byte more', LIMIT + 1, 10_000, undefined, LIMIT + 1],
  ['that says so before its first byte', LIMIT + 1, 10_000, `${LIMIT + 1}`, 0],
  ['of 3 MB, at the limit', 3_000_000, 30_000, undefined, LIMIT + 30_000],
  ['of one huge chunk', 2_000_000, 2_000_000, undefined, 2_000_000],
  ...['12', '-1', 'x', '0'].map(
    (length) =>
      [`that says ${length}`, 600_000, 50_000, length, LIMIT + 50_000] as [
        string,
        number,
        number,
        string,
        number,
      ],
  ),
])(
  'a body is refused and read no further: %s (attack 23)',
  async (_, bytes, chunkBytes, length, mostRead) => {
    const { status, read } = await send(bytes, chunkBytes, length);
    expect(status).toBe(413);
    expect(read).toBeLessThanOrEqual(mostRead);
    await expectUntouched(started);
  },
);

it('a body that breaks off is answered as incomplete, and nothing of it is taken', async () => {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(new TextEncoder().encode(wireBody([wireEvent(1)])));
      else controller.error(new Error('aborted'));
    },
  });
  const response = await started.proxy(pageRequest(stream));
  expect([response.status, await response.json()]).toMatchObject([400, { code: 'incomplete' }]);
  await expectUntouched(started);
});
