/** Offers that stand on the page, and that its tracker does not see: in frames, and in shadow trees that came late. */
import { nameOf } from '../../client/later/debug/wording.js';
import { matches } from '../../client/later/detect/controls.js';
import { counted } from './words.js';

/** So many are named. */
const MOST = 5;

const TRACKER = /^offersight https?:/;

type Frame = HTMLIFrameElement | HTMLObjectElement;

const hasTracker = ({ contentWindow }: Frame): boolean =>
  Object.getOwnPropertySymbols(contentWindow ?? {}).some(({ description = '' }) => TRACKER.test(description));

/** Frames of this origin with offers that this tracker does not see. */
const inFrames = (frames: readonly Frame[], trees: readonly Node[], isNone: boolean): string[] =>
  frames.flatMap((frame) => {
    const inner = frame.contentDocument;
    const count = inner?.querySelectorAll('[data-offer-id]').length ?? 0;
    if (!inner || !count || trees.includes(inner)) return [];
    const holds = `${nameOf(frame)} holds ${counted(count, 'offer')}`;
    if (!hasTracker(frame))
      return `${holds} that no tracker sees: ${matches(frame, '[srcdoc]') ? '' : 'put the script tag into its page, or '}give its contentDocument to tracker.observe().`;
    if (!(frame.clientWidth * frame.clientHeight))
      return `${holds} of its own tracker, and has no ${frame.clientHeight ? 'width' : 'height'}.`;
    return isNone ? `${holds} of its own tracker: open the inspector in that frame.` : [];
  });

/** Elements whose shadow tree came after the tracker had looked at them. */
const lateTrees = (elements: readonly Element[], trees: readonly Node[]): string[] =>
  elements.flatMap((element) => {
    const { shadowRoot } = element;
    const count = shadowRoot?.querySelectorAll('[data-offer-id]').length ?? 0;
    return !shadowRoot || !count || trees.includes(shadowRoot)
      ? []
      : `${nameOf(element)} got its shadow tree late, with ${counted(count, 'offer')} that no tracker watches: give its shadowRoot to tracker.observe().`;
  });

/**
 * Says in words which offers cannot be seen.
 * @param trees Those that the tracker searches.
 * @param isNone Whether the tracker has found no offer: only then those of a frame’s own tracker are named.
 */
export const unseenIn = (trees: readonly Node[], isNone: boolean): string[] => {
  const elements = trees.flatMap((tree) => [...(tree as ParentNode).querySelectorAll('*')]);
  const frames = elements.filter((element) => matches(element, 'iframe,object')) as Frame[];
  return [...inFrames(frames, trees, isNone), ...lateTrees(elements, trees)].slice(0, MOST);
};
