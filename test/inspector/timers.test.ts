/** When the inspector says that a timer of the tracker did not run: never while it may only be late. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Watched } from '../../src/client/detect/exposure.js';
import type { Inside } from '../../src/client/inside.js';
import type { OutboxEntry, Pause } from '../../src/client/outbox/records.js';
import type { Stored } from '../../src/tools/inspector/stored.js';
import { createOverdue, createUnsent } from '../../src/tools/inspector/timers.js';
import { fakeRuntime } from '../support/runtime.js';

const WHY =
  'a timer of the tracker did not run. Code of this page clears timers that are not its own, such as all in a loop: it has to clear only its own.';

describe('the time of an offer', () => {
  const runtime = fakeRuntime();
  const placement = { element: document.createElement('p'), offerId: 'a' };
  const watch = (): Watched =>
    ({ placement, dwell: runtime.elapsed(), rule: { dwellMs: 1_000 } }) as unknown as Watched;
  const said = [`Its time was over, and ${WHY}`];

  it('is said to have been over if that was so in two looks, and long ago, also once the offer has counted', () => {
    const overdue = createOverdue(runtime);
    const item = watch();
    runtime.pass(6_000);
    expect([overdue(placement, item), overdue(placement, item)]).toEqual([[], []]);
    runtime.pass(1);
    expect(overdue(placement, item)).toEqual([]);
    expect(overdue(placement, item)).toEqual(said);
    expect(overdue(placement, undefined)).toEqual(said);
  });

  it('is not over if it has not begun, begins again or the offer counts in between', () => {
    const overdue = createOverdue(runtime);
    const item = watch();
    runtime.pass(9_000);
    overdue(placement, item);
    item.dwell = undefined;
    expect(overdue(placement, item)).toEqual([]);
    item.dwell = runtime.elapsed();
    expect([overdue(placement, item), overdue(placement, item)]).toEqual([[], []]);
  });

  it('is not blamed on timers while the page has just been busy, however often the inspector looks', () => {
    const overdue = createOverdue(runtime);
    const item = watch();
    overdue(placement, item);
    runtime.pass(7_000);
    for (let look = 0; look < 5; look++) {
      expect(overdue(placement, item)).toEqual([]);
      runtime.pass(200);
    }
    overdue(placement, item);
    runtime.pass(1);
    expect([overdue(placement, item), overdue(placement, item)]).toEqual([[], said]);
  });
});

describe('events that are due', () => {
  const ENDPOINT = `${location.origin}/offer-events`;
  const NOW = Date.UTC(2026, 10, 24, 12);
  const LONG = 8;

  let entry: OutboxEntry;
  let pause: Pause | undefined;
  let surroundings: { isVisible: boolean; isDelivering: boolean; consent: string; flushIntervalMs?: number };

  beforeEach(() => {
    const event = { id: 'e', impressionId: 'i', offerId: 'a', type: 'viewed', occurredAt: NOW - 1_000 };
    entry = { v: 1, event, endpoint: ENDPOINT, notBeforeAt: 0 } as unknown as OutboxEntry;
    pause = undefined;
    surroundings = { isVisible: true, isDelivering: true, consent: 'granted' };
  });

  /** What is said once the database has been read so often. */
  const saidAfter = (reads: number, between: (read: number) => void = () => undefined): string => {
    const { isVisible, isDelivering, consent, flushIntervalMs = 250 } = surroundings;
    const inside = {
      options: { endpoint: ENDPOINT, delivery: { flushIntervalMs } },
      ...{ owner: { consent }, page: { isVisible: () => isVisible }, isDelivering: () => isDelivering },
    } as unknown as Inside;
    const unsent = createUnsent(inside, new Map([['a', { id: 'i', isOnce: false }]]));
    expect(unsent(undefined, NOW)).toEqual([]);
    let said: string[] = [];
    for (let readAt = 0; readAt < reads; readAt++) {
      between(readAt);
      const stored: Stored = { entries: [entry], waiting: 1, dead: [], marks: [], pause, readAt };
      // The panel is drawn more often than the database is read.
      for (let look = 0; look < 5; look++) said = unsent(stored, NOW).map(({ words }) => words);
    }
    return said.join();
  };

  it('are named once they have waited for long', () => {
    expect(saidAfter(LONG - 1)).toBe('');
    expect(saidAfter(LONG)).toBe(`1 event is due and not sent: ${WHY}`);
  });

  it('are blamed on a request that never ends if the page has replaced fetch', () => {
    vi.stubGlobal('fetch', () => new Promise(() => undefined));
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(saidAfter(LONG)).toMatch(
      /^1 event is due and not sent: code of this page has replaced window\.fetch, .* Or a timer of the tracker did not run/,
    );
  });

  it('are not named if they have been under way meanwhile', () => {
    const free = entry;
    const lease = { token: 't', until: NOW + 1 };
    expect(
      saidAfter(LONG, (read) => {
        entry = read === 4 ? { ...free, lease } : free;
      }),
    ).toBe('');
  });

  it.each<[string, () => unknown]>([
    ['the page is hidden', () => Object.assign(surroundings, { isVisible: false })],
    ['what sends them is not there', () => Object.assign(surroundings, { isDelivering: false })],
    ['the user has not consented', () => Object.assign(surroundings, { consent: 'pending' })],
    ['they wait for company', () => Object.assign(surroundings, { flushIntervalMs: 60_000 })],
    ['they are deferred', () => Object.assign(entry, { notBeforeAt: NOW + 1 })],
    ['everything waits', () => (pause = { at: NOW + 1, failures: 1, kind: 'back-off' })],
    ['they go elsewhere', () => Object.assign(entry, { endpoint: `${location.origin}/other` })],
    ['they are of another page', () => Object.assign(entry.event, { impressionId: 'other' })],
    ['they belong to another user', () => Object.assign(entry.event, { subject: 'other' })],
  ])('are not named if %s', (_, change) => {
    change();
    expect(saidAfter(2 * LONG)).toBe('');
  });
});
