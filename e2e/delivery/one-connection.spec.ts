/** How a page treats its database: it has one connection, and writes nothing without need. */
import type { Page } from '@playwright/test';
import { HOLD, storedRecords, untilStored } from '../fixtures/database.js';
import { addOffer, leaveAndReturn, listen, offer, sayOnline } from '../fixtures/faults.js';
import { leaveBy, type OffersightWindow, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

/**
 * For the head of a page: counts the connections that are open in it, and the documents of this tab. Once `isLeaving`,
 * the page leaves for `/elsewhere` when it next looks for due events, and that look does not end.
 */
const COUNTED = `${HOLD}<script>
  var connections = 0;
  var isLeaving = false;
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function (...given) {
    const opening = open.apply(this, given);
    opening.addEventListener('success', () => connections++);
    return opening;
  };
  const { close } = IDBDatabase.prototype;
  const closed = new WeakSet();
  IDBDatabase.prototype.close = function () {
    if (!closed.has(this)) connections--;
    closed.add(this);
    close.call(this);
  };
  const { getAll } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.getAll = function (range, limit) {
    if (!isLeaving || range.lower[0] !== 'entry') return getAll.call(this, range, limit);
    isLeaving = false;
    location.href = '/elsewhere';
    return hold(this);
  };
  sessionStorage.documents = Number(sessionStorage.documents ?? 0) + 1;
</script>`;

const TIMES = 20;

/** Leaves a page so often, and comes back. Returns how many connections it had each time. */
const leaveAndComeBack = async (page: Page): Promise<number[]> => {
  const connections: number[] = [];
  for (let time = 1; time <= TIMES; time++) {
    await page.evaluate(
      (html) => {
        Object.assign(window, { isLeaving: true });
        document.body.insertAdjacentHTML('afterbegin', html);
      },
      offer(`time-${time}`),
    );
    await page.waitForURL('**/elsewhere');
    await leaveBy(page, () => history.back());
    const isThere = () => page.evaluate(() => location.pathname === '/page.html').catch(() => false);
    await expect.poll(isThere).toBe(true);
    await trackerStats(page);
    connections.push(await page.evaluate('connections'));
  }
  return connections;
};

test.describe(`a page that is left ${TIMES} times while it looks into its database has one connection`, () => {
  const documents = (page: Page): Promise<number> => page.evaluate('Number(sessionStorage.documents)');
  const check = async (page: Page, stack: Stack, head: string): Promise<void> => {
    const { storage, uncaught } = listen(page);
    stack.site.gateway.fault = 'off';
    await stack.open(page, '<p>no offer yet</p>', { head: COUNTED + head });
    await trackerStats(page);
    expect(await leaveAndComeBack(page)).toEqual(Array(TIMES).fill(1));
    await untilStored(page, TIMES);
    expect([storage, uncaught]).toEqual([[], []]);
  };
  const views = Array.from({ length: TIMES }, (_, at) => `viewed time-${at + 1}`);

  test('if the browser keeps the page', { tag: '@whole' }, async ({ page, stack }) => {
    await check(page, stack, '');
    // A busy browser gives up a kept page now and then.
    expect(await documents(page)).toBeLessThan(TIMES);
    await leaveAndReturn(page, stack);
    await stack.expectRecorded(views);
  });

  test('if the browser does not keep the page', async ({ page, stack }) => {
    await check(page, stack, '<script>addEventListener("unload", () => {})</script>');
    expect(await documents(page)).toBe(TIMES + 1);
    await leaveAndReturn(page, stack);
    await stack.expectRecorded(views);
  });
});

test('a database whose first opening never ends is opened again, and events are stored and delivered (fault 26)', async ({
  page,
  stack,
}) => {
  const { storage, uncaught } = listen(page);
  const told = (): Promise<unknown> =>
    page.evaluate('window.dataLayer?.map((entry) => entry.personalized_offer_id)');
  stack.site.gateway.fault = 'off';
  await stack.open(page, offer('early'), {
    script: 'data-endpoint="/offer-events" data-data-layer="dataLayer personalized_offer_id" data-debug',
    head: `<script>
      const { open } = IDBFactory.prototype;
      let opened = 0;
      IDBFactory.prototype.open = function (...given) {
        return opened++ ? open.apply(this, given) : {};
      };
    </script>`,
  });
  await untilStored(page, 1);
  await expect.poll(told).toEqual(['early']);
  expect((await trackerStats(page)).outbox).toMatchObject({ waiting: 1, inMemory: 0 });
  await addOffer(page, 'later');
  await untilStored(page, 2);
  await expect.poll(told).toEqual(['early', 'later']);
  expect([storage, uncaught]).toEqual([[], []]);
  await leaveAndReturn(page, stack);
  await stack.expectRecorded(['viewed early', 'viewed later']);
});

/**
 * For the head of a page: collects the writes as `method kind`, and lets the test say whether the page can be seen.
 */
const WRITES = `<script>
  var writes = [];
  for (const method of ['put', 'add', 'delete', 'clear']) {
    const write = IDBObjectStore.prototype[method];
    IDBObjectStore.prototype[method] = function (...given) {
      const key = given[method === 'delete' ? 0 : 1];
      writes.push(method + ' ' + (key?.[0] ?? ''));
      return write.apply(this, given);
    };
  }
  var visibility = 'visible';
  Object.defineProperty(document, 'visibilityState', { get: () => visibility });
</script>`;

test('a page writes events, verdicts and decisions, and nothing else', async ({ page, stack }) => {
  const writes = (): Promise<string[]> => page.evaluate('writes.splice(0)');
  const see = (state: 'visible' | 'hidden'): Promise<void> =>
    page.evaluate((state) => {
      Object.assign(window, { visibility: state });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await page.clock.install();
  await stack.open(page, '<p>no offer yet</p>', { head: WRITES });
  await trackerStats(page);
  /** Goes through everything that may happen to a page while the visitor does nothing on it. */
  const live = async (): Promise<void> => {
    await page.clock.fastForward(60_000);
    for (const state of ['hidden', 'visible', 'hidden', 'visible'] as const) {
      await see(state);
      await page.clock.fastForward(1_000);
    }
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    await sayOnline(page);
    await page.clock.fastForward(60_000);
    // This request to the database comes after those of the other steps.
    await trackerStats(page);
  };
  await live();
  expect(await writes()).toEqual([]);

  await addOffer(page, 'one');
  await page.clock.fastForward(1_000);
  await stack.expectRecorded(['viewed one']);
  await untilWaiting(page, 0);
  // The event was stored, leased and settled.
  expect(await writes()).toEqual(['put entry', 'put entry', 'delete entry']);
  await live();
  expect(await writes()).toEqual([]);

  await page.evaluate(() =>
    (window as unknown as OffersightWindow).offersight.push((tracker) => tracker.accept('one')),
  );
  await expect.poll(writes).toEqual(['put seen']);
  // This waits until that write is complete: a transaction that begins earlier repeats it.
  await storedRecords(page, 'seen');
  await live();
  expect(await writes()).toEqual([]);
});
