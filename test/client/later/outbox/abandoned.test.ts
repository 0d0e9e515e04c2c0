// @vitest-environment node
/** A page over a real database, which it leaves to others when it is left or frozen. */
import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { createDelivering, type Delivering } from '../../../../src/client/later/delivering.js';
import { createConnecting } from '../../../../src/client/later/outbox/connecting.js';
import { mendedRecords } from '../../../../src/client/later/outbox/mended.js';
import { indexedDbRecords } from '../../../../src/client/outbox/indexeddb.js';
import { createOutbox, type Outbox } from '../../../../src/client/outbox/outbox.js';
import type { Connection } from '../../../../src/client/outbox/records.js';
import { ENDPOINT, entryOf, idOf, once, START, viewed } from '../../../support/events.js';
import { openTab } from '../../../support/outbox.js';
import { requestOf } from '../../../support/request-of.js';
import { type FakeRuntime, fakeRuntime, settle } from '../../../support/runtime.js';

const HOUR_MS = 3_600_000;
const [ONE, TWO] = [idOf(1), idOf(2)];
let databases = 0;

interface Bench {
  readonly runtime: FakeRuntime;
  /** The ids of all requests, in order. */
  readonly asked: readonly string[];
  readonly told: readonly unknown[];
  readonly reports: readonly string[];
  readonly page: Delivering & { readonly outbox: Outbox };
  /** Ends what the page has under way. */
  abandon(): void;
  /** Another connection to the database. */
  connect(): Connection;
}

const start = (): Bench => {
  const asked: string[] = [];
  const told: unknown[] = [];
  const reports: string[] = [];
  const runtime = fakeRuntime({
    async fetch(input, init) {
      const { events } = (await requestOf(input, init).json()) as { events: { id: string }[] };
      asked.push(...events.map(({ id }) => id));
      return Response.json({ v: 1, results: events.map(({ id }) => ({ id, status: 'accepted' })) });
    },
  });
  const name = `abandoned-${databases++}`;
  const { connect, abandon } = createConnecting();
  const open = (): Connection => connect(indexedDbRecords(name, runtime));
  const connection = open();
  const outbox = createOutbox(connection, runtime, ENDPOINT, { consent: 'granted' });
  const delivering = createDelivering({
    ...{ outbox, runtime },
    mend: (listener) => mendedRecords(outbox, connection, open, listener),
    owner: { consent: 'granted' },
    tellTabs: () => undefined,
    options: {},
    report: ({ code }) => reports.push(code),
    onDiscard: () => undefined,
    onRecorded: ({ id }, isDurable) => told.push([id, isDurable]),
  });
  return {
    ...{ runtime, asked, told, reports, abandon },
    page: { ...delivering, outbox },
    connect: () => createConnecting().connect(indexedDbRecords(name, runtime)),
  };
};

/** What the database was asked is answered in tasks of their own. */
const tasks = async (count: number): Promise<void> => {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
};

test('a page that is left and then frozen, while another tab has the database, does not count again what was known', async () => {
  const { runtime, asked, told, page, abandon, connect } = start();
  const earlier = openTab(connect(), runtime);
  await earlier.append(once(viewed(1)));
  await earlier.leasing.settle([ONE]);
  await page.leasing.marks();
  let isBusy = true;
  const busy = connect().transact(async (rows) => {
    while (isBusy) await rows.get(['entry', 'anything']);
  });
  await tasks(3);
  page.outbox.add(viewed(2, { offerId: 'offer-1' }), true);
  const committed = page.outbox.commit().catch(() => undefined);
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
  expect([asked, told]).toEqual([[], []]);
});

test.each([true, {}])('an entry whose endpoint is %j cannot be read, and stops nothing', async (endpoint) => {
  const { runtime, asked, reports, page, connect } = start();
  const old = viewed(1, { occurredAt: START - 25 * HOUR_MS });
  await connect().transact(async (rows) => rows.put(['entry', ONE], { ...entryOf(old), endpoint }));
  page.outbox.add(viewed(2), false);
  await page.outbox.commit();
  await page.flusher.flush();
  await runtime.advance(60_000);
  expect([reports, asked]).toEqual([[], [TWO]]);
  await expect(page.leasing.stats()).resolves.toMatchObject({ waiting: 0, dead: 1 });
});
