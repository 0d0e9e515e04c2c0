import type { Page } from '@playwright/test';
import { putRecords, storedRecords, untilStored } from '../fixtures/database.js';
import { addOffer, listen, offer, sayOnline, showAgain } from '../fixtures/faults.js';
import { flush, trackerStats, untilInMemory, untilWaiting } from '../fixtures/ready.js';
import type { Profile } from '../fixtures/real-browser.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

const DAY_MS = 86_400_000;

type Stored = Parameters<typeof putRecords>[1][number];

/** An id of a minute ago, which sorts before all that are made now. */
const idOf = (number: number): string => {
  const time = (Date.now() - 60_000).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number.toString(16).padStart(12, '0')}`;
};

test.describe('a database', () => {
  /** Deletes or upgrades the database from the other tab. Returns whether this tab was in its way. */
  const isBlocked = (page: Page, what: 'delete' | 'upgrade'): Promise<boolean> =>
    page.evaluate(
      (act) =>
        new Promise<boolean>((resolve, reject) => {
          const request =
            act === 'delete' ? indexedDB.deleteDatabase('offersight') : indexedDB.open('offersight', 7);
          request.onblocked = () => resolve(true);
          request.onerror = () => reject(new Error(String(request.error)));
          request.onsuccess = () => {
            if (act === 'upgrade') request.result.close();
            resolve(false);
          };
        }),
      what,
    );

  for (const [what, title, kept] of [
    [
      'delete',
      'is closed at once if another tab deletes it, and made again for the next event (fault 31)',
      [],
    ],
    [
      'upgrade',
      'is closed at once if another tab upgrades it, and used as it is then (fault 31)',
      ['before'],
    ],
  ] as const) {
    test(title, async ({ context, page, stack }) => {
      const { storage, uncaught } = listen(page);
      stack.site.gateway.fault = 'off';
      await stack.open(page, offer('before'));
      await untilStored(page, 1);
      const other = await context.newPage();
      await stack.open(other, '<p>Imprint</p>', { script: '' });
      expect(await isBlocked(other, what)).toBe(false);
      await addOffer(page, 'after');
      await untilStored(page, kept.length + 1);
      stack.site.gateway.fault = undefined;
      await sayOnline(page);
      await stack.expectRecorded([...kept, 'after'].map((id) => `viewed ${id}`));
      expect([storage, uncaught]).toEqual([[], []]);
    });
  }
});

test('records that cannot be read become dead letters, and everything else works (fault 32)', async ({
  page,
  stack,
}) => {
  const { storage, delivery, uncaught } = listen(page);
  await stack.open(page, '<p>no offer yet</p>', { script: '' });
  const event = { id: idOf(1), type: 'viewed', offerId: 'junk', impressionId: 'x', occurredAt: Date.now() };
  const junk: readonly Stored[] = [
    [['entry', idOf(1)], 7],
    [['entry', idOf(2)], 'x'.repeat(1_000_000)],
    [['entry', idOf(3)], null],
    [['entry', idOf(4)], { event: { ...event, id: idOf(4) }, tries: 3 }],
    [['entry', idOf(5)], { v: 1, endpoint: '/offer-events', notBeforeAt: 0 }],
    [
      ['entry', idOf(6)],
      { v: 1, event: { ...event, id: undefined }, endpoint: '/offer-events', notBeforeAt: 0 },
    ],
    [['entry', 'no id'], { v: 1, event, endpoint: '/offer-events', notBeforeAt: 0 }],
    [['entry', 42], { v: 1, event, endpoint: '/offer-events', notBeforeAt: 0 }],
  ];
  await putRecords(page, [
    ...junk,
    // These records are not the product's, which leaves them alone.
    ['settings', { theme: 'dark' }],
    [['basket', 'item'], 3],
  ]);
  await stack.open(page, offer('sound'));
  await stack.expectRecorded(['viewed sound']);
  await untilWaiting(page, 0);
  const { outbox, discarded } = await trackerStats(page);
  expect([outbox, discarded]).toEqual([
    { waiting: 0, inMemory: 0, dead: junk.length },
    { unreadable: junk.length },
  ]);
  const letters = (await storedRecords(page, 'dead')).map(([, letter]) => (letter as { code: unknown }).code);
  expect(new Set(letters)).toEqual(new Set(['unreadable']));
  expect(await storedRecords(page, 'basket')).toEqual([[['basket', 'item'], 3]]);
  await addOffer(page, 'later');
  await stack.expectRecorded(['viewed sound', 'viewed later']);
  expect([storage, delivery, uncaught]).toEqual([[], [], []]);
});

test('events that are almost in order do not hold up any other (fault 32)', async ({ page, stack }) => {
  const { uncaught } = listen(page);
  await stack.open(page, '<p>no offer yet</p>', { script: '' });
  const endpoint = new URL('/offer-events', page.url()).href;
  // One has no offer, one an offer id that JSON cannot express, and one an offer id of a million characters.
  const almost = [{}, { offerId: 10n }, { offerId: 'x'.repeat(1_000_000) }].map((fields, at): Stored => {
    const id = idOf(at + 1);
    const event = { id, type: 'viewed', impressionId: 'x', occurredAt: Date.now(), ...fields };
    return [['entry', id], { v: 1, event, endpoint, notBeforeAt: 0 }];
  });
  await putRecords(page, almost);
  await stack.open(page, offer('sound'));
  await stack.expectRecorded(['viewed sound']);
  expect(uncaught).toEqual([]);
});

test('records of a newer release are left alone until they are too old, and everything else works (fault 33)', async ({
  page,
  stack,
}) => {
  const { storage, delivery, uncaught } = listen(page);
  await stack.open(page, '<p>no offer yet</p>', { script: '' });
  const newer: readonly Stored[] = [
    [['entry', idOf(1)], { v: 2, what: 'nobody knows', offers: ['one', 'two'] }],
    [['entry', idOf(2)], { v: 2, event: { id: idOf(2), type: 'hovered', offerId: 'newer' } }],
  ];
  await putRecords(page, newer);
  await page.clock.install();
  await stack.open(page, `${offer('one')}${offer('two')}`);
  await stack.expectRecorded(['viewed one', 'viewed two']);
  await untilStored(page, newer.length);
  expect(await storedRecords(page, 'entry')).toEqual(newer);
  expect((await trackerStats(page)).outbox?.dead).toBe(0);
  await page.clock.fastForward(7 * DAY_MS);
  await addOffer(page, 'a-week-later');
  await flush(page);
  await untilStored(page, 0);
  expect((await trackerStats(page)).discarded).toEqual({ expired: 2 });
  await stack.expectRecorded(['viewed one', 'viewed two', 'viewed a-week-later']);
  expect([storage, delivery, uncaught]).toEqual([[], [], []]);
});

test.describe('a store that a frozen tab keeps busy', () => {
  /** Freezes a tab in the middle of a transaction and opens another one beside it. `free` ends the transaction. */
  const openBesideBusy = async (
    profile: Profile,
    stack: Stack,
  ): Promise<{ readonly page: Page; free(): Promise<void> }> => {
    const { context } = await profile.start();
    const [busy] = context.pages();
    if (!busy) throw new Error('the browser has no page');
    await stack.open(busy, '<p>Shop</p>', { script: '' });
    await putRecords(busy, []);
    await busy.evaluate(() => {
      const opening = indexedDB.open('offersight');
      return new Promise<void>((resolve) => {
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('offersight', 'readwrite');
          const store = transaction.objectStore('offersight');
          const isOver = new Promise((over) => {
            transaction.oncomplete = over;
          });
          Object.assign(window, { isOver });
          // The transaction makes one request after the other, so that it never ends by itself.
          const ask = (): void => {
            resolve();
            if ('isFree' in window) return;
            store.get('anything').onsuccess = ask;
          };
          ask();
        };
      });
    });
    const page = await context.newPage();
    const session = await context.newCDPSession(busy);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    return {
      page,
      async free() {
        await busy.bringToFront();
        await session.send('Page.setWebLifecycleState', { state: 'active' });
        await busy.evaluate(async () => {
          const held = Object.assign(window as unknown as { isOver: Promise<unknown> }, { isFree: true });
          await held.isOver;
        });
        await page.bringToFront();
        await showAgain(page);
      },
    };
  };

  test('leaves events in memory, and gets those that wait there once it is free (fault 34)', async ({
    profile,
    stack,
  }) => {
    const { page, free } = await openBesideBusy(profile, stack);
    const { storage, uncaught } = listen(page);
    await stack.open(page, offer('early'));
    await stack.expectRecorded(['viewed early']);
    await expect.poll(() => storage).toHaveLength(1);
    stack.site.gateway.fault = 'off';
    await addOffer(page, 'waits');
    await untilInMemory(page, 1);
    await free();
    await expect.poll(async () => JSON.stringify(await storedRecords(page, 'entry'))).toContain('"waits"');
    stack.site.gateway.fault = undefined;
    await sayOnline(page);
    await stack.expectRecorded(['viewed early', 'viewed waits']);
    await untilStored(page, 0);
    expect(storage).toHaveLength(1);
    expect(uncaught).toEqual([]);
  });

  test('does not bring back events that were delivered in the meantime (fault 34)', async ({
    profile,
    stack,
  }) => {
    const { page, free } = await openBesideBusy(profile, stack);
    await stack.open(page, offer('early'));
    await stack.expectRecorded(['viewed early']);
    await untilWaiting(page, 0);
    stack.site.gateway.fault = 'off';
    await free();
    await addOffer(page, 'late');
    await expect.poll(async () => JSON.stringify(await storedRecords(page, 'entry'))).toContain('"late"');
    await untilStored(page, 1);
  });
});
