/**
 * What observers of intersections do not report: styles that show an offer without a change of its geometry, and
 * animations that run without the page's own frames. Looks again because something happened, never by polling.
 */
import type { Stop } from '../../runtime.js';
import type { EvaluationListener, ExposureWatch, Watched } from './exposure.js';
import { holds, type Roots } from './roots.js';

/** Looks again where an observer would not. */
export interface Motion {
  readonly onEvaluation: EvaluationListener;
  stop: Stop;
}

/** Starts listening. */
export const createMotion = (
  { exposed, recheck }: Pick<ExposureWatch, 'exposed' | 'recheck'>,
  roots: Pick<Roots, 'capture' | 'all'>,
): Motion => {
  /** Exposed, but not shown as far as styles tell. */
  const concealed = new Set<Watched>();
  let isFollowing = false;

  const restyled = new MutationObserver(() => {
    for (const item of concealed) if (!exposed.has(item)) concealed.delete(item);
    if (concealed.size) recheck();
    else restyled.disconnect();
  });

  const isMoving = ({ placement, dwell }: Watched): boolean =>
    dwell !== undefined &&
    document
      .getAnimations()
      .some(
        ({ effect, playState }) =>
          playState === 'running' && holds((effect as KeyframeEffect | null)?.target, placement.element),
      );

  /** Asks for frames, in which the browser computes intersections, while an offer dwells on something that moves. */
  const follow = (): void => {
    isFollowing = !!document.getAnimations && [...exposed].some(isMoving);
    if (isFollowing) requestAnimationFrame(follow);
  };

  const start = (): void => {
    if (!isFollowing) follow();
  };

  roots.capture(['transitionrun', 'animationstart'], start);
  // What was transparent may be seen once it has faded in.
  roots.capture(['transitionend', 'animationend'], recheck);

  return {
    onEvaluation(item, before) {
      if (item.dwell !== undefined && before === undefined) start();
      const isConcealed = item.dwell === undefined && exposed.has(item);
      if (isConcealed && !concealed.size) {
        for (const root of roots.all())
          restyled.observe(root, { attributes: true, childList: true, subtree: true });
      }
      concealed[isConcealed ? 'add' : 'delete'](item);
    },
    stop: () => restyled.disconnect(),
  };
};
