/**
 * What observers of intersections do not report: styles that show an offer without a change of its geometry, a size
 * that comes to what had none, and animations that run without the page's own frames. Looks again because something
 * happened, never by polling.
 */
import type { Stop } from '../../../runtime.js';
import type { EvaluationListener, ExposureWatch, Watched } from '../../detect/exposure.js';
import { holds, type Roots } from './roots.js';

/** Looks again where an observer would not. */
export interface Motion {
  readonly onEvaluation: EvaluationListener;
  /** There may be more trees than before. */
  onTrees(): void;
  stop: Stop;
}

/** An image of that name would hide the document's own; browsers before 2020 have none. */
const animations = (): readonly Animation[] =>
  (Document.prototype as Partial<Document>).getAnimations?.call(document) ?? [];

/** Starts listening. */
export const createMotion = (
  { watched, exposed, recheck }: Pick<ExposureWatch, 'watched' | 'exposed' | 'recheck'>,
  roots: Pick<Roots, 'capture' | 'all'>,
): Motion => {
  /** In the viewport, but without a size or not shown as far as styles tell. */
  const concealed = new Set<Watched>();
  let isFollowing = false;
  let isAsked = false;

  const isEmpty = ({ ratio, needed }: Watched): boolean => ratio > 0 && Number.isNaN(needed);

  const isConcealed = (item: Watched): boolean =>
    watched.get(item.placement.element) === item &&
    (isEmpty(item) || (item.dwell === undefined && exposed.has(item)));

  const lookAgain = (): void => {
    isAsked = false;
    for (const item of concealed) {
      if (!isConcealed(item)) forget(item);
      else if (isEmpty(item)) {
        // Without a size it counts as wholly visible, so becoming that would be no change.
        item.near.unobserve(item.placement.element);
        item.near.observe(item.placement.element);
      }
    }
    if (!concealed.size) restyled.disconnect();
    recheck();
  };

  /** Looks again with the next frame, which a hidden page waits for by itself. */
  const ask = (): void => {
    if (!isAsked) requestAnimationFrame(lookAgain);
    isAsked = true;
  };

  const askIfConcealed = (): void => {
    if (concealed.size) ask();
  };

  const restyled = new MutationObserver(askIfConcealed);
  const resized = new ResizeObserver((entries) => {
    if (entries.some(({ contentRect }) => contentRect.width && contentRect.height)) ask();
  });

  const forget = (item: Watched): void => {
    concealed.delete(item);
    resized.unobserve(item.placement.element);
  };

  /** Asks for frames, in which the browser computes intersections, while an offer dwells on something that moves. */
  const follow = (): void => {
    const moving = animations()
      .filter(({ playState }) => playState === 'running')
      .map(({ effect }) => (effect as KeyframeEffect | null)?.target);
    const dwelling = moving.length ? [...exposed].filter(({ dwell }) => dwell !== undefined) : [];
    isFollowing = dwelling.some(({ placement }) => moving.some((target) => holds(target, placement.element)));
    if (isFollowing) requestAnimationFrame(follow);
  };

  /** Once for all that begins to dwell, or to move, at the same time. */
  const start = (): void => {
    if (!isFollowing) queueMicrotask(follow);
    isFollowing = true;
  };

  /** All trees; one that is observed already stays so. */
  const observeTrees = (): void => {
    for (const root of roots.all())
      restyled.observe(root, { attributes: true, childList: true, subtree: true });
  };

  roots.capture(['transitionrun', 'animationstart'], start);
  // What was transparent may be seen once it has faded in, and what was empty once its image is there.
  roots.capture(['transitionend', 'animationend', 'load'], ask);
  // Of the document's own elements this one never reaches the window.
  document.addEventListener('load', askIfConcealed, true);
  // Styles may follow the user's own acts.
  roots.capture(['change', 'click', 'pointerover', 'focusin', 'keyup'], askIfConcealed);

  return {
    onEvaluation(item, before) {
      const { element } = item.placement;
      if (item.dwell !== undefined && before === undefined) start();
      const isKnown = concealed.has(item);
      if (!isConcealed(item)) {
        if (isKnown) forget(item);
      } else if (!isKnown) {
        concealed.add(item);
        if (concealed.size === 1) observeTrees();
        if (isEmpty(item)) resized.observe(element);
        // An animation that a script began tells nobody but who asks.
        for (const { effect, finished } of animations())
          if (holds((effect as KeyframeEffect | null)?.target, element)) finished.then(ask, ask);
      }
    },
    onTrees() {
      if (concealed.size) observeTrees();
    },
    stop() {
      document.removeEventListener('load', askIfConcealed, true);
      restyled.disconnect();
      resized.disconnect();
    },
  };
};
