// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { MAX_EVENT_BYTES } from '../../../../src/protocol/limits.js';
import { dismissed, idOf, plain, viewed } from '../../../support/events.js';
import { accept, all, fails, startFlusher, verdicts } from '../../../support/flusher.js';

const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)];

describe('only a verdict that names an event removes it', () => {
  const started = async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1), viewed(2), viewed(3)));
    return bench;
  };

  test('accepted and duplicate are done with', async () => {
    const bench = await started();
    bench.answer(
      verdicts({ [ONE]: { kind: 'accepted' }, [TWO]: { kind: 'duplicate' }, [THREE]: { kind: 'accepted' } }),
    );
    await bench.flusher.flush();
    await expect(bench.waiting()).resolves.toEqual([]);
    expect([bench.asked, bench.reports, bench.discarded]).toEqual([[[ONE, TWO, THREE]], [], []]);
    expect(bench.settled).toEqual([ONE, TWO, THREE]);
  });

  test('a deferred event is retried at its time, the others are done with', async () => {
    const bench = await started();
    bench.answer(
      verdicts({
        [ONE]: { kind: 'accepted' },
        [TWO]: { kind: 'deferred', code: 'busy', retryAfterMs: 7_000 },
        [THREE]: { kind: 'deferred', code: 'busy' },
      }),
      accept,
    );
    await bench.flusher.flush();
    await expect(bench.waiting()).resolves.toEqual([TWO, THREE]);
    await bench.runtime.advance(6_999);
    expect(bench.asked).toEqual([[ONE, TWO, THREE]]);
    await bench.runtime.advance(1);
    expect(bench.asked.slice(1)).toEqual([[TWO]]);
    await bench.runtime.advance(23_000);
    expect(bench.asked.slice(2)).toEqual([[THREE]]);
    await expect(bench.waiting()).resolves.toEqual([]);
    expect(bench.reports).toEqual([]);
  });

  test('refused is a dead letter with its code', async () => {
    const bench = await started();
    bench.answer(
      verdicts({
        [ONE]: { kind: 'accepted' },
        [TWO]: { kind: 'refused', code: 'conflict' },
        [THREE]: { kind: 'accepted' },
      }),
    );
    await bench.flusher.flush();
    expect(bench.discarded).toEqual([[TWO, 'refused', 'conflict']]);
    await expect(bench.leasing.stats()).resolves.toMatchObject({ waiting: 0, dead: 1 });
  });

  test('ids that were not asked about are ignored', async () => {
    const bench = await started();
    await bench.leased('another tab', 1);
    bench.answer(
      verdicts({
        [ONE]: { kind: 'accepted' },
        [TWO]: { kind: 'accepted' },
        [THREE]: { kind: 'accepted' },
        [idOf(99)]: { kind: 'refused', code: 'conflict' },
      }),
    );
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[TWO, THREE]]);
    await expect(bench.waiting()).resolves.toEqual([ONE]);
    expect(bench.discarded).toEqual([]);
  });

  test('an event without a verdict stays, and the outbox backs off', async () => {
    const bench = await started();
    bench.answer(verdicts({ [ONE]: { kind: 'accepted' }, [THREE]: { kind: 'accepted' } }), accept);
    await bench.flusher.flush();
    await expect(bench.waiting()).resolves.toEqual([TWO]);
    expect(bench.outbox.pause).toMatchObject({ kind: 'back-off', failures: 1 });
    await bench.runtime.advance(1_000);
    expect(bench.asked).toEqual([[ONE, TWO, THREE], [TWO]]);
    await expect(bench.waiting()).resolves.toEqual([]);
  });

  test('a reply that answers for nobody keeps everything', async () => {
    const bench = await started();
    bench.answer(verdicts({}));
    await bench.flusher.flush();
    await expect(bench.waiting()).resolves.toEqual([ONE, TWO, THREE]);
    expect(bench.outbox.pause.kind).toBe('back-off');
  });

  test.each(['back-off', 'throttled', 'circuit'] as const)('a %s keeps everything', async (kind) => {
    const bench = await started();
    bench.answer(fails(kind));
    await bench.flusher.flush();
    await expect(bench.waiting()).resolves.toEqual([ONE, TWO, THREE]);
    expect(bench.discarded).toEqual([]);
  });
});

describe('a view goes before its dismissal', () => {
  const view = viewed(1);
  const close = dismissed(2, view);

  test('they go in one batch', async () => {
    const bench = startFlusher();
    await bench.append(plain(view, viewed(3), close));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE, TWO, THREE]]);
  });

  test('a dismissal waits for its deferred view, also if it is in the next batch', async () => {
    const bench = startFlusher({ options: { maxBatchBytes: 10 } });
    await bench.append(plain(view, close));
    bench.answer(all({ kind: 'deferred', code: 'busy', retryAfterMs: 4_000 }), accept);
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE]]);
    await bench.runtime.advance(4_000);
    expect(bench.asked).toEqual([[ONE], [ONE], [TWO]]);
  });

  test('the dismissal of a refused view is never posted, also if it is in the next batch', async () => {
    const bench = startFlusher({ options: { maxBatchBytes: 10 } });
    await bench.append(plain(view, close, viewed(3)));
    bench.answer(all({ kind: 'refused', code: 'invalid_event' }), accept);
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE], [THREE]]);
    expect(bench.discarded.map(([id]) => id)).toEqual([ONE, TWO]);
  });
});

describe('what is due leaves soon and together', () => {
  test('a woken flusher waits a moment for company', async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1)));
    bench.flusher.wake();
    await bench.runtime.advance(249);
    expect(bench.asked).toEqual([]);
    await bench.append(plain(viewed(2)));
    bench.flusher.wake();
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE, TWO]]);
  });

  test('as long as configured', async () => {
    const bench = startFlusher({ options: { flushIntervalMs: 40 } });
    await bench.append(plain(viewed(1)));
    bench.flusher.wake();
    await bench.runtime.advance(39);
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('in requests of at most as many bytes as configured, each event counted with the most that it can take', async () => {
    const bench = startFlusher({ options: { maxBatchBytes: 3 * MAX_EVENT_BYTES } });
    await bench.append(plain(viewed(3), viewed(1), viewed(2)));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE, TWO], [THREE]]);
  });

  test('it leaves in requests of at most as many events as configured', async () => {
    const bench = startFlusher({ options: { maxBatch: 2 } });
    await bench.append(plain(viewed(3), viewed(1), viewed(4), viewed(2), viewed(5)));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE, TWO], [THREE, idOf(4)], [idOf(5)]]);
  });

  test('nothing to do asks nobody and sets no timer', async () => {
    const bench = startFlusher();
    await bench.flusher.flush();
    expect([bench.asked, bench.runtime.timers]).toEqual([[], 0]);
  });

  test('events of another page are delivered once their holder is gone', async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1)));
    await bench.leased('a page that died');
    await bench.flusher.flush();
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(14_999);
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE]]);
  });
});
