/**
 * Why an offer has not counted yet, as data. Decides nothing; a site that does not ask for it does not load it.
 */

import type { EvaluationListener, ExposureWatch, Watched } from '../detect/exposure.js';
import type { Placement } from '../detect/placement.js';
import type { Page } from '../page.js';

/** Why an offer has not counted, or that it has. */
export type NoteReason =
  /** It has no box, or is not in the viewport. */
  | 'not-rendered'
  /** Less of it is visible than it needs. */
  | 'too-small'
  /** Its styles, or an ancestor's, make it invisible, or the picture that it is has not loaded. */
  | 'not-shown'
  /** Something else covers it. */
  | 'covered'
  | 'page-hidden'
  /** It left, or the page was hidden, before its time was over. */
  | 'interrupted'
  /** It qualifies, and its time runs. */
  | 'dwelling'
  | 'viewed';

/** One thing that was noticed about one offer. */
export interface ExposureNote {
  /** The offer, as the page names it. */
  readonly offerId: string;
  /** The element that shows it. */
  readonly element: Element;
  /** Why it has not counted, or that it has. */
  readonly reason: NoteReason;
  /** The visible share of its pixels when it was last looked at, 0–1. */
  readonly ratio: number;
  /** The share that it needs, 0–1. */
  readonly neededRatio: number;
  /** For how long it has qualified without a break, milliseconds; of `interrupted`: had qualified. */
  readonly dwelledMs: number;
}

/** What {@link explain} makes, for the `debug` option; only this package knows what it takes. */
export type Explainer = (...internals: never) => unknown;

/** An {@link Explainer}, as it is called. */
export type Explaining = (
  exposure: Pick<ExposureWatch, 'exposed'>,
  page: Pick<Page, 'isVisible'>,
  call: (callback: () => unknown) => void,
  isDrawn: (element: Element) => boolean,
) => EvaluationListener;

/** Says why an offer has not counted, or that it has. */
export const createReasons =
  (
    { exposed }: Pick<ExposureWatch, 'exposed'>,
    page: Pick<Page, 'isVisible'>,
    isDrawn: (element: Element) => boolean,
  ): ((item: Watched) => Exclude<NoteReason, 'interrupted'>) =>
  (item) => {
    const { element, isSeen } = item.placement;
    if (isSeen) return 'viewed';
    if (item.dwell !== undefined) return 'dwelling';
    if (!page.isVisible()) return 'page-hidden';
    if (!item.ratio || Number.isNaN(item.needed)) return 'not-rendered';
    if (!exposed.has(item)) return 'too-small';
    return isDrawn(element) ? 'covered' : 'not-shown';
  };

/**
 * Explains why offers have not counted yet: `createOfferTracker({ endpoint, debug: explain(console.log) })`.
 * @param tell Given a note whenever the reason changes. What it throws is shown on the console.
 */
export const explain = (tell: (note: ExposureNote) => void): Explainer => {
  const explaining: Explaining = (exposure, page, call, isDrawn) => {
    const reasonOf = createReasons(exposure, page, isDrawn);
    const last = new WeakMap<Placement, NoteReason>();

    return (item, before, at) => {
      const { placement, ratio, needed, dwell, rule } = item;
      const note = (reason: NoteReason, dwelledMs: number): void => {
        // In the next page view it may count again at once.
        last[reason === 'viewed' ? 'delete' : 'set'](placement, reason);
        const { offerId, element } = placement;
        call(() => tell({ offerId, element, reason, ratio, neededRatio: needed || rule.ratio, dwelledMs }));
      };
      const reason = reasonOf(item);
      if (before !== undefined && dwell === undefined) note('interrupted', at - before);
      if (reason !== last.get(placement)) note(reason, at - (dwell ?? at));
    };
  };
  return explaining;
};
