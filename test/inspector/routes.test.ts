/** When the inspector says that an address changed without a report of a page view. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Impression } from '../../src/client/detect/placement.js';
import { createIds } from '../../src/protocol/event.js';
import { createRoutes } from '../../src/tools/inspector/routes.js';

const START = Date.UTC(2026, 10, 24, 12);
const FIRST = '/plans?sort=price#top';

let routes: ReturnType<typeof createRoutes>;
let now: number;
const go = (path: string): void => history.pushState(null, '', path);
beforeEach(() => {
  routes = createRoutes();
  now = START;
  go(FIRST);
});
afterEach(() => go('/'));

const countedAt = (at: number, more: Partial<Impression> = {}): Impression => ({
  id: createIds({ now: () => at, randomBits: () => 0n })(),
  isOnce: false,
  ...more,
});
/** Looks as often as the inspector does. */
const stay = (ms: number): void => {
  for (const end = now + ms; now < end; now += 200) routes.noteRoute(now);
  routes.noteRoute(now);
};
const SAYS =
  'The address has changed since it counted, from /plans, and code did not call tracker.pageView(). So it does not count again here.';

it.each(['/checkout', '/checkout?sort=price#top', '/plans/2', '/plans#/two', '/plans#!two'])(
  'it is said once the address leads to another route: %s',
  (path) => {
    stay(2_000);
    const impression = countedAt(START + 400);
    expect(routes.hints(impression, now)).toEqual([]);
    go(path);
    stay(800);
    expect(routes.hints(impression, now)).toEqual([]);
    stay(400);
    expect(routes.hints(impression, now)).toEqual([SAYS]);
    // Back where it counted, the offer needs no hint.
    go(FIRST);
    stay(2_000);
    expect(routes.hints(impression, now)).toEqual([]);
  },
);

it('it is also said of what counted before the inspector was opened', () => {
  stay(1_000);
  go('/checkout');
  stay(2_000);
  expect(routes.hints(countedAt(START - 60_000), now)).toEqual([SAYS]);
});

it.each(['/plans', '/plans?sort=name', '/plans#end'])('a filter or a place is no other route: %s', (path) => {
  stay(1_000);
  go(path);
  stay(3_000);
  expect(routes.hints(countedAt(START), now)).toEqual([]);
});

it('it is not said of what counted at this route, or just as the address changed', () => {
  stay(1_000);
  const changedAt = now + 1;
  go('/checkout');
  now += 200;
  stay(3_000);
  for (const at of [changedAt, changedAt + 100, now]) expect(routes.hints(countedAt(at), now)).toEqual([]);
});

it('it is not said of what counts again, or was vetoed', () => {
  stay(1_000);
  go('/checkout');
  stay(3_000);
  for (const more of [{ isPast: true }, { isVetoed: true }])
    expect(routes.hints(countedAt(START, more), now)).toEqual([]);
});

it('nothing is said before the first look', () => {
  expect(routes.hints(countedAt(START), now)).toEqual([]);
});
