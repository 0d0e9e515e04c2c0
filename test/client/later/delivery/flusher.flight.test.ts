// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import { createFlusher, type Flusher } from '../../../../src/client/later/delivery/flusher.js';
import type { Attempt, Transport } from '../../../../src/client/later/delivery/transport.js';
import { unsettled } from '../../../../src/client/later/farewell.js';
import type { OutboxEntry } from '../../../../src/client/outbox/records.js';
import { deferred } from '../../../support/deferred.js';
import { startDelivering } from '../../../support/delivering.js';
import { dismissed, idOf, idsOf, plain, START, viewed } from '../../../support/events.js';
import { accept, type FlusherBench, fails, type Script, startFlusher } from '../../../support/flusher.js';
import { memoryRecords } from '../../../support/memory-records.js';
import { openTab, storedIds, type Tab } from '../../../support/outbox.js';
import { fakeRuntime, settle } from '../../../support/runtime.js';

const [ONE, TWO] = [idOf(1), idOf(2)];

describe('one flush at a time', () => {
  test('flushes asked for together post an event once', async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1)));
    await Promise.all([bench.flusher.flush(), bench.flusher.flush(), bench.flusher.flush()]);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('a second request waits for the answer of the first', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    await bench.append(plain(viewed(2)));
    const again = Promise.all([bench.flusher.flush(), bench.flusher.flush()]);
    bench.flusher.wake();
    await bench.runtime.advance(1_000);
    expect(bench.asked).toEqual([[ONE]]);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await Promise.all([flushed, again]);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });

  test('a flush asked for while another one is ending delivers what came too late for that', async () => {
    const bench = startFlusher();
    const { lease } = bench.leasing;
    const found: number[] = [];
    let following: Promise<void> | undefined;
    bench.leasing.lease = async (...args) => {
      const leased = await lease(...args);
      // Nothing is left for the first one, and it has not ended yet.
      if (!leased.entries.length && !following) {
        await bench.append(plain(viewed(2)));
        following = bench.flusher.flush();
      }
      found.push(leased.entries.length);
      return leased;
    };
    await bench.append(plain(viewed(1)));
    await bench.flusher.flush();
    await following;
    expect(bench.asked).toEqual([[ONE], [TWO]]);
    expect(found).toEqual([1, 0, 1, 0]);
  });

  test('events appended during a flush are delivered by it', async () => {
    const bench = startFlusher();
    bench.answer(async (events) => {
      await bench.append(plain(viewed(2)));
      return accept(events);
    }, accept);
    await bench.append(plain(viewed(1)));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE], [TWO]]);
    await expect(bench.waiting()).resolves.toEqual([]);
  });

  test('each request has a lease of its own, so that none ends while its events are on their way', async () => {
    const bench = startFlusher({ options: { maxBatch: 1 } });
    const ends: number[] = [];
    bench.answer(async (events) => {
      const [entry] = await bench.records.transact((rows) => rows.query('getAll', 'entry'));
      ends.push((entry as OutboxEntry).lease?.until ?? 0);
      await bench.runtime.advance(8_000);
      return accept(events);
    });
    await bench.append(plain(viewed(1), viewed(2), viewed(3)));
    await bench.flusher.flush();
    expect(bench.asked).toEqual([[ONE], [TWO], [idOf(3)]]);
    expect(ends).toEqual([15_000, 23_000, 31_000].map((ms) => START + ms));
  });
});

describe('stopped', () => {
  test('it posts nothing more and has no timer', async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1)));
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
    await bench.append(plain(viewed(1), viewed(2)));
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
  /** Does something at the moment when the first lease is there. */
  const onceLeased = ({ leasing }: FlusherBench, act: () => void): void => {
    const { lease } = leasing;
    leasing.lease = async (...args) => {
      const leased = await lease(...args);
      leasing.lease = lease;
      act();
      return leased;
    };
  };

  test('gives back what it had just leased, and begins no request before it is woken', async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1)));
    onceLeased(bench, bench.flusher.pause);
    await bench.flusher.flush();
    await bench.runtime.advance(10_000);
    expect(bench.asked).toEqual([]);
    bench.flusher.wake();
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('gives back what it had just leased also where it is stopped, so that another tab may deliver it', async () => {
    const bench = startFlusher();
    await bench.append(plain(viewed(1)));
    onceLeased(bench, bench.flusher.stop);
    await bench.flusher.flush();
    expect(bench.asked).toEqual([]);
    await expect(bench.leased('another tab')).resolves.toEqual([ONE]);
  });

  test('settles what is answered while it pauses', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    bench.flusher.pause();
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await flushed;
    await expect(bench.waiting()).resolves.toEqual([]);
  });

  test('begins no other request before it is woken', async () => {
    const bench = startFlusher({ options: { maxBatch: 1 } });
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.append(plain(viewed(1), viewed(2)));
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

  test('repeats no request that failed: the events may be another user’s by now', async () => {
    const bench = startDelivering();
    const answer = deferred<Response>();
    bench.answer = () => answer.promise;
    const page = bench.open();
    await page.record(plain(viewed(1)));
    const flushed = page.flusher.flush();
    await settle();
    page.flusher.pause();
    answer.reject(new TypeError('Failed to fetch'));
    await flushed;
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('begins no other request by itself either, where a timer began the flush', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.append(plain(viewed(1)));
    bench.flusher.wake();
    await bench.runtime.advance(250);
    bench.flusher.pause();
    await bench.append(plain(viewed(2)));
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('has one request at a time, also when it is woken before that one has ended', async () => {
    const bench = startFlusher();
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise, accept);
    await bench.append(plain(viewed(1)));
    const flushed = bench.flusher.flush();
    await settle();
    bench.flusher.pause();
    await bench.append(plain(viewed(2)));
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
    await bench.append(plain(viewed(1)));
    bench.flusher.wake();
    await bench.runtime.advance(250);
    await bench.append(plain(viewed(2)));
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await bench.runtime.advance(100);
    await bench.append(plain(viewed(3)));
    expect(bench.asked).toEqual([[ONE]]);
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE], [TWO, idOf(3)]]);
  });

  test('does not wait where more is due than one request takes', async () => {
    const bench = startFlusher({ options: { maxBatch: 1, flushIntervalMs: 250 } });
    await bench.append(plain(viewed(1), viewed(2)));
    bench.flusher.wake();
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE], [TWO]]);
  });
});

test('what another tab leased before it crashed is delivered within seconds (fault 38)', async () => {
  const bench = startFlusher();
  await bench.append(plain(viewed(1)));
  await bench.leased('the crashed tab', 1);
  await bench.flusher.flush();
  await bench.runtime.advance(14_999);
  expect(bench.asked).toEqual([]);
  await bench.runtime.advance(1);
  expect(bench.asked).toEqual([[ONE]]);
});

/** Tabs over the same records, whose requests are recorded with the tab's name. */
const openTabs = () => {
  const runtime = fakeRuntime();
  const records = memoryRecords();
  const asked: [name: string, ...ids: string[]][] = [];
  const open = (name: string, ...answers: Script[]): Tab & { readonly flusher: Flusher } => {
    const tab = openTab(records, runtime);
    const transport: Transport = async (events) => {
      asked.push([name, ...idsOf(events)]);
      return (answers.shift() ?? fails('back-off'))(events);
    };
    return { ...tab, flusher: createFlusher({ ...tab, transport, runtime, report: () => 0 }, {}) };
  };
  return { runtime, records, asked, open };
};

describe('the farewell of a page', () => {
  test('has no event that is under way, and has it once the attempt failed, before that is written', async () => {
    const bench = startFlusher();
    const said = (): string[] =>
      idsOf(
        unsettled(bench.outbox, { consent: 'granted', subject: undefined }, new Set(), bench.runtime.now()),
      );
    const answer = deferred<Attempt>();
    bench.answer(() => answer.promise);
    await bench.append(plain(viewed(1)));
    void bench.flusher.flush();
    await settle();
    expect([bench.asked, said()]).toEqual([[[ONE]], []]);
    // From here on no transaction comes to its end.
    vi.spyOn(bench.outbox.records, 'transact').mockReturnValue(new Promise(() => undefined));
    answer.resolve({ kind: 'back-off', retryAfterMs: 0, cause: undefined });
    await settle();
    expect(bench.outbox.pause.kind).toBe('back-off');
    expect(said()).toEqual([ONE]);
  });
});

describe('tabs side by side', () => {
  const view = viewed(1);

  test('each delivers what the other one has not, at the same time', async () => {
    const { runtime, records, asked, open } = openTabs();
    const answer = deferred<Attempt>();
    const one = open('one', () => answer.promise, accept);
    const other = open('other', accept);
    await one.append(plain(viewed(1)));
    const flushed = one.flusher.flush();
    await settle();
    await other.append(plain(viewed(2)));
    await other.flusher.flush();
    expect(asked).toEqual([
      ['one', ONE],
      ['other', TWO],
    ]);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await flushed;
    await runtime.advance(60_000);
    expect(asked).toHaveLength(2);
    await expect(storedIds(records, 'entry')).resolves.toEqual([]);
  });

  test('leave an offer to the one that delivers its older event, until that is through', async () => {
    const { asked, open } = openTabs();
    const answer = deferred<Attempt>();
    const one = open('one', () => answer.promise, accept);
    const other = open('other', accept);
    await one.append(plain(view));
    const flushed = one.flusher.flush();
    await settle();
    await other.append(plain(dismissed(2, view), viewed(3)));
    await other.flusher.flush();
    expect(asked).toEqual([
      ['one', ONE],
      ['other', idOf(3)],
    ]);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await flushed;
    expect(asked.slice(2)).toEqual([['one', TWO]]);
  });
});

describe('a pause that another tab wrote while a request was under way', () => {
  test('outlasts the success of that request', async () => {
    const { runtime, asked, open } = openTabs();
    const answer = deferred<Attempt>();
    const slow = open('slow', fails('back-off'), () => answer.promise);
    const other = open('other', fails('throttled', 600_000));
    await slow.append(plain(viewed(1)));
    await slow.flusher.flush();
    await runtime.advance(1_500);
    await other.append(plain(viewed(2)));
    await other.flusher.flush();
    expect(asked.map(([name]) => name)).toEqual(['slow', 'slow', 'other']);
    answer.resolve({ kind: 'answered', verdicts: new Map([[ONE, { kind: 'accepted' }]]) });
    await settle();
    slow.flusher.wake();
    other.flusher.wake();
    await runtime.advance(599_000);
    expect(asked).toHaveLength(3);
  });
});
