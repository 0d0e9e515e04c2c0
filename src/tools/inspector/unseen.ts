/** Offers that stand on the page, and that its tracker cannot see: in frames, in closed trees, under other attributes. */
import { nameOf } from '../../client/later/debug/wording.js';
import { matches } from '../../client/later/detect/controls.js';
import { closedTrees, lateTrees } from './unseen-trees.js';
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

/** What an attribute may be called that was meant to mark an offer. */
const LIKELY = /^data-.*offer|^offer/i;
/** Attributes of ours that other lines report. */
const OURS = /^data-offer-(?:id|ratio|dwell|ignore|repeat|expires|token|group|dismiss|accept)$/;

const otherNames = (elements: readonly Element[]): string[] => {
  const names = elements.flatMap((element) =>
    element.getAttributeNames().filter((name) => LIKELY.test(name) && !OURS.test(name)),
  );
  return names.map((name) => `${name} does not mark an offer: data-offer-id does.`);
};

const outOfReach = (frames: readonly HTMLIFrameElement[]): string[] =>
  frames
    .filter((frame) => !frame.contentDocument)
    .map((frame) =>
      frame.hasAttribute('sandbox') && !frame.sandbox.contains('allow-same-origin')
        ? `${nameOf(frame)} is a sandbox without allow-same-origin, where a tracker cannot send.`
        : `${nameOf(frame)} may not be looked into: offers in it need a tracker of its own.`,
    );

/**
 * Says what may be offers that nobody sees, in words.
 * @param trees Those that the tracker searches.
 * @param isNone Whether the tracker has found no offer: only then it is said what may be one.
 */
export const unseenIn = (trees: readonly Node[], isNone: boolean): string[] => {
  const elements = trees.flatMap((tree) => [...(tree as ParentNode).querySelectorAll('*')]);
  const frames = elements.filter((element) => matches(element, 'iframe,object')) as Frame[];
  const found = [...inFrames(frames, trees, isNone), ...lateTrees(elements, trees)];
  if (!isNone || found.length) return found.slice(0, MOST);
  const outer = frames.filter(({ localName }) => localName === 'iframe') as HTMLIFrameElement[];
  return [...new Set([...otherNames(elements), ...closedTrees(elements), ...outOfReach(outer)])].slice(
    0,
    MOST,
  );
};
