/** Offers that lie in the viewport although the observer of the tracker has not reported so, as with one that the page brought. */
import type { Watched } from '../../client/detect/exposure.js';
import { partInView } from '../../client/later/detect/sight.js';
import { isNative } from './changed.js';
import { createLasting } from './lasting.js';

/** The browser reports within some frames. After so many looks, which are two seconds, it is not only late. */
const LOOKS = 10;

/** The share of an element that its place on the page leaves in view, of the most that the viewport can show of it. */
const shareInView = (element: Element): number => {
  const { width, height } = element.getBoundingClientRect();
  const part = partInView(element, document.documentElement);
  return (part.width * part.height) / (Math.min(width, innerWidth) * Math.min(height, innerHeight));
};

/** An observer may be another class, or one that is derived from the browser's own. */
const isOwn = ({ near }: Watched): boolean => isNative(near.observe) && isNative(IntersectionObserver);

/** Makes what says, once in each look at an offer that is drawn, that no observer reports it. */
export const createUnreported = () => {
  const lasting = createLasting();

  /**
   * @param isKnown Whether the browser's own observer may well be right, since something else may cut the offer off.
   */
  return (item: Watched, [box, other]: readonly Element[], isKnown: boolean): string | undefined => {
    // In a frame, and of what lies in one, only an observer knows how much the page around it shows.
    const isHere = self === top && box?.ownerDocument === document && !other;
    const isReported =
      !isHere || !(shareInView(box) > Math.max(0.1, item.rule.ratio) - 0.01) || (isKnown && isOwn(item));
    if (lasting(item, !isReported) < LOOKS) return undefined;
    return `It lies in the viewport, and IntersectionObserver does not report that. ${
      isOwn(item)
        ? 'Perhaps code of this page has changed it.'
        : 'Code of this page has replaced it: let the page keep the browser’s own.'
    }`;
  };
};
