/**
 * Delivery, whether it is there or not. It loads when a page needs it: an offer is there, something waits in the database, or
 * the page asks. Nothing is lost until then: what is recorded is stored without it.
 */
import { OffersightError } from '../../errors.js';
import type { Stop } from '../../runtime.js';
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
  /** Asks for it, and acts as soon as it is there. */
  act<T>(act: (delivery: PageDelivery) => T | Promise<T>): Promise<T>;
  /** Ends it, also if it comes later. */
  stop: Stop;
}

/** How long to wait before asking again. */
const RELOAD_MS = 30_000;

/** Does not ask yet. */
export const createOnNeed = (context: PageDeliveryContext): OnNeed => {
  let delivery: PageDelivery | undefined;
  let loading: Promise<PageDelivery> | undefined;
  let isMissing = false;
  let isStopped = false;
  let arrive: (delivery: PageDelivery) => void;
  const arrived = new Promise<PageDelivery>((resolve) => {
    arrive = resolve;
  });

  const need = (): Promise<PageDelivery> => {
    loading ??= loadDelivery()
      .then(({ createPageDelivery }) => {
        delivery = createPageDelivery(context);
        arrive(delivery);
        return delivery;
      })
      .catch((cause: unknown) => {
        context.runtime.after(RELOAD_MS, again);
        const error = new OffersightError('delivery', 'Serve offersight-delivery.js of this version.', cause);
        if (!isMissing) {
          context.report(error);
          // Who deployed the page should see it without a listener; under `debug` the report is on the console.
          if (!context.options.debug) console.warn(error);
        }
        isMissing = true;
        throw cause;
      });
    return loading;
  };
  const again = (): void => {
    if (delivery || isStopped) return;
    loading = undefined;
    ask();
  };
  const ask = (): void => void need().catch(() => undefined);
  context.page.listen((change) => {
    if (change === 'online' && isMissing) again();
  });

  return {
    now: () => delivery,
    ask,
    need,
    act(act) {
      ask();
      return arrived.then(act);
    },
    stop() {
      isStopped = true;
      void arrived.then((late) => late.stop());
    },
  };
};
