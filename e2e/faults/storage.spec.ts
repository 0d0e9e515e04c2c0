import type { Page } from '@playwright/test';
import { untilStored } from '../fixtures/database.js';
import { addOffer, leaveAndReturn, listen, offer, sayOnline, showAgain } from '../fixtures/faults.js';
import {
  flush,
  type OffersightWindow,
  trackerStats,
  untilInMemory,
  untilWaiting,
} from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

test('a database that opens late gets the events that waited in memory (fault 26)', async ({
  page,
  stack,
}) => {
  const { storage, uncaught } = listen(page);
  // Another connection blocks an upgrade, which blocks every later attempt to open the database.
  await stack.open(page, '<p>no offer yet</p>', { script: '' });
  await page.evaluate(async () => {
    const opening = indexedDB.open('offersight', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('offersight');
    await new Promise((resolve) => {
      opening.onsuccess = resolve;
    });
    const upgrading = indexedDB.open('offersight', 2);
    const isOver = new Promise<void>((over) => {
      upgrading.onsuccess = () => {
        upgrading.result.close();
        over();
      };
    });
    const unblock = (): Promise<void> => {
      opening.result.close();
      return isOver;
    };
    Object.assign(window, { unblock });
    const script = document.createElement('script');
    script.src = '/offersight.js';
    Object.assign(script.dataset, { endpoint: '/offer-events', debug: '' });
    document.head.append(script);
  });
  await addOffer(page, 'early');
  await stack.expectRecorded(['viewed early']);
  await expect.poll(() => storage).toHaveLength(1);
  stack.site.gateway.fault = 'off';
  await addOffer(page, 'waits');
  await untilInMemory(page, 1);
  await page.evaluate('unblock()');
  await showAgain(page);
  await untilWaiting(page, 1);
  await untilStored(page, 1);
  await leaveAndReturn(page, stack);
  await stack.expectRecorded(['viewed early', 'viewed waits']);
  expect(storage).toHaveLength(1);
  expect(uncaught).toEqual([]);
});

test('a task that keeps the page busy for seconds is not mistaken for a database that does not answer', async ({
  page,
  stack,
}) => {
  const { storage, uncaught } = listen(page);
  stack.site.gateway.fault = 'off';
  await stack.open(page, offer('early'));
  await untilStored(page, 1);
  // The page's own task begins after the product's transaction, and takes longer than the product waits for that.
  await page.evaluate(() => {
    const work = (): void => {
      const endsAt = performance.now() + 2_600;
      while (performance.now() < endsAt) void 0;
    };
    addEventListener('offersight:viewed', () => queueMicrotask(() => queueMicrotask(work)));
  });
  // This happens several times, since the browser decides whether the answer or the timer comes first.
  const busy = ['first', 'second', 'third'];
  for (const [at, id] of busy.entries()) {
    await addOffer(page, id);
    await untilStored(page, at + 2);
  }
  expect(storage).toEqual([]);
  await leaveAndReturn(page, stack);
  await stack.expectRecorded(['viewed early', ...busy.map((id) => `viewed ${id}`)]);
  expect(uncaught).toEqual([]);
});

/** Records so many dismissals, with their views. */
const dismissMany = (page: Page, count: number): Promise<void> =>
  page.evaluate((most) => {
    (window as unknown as OffersightWindow).offersight.push((tracker) => {
      for (let n = 0; n < most; n++) tracker.dismiss(`old-${String(n).padStart(2, '0')}`);
    });
  }, count);

test('a page that hydrates in tasks of half a second for seconds keeps what it records in the database', async ({
  page,
  stack,
}) => {
  const { storage, uncaught } = listen(page);
  stack.site.gateway.fault = 'off';
  // It begins with the page, so that every step of every transaction waits for one of these tasks, even opening.
  const hydrating = `<script>
      const { port1, port2 } = new MessageChannel();
      const untilAt = performance.now() + 7000;
      port2.onmessage = () => {
        const endsAt = performance.now() + 500;
        while (performance.now() < endsAt);
        if (endsAt < untilAt) port1.postMessage('');
        else isHydrated = true;
      };
      port1.postMessage('');
    </script>`;
  await stack.open(page, offer('early'), { head: hydrating });
  await page.waitForFunction('window.isHydrated');
  await dismissMany(page, 40);
  const ids = Array.from({ length: 40 }, (_, at) => `old-${String(at).padStart(2, '0')}`);
  await untilStored(page, 1 + 2 * ids.length);
  expect(storage).toEqual([]);
  await leaveAndReturn(page, stack);
  await stack.expectRecorded(['viewed early', ...ids.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`])]);
  expect(uncaught).toEqual([]);
});

/**
 * Lets the test break every connection that exists, or all later ones as well: at once, or after the next event that is
 * stored.
 */
const BREAKING = `<script>
  const dead = new WeakSet();
  const alive = [];
  window.breaking = { isDown: false, breakOff() { for (const database of alive.splice(0)) dead.add(database); } };
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, key) {
    if (breaking.isNext && key[0] === 'entry') {
      this.transaction.addEventListener('complete', () => (breaking.isDown = true));
    }
    return put.call(this, value, key);
  };
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...given) {
    if (breaking.isDown || dead.has(this)) {
      throw new DOMException('The database connection is closing.', 'InvalidStateError');
    }
    alive.push(this);
    return transaction.apply(this, given);
  };
</script>`;

test.describe('a connection that is lost', () => {
  test('is made again, and the event is as durable as ever (fault 27)', async ({ page, stack }) => {
    const { storage, uncaught } = listen(page);
    stack.site.gateway.fault = 'off';
    await stack.open(page, offer('before'), { head: BREAKING });
    await untilWaiting(page, 1);
    for (const [at, id] of ['after', 'again'].entries()) {
      await page.evaluate('breaking.breakOff()');
      await addOffer(page, id);
      await untilStored(page, at + 2);
    }
    expect([storage, uncaught]).toEqual([[], []]);
    await leaveAndReturn(page, stack);
    await stack.expectRecorded(['viewed before', 'viewed after', 'viewed again']);
  });

  test('delivers an event that it has stored by itself, half a minute later (fault 27)', async ({
    page,
    stack,
  }) => {
    const { storage, uncaught } = listen(page);
    await page.clock.install();
    await stack.open(page, '<p>no offer yet</p>', { head: BREAKING });
    await trackerStats(page);
    await page.evaluate('breaking.isNext = true');
    await addOffer(page, 'stored');
    await expect.poll(() => storage).toHaveLength(1);
    await page.evaluate('breaking.isDown = breaking.isNext = false');
    // Nothing else happens on this page: there is no other event, and the visitor does not come back to it.
    await page.clock.fastForward(30_000);
    await stack.expectRecorded(['viewed stored']);
    expect(uncaught).toEqual([]);
  });
});

/**
 * So many transactions find the storage full: each of them adds so much data that the browser refuses it by aborting the
 * transaction. A browser does not refuse small writes so strictly. A transaction adds it once, since a slow disk could
 * not take more in time.
 */
const FULL = `<script>
  window.full = 0;
  const { put } = IDBObjectStore.prototype;
  const refused = new WeakSet();
  IDBObjectStore.prototype.put = function (...given) {
    if (full > 0 && !refused.has(this.transaction)) {
      full--;
      refused.add(this.transaction);
      put.call(this, 'x'.repeat(4000000), 'much');
    }
    return put.apply(this, given);
  };
</script>`;

/** Opens a page that may store little, and whose events wait. */
const openSmall = async (page: Page, stack: Stack): Promise<void> => {
  const session = await page.context().newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: stack.site.url, quotaSize: 500_000 });
  stack.site.gateway.fault = 'off';
  await stack.open(page, '<p>no offer yet</p>', { head: FULL });
};

const openFull = async (page: Page, stack: Stack): Promise<void> => {
  await openSmall(page, stack);
  await dismissMany(page, 60);
  await untilWaiting(page, 120);
};

/** From now on the page does nothing by itself, and no event is on its way: such an event would be given up last. */
const rest = async (page: Page): Promise<void> => {
  await page.evaluate(() => {
    // Timers that it has already set do not fire either.
    for (let last = Number(setTimeout(() => 0)); last; last--) clearTimeout(last);
    Object.assign(window, { setTimeout: () => 0 });
  });
  await flush(page);
};

test.describe('a storage that is full', () => {
  test('gets room by giving up the oldest views with their dismissals, and counts each of them (fault 28)', async ({
    page,
    stack,
  }) => {
    const { storage, uncaught } = listen(page);
    await openFull(page, stack);
    await rest(page);
    await page.evaluate('full = 1');
    await addOffer(page, 'new');
    await untilWaiting(page, 21);
    await untilStored(page, 21);
    expect((await trackerStats(page)).discarded).toEqual({ 'storage-full': 100 });
    await leaveAndReturn(page, stack);
    const kept = Array.from({ length: 10 }, (_, n) => [
      `viewed old-${50 + n}`,
      `dismissed old-${50 + n}`,
    ]).flat();
    await stack.expectRecorded([...kept, 'viewed new']);
    expect([storage, uncaught]).toEqual([[], []]);
  });

  test('leaves events in memory with one report if it stays full: each is delivered, or given up and counted (fault 28)', async ({
    page,
    stack,
  }) => {
    const { storage, uncaught } = listen(page);
    await openFull(page, stack);
    await page.evaluate('full = Infinity');
    await addOffer(page, 'new');
    await expect.poll(() => storage).toHaveLength(1);
    await page.evaluate('full = 0');
    stack.site.gateway.fault = undefined;
    await showAgain(page);
    await sayOnline(page);
    await untilWaiting(page, 0);
    const { discarded } = await trackerStats(page);
    const given = Object.values(discarded ?? {}).reduce((sum, count) => sum + count, 0);
    await expect.poll(() => stack.recorded().length + given).toBe(121);
    expect(Object.keys(discarded ?? {}).filter((reason) => reason !== 'storage-full')).toEqual([]);
    expect(stack.recorded()).toContain('viewed new');
    expect(storage).toHaveLength(1);
    expect(uncaught).toEqual([]);
  });
});

test('clearing site data removes the events that wait, and none that come later (fault 30)', async ({
  page,
  context,
  stack,
}) => {
  const { storage, uncaught } = listen(page);
  stack.site.gateway.fault = 'off';
  await stack.open(page, offer('cleared'));
  await untilStored(page, 1);
  // Clearing would cut off an operation under way. The product would retry it while the database is still being
  // cleared, and then keep the event in memory.
  await rest(page);
  const session = await context.newCDPSession(page);
  await session.send('Storage.clearDataForOrigin', { origin: stack.site.url, storageTypes: 'all' });
  await untilWaiting(page, 0);
  await addOffer(page, 'later');
  await untilStored(page, 1);
  stack.site.gateway.fault = undefined;
  await sayOnline(page);
  await expect
    .poll(async () => {
      await flush(page);
      return stack.recorded();
    })
    .toEqual(['viewed later']);
  await stack.expectRecorded(['viewed later']);
  expect([storage, uncaught]).toEqual([[], []]);
});
