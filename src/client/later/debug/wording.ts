/** Says in words why an offer has not counted yet. */
import { isPainted } from '../detect/pictures.js';
import type { ExposureNote } from '../diagnosis.js';

/** What is said of an offer that needs nothing more. */
export const COUNTED = 'It has counted as viewed.';

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The style by which an element hides itself. An ancestor with such a style hides it as well. */
const hides = (element: Element): string | undefined => {
  const { display, visibility, opacity, contentVisibility } = getComputedStyle(element);
  if (display === 'none') return 'display: none';
  if (visibility !== 'visible') return `visibility: ${visibility}`;
  if (Number(opacity) === 0) return 'opacity: 0';
  return contentVisibility === 'hidden' ? 'content-visibility: hidden' : undefined;
};

/** An element as a selector would name it. A form's fields hide its properties behind their names. */
export const nameOf = (element: Element): string => {
  const id = element.getAttribute('id');
  const classes = element.getAttribute('class')?.trim() ?? '';
  return `<${element.localName}${id ? `#${id}` : ''}${classes.replace(/\s*(\S+)/g, '.$1')}>`;
};

/**
 * The outermost element that hides another: what is inherited begins there. What no slot takes has no styles at all.
 */
export const hidingOf = (element: Element): string => {
  let found = isPainted(element) ? 'Its styles hide it.' : 'Its picture has not loaded.';
  for (let at: Element | null = element; at; at = at.parentElement) {
    if (at.parentElement?.shadowRoot && !at.assignedSlot)
      return `${nameOf(at.parentElement)} has no slot for ${nameOf(at)}.`;
    const style = hides(at);
    if (style) found = `${nameOf(at)} hides it by ${style}.`;
  }
  return found;
};

/** Why nothing of an element is on the screen. */
const absenceOf = (element: Element): string => {
  const [box] = element.getClientRects();
  // The content of such an element stands for it.
  if (!box && getComputedStyle(element).display !== 'contents') return hidingOf(element);
  return !box || box.width * box.height ? 'It is not in view.' : 'It has no size.';
};

/**
 * A note as a sentence.
 * @param dwellMs For how long the offer has to qualify, milliseconds.
 */
export const describeNote = (
  { element, reason, ratio, neededRatio, dwelledMs }: ExposureNote,
  dwellMs: number,
): string => {
  switch (reason) {
    case 'not-rendered':
      return absenceOf(element);
    case 'too-small':
      return `${percent(ratio)} of it is visible; it needs ${percent(neededRatio)}.`;
    case 'not-shown':
      return hidingOf(element);
    case 'covered':
      return 'Something covers it.';
    case 'page-hidden':
      return 'The page is hidden.';
    case 'interrupted':
      return `It was visible for ${seconds(dwelledMs)} only; it needs ${seconds(dwellMs)} without a break.`;
    case 'dwelling':
      return `${percent(ratio)} of it is visible; it counts after ${seconds(dwellMs)}.`;
    case 'viewed':
      return COUNTED;
    default:
      return reason satisfies never;
  }
};
