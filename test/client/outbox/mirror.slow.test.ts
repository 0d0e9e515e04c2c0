// @vitest-environment node
/** What a page does with its events while the database does not answer, and when it answers late. */
import { describe, expect, test } from 'vitest';
import type { OutboxEntry } from '../../../src/client/outbox/records.js';
import { TIMEOUT_MS } from '../../support/database.js';
import { deferred } from '../../support/deferred.js';
import { deny, says, startDelivering } from '../../support/delivering.js';
import { dismissed, idOf, once, plain, START, viewed } from '../../support/events.js';
import { openTab, storedIds } from '../../support/outbox.js';

const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)];
const HOUR_MS = 3_600_000;

describe('while the database does not answer, events', () => {
  test('leave from the mirror once a lease has waited for it as well, in their order', async () => {
    const bench = startDelivering();
    const page = bench.open();
    bench.database.hang();
    void page.record(plain(viewed(1), viewed(2)));
    // The commit, the moment for company, and the lease's own attempt.
    await bench.runtime.advance(TIMEOUT_MS + 250 + TIMEOUT_MS - 1);
    expect([bench.asked, page.told]).toEqual([[], []]);
    await bench.runtime.advance(1);
    expect(bench.asked).toEqual([[ONE, TWO]]);
    expect(page.told).toEqual([
      [ONE, false],
      [TWO, false],
    ]);
  });

  test('are said by a farewell meanwhile', () => {
    const bench = startDelivering();
    const page = bench.open();
    bench.database.hang();
    void page.record(plain(viewed(1)));
    expect(page.farewell()).toEqual([ONE]);
  });

  test('that count once wait and are not said, and all others leave', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const view = viewed(1);
    const answer = bench.database.hang();
    void page.record([...once(view, dismissed(2, view)), ...plain(viewed(3))]);
    expect(page.farewell()).toEqual([THREE]);
    await bench.runtime.advance(30_000);
    expect([bench.asked, page.told, page.farewell()]).toEqual([[[THREE]], [[THREE, false]], []]);
    await answer();
    await bench.runtime.advance(30_000);
    expect(bench.asked).toEqual([[THREE], [ONE, TWO]]);
    expect(page.told).toEqual([
      [THREE, false],
      [ONE, true],
      [TWO, true],
    ]);
  });

  test('wait for an earlier one of their offer that may not count', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const [first, again] = [viewed(1), viewed(2, { offerId: 'offer-1' })];
    const answer = bench.database.hang();
    void page.record([...once(first), ...plain(again)]);
    await bench.runtime.advance(30_000);
    expect(bench.asked).toEqual([]);
    await answer();
    await bench.runtime.advance(30_000);
    expect(bench.asked).toEqual([[ONE, TWO]]);
  });

  test('that count once do not leave, and are not reported, if it answers at last that they were known', async () => {
    const bench = startDelivering();
    await openTab(bench.database.stored, bench.runtime).append(once(viewed(1)));
    const page = bench.open();
    const answer = bench.database.hang();
    void page.record(once(viewed(2, { offerId: 'offer-1' })));
    await bench.runtime.advance(30_000);
    await answer();
    await bench.runtime.advance(30_000);
    expect([bench.asked, page.told, page.outbox.mirror.size]).toEqual([[[ONE]], [], 0]);
  });

  test('that count once wait also where all steps of their commit are done, which may yet come to nothing', async () => {
    const bench = startDelivering();
    const page = bench.open();
    bench.database.linger();
    void page.record(once(viewed(1)));
    await bench.runtime.advance(30_000);
    expect([bench.asked, page.farewell()]).toEqual([[], []]);
  });

  test('are given up for their age, once, though what would have given them up takes effect later', async () => {
    const bench = startDelivering();
    const page = bench.open({ retentionMs: 10_000 });
    for (const n of [1, 2]) page.outbox.add(viewed(n, { occurredAt: START + 1_000 * n }), false);
    await page.outbox.commit();
    await bench.runtime.advance(11_000);
    const answer = bench.database.linger();
    bench.answer = says('deferred', { code: 'busy' });
    const flushed = page.flusher.flush();
    await bench.runtime.advance(TIMEOUT_MS);
    await flushed;
    const lost = [ONE, TWO].map((id) => [id, 'expired', undefined]);
    expect(page.discarded).toEqual(lost);
    await answer();
    await bench.runtime.advance(60_000);
    expect(page.discarded).toEqual(lost);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('are refused once, though what would have buried them takes effect later', async () => {
    const bench = startDelivering();
    const page = bench.open();
    await page.record(plain(viewed(1)));
    const answer = bench.database.linger();
    const buried = page.leasing.bury(new Map([[ONE, 'conflict']]));
    await bench.runtime.advance(TIMEOUT_MS);
    await buried;
    expect(page.discarded).toEqual([[ONE, 'refused', 'conflict']]);
    await answer();
    expect(page.discarded).toEqual([[ONE, 'refused', 'conflict']]);
    await expect(storedIds(bench.database.stored, 'dead')).resolves.toEqual([ONE]);
  });
});

describe('a commit that was given up', () => {
  test('and takes effect before its event is settled has stored it, once, and reports it once', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const answer = bench.database.linger();
    void page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await bench.runtime.advance(TIMEOUT_MS);
    await answer();
    await expect(bench.stored()).resolves.toEqual([ONE, TWO]);
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[ONE, TWO]]);
    expect(page.told).toEqual([
      [ONE, true],
      [TWO, true],
    ]);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('and takes effect behind the settling stores nothing for long: the next transaction deletes it', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const answer = bench.database.linger();
    void page.record(plain(viewed(1)));
    await bench.runtime.advance(30_000);
    expect([bench.asked, page.told]).toEqual([[[ONE]], [[ONE, false]]]);
    await answer();
    await expect(bench.stored()).resolves.toEqual([]);
    await bench.runtime.advance(60_000);
    expect(bench.asked).toEqual([[ONE]]);
  });

  test('since its connection opens only after the event was settled stores nothing at all', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const open = bench.database.stall();
    void page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await bench.runtime.advance(TIMEOUT_MS + 250);
    expect([bench.asked, page.settled]).toEqual([[[ONE, TWO]], [ONE, TWO]]);
    const asked = bench.database.asked();
    await open();
    expect(bench.database.asked()).toBe(asked);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('since its connection opens only after a later one stored the event leaves that as it is, and its lease', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const open = bench.database.stall();
    const reply = deferred<Response>();
    bench.answer = () => reply.promise;
    void page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await bench.runtime.advance(TIMEOUT_MS + 250);
    expect(bench.asked).toEqual([[ONE, TWO]]);
    await open();
    const entries = await bench.database.stored.transact((rows) => rows.query('getAll', 'entry'));
    expect(entries.map((entry) => (entry as OutboxEntry).lease?.until)).toEqual(
      [1, 2].map(() => START + TIMEOUT_MS + 250 + 15_000),
    );
    expect([...page.outbox.mirror.keys()]).toEqual([ONE, TWO]);
  });
});

describe('a dismissal never leaves before its view', () => {
  const view = viewed(1);

  test('where the view is stored and the dismissal is not', async () => {
    const bench = startDelivering();
    const page = bench.open();
    page.outbox.add(view, false);
    await page.outbox.commit();
    bench.database.hang();
    void page.record(plain(dismissed(2, view)));
    await bench.runtime.advance(30_000);
    expect(bench.asked).toEqual([[ONE, TWO]]);
  });

  test('where the view is still on its way into the database, which the dismissal waits for', async () => {
    const bench = startDelivering();
    const page = bench.open();
    bench.database.stall();
    // What times out first has another connection opened, while the view's commit still waits for the first one.
    void page.leasing.marks();
    await bench.runtime.advance(500);
    void page.record(plain(view));
    await bench.runtime.advance(TIMEOUT_MS - 500);
    await page.record(plain(dismissed(2, view), viewed(3)));
    await expect(bench.stored()).resolves.toEqual([THREE]);
    await bench.runtime.advance(250);
    expect(bench.asked).toEqual([[THREE]]);
    await bench.runtime.advance(500);
    expect(bench.asked.slice(1)).toEqual([[ONE, TWO]]);
  });

  test('where another page has the view, and this one only the dismissal', async () => {
    const bench = startDelivering();
    const [here, there] = [bench.open(), bench.open()];
    there.outbox.add(view, false);
    await there.outbox.commit();
    await here.record(plain(dismissed(2, view)));
    await here.flusher.flush();
    expect(bench.asked).toEqual([[ONE, TWO]]);
  });
});

describe('a denial while the database does not answer', () => {
  test('gives up at once what is on its way there, with one report, though its commit takes effect later', async () => {
    const bench = startDelivering();
    const page = bench.open();
    const answer = bench.database.linger();
    void page.record([...plain(viewed(1)), ...once(viewed(2))]);
    deny(page);
    const lost = [ONE, TWO].map((id) => [id, 'consent', undefined]);
    expect([page.discarded, page.farewell()]).toEqual([lost, []]);
    const purged = page.leasing.purge().catch((cause: unknown) => (cause as Error).message);
    await bench.runtime.advance(TIMEOUT_MS);
    await expect(purged).resolves.toBe('timeout');
    await answer();
    await page.leasing.purge();
    expect([page.discarded, page.told]).toEqual([lost, []]);
    await expect(bench.stored()).resolves.toEqual([]);
  });

  test('reports stored events once, when they are purged, though the first attempt takes effect later', async () => {
    const bench = startDelivering();
    const page = bench.open({ retentionMs: HOUR_MS });
    page.outbox.add(viewed(1), false);
    await page.outbox.commit();
    const answer = bench.database.linger();
    deny(page);
    const purged = page.leasing.purge().catch(() => undefined);
    await bench.runtime.advance(TIMEOUT_MS);
    await purged;
    expect(page.discarded).toEqual([]);
    await answer();
    await page.leasing.purge();
    expect(page.discarded).toEqual([[ONE, 'consent', undefined]]);
  });
});

describe('an event of which nobody knows yet whether it counts', () => {
  test('is reported as durable once another tab has delivered it, which had it from the database', async () => {
    const bench = startDelivering();
    const [page, other] = [bench.open(), bench.open()];
    const answer = bench.database.linger();
    void page.record(once(viewed(1)));
    await bench.runtime.advance(TIMEOUT_MS);
    await answer();
    await other.flusher.flush();
    expect([bench.asked, page.told]).toEqual([[[ONE]], []]);
    page.leasing.onSettled(other.settled);
    expect([page.told, page.outbox.mirror.size]).toEqual([[[ONE, true]], 0]);
  });
});
