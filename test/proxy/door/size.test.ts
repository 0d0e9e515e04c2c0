import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pageRequest, type StartedProxy, startProxy } from '../../support/proxy.js';
import { expectUntouched } from '../../support/untouched.js';
import { eventId, wireBody, wireEvent } from '../../support/wire.js';

const LIMIT = 500_000;

/** A valid body of exactly this many bytes. */
const bodyOf = (bytes: number): string => {
  const body = wireBody([wireEvent(1)]);
  return `${' '.repeat(bytes - body.length)}${body}`;
};

/** A body without a length, cut into pieces. `seen` says how many bytes were asked for. */
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

let started: StartedProxy;

beforeEach(() => {
  started = startProxy();
});

afterEach(async () => {
  await started.end();
});

const answerOf = async (request: Request): Promise<unknown> => {
  const response = await started.proxy(request);
  return [response.status, ((await response.json()) as { code?: string }).code ?? 'verdicts'];
};

const nothingReached = (): Promise<void> => expectUntouched(started);

describe('the endpoint', () => {
  it('takes a body of exactly 500,000 bytes, with a length and without', async () => {
    expect(await answerOf(pageRequest(bodyOf(LIMIT), { 'content-length': `${LIMIT}` }))).toEqual([
      200,
      'verdicts',
    ]);
    expect(await answerOf(pageRequest(chunked(bodyOf(LIMIT), 65_537).stream))).toEqual([200, 'verdicts']);
    expect((await started.intake.list({ limit: 5 })).map(({ id }) => id)).toEqual([eventId(1)]);
  });

  it('refuses one byte more (attack 23)', async () => {
    expect(await answerOf(pageRequest(bodyOf(LIMIT + 1)))).toEqual([413, 'size']);
    await nothingReached();
  });

  it('refuses a declared length above the limit before it reads a byte (attack 23)', async () => {
    const { stream, seen } = chunked(bodyOf(LIMIT + 1), 10_000);
    expect(await answerOf(pageRequest(stream, { 'content-length': `${LIMIT + 1}` }))).toEqual([413, 'size']);
    expect(seen.bytes).toBe(0);
    await nothingReached();
  });

  it('stops reading at the limit if no length is declared (attack 23)', async () => {
    const { stream, seen } = chunked(bodyOf(3_000_000), 30_000);
    expect(await answerOf(pageRequest(stream))).toEqual([413, 'size']);
    expect(seen.bytes).toBeLessThanOrEqual(LIMIT + 30_000);
    await nothingReached();
  });

  it.each(['12', '-1', 'x', '0'])(
    'counts the bytes itself if the length says %s (attack 23)',
    async (length) => {
      const { stream } = chunked(bodyOf(600_000), 50_000);
      expect(await answerOf(pageRequest(stream, { 'content-length': length }))).toEqual([413, 'size']);
      await nothingReached();
    },
  );

  it('refuses one huge chunk (attack 23)', async () => {
    expect(await answerOf(pageRequest(chunked(bodyOf(2_000_000), 2_000_000).stream))).toEqual([413, 'size']);
    await nothingReached();
  });
});

describe('a body that breaks off', () => {
  it('is answered as incomplete, and nothing of it is taken', async () => {
    let pulls = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (pulls++ === 0) controller.enqueue(new TextEncoder().encode(wireBody([wireEvent(1)])));
        else controller.error(new Error('aborted'));
      },
    });
    expect(await answerOf(pageRequest(stream))).toEqual([400, 'incomplete']);
    await nothingReached();
  });
});
