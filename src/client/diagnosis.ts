/** Why an offer has not counted yet, as data: what the `debug` function is told. Decides nothing. */
import type { EvaluationListener, Watched } from './detect/exposure.js';
import type { Page } from './page.js';

/** Why an offer has not counted, or that it has. */
export type NoteReason =
  /** It has no box, or is nowhere near the viewport. */
  | 'not-rendered'
  /** Less of it is visible than it needs. */
  | 'too-small'
  /** Its styles, or an ancestor's, make it invisible. */
  | 'not-shown'
  /** Something else covers it; only with the `occlusion` option. */
  | 'covered'
  | 'page-hidden'
  /** It left, or the page was hidden, before its time was over. */
  | 'interrupted'
  /** It qualifies, and its time runs. */
  | 'dwelling'
  | 'viewed';

/** One thing that was noticed about one offer. */
export interface ExposureNote {
  readonly offerId: string;
  readonly element: Element;
  readonly reason: NoteReason;
  /** The visible share of its pixels when it was last looked at, 0–1. */
  readonly ratio: number;
  /** The share that it needs, 0–1. */
  readonly neededRatio: number;
  /** For how long it has qualified without a break, milliseconds; of `interrupted`: had qualified. */
  readonly dwelledMs: number;
}

/**
 * Starts telling.
 * @param tell Given a note whenever the reason changes.
 */
export const createDiagnosis = (
  {
    watched,
    exposed,
  }: { readonly watched: ReadonlyMap<Element, Watched>; readonly exposed: ReadonlySet<Watched> },
  page: Page,
  tell: (note: ExposureNote) => void,
): EvaluationListener => {
  const last = new WeakMap<Watched, NoteReason>();

  const reasonOf = (item: Watched): NoteReason => {
    if (watched.get(item.placement.element) !== item) return 'viewed';
    if (item.dwell !== undefined) return 'dwelling';
    if (!page.isVisible()) return 'page-hidden';
    if (!item.ratio) return 'not-rendered';
    if (exposed.has(item)) return 'not-shown';
    return item.ratio < item.needed ? 'too-small' : 'covered';
  };

  return (item, before, at) => {
    const { placement, ratio, needed, dwell, rule } = item;
    const note = (reason: NoteReason, dwelledMs: number): void => {
      last.set(item, reason);
      const { offerId, element } = placement;
      tell({ offerId, element, reason, ratio, neededRatio: needed || rule.ratio, dwelledMs });
    };
    const reason = reasonOf(item);
    if (before !== undefined && dwell === undefined && reason !== 'viewed') note('interrupted', at - before);
    if (reason !== last.get(item)) note(reason, at - (dwell ?? at));
  };
};
