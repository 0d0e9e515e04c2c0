/** Why something that a user did to close an offer does not count, in words. */

import { nameOf } from '../client/later/debug/wording.js';
import { HOLDER, matches } from '../client/later/detect/controls.js';
import { holds, outward } from '../client/later/detect/roots.js';
import type { ResolvedOptions } from '../client/options.js';

/** Marks of ours and of libraries. */
const MARKED = '[data-offer-dismiss],[data-dismiss],[data-bs-dismiss]';

/** Names of controls that close something, also as a part of a class. */
const NAMED = /(?<![a-z])(?:close|dismiss)(?![a-z])/i;
const TEXT = /^(?:close|dismiss|[x×✕✖])$/i;

/** Whether the whole name of a control is that of a close control. */
export const isNamedClose = (control: Element): boolean =>
  [control.getAttribute('aria-label'), control.getAttribute('title'), control.textContent].some((name) =>
    TEXT.test(name?.trim() ?? ''),
  );

/** Whether a control says of itself that it closes something. */
export const saysClose = (control: Element): boolean =>
  matches(control, MARKED) ||
  ['aria-label', 'title', 'class'].some((name) => NAMED.test(control.getAttribute(name) ?? '')) ||
  TEXT.test(control.textContent.trim());

/** Whether a press leads somewhere else in the page, or to another page. */
export const leadsOn = (pressed: Element): boolean =>
  matches(pressed, 'a[href]:not([href="#"],[href^="javascript:"]),[role=tab]');

/** Whether a control is in an offer, or in a dialog with it. */
export const isTied = (path: readonly Element[], element: Element): boolean =>
  path.includes(element) || path.some((each) => matches(each, HOLDER) && holds(each, element));

/** Why a press on a control does not count. */
export const whyPressed = (path: readonly Element[], element: Element, offerId: string): string =>
  path.some((each) => matches(each, '[data-offer-dismiss]'))
    ? 'that has data-offer-dismiss, so the tracker did not hear the press. document.open() and document.write() after the page has loaded end its listening.'
    : isTied(path, element)
      ? 'that is not known as a close control. If it closes the offer, give it data-offer-dismiss, and data-offer-accept if it accepts.'
      : `that is neither in the offer nor in a dialog with it. If it closes the offer, give it data-offer-dismiss="${offerId}".`;

/** Why something that was done beside an offer does not count. */
export const whyBeside = (element: Element, isEscape: boolean, { dismissal }: ResolvedOptions): string => {
  if (isEscape && dismissal?.escape === false) return 'the option dismissal.escape is false.';
  const holder = [...outward(element)].find((each) => matches(each, HOLDER));
  return holder
    ? `${nameOf(holder)} is not of a kind that this closes.`
    : 'this closes only dialogs, popovers and what has role="dialog". Give that role to what holds the offer, or call tracker.dismiss(id).';
};

/** Whether an offer is in something that a drag may close. */
export const isHeld = (element: Element): boolean =>
  [...outward(element)].some((each) => matches(each, HOLDER));

/** Why a drag does not count. */
export const DRAGGED =
  'a drag closes only dialogs, popovers and what has role="dialog". Give that role to what holds the offer, or call tracker.dismiss(id).';

/** What is said of a close control that led to nothing in its time. */
export const lateWords = (offerId: string, what: string): string =>
  `${offerId} was not gone within 3 s after ${what}, so that did not count as dismissed. If it closes the offer, give it data-offer-dismiss, which counts at once.`;

/** What is said of a control that says close and is marked to accept. */
export const acceptedWords = (offerId: string, what: string): string =>
  `${offerId} was accepted by ${what}. If that closes the offer, it needs data-offer-dismiss in the place of data-offer-accept.`;
