// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { MAX_EVENT_BYTES } from '../../../../src/protocol/limits.js';
import { says, startDelivering, startStored } from '../../../support/delivering.js';
import { dismissed, idOf, viewed } from '../../../support/events.js';
import { openTab } from '../../../support/outbox.js';

const ids = (...numbers: number[]): string[] => numbers.map(idOf);
const views = (...numbers: number[]) => numbers.map((n) => viewed(n));

describe('only a verdict that names an event removes it', () => {
  const accepted = (n: number) => ({ id: idOf(n), status: 'accepted' });
  const refused = (n: number) => ({ id: idOf(n), status: 'refused', code: 'conflict' });

  test.each([
    {
      what: 'accepted and duplicate are done with',
      results: [accepted(2), { id: idOf(3), status: 'duplicate' }, accepted(4)],
    },
    {
      what: 'refused is given up with its code',
      results: [accepted(2), refused(3), accepted(4)],
      discarded: [[idOf(3), 'refused', 'conflict']],
    },
    {
      what: 'ids that were not asked about are ignored, also if another tab sends such an event',
      results: [accepted(1), accepted(2), accepted(3), accepted(4), refused(9)],
    },
    {
      what: 'an event without a verdict stays, and the outbox backs off',
      results: [accepted(2), accepted(4)],
      left: ids(3),
      pause: 'back-off',
    },
    {
      what: 'a reply that answers for nobody keeps everything',
      results: [],
      left: ids(2, 3, 4),
      pause: 'back-off',
    },
  ])('$what', async ({ results, discarded = [], left = [], pause = 'none' }) => {
    const bench = await startStored(views(1, 2, 3, 4));
    await openTab(bench.database.stored, bench.runtime).leased('another tab', 1);
    bench.answer = () => Response.json({ v: 1, results });
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([ids(2, 3, 4)]);
    await expect(bench.stored()).resolves.toEqual([idOf(1), ...left]);
    expect([bench.page.discarded, bench.page.outbox.pause.kind]).toEqual([discarded, pause]);
  });
});

describe('a view goes before its dismissal, also if that is in the next batch', () => {
  const events = [viewed(1), dismissed(2, viewed(1)), viewed(3)];

  test('which waits for a deferred view', async () => {
    const bench = await startStored(events.slice(0, 2), { maxBatch: 1 });
    bench.answer = says('deferred', { code: 'busy', retry_after_ms: 4_000 });
    await bench.page.flusher.flush();
    bench.answer = says('accepted');
    await bench.runtime.advance(3_999);
    expect(bench.asked).toEqual([ids(1)]);
    await bench.runtime.advance(251);
    expect(bench.asked).toEqual([ids(1), ids(1), ids(2)]);
  });

  test('which is never posted if the view is refused', async () => {
    const bench = await startStored(events, { maxBatch: 1 });
    bench.answer = (asked, request) =>
      says(asked[0] === idOf(1) ? 'refused' : 'accepted', { code: 'invalid_event' })(asked, request);
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([ids(1), ids(3)]);
    expect(bench.page.discarded.map(([id]) => id)).toEqual(ids(1, 2));
  });
});

describe('what is due leaves soon and together', () => {
  test.each([
    ['250 ms', {}, 250],
    ['as long as configured', { flushIntervalMs: 40 }, 40],
  ])('a woken flusher waits %s for company', async (_, options, waitMs) => {
    const bench = await startStored(views(1), options);
    bench.page.flusher.wake();
    await bench.runtime.advance(waitMs - 1);
    expect(bench.asked).toEqual([]);
    await bench.page.store(viewed(2));
    bench.page.flusher.wake();
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1, 2)]);
  });

  test.each([
    ['events', { maxBatch: 2 }],
    ['bytes, each event counted with the most that it can take', { maxBatchBytes: 3 * MAX_EVENT_BYTES }],
  ])('a request has at most as many %s as configured', async (_, options) => {
    const bench = await startStored(views(3, 1, 4, 2, 5), options);
    await bench.page.flusher.flush();
    expect(bench.asked).toEqual([ids(1, 2), ids(3, 4), ids(5)]);
  });

  test('nothing to do asks nobody and sets no timer', async () => {
    const { page, asked, runtime } = await startStored([]);
    await page.flusher.flush();
    expect([asked, runtime.timers]).toEqual([[], 0]);
  });

  test('what another tab leased before it crashed is delivered within seconds (fault 38)', async () => {
    const bench = startDelivering();
    const crashed = openTab(bench.database.stored, bench.runtime);
    await crashed.append([{ event: viewed(1), isOnce: false }]);
    await crashed.leased('the crashed tab');
    await bench.open().flusher.flush();
    await bench.runtime.advance(14_999);
    expect(bench.asked).toEqual([]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([ids(1)]);
  });
});
