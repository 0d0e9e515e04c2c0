/** The tracker of a page: one for each endpoint, inert if it cannot work. */
import { OffersightError } from '../errors.js';
import { load } from './asking.js';
import type { PageView } from './inside.js';
import type { OfferTracker } from './offer-tracker.js';
import { resolveOptions, type TrackerOptions } from './options.js';
import { call, createSeer, nothing } from './seer.js';

const createInertTracker = (): OfferTracker => ({
  observe: () => nothing,
  dismiss: nothing,
  accept: nothing,
  flush: async () => undefined,
  consent: nothing,
  subject: nothing,
  pageView: nothing,
  stats: async () => ({ offers: {} }),
  stop: nothing,
});

/**
 * Starts tracking the offers of this page.
 *
 * Never throws: with a wrong configuration, on a server or in a browser that lacks what it needs,
 * the tracker is inert and one report says what to do. One endpoint has one tracker a page: a
 * second call gives the first one.
 */
export const createOfferTracker = (given?: TrackerOptions): OfferTracker => {
  // Pages without types may give null.
  const options = given ?? {};
  const report = (error: OffersightError): void => {
    // `configuration` or `load`: a mistake that costs events is never silent.
    if (options.debug || /^[cl]o/.test(error.code)) console.error(error);
    call(() => options.onError?.(error));
  };
  if (!globalThis.IntersectionObserver)
    report(new OffersightError('unsupported', 'Needs IntersectionObserver.'));
  else
    try {
      const resolved = resolveOptions(options);
      // Found also by another copy of this package.
      const key = Symbol.for(`offersight ${resolved.endpoint}`);
      const shared = globalThis as { [key]?: PageView };
      shared[key] ??= new Map();
      const latest = shared[key];
      latest.tracker ??= createSeer(resolved, report, latest);
      return latest.tracker;
    } catch (cause) {
      load.more().then(
        (room) => room.tellWrongOption(options, cause, report),
        (missing: unknown) =>
          report(
            new OffersightError(
              'configuration',
              `Serve offersight-more.js of this version. It says what is wrong with ${(cause as Error).message}.`,
              missing,
            ),
          ),
      );
    }
  return createInertTracker();
};
