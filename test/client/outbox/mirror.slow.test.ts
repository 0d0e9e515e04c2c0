// @vitest-environment node
/** What a page does with its events while the database does not answer, and when it answers late. */
import { describe, expect, test } from 'vitest';
import type { OutboxEntry } from '../../../src/client/outbox/records.js';
import { TIMEOUT_MS } from '../../support/database.js';
import {
  type DeliveringBench,
  type DeliveringPage,
  deny,
  startDelivering,
} from '../../support/delivering.js';
import { dismissed, idOf, once, plain, START, viewed } from '../../support/events.js';
import { openTab } from '../../support/outbox.js';

const [ONE, TWO, THREE] = [idOf(1), idOf(2), idOf(3)];

/** A browser with a page, and its database as the test says. */
const started = (): DeliveringBench & { readonly page: DeliveringPage } => {
  const bench = startDelivering();
  return Object.assign(bench, { page: bench.open() });
};

describe('while the database does not answer, events', () => {
  test('leave from the mirror once a lease has waited for it as well, in their order', async () => {
    const { page, database, runtime, asked } = started();
    database.hang();
    void page.record(plain(viewed(1), viewed(2)));
    // The commit, the moment for company, and the lease's own attempt.
    await runtime.advance(TIMEOUT_MS + 250 + TIMEOUT_MS - 1);
    expect([asked, page.told]).toEqual([[], []]);
    await runtime.advance(1);
    expect(asked).toEqual([[ONE, TWO]]);
    expect(page.told).toEqual([ONE, TWO].map((id) => [id, false]));
  });

  test('that count once wait and are not said, and all others leave', async () => {
    const { page, database, runtime, asked } = started();
    const answer = database.hang();
    void page.record([...once(viewed(1), dismissed(2, viewed(1))), ...plain(viewed(3))]);
    expect(page.farewell()).toEqual([THREE]);
    await runtime.advance(30_000);
    expect([asked, page.told, page.farewell()]).toEqual([[[THREE]], [[THREE, false]], []]);
    await answer();
    await runtime.advance(30_000);
    expect(asked).toEqual([[THREE], [ONE, TWO]]);
    expect(page.told.slice(1)).toEqual([ONE, TWO].map((id) => [id, true]));
  });

  test('that count once do not leave, and are not reported, if it answers at last that they were known', async () => {
    const { page, database, runtime, asked } = started();
    await openTab(database.stored, runtime).append(once(viewed(1)));
    const answer = database.hang();
    void page.record(once(viewed(2, { offerId: 'offer-1' })));
    await runtime.advance(30_000);
    await answer();
    await runtime.advance(30_000);
    expect([asked, page.told, page.outbox.mirror.size]).toEqual([[[ONE]], [], 0]);
  });
});

describe('a commit that was given up', () => {
  test('and takes effect before its event is settled has stored it, once, and reports it once', async () => {
    const { page, database, runtime, asked, stored } = started();
    const answer = database.linger();
    void page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await runtime.advance(TIMEOUT_MS);
    await answer();
    await expect(stored()).resolves.toEqual([ONE, TWO]);
    await runtime.advance(250);
    expect([asked, page.told]).toEqual([[[ONE, TWO]], [ONE, TWO].map((id) => [id, true])]);
    await expect(stored()).resolves.toEqual([]);
  });

  test('since its connection opens only after a later one stored the event leaves that as it is, and its lease', async () => {
    const bench = started();
    const { page, database, runtime } = bench;
    const open = database.stall();
    bench.answer = () => new Promise(() => undefined);
    void page.record([...plain(viewed(1)), ...once(viewed(2))]);
    await runtime.advance(TIMEOUT_MS + 250);
    expect(bench.asked).toEqual([[ONE, TWO]]);
    await open();
    const entries = await database.stored.transact((rows) => rows.query('getAll', 'entry'));
    const until = START + TIMEOUT_MS + 250 + 15_000;
    expect(entries.map((entry) => (entry as OutboxEntry).lease?.until)).toEqual([until, until]);
    expect([...page.outbox.mirror.keys()]).toEqual([ONE, TWO]);
  });

  test('and takes effect behind the settling stores nothing for long: the next transaction deletes it', async () => {
    const { page, database, runtime, asked, stored } = started();
    const answer = database.linger();
    void page.record(plain(viewed(1)));
    await runtime.advance(30_000);
    expect([asked, page.told]).toEqual([[[ONE]], [[ONE, false]]]);
    await answer();
    await expect(stored()).resolves.toEqual([]);
    await runtime.advance(60_000);
    expect(asked).toEqual([[ONE]]);
  });
});

test('a denial while the database does not answer gives up at once what is on its way there, with one report', async () => {
  const { page, database, runtime, stored } = started();
  const answer = database.linger();
  void page.record([...plain(viewed(1)), ...once(viewed(2))]);
  deny(page);
  const lost = [ONE, TWO].map((id) => [id, 'consent', undefined]);
  expect([page.discarded, page.farewell()]).toEqual([lost, []]);
  const purged = page.leasing.purge().catch((cause: unknown) => (cause as Error).message);
  await runtime.advance(TIMEOUT_MS);
  await expect(purged).resolves.toBe('timeout');
  await answer();
  await page.leasing.purge();
  expect([page.discarded, page.told]).toEqual([lost, []]);
  await expect(stored()).resolves.toEqual([]);
});
