/** Pages of version 0.1 and of this version with one database, at the same time and one after the other. */
import type { BrowserContext, Page } from '@playwright/test';
import type { OfferTracker } from 'offersight';
import { putRecords, type StoredRecord, storedRecords, untilStored } from '../fixtures/database.js';
import { addOffer, listen, offer, sayOnline } from '../fixtures/faults.js';
import { flush, type OffersightWindow, trackerStats, untilWaiting } from '../fixtures/ready.js';
import {
  MEETINGS,
  NEW,
  OLD,
  openWith,
  type Release,
  record,
  recordAndLeave,
  test,
} from '../fixtures/releases.js';
import { expect, type Stack } from '../fixtures/stack.js';

/** Makes offers so low that all offers of a page are in view. */
const FLAT = '<style>.offer { height: 60px }</style>';
const CLOSABLE =
  '<div class="offer" data-offer-id="closed" data-offer-dwell="0"><button data-offer-dismiss>x</button></div>';
/** The events that are recorded for the page that most tests begin with. */
const THREE = ['viewed closed', 'dismissed closed', 'viewed seen'];
const BODY = `${FLAT}${CLOSABLE}${offer('seen')}`;

/** Longer than a lease of any version. */
const LEASED_MS = 31_000;

/** Collects the ids that each tab posts from now on. */
const watchPosts = (context: BrowserContext): ReadonlyMap<Page, string[]> => {
  const posts = new Map<Page, string[]>();
  context.on('request', (request) => {
    if (!request.url().endsWith('/offer-events')) return;
    const tab = request.frame().page();
    const { events } = request.postDataJSON() as { events: { id: string }[] };
    posts.set(tab, [...(posts.get(tab) ?? []), ...events.map(({ id }) => id)]);
  });
  return posts;
};

/** Expects that nothing waits or was given up by any version, and that the upstream was called once for each event. */
const expectAllDone = async (page: Page, stack: Stack): Promise<void> => {
  await untilWaiting(page, 0);
  await untilStored(page, 0);
  expect((await trackerStats(page)).discarded).toEqual({});
  expect(await storedRecords(page, 'dead')).toEqual([]);
  const keys = stack.upstream.history().map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)]);
};

const tell = (page: Page, act: 'accept' | 'dismiss', offerId: string): Promise<void> =>
  page.evaluate(
    ([act, offerId]) =>
      (window as unknown as OffersightWindow).offersight.push((tracker: OfferTracker) =>
        tracker[act](offerId),
      ),
    [act, offerId] as const,
  );

test.describe('a tab of version 0.1 and a tab of this version', () => {
  test('record, deliver and leave side by side, while each event arrives once and nothing is given up', async ({
    context,
    page,
    stack,
  }) => {
    const tab = await context.newPage();
    const [ofOld, ofNew] = [listen(page), listen(tab)];
    stack.site.gateway.fault = 'off';
    await openWith(OLD, page, stack, BODY);
    await openWith(NEW, tab, stack, FLAT);
    const expected = [...THREE];
    await page.bringToFront();
    await page.click('[data-offer-id=closed] button');
    await untilWaiting(tab, expected.length);
    for (const n of [1, 2, 3])
      for (const [side, by] of [
        [tab, 'new'],
        [page, 'old'],
      ] as const) {
        await record(side, `${by}-${n}`);
        expected.push(`viewed ${by}-${n}`);
        await untilWaiting(tab, expected.length);
      }

    // Both notice at the same moment that the network is back, and record events in the meantime.
    stack.site.gateway.fault = undefined;
    await Promise.all([page, tab].map(sayOnline));
    await record(page, 'old-online');
    await record(tab, 'new-online');
    expected.push('viewed old-online', 'viewed new-online');
    await stack.expectRecorded(expected);
    for (const side of [page, tab]) expect((await trackerStats(side)).discarded).toEqual({});

    await recordAndLeave(page, 'old-leaving');
    await recordAndLeave(tab, 'new-leaving');
    await openWith(NEW, page, stack, '<p>Imprint</p>');
    await stack.expectRecorded([...expected, 'viewed old-leaving', 'viewed new-leaving']);
    await expectAllDone(page, stack);
    // Version 0.1 also complains of a database that is merely slow, for which it waits in memory.
    expect([ofOld.uncaught, ofNew.uncaught, ofNew.storage]).toEqual([[], [], []]);
  });

  for (const [first, second] of MEETINGS)
    test(`leave events alone that the other has on its way, if ${first.name} is first`, async ({
      context,
      page,
      stack,
    }) => {
      const posts = watchPosts(context);
      const { gateway } = stack.site;
      gateway.fault = 'hold-answer';
      await openWith(first, page, stack, offer('held'));
      await expect.poll(() => gateway.calls.length).toBe(1);
      gateway.fault = undefined;
      const tab = await context.newPage();
      await openWith(second, tab, stack, offer('own'));
      await stack.expectRecorded(['viewed held', 'viewed own']);
      // If the tab could take the other's event, it would send it now.
      await flush(tab);
      expect([posts.get(page)?.length, posts.get(tab)?.length]).toEqual([1, 1]);
      gateway.release();
      await expectAllDone(tab, stack);
      expect([...posts.values()].flat()).toHaveLength(2);
    });
});

for (const [before, after] of MEETINGS)
  test.describe(`a page of ${after.name} delivers the events that a page of ${before.name} leaves`, () => {
    const PAUSES = [
      ['off', 'back-off', 'if there was no network'],
      ['absent', 'circuit', 'if the endpoint was missing'],
      ['throttle', 'throttled', 'if the endpoint asked it to wait'],
    ] as const;
    for (const [fault, kind, when] of PAUSES)
      test(when, async ({ page, stack }) => {
        stack.site.gateway.fault = fault;
        await openWith(before, page, stack, BODY);
        await trackerStats(page);
        await page.click('[data-offer-id=closed] button');
        await untilWaiting(page, THREE.length);
        await expect
          .poll(async () => (await storedRecords(page, 'state')).map(([, state]) => state))
          .toContainEqual(expect.objectContaining({ kind }));
        await page.goto('about:blank');
        stack.site.gateway.fault = undefined;
        await openWith(after, page, stack, '<p>Imprint</p>');
        await stack.expectRecorded(THREE);
        await expectAllDone(page, stack);
      });

    test('as soon as its lease is over if the browser was killed during a request', async ({
      profile,
      stack,
    }) => {
      const { gateway } = stack.site;
      const first = await profile.start();
      const [page] = first.context.pages();
      if (!page) throw new Error('the browser has no page');
      gateway.fault = 'hold-answer';
      await openWith(before, page, stack, offer('held'));
      await stack.expectRecorded(['viewed held']);
      // The second page begins at this moment by its clock, however long its browser takes to start.
      const time = await page.evaluate(() => Date.now());
      await first.kill();

      gateway.fault = undefined;
      const { context } = await profile.start();
      const [next] = context.pages();
      if (!next) throw new Error('the browser has no page');
      await next.clock.install({ time });
      await openWith(after, next, stack, '<p>Imprint</p>');
      await untilWaiting(next, 1);
      await flush(next);
      expect(gateway.calls).toHaveLength(1);
      await next.clock.fastForward(LEASED_MS);
      await expectAllDone(next, stack);
      await stack.expectRecorded(['viewed held']);
      expect(gateway.calls).toHaveLength(2);
    });

    test('and keeps what that remembered about offers, until consent is denied', async ({ page, stack }) => {
      const once = offer('once').replace('data-offer-id', 'data-offer-repeat="browser" data-offer-id');
      // The proxy refuses the id that a template wrote for a missing offer.
      await openWith(before, page, stack, `${once}${offer('taken')}${offer('null')}`);
      await tell(page, 'accept', 'taken');
      await stack.expectRecorded(['viewed once', 'viewed taken']);
      await expect.poll(async () => (await trackerStats(page)).outbox?.dead).toBe(1);
      // Beside them there may be a mark of the view that was refused.
      const facts = (await storedRecords(page, 'seen')).filter(([[, , type]]) => type !== 'lost');
      expect(facts).toHaveLength(2);

      await openWith(after, page, stack, once);
      await trackerStats(page);
      await tell(page, 'dismiss', 'taken');
      await addOffer(page, 'fresh');
      await stack.expectRecorded(['viewed once', 'viewed taken', 'viewed fresh']);
      expect(await trackerStats(page)).toMatchObject({ outbox: { waiting: 0, dead: 1 }, discarded: {} });

      await openWith(after, page, stack, '<p>Privacy</p>', {
        script: 'data-endpoint="/offer-events" data-consent="denied"',
      });
      for (const kind of ['dead', 'seen', 'entry'])
        await expect.poll(() => storedRecords(page, kind)).toEqual([]);
    });
  });

test.describe('a field that a later version wrote', () => {
  /** The time of an id of a minute ago, which sorts before all that are made now. */
  const time = (Date.now() - 60_000).toString(16).padStart(12, '0');
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000001`;
  const newerId = id.replace(/1$/, '2');
  const BESIDE = { isUrgent: true, route: { via: 'edge' }, hops: [1, 'two', { three: null }], rank: 7 };
  const TEXTS = { note: 'later', score: 0.5 };
  const OTHERS = { isPreview: false, view: { name: 'cart', steps: [1, 2] }, labels: ['a', true], none: null };

  for (const [release, where, inside] of [
    [OLD, 'beside the event, or in it as a string or a number', TEXTS],
    [NEW, 'beside the event, or in it with any value', { ...TEXTS, ...OTHERS }],
  ] as const)
    test(`is kept and not sent by ${release.name} if it is ${where}`, async ({ page, stack }) => {
      const said = { id, type: 'viewed', occurredAt: Date.now() };
      const entry = {
        ...{ v: 1, endpoint: `${stack.site.url}/offer-events`, notBeforeAt: 0, attempts: 0, ...BESIDE },
        event: { ...said, offerId: 'later', impressionId: 'x', ...inside },
      };
      const newer: StoredRecord = [['entry', newerId], { v: 2, event: { id: newerId, type: 'hovered' } }];
      await stack.open(page, '<p>Nobody delivers here</p>', { script: '' });
      await putRecords(page, [[['entry', id], entry], newer]);
      const stored = () => storedRecords(page, 'entry');

      // The endpoint answers with an error first, and then with a deferral. Each time the page rewrites the entry.
      const bodies: unknown[] = [];
      await page.route('**/offer-events', (route) =>
        bodies.push(route.request().postDataJSON()) === 1
          ? route.fulfill({ status: 503 })
          : route.fulfill({
              json: { v: 1, results: [{ id, status: 'deferred', code: 'later', retry_after_ms: 60_000 }] },
            }),
      );
      await page.clock.install();
      await openWith(release, page, stack, '<p>Imprint</p>');
      await expect.poll(() => bodies.length).toBe(2);
      const kept = { ...entry, notBeforeAt: expect.any(Number), attempts: expect.any(Number) };
      await expect.poll(stored).toEqual([[['entry', id], kept], newer]);
      const { occurredAt: occurred_at, ...wire } = said;
      for (const body of bodies)
        expect(body).toEqual({
          ...{ v: 1, sent_at: expect.any(Number) },
          events: [{ ...wire, occurred_at, personalized_offer_id: 'later' }],
        });

      await page.unroute('**/offer-events');
      await page.clock.fastForward(61_000);
      await stack.expectRecorded(['viewed later']);
      await expect.poll(stored).toEqual([newer]);
      expect(await trackerStats(page)).toMatchObject({ outbox: { dead: 0 }, discarded: {} });
    });
});

test.describe('a service worker', () => {
  /** Plays the browser's part in a sync, and answers once it has ended. The browser's own syncs are held back. */
  const workerOf = (folder: string): string => `
    addEventListener('sync', (event) => event.isTrusted && event.stopImmediatePropagation());
    importScripts('${folder}/offersight-worker.js');
    addEventListener('message', ({ ports: [port] }) => {
      const waitUntil = (work) => work.then(() => port.postMessage('done'), () => port.postMessage('rejected'));
      dispatchEvent(Object.assign(new Event('sync'), { tag: 'offersight:offersight', waitUntil }));
    });`;

  const sync = (page: Page): Promise<string> =>
    page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      return new Promise<string>((resolve) => {
        port1.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
        active?.postMessage('sync', [port2]);
      });
    });

  /** Leaves three events in the page's outbox, since the page itself cannot reach the endpoint. */
  const openWithWorker = async (
    worker: Release,
    client: Release,
    page: Page,
    stack: Stack,
  ): Promise<void> => {
    stack.site.serveWorker(workerOf(worker.folder));
    await stack.open(page, '<p>Imprint</p>', { script: '' });
    await page.evaluate(async () => {
      await navigator.serviceWorker.register('/worker.js');
      await navigator.serviceWorker.ready;
    });
    await openWith(client, page, stack, BODY, {
      headers: { 'content-security-policy': "connect-src 'none'" },
    });
    await trackerStats(page);
    await page.click('[data-offer-id=closed] button');
    await untilWaiting(page, THREE.length);
    await expect
      .poll(async () => (await storedRecords(page, 'state')).map(([[, name]]) => name))
      .toContain('site');
  };

  test('delivers the events that a page of version 0.1 left, if it is of this version', async ({
    page,
    stack,
  }) => {
    await openWithWorker(NEW, OLD, page, stack);
    expect(await sync(page)).toBe('done');
    await stack.expectRecorded(THREE);
  });

  test('leaves the events of a page of this version to the next page, if it is of version 0.1', async ({
    page,
    stack,
  }) => {
    await openWithWorker(OLD, NEW, page, stack);
    expect(await sync(page)).toBe('done');
    expect(stack.recorded()).toEqual([]);
    await openWith(NEW, page, stack, '<p>Imprint</p>');
    await stack.expectRecorded(THREE);
    await expectAllDone(page, stack);
  });
});
