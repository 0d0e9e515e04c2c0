/** Ignoring, which loads when an option, an attribute or `observe` asks for it. What happens meanwhile is kept for it. */

import { load } from '../asking.js';
import type { Placement } from '../detect/placement.js';
import { createPart, type PartContext } from '../part.js';
import { around, type DecisionListener } from './detect/controls.js';
import type { Roots } from './detect/roots.js';
import type { Ignoring, IgnoringContext } from './more/ignoring.js';

/** What it works with. */
export type OnRequestContext = Omit<IgnoringContext, 'touched'> & PartContext;

/** It, whether it is there or not. */
export interface OnRequest extends Omit<Ignoring, 'onTouch'> {
  /** A page view begins without a page load: the one before is left, and nothing is touched yet. */
  onPageView(): void;
}

/** Asks for it with the first offer that may be ignored. */
export const createOnRequest = (
  context: OnRequestContext,
  { capture }: Pick<Roots, 'capture'>,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): OnRequest => {
  const { options, registry } = context;
  const touched: IgnoringContext['touched'] = { placements: new WeakSet(), offers: new Set() };
  const ignoring = createPart(context, 'more', load.more, ({ createIgnoring }) =>
    createIgnoring({ ...context, touched }, onDismiss),
  );

  const askFor = ({ element, ignore }: Placement): void => {
    const asked = [ignore, element.getAttribute('data-offer-ignore'), options.ignore];
    if (asked.some((value) => value === 0 || (value && value !== 'off')))
      ignoring.need().catch(() => undefined);
  };

  capture(['click', 'keydown', 'input'], (event) => {
    if (!event.isTrusted) return;
    // Now, since what was touched may be gone when somebody asks.
    for (const placement of around(registry, event.composedPath()[0] as Node)) {
      touched.placements.add(placement);
      touched.offers.add(placement.offerId);
      ignoring.now()?.onTouch(placement);
    }
  });

  return {
    onMount(placement) {
      askFor(placement);
      ignoring.now()?.onMount(placement);
    },
    onViewed(placement) {
      askFor(placement);
      ignoring.tell((there) => there.onViewed(placement));
    },
    onUnmount: (placement) => ignoring.tell((there) => there.onUnmount(placement)),
    onReaction: (...reaction) => ignoring.tell((there) => there.onReaction(...reaction)),
    onLeave: () => ignoring.now()?.onLeave(),
    onPageView() {
      ignoring.tell((there) => there.onLeave());
      touched.offers.clear();
      registry.placements.filter((placement) => touched.placements.delete(placement));
    },
    stop() {
      ignoring.stop();
      ignoring.now()?.stop();
    },
  };
};
