/**
 * What observers of intersections do not report: styles that show an offer without a change of its geometry, a size
 * that comes to what had none, and animations that run without the page's own frames. Looks again because something
 * happened, never by polling.
 */
import type { Stop } from '../../../runtime.js';
import type { EvaluationListener, ExposureWatch, Watched } from '../../detect/exposure.js';
import { animationsOf, outward, type Roots } from './roots.js';

/** Looks again where an observer would not. */
export interface Motion {
  readonly onEvaluation: EvaluationListener;
  /** There may be more trees than before. */
  onTrees(): void;
  stop: Stop;
}

/** The least that browsers allow, milliseconds. */
const REVEALED_DELAY_MS = 100;

/** Has an observer report an offer that it has reported. */
export const lookAgain = ({ near, placement: { element } }: Watched): void => {
  near.unobserve(element);
  near.observe(element);
};

/** Starts listening. */
export const createMotion = (
  { watched, exposed, recheck }: Pick<ExposureWatch, 'watched' | 'exposed' | 'recheck'>,
  roots: Pick<Roots, 'capture' | 'all'>,
): Motion => {
  /** In the viewport, but without a size or hidden by styles. */
  const concealed = new Set<Watched>();
  let isFollowing = false;
  let isAsked = false;
  let isObserving = false;

  const isEmpty = ({ ratio, needed }: Watched): boolean => ratio > 0 && Number.isNaN(needed);

  const isConcealed = (item: Watched): boolean =>
    watched.get(item.placement.element) === item &&
    (isEmpty(item) || (item.dwell === undefined && exposed.has(item)));

  const lookAtAll = (): void => {
    isAsked = false;
    for (const item of concealed) {
      if (!isConcealed(item)) forget(item);
      // Without a size it counts as wholly visible, so observers would not report the change to that.
      else if (isEmpty(item)) lookAgain(item);
    }
    letGo();
    recheck();
  };

  /** Once nothing is exposed any more, no style makes a difference. */
  const letGo = (): void => {
    if (isNeeded()) return;
    restyled.disconnect();
    isObserving = false;
  };

  /** Looks again with the next frame, which a hidden page waits for by itself. */
  const ask = (): void => {
    if (!isAsked) requestAnimationFrame(lookAtAll);
    isAsked = true;
  };

  /** Whether a style would make a difference: it may show what is concealed, or hide what dwells. */
  const isNeeded = (): boolean => concealed.size + exposed.size > 0;

  const askIfNeeded = (): void => {
    if (isNeeded()) ask();
  };

  const restyled = new MutationObserver(askIfNeeded);
  const resized = new ResizeObserver((entries) => {
    if (entries.some(({ contentRect }) => contentRect.width && contentRect.height)) ask();
  });

  /** If a browser knows what is really drawn, no cause of it can be missed. */
  const revealed = new IntersectionObserver(
    (entries: readonly (IntersectionObserverEntry & { readonly isVisible?: boolean })[]) => {
      if (entries.some(({ isVisible }) => isVisible)) ask();
    },
    { trackVisibility: true, delay: REVEALED_DELAY_MS } as IntersectionObserverInit,
  );

  const forget = (item: Watched): void => {
    concealed.delete(item);
    resized.unobserve(item.placement.element);
    revealed.unobserve(item.placement.element);
  };

  /** Asks for frames, in which the browser computes intersections, while an offer dwells on something that moves. */
  const follow = (): void => {
    isFollowing = [...exposed].some(
      ({ dwell, placement }) =>
        dwell !== undefined &&
        [...outward(placement.element)]
          .flatMap(animationsOf)
          .some(({ playState }) => playState === 'running'),
    );
    if (isFollowing) requestAnimationFrame(follow);
  };

  /** Once for all that begins to dwell, or to move, at the same time. */
  const start = (): void => {
    if (!isFollowing) queueMicrotask(follow);
    isFollowing = true;
  };

  /** All trees; one that is observed already stays so. */
  const observeTrees = (): void => {
    isObserving = true;
    for (const root of roots.all())
      restyled.observe(root, { attributes: true, childList: true, subtree: true });
  };

  roots.capture(['transitionrun', 'animationstart'], start);
  // What was transparent may be seen once it has faded in, and what was empty once its image is there.
  roots.capture(['transitionend', 'animationend', 'load'], ask);
  // This event of the document's own elements never reaches the window.
  document.addEventListener('load', askIfNeeded, true);
  // Styles may follow the user's own acts, and the size of the window.
  roots.capture(['change', 'click', 'pointerover', 'focusin', 'keyup', 'scroll', 'resize'], askIfNeeded);

  return {
    onEvaluation(item, before) {
      const { element } = item.placement;
      if (!isObserving && isNeeded()) observeTrees();
      if (item.dwell !== undefined && before === undefined) start();
      const isKnown = concealed.has(item);
      if (!isConcealed(item)) {
        if (isKnown) forget(item);
      } else if (!isKnown) {
        concealed.add(item);
        if (isEmpty(item)) resized.observe(element);
        revealed.observe(element);
        // An animation that a script began fires no event, so it has to be asked for.
        for (const { finished } of [...outward(element)].flatMap(animationsOf)) finished.then(ask, ask);
      }
      letGo();
    },
    onTrees() {
      if (isObserving) observeTrees();
    },
    stop() {
      document.removeEventListener('load', askIfNeeded, true);
      restyled.disconnect();
      resized.disconnect();
      revealed.disconnect();
    },
  };
};
