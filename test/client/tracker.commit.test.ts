/** Each event is stored by its own commit, or by that of one recorded later, without waiting for a timer. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { storedIds } from '../support/outbox.js';
import { find, render } from '../support/page.js';
import { openSite, type Site } from '../support/tracker.js';

/** Far more than any machine takes for some transactions in memory. */
const PATIENCE_MS = 20_000;

let site: Site;
/** What `onEvent` was called with. */
let committed: string[];

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits in real time, so that no timer of the page runs: `vi.waitFor` would advance them, and the flusher commits as well. */
const until = async (isSo: () => boolean): Promise<void> => {
  const endsAt = performance.now() + PATIENCE_MS;
  while (!isSo() && performance.now() < endsAt) await turn();
  expect(isSo(), committed.join()).toBe(true);
};

/** Waits until nothing is under way that needs no timer. */
const rest = async (): Promise<void> => {
  for (let left = 60; left > 0; left--) await turn();
};

const isDelivering = (): boolean => {
  const page = globalThis as unknown as Record<symbol, { inside?: unknown } | undefined>;
  return Object.getOwnPropertySymbols(page).some(
    (key) => key.description?.startsWith('offersight ') && page[key]?.inside,
  );
};

/** Starts a tracker, and lets everything run out that its start has scheduled. */
const start = async (): Promise<ReturnType<Site['start']>> => {
  render('<p data-offer-id="first"></p><i data-offer-id="next"></i>');
  const started = site.start({
    onEvent: ({ type, offerId }, isDurable) => committed.push(`${type} ${offerId} ${isDurable}`),
  });
  await vi.waitFor(() => expect(isDelivering()).toBe(true), PATIENCE_MS);
  for (let left = 6; left > 0; left--) {
    await vi.advanceTimersByTimeAsync(1_000);
    await rest();
  }
  return started;
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  site = openSite();
  committed = [];
});

afterEach(() => {
  site.close();
  vi.useRealTimers();
  expect(site.uncaught).toEqual([]);
});

describe('an event', () => {
  test('is committed at once, and so is the next one', async () => {
    await start();
    site.see(find('p'));
    await until(() => committed.length === 1);
    site.see(find('i'));
    await until(() => committed.length === 2);
    expect(committed).toEqual(['viewed first true', 'viewed next true']);
  });

  test('is committed with one that is recorded after it in the same tick', async () => {
    await start();
    site.see(find('p'));
    site.see(find('i'));
    await until(() => committed.length === 2);
    expect(committed).toEqual(['viewed first true', 'viewed next true']);
    expect(await storedIds(site.database, 'entry')).toHaveLength(2);
  });

  test('is committed with the next one, if the page was frozen before it could be', async () => {
    await start();
    const queue = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => undefined);
    site.see(find('p'));
    queue.mockRestore();
    await rest();
    expect(committed).toEqual([]);
    site.see(find('i'));
    await until(() => committed.length === 2);
    expect(committed).toEqual(['viewed first true', 'viewed next true']);
  });

  test('is not reported while consent is pending, also if the database is known to fail', async () => {
    const { tracker } = await start();
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('no disk', 'UnknownError');
    });
    site.see(find('p'));
    await until(() => committed.length === 1);
    tracker.consent('pending');
    await rest();
    site.see(find('i'));
    await rest();
    put.mockRestore();
    expect(committed).toEqual(['viewed first false']);
  });
});
