// @vitest-environment node

/** What a page of version 0.2.0 left in a browser. Its rooms made the records, at commit 95cfe146. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RecordKey } from '../../../src/client/outbox/records.js';
import { startDelivering } from '../../support/delivering.js';
import { idOf, once, viewed } from '../../support/events.js';

const LEFT = JSON.parse(
  readFileSync(new URL('../../fixtures/0.2.0/outbox.json', import.meta.url), 'utf8'),
) as readonly (readonly [RecordKey, object])[];

test('what version 0.2.0 left is delivered, each event when it is due, and what it remembered holds', async () => {
  const bench = startDelivering();
  await bench.database.stored.transact(async (rows) => {
    for (const [key, value] of LEFT) rows.put(key, value);
  });
  const page = bench.open();
  page.flusher.wake();
  await bench.runtime.advance(900);
  // Its back-off lasts for a second.
  expect(bench.asked).toEqual([]);
  await expect(page.leasing.stats()).resolves.toMatchObject({ waiting: 4, dead: 1, pause: { status: 503 } });
  await expect(page.leasing.marks()).resolves.toContainEqual(
    expect.objectContaining({ offerId: 'offer-9', type: 'accepted' }),
  );
  // It counts once in the browser, and has counted.
  await page.record(once(viewed(8, { offerId: 'offer-3' })));
  await bench.runtime.advance(1_100);
  expect(bench.asked).toEqual([[idOf(3)]]);
  // A page that died had leased these.
  await bench.runtime.advance(14_000);
  expect(bench.asked.slice(1)).toEqual([[idOf(1), idOf(2)]]);
  // The proxy had asked to wait for a minute.
  await bench.runtime.advance(60_000);
  expect(bench.asked.slice(2)).toEqual([[idOf(7)]]);
  await expect(page.leasing.stats()).resolves.toMatchObject({ waiting: 0, dead: 1 });
  expect([page.discarded, page.reports]).toEqual([[], []]);
});
