import { addOffer, offer } from '../fixtures/faults.js';
import { flush, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const DAY_MS = 86_400_000;

test('a page that slept for an hour asks once when it wakes (fault 46)', async ({ page, stack }) => {
  const { gateway } = stack.site;
  await page.clock.install();
  gateway.fault = 'off';
  await stack.open(page, offer('slept'));
  await expect.poll(() => gateway.calls.length).toBeGreaterThan(0);
  // From now on the page's timers stand still. The jump to this moment is too short to end the request under way.
  const now = await page.evaluate(() => Date.now());
  await page.clock.pauseAt(now + 8_000);
  await flush(page);
  gateway.fault = undefined;
  const before = gateway.calls.length;
  await page.clock.fastForward(3_600_000);
  await stack.expectRecorded(['viewed slept']);
  await untilWaiting(page, 0);
  expect(gateway.calls.length - before).toBe(1);
});

test.describe('a clock that jumps while a page waits', () => {
  const jumps: readonly [name: string, to: () => number, recorded: readonly string[]][] = [
    ['a day ahead', () => Date.now() + DAY_MS, ['viewed before', 'viewed after']],
    ['a day back', () => Date.now() - DAY_MS, ['viewed before', 'viewed after']],
    ['back to 1970', () => 0, ['viewed before', 'viewed after']],
    ['ahead to 2100, when the waiting event is too old', () => Date.UTC(2100, 0), ['viewed after']],
  ];
  for (const [name, to, recorded] of jumps) {
    test(`delays no event if it jumps ${name} (fault 56)`, async ({ page, stack }) => {
      const { gateway } = stack.site;
      await page.clock.install();
      gateway.fault = 'throttle';
      await stack.open(page, offer('before'));
      await expect.poll(() => gateway.calls.length).toBeGreaterThan(0);
      await untilWaiting(page, 1);
      await page.clock.setSystemTime(to());
      // A request that was on its way is answered before the endpoint works again.
      await flush(page);
      gateway.fault = undefined;
      await addOffer(page, 'after');
      await stack.expectRecorded(recorded);
      await untilWaiting(page, 0);
      const given = 2 - recorded.length;
      expect((await trackerStats(page)).discarded).toEqual(given ? { expired: given } : {});
    });
  }

  test('delays no event if it has jumped back when the next page opens (fault 56)', async ({
    context,
    page,
    stack,
  }) => {
    const { gateway } = stack.site;
    gateway.fault = 'throttle';
    // Only this page has that clock: Playwright's clock would apply to all pages.
    const head = `<script>{ const { now } = Date; const ahead = ${Date.UTC(2100, 0)} - now(); Date.now = () => now() + ahead; }</script>`;
    await stack.open(page, offer('in-2100'), { head });
    await expect.poll(() => gateway.calls.length).toBeGreaterThan(0);
    await untilWaiting(page, 1);
    await page.close();
    gateway.fault = undefined;
    const next = await context.newPage();
    await stack.open(next, offer('today'));
    await stack.expectRecorded(['viewed in-2100', 'viewed today']);
    await untilWaiting(next, 0);
  });
});

test('two pages at the same moment make different ids, even without randomUUID and with one Math.random (fault 58)', async ({
  context,
  page,
  stack,
}) => {
  await context.addInitScript(() => {
    Reflect.deleteProperty(Crypto.prototype, 'randomUUID');
    Math.random = () => 0.4;
  });
  await context.clock.setFixedTime(Date.now());
  await stack.open(page, offer('one'));
  expect(await page.evaluate(() => 'randomUUID' in crypto)).toBe(false);
  const other = await context.newPage();
  await stack.open(other, offer('two'));
  await stack.expectRecorded(['viewed one', 'viewed two']);
  await untilWaiting(page, 0);
});
