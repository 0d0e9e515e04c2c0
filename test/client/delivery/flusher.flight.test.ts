// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createFlusher } from '../../../src/client/delivery/flusher.js';
import type { Attempt } from '../../../src/client/delivery/transport.js';
import { memoryRecords } from '../../../src/client/outbox/memory.js';
import type { WithLock } from '../../../src/locks.js';
import { deferred } from '../../support/deferred.js';
import { idOf, plain, viewed } from '../../support/events.js';
import { accept, freeLock, startFlusher } from '../../support/flusher.js';
import { openTab } from '../../support/outbox.js';
import { fakeRuntime, settle } from '../../support/runtime.js';

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
      await bench.runtime.advance(250);
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

describe('a page that may not run on', () => {
  /** A lock that tells when it was given back. */
  const watchedLock = () => {
    let isHeld = false;
    const withLock: WithLock = async (_, work) => {
      isHeld = true;
      await work(true);
      isHeld = false;
      return true;
    };
    return { withLock, isHeld: () => isHeld };
  };

  test('gives the lock back while its request is still under way (fault 40)', async () => {
    const lock = watchedLock();
    const bench = startFlusher({ withLock: lock.withLock });
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    expect(lock.isHeld()).toBe(true);
    bench.flusher.release();
    await settle();
    expect(lock.isHeld()).toBe(false);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await flushed;
    await expect(bench.waiting()).resolves.toEqual([]);
  });

  test('keeps the lock where it only pauses, since its request is still under way', async () => {
    const lock = watchedLock();
    const bench = startFlusher({ withLock: lock.withLock });
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    bench.flusher.pause();
    await settle();
    expect(lock.isHeld()).toBe(true);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await flushed;
  });

  test('gives the lock back at once where it is given it after that, and begins no request before it is woken', async () => {
    const asked = deferred<void>();
    const given: boolean[] = [];
    const withLock: WithLock = async (_, work) => {
      await asked.promise;
      await work(true);
      given.push(true);
      return true;
    };
    const bench = startFlusher({ withLock });
    await bench.outbox.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    bench.flusher.release();
    asked.resolve();
    await flushed;
    expect(given).toEqual([true]);
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([]);
    bench.flusher.wake();
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('begins no other request before it is woken', async () => {
    const bench = startFlusher({ options: { maxBatch: 1 } });
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1), viewed(2)));
    const flushed = bench.flusher.flush();
    await settle();
    bench.flusher.pause();
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await flushed;
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE]]);
    bench.flusher.wake();
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });

  test('begins no other request by itself either, where a timer began the flush', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1)));
    bench.flusher.wake();
    await bench.runtime.advance(250);
    bench.flusher.release();
    await bench.outbox.append(plain(viewed(2)));
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('has one request at a time, also when it is woken before that one has ended', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    bench.flusher.pause();
    await bench.outbox.append(plain(viewed(2)));
    const again = bench.flusher.flush();
    await settle();
    expect(bench.asked).toEqual([[ONE]]);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await Promise.all([flushed, again]);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });
});

describe('what comes while a request is under way', () => {
  test('waits for company like everything else', async () => {
    const bench = startFlusher({ options: { flushIntervalMs: 250 } });
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.outbox.append(plain(viewed(1)));
    bench.flusher.wake();
    await bench.runtime.advance(250);
    await bench.outbox.append(plain(viewed(2)));
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await bench.runtime.advance(100);
    await bench.outbox.append(plain(viewed(3)));
    expect(bench.asked).toEqual([[ONE]]);
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE], [TWO, idOf(3)]]);
  });

  test('does not wait where more is due than one request takes', async () => {
    const bench = startFlusher({ options: { maxBatch: 1, flushIntervalMs: 250 } });
    await bench.outbox.append(plain(viewed(1), viewed(2)));
    bench.flusher.wake();
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });
});

test('what another tab leased before it crashed is delivered within seconds (fault 38)', async () => {
  let isHeld = true;
  const bench = startFlusher({
    async withLock(_, work) {
      if (!isHeld) await work(true);
      return !isHeld;
    },
  });
  await bench.outbox.append(plain(viewed(1)));
  await bench.leased('the crashed tab', 1, true);
  await bench.flusher.flush();
  await bench.runtime.advance(2_000);
  expect(bench.asked).toEqual([]);
  isHeld = false;
  await bench.runtime.advance(5_000);
  expect(bench.asked).toEqual([[ONE]]);
});

describe('a pause that another tab wrote while a request was under way', () => {
  test('outlasts the success of that request', async () => {
    const runtime = fakeRuntime();
    const records = memoryRecords();
    const asked: string[] = [];
    const open = (name: string, ...answers: (() => Attempt | Promise<Attempt>)[]) => {
      const tab = openTab(records, runtime);
      const transport = async (): Promise<Attempt> => {
        asked.push(name);
        return answers.shift()?.() ?? fail('back-off');
      };
      const { outbox, leasing } = tab;
      return {
        ...tab,
        flusher: createFlusher(outbox, leasing, transport, runtime, freeLock, '', {}, () => 0),
      };
    };
    const fail = (kind: 'back-off' | 'throttled', retryAfterMs = 0): Attempt => ({
      kind,
      retryAfterMs,
      cause: 0,
    });
    const answer = deferred<Attempt>();
    const slow = open(
      'slow',
      () => fail('back-off'),
      () => answer.promise,
    );
    const other = open('other', () => fail('throttled', 600_000));
    await slow.outbox.append(plain(viewed(1)));
    await slow.flusher.flush();
    await runtime.advance(1_500);
    await other.outbox.append(plain(viewed(2)));
    await other.flusher.flush();
    expect(asked).toEqual(['slow', 'slow', 'other']);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await settle();
    slow.flusher.wake();
    other.flusher.wake();
    await runtime.advance(599_000);
    expect(asked).toEqual(['slow', 'slow', 'other']);
  });
});
