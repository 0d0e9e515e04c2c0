// @vitest-environment node
/** A page over a real database, which it leaves to others when it is left or frozen. */
import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { createDelivering } from '../../../../src/client/later/delivering.js';
import { createConnecting } from '../../../../src/client/later/outbox/connecting.js';
import { mendedRecords } from '../../../../src/client/later/outbox/mended.js';
import { indexedDbRecords } from '../../../../src/client/outbox/indexeddb.js';
import { createOutbox } from '../../../../src/client/outbox/outbox.js';
import type { Connection } from '../../../../src/client/outbox/records.js';
import { ENDPOINT, idOf, once, viewed } from '../../../support/events.js';
import { openTab } from '../../../support/outbox.js';
import { fakeRuntime, settle } from '../../../support/runtime.js';

/** What the database was asked is answered in tasks of their own. */
const tasks = async (count: number): Promise<void> => {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
};

test('a page that is left and then frozen, while another tab has the database, does not count again what was known', async () => {
  const told: unknown[] = [];
  const runtime = fakeRuntime({ fetch: () => expect.unreachable('nothing counts') });
  const { connect, abandon } = createConnecting();
  const open = (by = connect): Connection => by(indexedDbRecords('abandoned', runtime));
  const connection = open();
  const outbox = createOutbox(connection, runtime, ENDPOINT, { consent: 'granted' });
  const page = createDelivering({
    ...{ outbox, runtime, options: {}, owner: { consent: 'granted' } },
    mend: (listener) => mendedRecords(outbox, connection, open, listener),
    tellTabs: () => undefined,
    report: () => undefined,
    onDiscard: () => undefined,
    onRecorded: (event) => told.push(event),
  });
  const others = open(createConnecting().connect);
  const earlier = openTab(others, runtime);
  await earlier.append(once(viewed(1)));
  await earlier.leasing.settle([idOf(1)]);
  await page.leasing.marks();
  let isBusy = true;
  const busy = others.transact(async (rows) => {
    while (isBusy) await rows.get(['entry', 'anything']);
  });
  await tasks(3);
  outbox.add(viewed(2, { offerId: 'offer-1' }), true);
  const committed = outbox.commit().catch(() => undefined);
  const flushed = page.flusher.flush();
  for (const _ of ['left', 'frozen']) {
    await tasks(4);
    abandon();
    page.flusher.pause();
  }
  await tasks(4);
  isBusy = false;
  await Promise.all([busy, committed, flushed]);
  await page.flusher.flush();
  await settle();
  expect(told).toEqual([]);
});
