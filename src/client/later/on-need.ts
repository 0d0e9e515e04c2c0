/**
 * Delivery, whether it is there or not. It loads when a page needs it: an offer is there, something waits in the database, or
 * the page asks. Nothing is lost until then: what is recorded is stored without it.
 */
import { OffersightError } from '../../errors.js';
import type { Stop } from '../../runtime.js';
import { RELOAD_MS } from '../times.js';
import { loadDelivery } from './asking.js';
import type { PageDelivery, PageDeliveryContext } from './page-delivery.js';

/** Asks for delivery. */
export interface OnNeed {
  /** It, if it is there. */
  now(): PageDelivery | undefined;
  /** Asks for it. If it cannot be loaded, it is asked for again after a while, and when the network is back. */
  ask(): void;
  /** Asks for it, and rejects if it cannot be loaded now. */
  need(): Promise<PageDelivery>;
  /** Ends it; it does not begin if it comes later. */
  stop: Stop;
}

/** Does not ask yet. */
export const createOnNeed = (context: PageDeliveryContext): OnNeed => {
  const { runtime, page, report } = context;
  let delivery: PageDelivery | undefined;
  let loading: Promise<PageDelivery> | undefined;
  /** Set while the next load is waited for. */
  let stopWaiting: Stop | undefined;
  let isReported = false;
  let isStopped = false;

  /** Also a load that was given up may come, and then another one, but only one begins to deliver. */
  const load = async (): Promise<PageDelivery> => {
    const { createPageDelivery } = await loadDelivery();
    if (isStopped) throw new Error('stopped');
    delivery ??= createPageDelivery(context);
    return delivery;
  };
  const attempt = (): Promise<PageDelivery> =>
    Promise.race([
      load(),
      new Promise<never>((_, reject) => runtime.after(RELOAD_MS, () => reject(new Error('timeout')))),
    ]).catch((cause: unknown) => {
      if (isStopped) throw cause;
      stopWaiting = runtime.after(RELOAD_MS, again);
      // An error is written with its name.
      if (!isReported)
        report(new OffersightError('load', `offersight-delivery.js did not load: ${cause as string}`, cause));
      isReported = true;
      throw cause;
    });
  // It may have come late, to a load that was given up.
  const need = async (): Promise<PageDelivery> => {
    loading ??= attempt();
    return delivery ?? loading;
  };
  const again = (): void => {
    stopWaiting?.();
    stopWaiting = loading = undefined;
    ask();
  };
  const ask = (): void => void need().catch(() => undefined);
  page.listen((change) => {
    if (change === 'online' && stopWaiting) again();
  });

  return {
    now: () => delivery,
    ask,
    need,
    stop() {
      isStopped = true;
      stopWaiting?.();
      delivery?.stop();
    },
  };
};
