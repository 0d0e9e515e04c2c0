import type { BrowserContext, Page } from '@playwright/test';
import { HOLD, HOLD_LEASE, PATIENT, untilStored } from '../fixtures/database.js';
import { addOffer, listen, offer, sayOnline, showAgain } from '../fixtures/faults.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import type { Profile } from '../fixtures/real-browser.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

/** Opens a page that is in the middle of a flush: its event is upstream, and it waits for the answer. */
const openFlushing = async (page: Page, stack: Stack): Promise<void> => {
  stack.site.gateway.fault = 'hold-answer';
  await stack.open(page, offer('flushed'));
  await expect.poll(() => stack.recorded()).toContain('viewed flushed');
  await untilWaiting(page, 1);
  stack.site.gateway.fault = undefined;
};

/** Opens another tab beside it, which delivers its own event, and leaves the leased one to the first tab. */
const openBeside = async (context: BrowserContext, stack: Stack): Promise<Page> => {
  const page = await context.newPage();
  await stack.open(page, offer('beside'));
  await stack.expectRecorded(['viewed flushed', 'viewed beside']);
  await untilWaiting(page, 1);
  return page;
};

/** Ends the page's process, so that it sends no farewell. */
const crash = async (page: Page): Promise<void> => {
  const crashed = page.waitForEvent('crash');
  const session = await page.context().newCDPSession(page);
  // This command never answers.
  session.send('Page.crash').catch(() => undefined);
  await crashed;
};

const setState = async (page: Page, state: 'frozen' | 'active'): Promise<void> => {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state });
};

test.describe('a page whose process crashes', () => {
  test('leaves the rest to another tab, even in the middle of a flush (fault 38)', async ({
    context,
    page,
    stack,
  }) => {
    await openFlushing(page, stack);
    const other = await openBeside(context, stack);
    await crash(page);
    await sayOnline(other);
    await untilWaiting(other, 0);
    await stack.expectRecorded(['viewed flushed', 'viewed beside']);
  });
});

test('a tab that is discarded with unsent events, and loaded again, delivers them once (fault 43)', async ({
  context,
  page,
  stack,
}) => {
  stack.site.gateway.fault = 'off';
  await stack.open(page, `${offer('one')}${offer('two')}`);
  await untilWaiting(page, 2);
  // This is what a discard means to a page: its process ends, and no event announces that.
  await crash(page);
  stack.site.gateway.fault = undefined;
  const again = await context.newPage();
  await stack.open(again, '<p>Imprint</p>');
  await stack.expectRecorded(['viewed one', 'viewed two']);
  await untilWaiting(again, 0);
});

test('a tab that is closed at the moment of a view sends it along, and keeps it until it is settled (fault 39)', async ({
  page,
  stack,
}) => {
  await stack.open(page, '<p>Shop</p>', { script: '' });
  stack.site.show(
    `<script>
       document.addEventListener('offersight:viewed', () => window.close());
       // The offer part says farewell.
       (window.offersight ||= []).push((tracker) =>
         tracker.stats().then(() => document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(offer('last')).replaceAll('</', '<\\/')})));
     </script>`,
  );
  const opened = page.waitForEvent('popup');
  await page.evaluate(() => void window.open('/page.html'));
  const popup = await opened;
  if (!popup.isClosed()) await popup.waitForEvent('close');
  await stack.expectRecorded(['viewed last']);
  await stack.open(page, '<p>Imprint</p>');
  await untilWaiting(page, 0);
  await stack.expectRecorded(['viewed last']);
});

/** While `isHolding`, keeps each look into the outbox open before its next step. Counts these looks as `held`. */
const HOLD_EACH_LOOK = `${HOLD}<script>
  var held = 0;
  var isHolding = false;
  const { getAll } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.getAll = function (range, limit) {
    if (!isHolding || range.lower[0] !== 'entry') return getAll.call(this, range, limit);
    held++;
    return hold(this);
  };
</script>`;

test.describe('a frozen tab', () => {
  /** Opens a browser as a user has it: only such a browser freezes tabs that it hides. */
  const openTabs = async (
    profile: Profile,
  ): Promise<{ readonly page: Page; readonly context: BrowserContext }> => {
    const { context } = await profile.start();
    const [page] = context.pages();
    if (!page) throw new Error('the browser has no page');
    return { page, context };
  };

  test('gives the database back in the middle of a transaction (fault 40)', async ({ profile, stack }) => {
    const { page: other, context } = await openTabs(profile);
    const complaints = listen(other);
    // Its own requests to the database wait until the frozen tab gives it back, and nothing else is reported.
    await stack.open(other, '<p>Imprint</p>', { head: PATIENT });
    await trackerStats(other);
    const frozen = await context.newPage();
    await stack.open(frozen, offer('held'), { head: HOLD_LEASE });
    await frozen.waitForFunction(() => (window as { isHeld?: boolean }).isHeld);
    await setState(frozen, 'frozen');
    await other.bringToFront();
    await addOffer(other, 'beside');
    await stack.expectRecorded(['viewed held', 'viewed beside']);
    await untilWaiting(other, 0);
    expect(complaints.storage).toEqual([]);
  });

  test('does not report a failed database because it ended its transaction, and the repeat (fault 40)', async ({
    page,
    stack,
  }) => {
    const complaints = listen(page);
    await stack.open(page, '<p>no offer yet</p>', { head: HOLD_EACH_LOOK });
    await trackerStats(page);
    stack.site.gateway.fault = 'off';
    await page.evaluate(() => void Object.assign(window, { isHolding: true }));
    await addOffer(page, 'held');
    for (const looks of [1, 2]) {
      await page.waitForFunction((count) => (window as unknown as { held: number }).held === count, looks);
      await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
    }
    await page.evaluate(() => void Object.assign(window, { isHolding: false }));
    await showAgain(page);
    await expect.poll(() => stack.site.gateway.calls.length).toBeGreaterThan(0);
    await untilStored(page, 1);
    expect([complaints.storage, complaints.uncaught]).toEqual([[], []]);
  });

  test('keeps only the events that its flush has leased, until the lease ends, and continues when it wakes (faults 40, 41)', async ({
    profile,
    stack,
  }) => {
    const { page: frozen, context } = await openTabs(profile);
    await openFlushing(frozen, stack);
    const other = await openBeside(context, stack);
    await setState(frozen, 'frozen');
    await addOffer(other, 'later');
    await stack.expectRecorded(['viewed flushed', 'viewed beside', 'viewed later']);
    // Only the frozen tab could receive the verdict, so the other one repeats the event.
    await untilWaiting(other, 0);
    await stack.expectRecorded(['viewed flushed', 'viewed beside', 'viewed later']);
    stack.site.gateway.release();
    await frozen.bringToFront();
    await setState(frozen, 'active');
    await addOffer(frozen, 'awake');
    await stack.expectRecorded(['viewed flushed', 'viewed beside', 'viewed later', 'viewed awake']);
    await untilWaiting(frozen, 0);
  });
});
