/**
 * What only some pages ask for, ignoring and occlusion, loads when somebody does. What happens meanwhile is kept for it.
 * Where it does not come, one report says so, and everything else goes on.
 */
import { OffersightError } from '../../errors.js';
import { loadMore } from './asking.js';
import type { DecisionListener } from './detect/controls.js';
import type { Roots } from './detect/roots.js';
import type { More, MoreContext } from './more/more.js';

/** What it works with. */
export interface OnRequestContext extends MoreContext {
  readonly report: (error: OffersightError) => void;
}

/** It, whether it is there or not. */
export type OnRequest = Omit<More, 'onTouch'>;

/** Asks for it at once if the page does, and else with the first offer that does. */
export const createOnRequest = (
  context: OnRequestContext,
  { capture }: Pick<Roots, 'capture'>,
  { onDismiss }: Pick<DecisionListener, 'onDismiss'>,
): OnRequest => {
  const { options, exposure, report } = context;
  let loading: Promise<void> | undefined;
  let more: More | undefined;
  /** Whether what may be covered counts all the same. */
  let isWaived = !options.occlusion;

  const ask = (): void => {
    loading ??= loadMore()
      .then(
        ({ createMore }) => {
          more = createMore(context, onDismiss);
        },
        (cause: unknown) => {
          isWaived = true;
          report(new OffersightError('configuration', 'Serve offersight-more.js of this version.', cause));
        },
      )
      .then(exposure.recheck);
  };

  /** Hands on what happens, at once if it is there; what nobody asked for is nothing. */
  const tell =
    <Name extends keyof More>(name: Name) =>
    (...args: Parameters<More[Name]>): void => {
      const act = (): unknown => (more?.[name] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
      if (more) act();
      else void loading?.then(act);
    };

  const onTouch = tell('onTouch');
  const onMount = tell('onMount');
  capture(['click', 'keydown', 'input'], (event) => {
    if (event.isTrusted) onTouch(event.composedPath()[0] as Node);
  });
  if (options.occlusion) ask();

  return {
    onMount(placement) {
      const own = placement.ignore ?? placement.element.getAttribute('data-offer-ignore');
      const ignore = own ?? options.ignore;
      if (ignore !== undefined && ignore !== 'off') ask();
      onMount(placement);
    },
    onUnmount: tell('onUnmount'),
    onViewed: tell('onViewed'),
    onReaction: tell('onReaction'),
    onLeave: tell('onLeave'),
    onEvaluation: tell('onEvaluation'),
    isClear: (element) => more?.isClear(element) ?? isWaived,
    stop: tell('stop'),
  };
};
