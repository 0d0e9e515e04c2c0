/** Animations that hide an offer again and again, so that its time is never over. */
import { nameOf } from '../../client/later/debug/wording.js';
import { animationsOf, outward } from '../../client/later/detect/roots.js';

/** What is seen for longer between two times counts in between. */
const LONGEST_MS = 10_000;

const hides = ({ visibility, opacity, display }: ComputedKeyframe): boolean =>
  (visibility !== undefined && visibility !== 'visible') || Number(opacity) === 0 || display === 'none';

/** Whether it does so without an end. */
const isBlinking = ({ effect: given, playState }: Animation): boolean => {
  const effect = given as KeyframeEffect | null;
  if (playState !== 'running' || !effect) return false;
  const { iterations = 1, duration } = effect.getTiming();
  return iterations === Infinity && Number(duration) < LONGEST_MS && effect.getKeyframes().some(hides);
};

/** Says so of an offer whose time was broken off. */
export const blinkOf = (element: Element): string[] => {
  for (const at of outward(element)) {
    const animation = animationsOf(at).find(isBlinking);
    if (animation) {
      const { animationName = '' } = animation as Partial<CSSAnimation>;
      return [
        `An animation ${animationName && `(${animationName}) `}of ${nameOf(at)} hides it again and again, so its time begins at zero each time.`,
      ];
    }
  }
  return [];
};
