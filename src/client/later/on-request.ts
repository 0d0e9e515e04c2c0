/**
 * Ignoring loads when an option, an attribute or `observe` asks for it. What happens meanwhile is kept for it. If it does
 * not come, one report says so, and everything else goes on.
 */
import { OffersightError } from '../../errors.js';
import type { Placement } from '../detect/placement.js';
import { loadMore } from './asking.js';
import { around, type DecisionListener } from './detect/controls.js';
import type { Roots } from './detect/roots.js';
import type { Ignoring, IgnoringContext } from './more/ignoring.js';

/** What it works with. */
export interface OnRequestContext extends Omit<IgnoringContext, 'touched'> {
  readonly report: (error: OffersightError) => void;
}

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
  const { options, registry, report } = context;
  const touched: IgnoringContext['touched'] = { placements: new WeakSet(), offers: new Set() };
  let ignoring: Ignoring | undefined;
  let isAsked = false;
  /** What it has to know of the time until it is there, in order. */
  let meanwhile: (() => void)[] | undefined;

  const askFor = async ({ element, ignore }: Placement): Promise<void> => {
    const asked = [ignore, element.getAttribute('data-offer-ignore'), options.ignore];
    if (isAsked || !asked.some((value) => value === 0 || (value && value !== 'off'))) return;
    isAsked = true;
    meanwhile = [];
    try {
      const { createIgnoring } = await loadMore();
      ignoring = createIgnoring({ ...context, touched }, onDismiss);
      for (const act of meanwhile) act();
    } catch (cause) {
      report(new OffersightError('configuration', 'Serve offersight-more.js of this version.', cause));
    }
    meanwhile = undefined;
  };

  /** Hands on what happens, at once if it is there; what nobody asked for, or what did not come, hears nothing. */
  const tell =
    <Name extends keyof Ignoring>(name: Name) =>
    (...args: Parameters<Ignoring[Name]>): void => {
      const act = (): unknown =>
        (ignoring?.[name] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
      if (ignoring) act();
      else meanwhile?.push(act);
    };

  const onViewed = tell('onViewed');
  capture(['click', 'keydown', 'input'], (event) => {
    if (!event.isTrusted) return;
    // Now, since what was touched may be gone when somebody asks.
    for (const placement of around(registry, event.composedPath()[0] as Node)) {
      touched.placements.add(placement);
      touched.offers.add(placement.offerId);
      ignoring?.onTouch(placement);
    }
  });

  return {
    onMount(placement) {
      void askFor(placement);
      ignoring?.onMount(placement);
    },
    onViewed(placement) {
      void askFor(placement);
      onViewed(placement);
    },
    onUnmount: tell('onUnmount'),
    onReaction: tell('onReaction'),
    onLeave: () => ignoring?.onLeave(),
    onPageView() {
      tell('onLeave')();
      touched.offers.clear();
      registry.placements.filter((placement) => touched.placements.delete(placement));
    },
    stop: tell('stop'),
  };
};
