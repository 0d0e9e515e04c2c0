import type { Page, Request } from '@playwright/test';
import { AS_IN_PRODUCTION, addOffer, offer, showAgain } from '../fixtures/faults.js';
import { flush, type OffersightWindow, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const ENDPOINT = '**/offer-events';

/** The ids of the events that a request brought. */
const idsIn = (request: Request): string[] =>
  (request.postDataJSON() as { events: { id: string }[] }).events.map(({ id }) => id);

/** Lets the endpoint's first requests fail in this way. Returns the ids of each request, those that failed first. */
const failFirst = async (page: Page, code: string, failures: number): Promise<string[][]> => {
  const asked: string[][] = [];
  await page.route(ENDPOINT, (route) => {
    asked.push(idsIn(route.request()));
    return asked.length <= failures ? route.abort(code) : route.continue();
  });
  return asked;
};

test.describe('a network that fails without notice', () => {
  const failures: readonly [code: string, name: string][] = [
    ['internetdisconnected', 'there is no route, though the browser says that it is online (fault 2)'],
    ['connectionreset', 'the connection is reset (fault 3)'],
    ['namenotresolved', 'the name is not resolved (fault 10)'],
  ];
  for (const [code, name] of failures) {
    test(`gets the same events again after a while: ${name}`, async ({ page, stack }) => {
      // One attempt makes two requests: with keepalive, and then without.
      const asked = await failFirst(page, code, 2);
      await stack.open(page, offer('seen'));
      await stack.expectRecorded(['viewed seen']);
      await untilWaiting(page, 0);
      expect(asked).toEqual([asked[0], asked[0], asked[0]]);
      expect(await page.evaluate(() => navigator.onLine)).toBe(true);
    });
  }
});

test.describe('a path that is blocked for good', () => {
  test('is requested ever more rarely, and events that wait are given up once they are too old (fault 21)', async ({
    page,
    stack,
  }) => {
    await page.clock.install();
    const asked = await failFirst(page, 'blockedbyclient', Infinity);
    await stack.open(page, offer('blocked'), AS_IN_PRODUCTION);
    await untilWaiting(page, 1);
    const inTenMinutes: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const before = asked.length;
      for (let minute = 0; minute < 10; minute++) {
        await page.clock.fastForward(60_000);
        await flush(page);
      }
      inTenMinutes.push(asked.length - before);
    }
    // There is an attempt of two requests every 2½ minutes at most, and one more may have been due at the start.
    expect(inTenMinutes.slice(1).filter((requests) => requests > 10)).toEqual([]);
    expect(inTenMinutes.at(-1)).toBeGreaterThan(0);
    await untilWaiting(page, 1);
    await page.clock.fastForward(72 * 3_600_000);
    await flush(page);
    await untilWaiting(page, 0);
    expect((await trackerStats(page)).discarded).toEqual({ expired: 1 });
  });
});

/** Counts requests with keepalive, and those of them that fail. */
const KEEPING = `<script>
  window.kept = { requests: 0, bytes: 0, failed: 0 };
  const original = window.fetch;
  window.fetch = (input, init) => {
    const answer = original(input, init);
    if (init.keepalive) {
      kept.requests++;
      kept.bytes += init.body.length;
      answer.catch(() => kept.failed++);
    }
    return answer;
  };
</script>`;

interface Kept {
  readonly requests: number;
  readonly bytes: number;
  readonly failed: number;
}

/** How much a browser lets a page have in flight with keepalive, bytes. */
const QUOTA_BYTES = 65_536;

test.describe('the room for requests with keepalive', () => {
  test('may be used up by other requests: then events are sent without keepalive (fault 17)', async ({
    page,
    stack,
  }) => {
    await page.route('**/hog', () => undefined);
    await stack.open(page, '<p>no offer yet</p>', { head: KEEPING });
    await trackerStats(page);
    await page.evaluate(
      (body) => {
        void fetch('/hog', { method: 'POST', keepalive: true, body }).catch(() => undefined);
      },
      'x'.repeat(QUOTA_BYTES - 100),
    );
    await addOffer(page, 'squeezed');
    await stack.expectRecorded(['viewed squeezed']);
    await untilWaiting(page, 0);
    // The product's own was refused; the page's is still in flight.
    expect((await page.evaluate<Kept>('kept')).failed).toBeGreaterThan(0);
  });

  test('is given back by every answer to a flush', async ({ page, stack }) => {
    // Only the way to the proxy matters here, and hundreds of calls to the upstream would take long.
    stack.upstream.addFaults({ kind: 'down' });
    await stack.open(page, '<p>no offer</p>', { head: KEEPING });
    await page.evaluate(async () => {
      const { offersight } = window as unknown as OffersightWindow;
      for (let turn = 0; turn < 12; turn++) {
        await new Promise<void>((resolve) => {
          offersight.push((tracker) => {
            for (let n = 0; n < 25; n++) tracker.dismiss(`offer-${turn}-${n}`);
            void tracker.flush().then(resolve);
          });
        });
      }
    });
    const kept = await page.evaluate<Kept>('kept');
    expect(kept.failed).toBe(0);
    expect(kept.bytes).toBeGreaterThan(QUOTA_BYTES);
    await untilWaiting(page, 0);
  });

  test('is given back by every answer to a farewell', async ({ page, stack }) => {
    // Only the way to the proxy matters here, and hundreds of calls to the upstream would take long.
    stack.upstream.addFaults({ kind: 'down' });
    await stack.open(page, '<p>no offer</p>', { head: KEEPING });
    await trackerStats(page);
    for (let turn = 0; turn < 4; turn++) {
      const before = (await page.evaluate<Kept>('kept')).requests;
      await page.evaluate((at) => {
        const { offersight } = window as unknown as OffersightWindow;
        offersight.push((tracker) => {
          for (let n = 0; n < 80; n++) tracker.dismiss(`offer-${at}-${n}`);
          // To the product it seems that the page is left, but the page lives on.
          void Promise.resolve().then(() => window.dispatchEvent(new Event('pagehide')));
        });
      }, turn);
      await expect.poll(async () => (await page.evaluate<Kept>('kept')).requests).toBeGreaterThan(before);
      await showAgain(page);
      await untilWaiting(page, 0);
    }
    const kept = await page.evaluate<Kept>('kept');
    expect(kept.failed).toBe(0);
    expect(kept.bytes).toBeGreaterThan(QUOTA_BYTES);
  });
});
