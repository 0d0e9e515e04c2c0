// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../../src/client/delivery/transport.js';
import type { WithLock } from '../../../src/locks.js';
import { deferred } from '../../support/deferred.js';
import { idOf, plain, viewed } from '../../support/events.js';
import { accept, freeLock, startFlusher } from '../../support/flusher.js';
import { settle } from '../../support/runtime.js';

const [ONE, TWO] = [idOf(1), idOf(2)];

describe('one flush at a time', () => {
  test('flushes asked for together post an event once', async () => {
    const bench = startFlusher();
    await bench.outbox.append(plain(viewed(1)));
    await Promise.all([bench.flusher.flush(), bench.flusher.flush(), bench.flusher.flush()]);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('a second request waits for the answer of the first', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    await bench.outbox.append(plain(viewed(2)));
    const again = Promise.all([bench.flusher.flush(), bench.flusher.flush()]);
    bench.flusher.wake();
    await bench.runtime.advance(1_000);
    expect(bench.asked).toEqual([[ONE]]);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await Promise.all([flushed, again]);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });

  test('a flush asked for while another one is ending delivers what came too late for that', async () => {
    const released = deferred<undefined>();
    let flushes = 0;
    const bench = startFlusher({
      async withLock(_, work) {
        await work(true);
        if (flushes++ === 0) await released.promise;
        return true;
      },
    });
    await bench.outbox.append(plain(viewed(1)));
    const ending = bench.flusher.flush();
    await settle();
    await bench.outbox.append(plain(viewed(2)));
    const following = bench.flusher.flush();
    released.resolve(undefined);
    await Promise.all([ending, following]);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });

  test('events appended during a flush are delivered by it', async () => {
    const bench = startFlusher();
    bench.answer(async (events) => {
      await bench.outbox.append(plain(viewed(2)));
      return accept(events);
    }, accept);
    await bench.outbox.append(plain(viewed(1)));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE], [TWO]]);
    await expect(bench.waiting()).resolves.toEqual([]);
  });

  test.each([
    ['few events', { maxBatch: 1 }],
    ['few bytes', { maxBatchBytes: 10 }],
  ])(
    'in requests of %s it ends after 15 seconds, before its leases do, and goes on in another',
    async (_, options) => {
      const bench = startFlusher({ options });
      let flushes = 0;
      bench.answer(async (events) => {
        if (flushes === 0) await bench.runtime.advance(8_000);
        return accept(events);
      });
      await bench.outbox.append(plain(viewed(1), viewed(2), viewed(3)));
      await bench.flusher.flush();
      flushes++;
      expect(bench.asked).toEqual([[ONE], [TWO]]);
      await bench.runtime.advance(0);
      expect(bench.asked).toEqual([[ONE], [TWO], [idOf(3)]]);
    },
  );
});

describe('the lock saves work and is never needed', () => {
  const named =
    (names: string[], ...grants: boolean[]): WithLock =>
    async (name, work) => {
      names.push(name);
      if (grants.shift() ?? true) return freeLock(name, work);
      return false;
    };

  test('a flush runs under the lock of its outbox', async () => {
    const names: string[] = [];
    const bench = startFlusher({ withLock: named(names) });
    await bench.outbox.append(plain(viewed(1)));
    await bench.flusher.flush();
    expect(names).toEqual(['offersight']);
  });

  test('refused once, it is asked for again soon', async () => {
    const bench = startFlusher({ withLock: named([], false) });
    await bench.outbox.append(plain(viewed(1)));
    await bench.flusher.flush();
    await bench.runtime.advance(499);
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('refused twice, the leases alone keep order', async () => {
    const bench = startFlusher({ withLock: named([], false, false, false, false) });
    await bench.outbox.append(plain(viewed(1), viewed(2)));
    await bench.leased('the tab that holds it', 1);
    await bench.flusher.flush();
    await bench.runtime.advance(1_000);
    expect(bench.asked).toEqual([[TWO]]);
    expect(bench.reports).toEqual([]);
  });

  test('where it is forbidden, the leases alone keep order, and one report tells', async () => {
    const forbidden = new DOMException('Locks are forbidden here.', 'SecurityError');
    const bench = startFlusher({ withLock: () => Promise.reject(forbidden) });
    for (const n of [1, 2, 3]) {
      await bench.outbox.append(plain(viewed(n)));
      bench.flusher.wake();
      await bench.runtime.advance(2_000);
    }
    expect(bench.asked).toEqual([[ONE], [TWO], [idOf(3)]]);
    expect(bench.reports.map(({ code, cause }) => [code, cause])).toEqual([['delivery', forbidden]]);
  });

  test('taken away in the midst, nothing is lost', async () => {
    const stolen = new DOMException('The lock was stolen.', 'AbortError');
    let isStolen = true;
    const bench = startFlusher({
      async withLock(name, work) {
        if (!isStolen) return freeLock(name, work);
        isStolen = false;
        throw stolen;
      },
    });
    await bench.outbox.append(plain(viewed(1)));
    await expect(bench.flusher.flush()).resolves.toBeUndefined();
    await bench.runtime.advance(500);
    expect(bench.asked).toEqual([[ONE]]);
  });
});

describe('stopped', () => {
  test('it posts nothing more and has no timer', async () => {
    const bench = startFlusher();
    await bench.outbox.append(plain(viewed(1)));
    bench.flusher.wake();
    bench.flusher.stop();
    await bench.runtime.advance(60_000);
    bench.flusher.wake();
    await bench.flusher.hurry();
    await bench.flusher.flush();
    await bench.runtime.advance(60_000);
    expect([bench.asked, bench.runtime.timers]).toEqual([[], 0]);
  });

  test('in the midst of a flush, what is answered is still settled and nothing else begun', async () => {
    const bench = startFlusher({ options: { maxBatch: 1 } });
    bench.answer((events) => {
      bench.flusher.stop();
      return accept(events);
    });
    await bench.outbox.append(plain(viewed(1), viewed(2)));
    await bench.flusher.flush();
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE]]);
    await expect(bench.waiting()).resolves.toEqual([TWO]);
  });

  test('twice does nothing more', () => {
    const { flusher, runtime } = startFlusher();
    flusher.wake();
    flusher.stop();
    flusher.stop();
    expect(runtime.timers).toBe(0);
  });
});
