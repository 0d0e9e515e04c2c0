/** Offers that counted under another address, and do not count again since the page did not call `pageView()`. */
import type { Impression } from '../../client/detect/placement.js';
import { viewNow } from '../../client/later/detect/before.js';
import { madeAt } from './words.js';

/** Routers say it a moment after the address has changed, milliseconds. */
const PATIENCE_MS = 1_000;

/** What a router goes by, as an address without what only filters or marks a place: such a change begins no page view. */
const routeNow = (): string => viewNow().replace(/\?[^#]*/, '');

/** A time in which looks found the page at one route, epoch milliseconds. */
interface Stay {
  readonly route: string;
  readonly from: number;
  until: number;
}

/**
 * Makes what knows where the page has been since the first look. The browser does not say when an address changed before, so of
 * that nothing is said.
 */
export const createRoutes = () => {
  const stays: Stay[] = [];

  return {
    /** Looks where the page is. */
    noteRoute(now: number): void {
      const route = routeNow();
      const last = stays.at(-1);
      if (last?.route === route) last.until = now;
      else stays.push({ route, from: now, until: now });
    },
    /** What follows for an offer that has counted once in this page view. */
    hints({ id, isPast, isVetoed }: Impression, now: number): string[] {
      const last = stays.at(-1);
      const at = madeAt(id);
      // What counted between two looks may have counted at either route.
      const stay = stays.find(({ until }) => until >= at);
      if (!last || !stay || isPast || isVetoed) return [];
      if (stay.route === last.route || now - last.from < PATIENCE_MS) return [];
      return [
        `The address has changed since it counted, from ${stay.route.replace(location.origin, '')}, and code did not call tracker.pageView(). So it does not count again here.`,
      ];
    },
  };
};
