/**
 * What only some pages need, ignoring, occlusion and offers without a box, loads when one of these is there. What happens
 * meanwhile is kept for it. If it does not come, one report says so, and everything else goes on.
 */
import { OffersightError } from '../../errors.js';
import { isShown } from '../detect/exposure.js';
import type { Placement } from '../detect/placement.js';
import { loadMore } from './asking.js';
import { around, type DecisionListener } from './detect/controls.js';
import type { Roots } from './detect/roots.js';
import { hasNoBox, type Sight } from './detect/sight.js';
import type { More, MoreContext } from './more/more.js';

/** What it works with. */
export interface OnRequestContext extends Omit<MoreContext, 'touched'> {
  readonly report: (error: OffersightError) => void;
}

/** It, whether it is there or not. */
export interface OnRequest extends Omit<More, 'onTouch' | 'boxesOf'>, Sight {
  /** A page view begins without a page load: the one before is left, and nothing is touched yet. */
  onPageView(): void;
}

/** Asks for it at once if the page does, and else with the first offer that does. */
export const createOnRequest = (
  context: OnRequestContext,
  { capture }: Pick<Roots, 'capture'>,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): OnRequest => {
  const { options, exposure, registry, report } = context;
  const touched: MoreContext['touched'] = { placements: new WeakSet(), offers: new Set() };
  let more: More | undefined;
  /** Whether what may be covered counts all the same. */
  let isWaived = !options.occlusion;
  let isAsked = false;
  /** What it has to know of the time until it is there, in order. */
  let meanwhile: (() => void)[] | undefined;

  const ask = async (): Promise<void> => {
    if (isAsked) return;
    isAsked = true;
    meanwhile = [];
    try {
      const { createMore } = await loadMore();
      more = createMore({ ...context, touched }, onDismiss);
      for (const act of meanwhile) act();
    } catch (cause) {
      isWaived = true;
      report(new OffersightError('configuration', 'Serve offersight-more.js of this version.', cause));
    }
    meanwhile = undefined;
    exposure.recheck();
  };

  const askFor = ({ element, ignore }: Placement): void => {
    const asked = [ignore, element.getAttribute('data-offer-ignore'), options.ignore];
    if (asked.some((value) => value === 0 || (value && value !== 'off'))) void ask();
  };

  /** Hands on what happens, at once if it is there; what nobody asked for, or what did not come, hears nothing. */
  const tell =
    <Name extends keyof More>(name: Name) =>
    (...args: Parameters<More[Name]>): void => {
      const act = (): unknown => (more?.[name] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
      if (more) act();
      else meanwhile?.push(act);
    };

  const boxesOf = (element: Element): Element[] => more?.boxesOf(element) ?? [element];
  const onViewed = tell('onViewed');
  capture(['click', 'keydown', 'input'], (event) => {
    if (!event.isTrusted) return;
    // Now, since what was touched may be gone when somebody asks.
    for (const placement of around(registry, event.composedPath()[0] as Node)) {
      touched.placements.add(placement);
      touched.offers.add(placement.offerId);
      more?.onTouch(placement);
    }
  });
  if (options.occlusion) void ask();

  return {
    onMount(placement) {
      askFor(placement);
      more?.onMount(placement);
    },
    onViewed(placement) {
      askFor(placement);
      onViewed(placement);
    },
    onUnmount: tell('onUnmount'),
    onReaction: tell('onReaction'),
    onLeave: () => more?.onLeave(),
    onPageView() {
      tell('onLeave')();
      touched.offers.clear();
      registry.placements.filter((placement) => touched.placements.delete(placement));
    },
    // What is mounted, and what was evaluated, it looks at when it comes.
    onEvaluation(item) {
      if (!isAsked && Number.isNaN(item.needed) && hasNoBox(item.placement.element)) void ask();
      more?.onEvaluation(item);
    },
    refresh: () => more?.refresh(),
    boxesOf,
    isDrawn: (element) => boxesOf(element).some(isShown),
    isClear: (element) => more?.isClear(element) ?? isWaived,
    stop: tell('stop'),
  };
};
