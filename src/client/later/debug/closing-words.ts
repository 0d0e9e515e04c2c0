/** Why something that a user did to close an offer does not count, in words. */

import type { Inside } from '../../inside.js';
import type { ResolvedOptions } from '../../options.js';
import { HOLDER } from '../detect/before.js';
import { around, matches, nearest } from '../detect/controls.js';
import { holds, outward } from '../detect/roots.js';
import { nameOf } from './wording.js';

/** Marks of ours and of libraries. */
const MARKED = '[data-offer-dismiss],[data-dismiss],[data-bs-dismiss]';

/** Names of controls that close something, also as a part of a class. */
const NAMED = /(?<![a-z])(?:close|dismiss)(?![a-z])/i;
const TEXT = /^(?:close|dismiss|[x×✕✖])$/i;

/** Whether a control says of itself that it closes something. */
export const saysClose = (control: Element): boolean =>
  matches(control, MARKED) ||
  ['aria-label', 'title', 'class'].some((name) => NAMED.test(control.getAttribute(name) ?? '')) ||
  TEXT.test(control.textContent.trim());

/** Whether a press leads somewhere else in the page, or to another page. */
export const leadsOn = (pressed: Element): boolean =>
  matches(pressed, 'a[href]:not([href="#"],[href^="javascript:"]),[role=tab]');

/** Whether a control is in an offer, or in a dialog with it. */
const isTied = (path: readonly Element[], element: Element): boolean =>
  path.includes(element) || path.some((each) => matches(each, HOLDER) && holds(each, element));

/** Finds our close marks, as the tracker does. To import that, every page would load an export more. */
export const DISMISSING = '[data-offer-dismiss]:not([data-offer-dismiss=false])';

/** The offer that a mark names; nothing if it is about the one that it is in. */
export const namedBy = (marked: Element, mark = 'data-offer-dismiss'): string | undefined => {
  const name = marked.getAttribute(mark)?.trim();
  return name && name !== 'true' ? name : undefined;
};

/** A marked control of an offer that lies below what was pressed. */
const coveredControl = (
  { clientX, clientY, detail }: MouseEvent,
  path: readonly Element[],
  element: Element,
) =>
  // A press of a key has no place.
  detail
    ? document
        .elementsFromPoint(clientX, clientY)
        .find((each) => matches(each, DISMISSING) && holds(element, each) && !path.includes(each))
    : undefined;

/** Why a press on a control does not count. */
export const whyPressed = (
  press: MouseEvent,
  path: readonly Element[],
  element: Element,
  offerId: string,
): string => {
  const tied = isTied(path, element);
  const marked = path.find((each) => matches(each, DISMISSING));
  const named = marked && namedBy(marked);
  if (marked && (named ?? (tied && offerId)) === offerId)
    return 'that has data-offer-dismiss, so the tracker did not hear the press. document.open() and document.write() after the page has loaded end its listening.';
  if (marked && named !== undefined)
    return `${nameOf(marked)} has data-offer-dismiss="${named}", which names another offer. Write "${offerId}" there.`;
  if (!tied)
    return `that is neither in the offer nor in a dialog with it. If it closes the offer, give it data-offer-dismiss="${offerId}".`;
  const covered = coveredControl(press, path, element);
  if (covered)
    return `it lies over ${nameOf(covered)}, which has data-offer-dismiss and does not get the press.`;
  return path[0] === element
    ? `what was pressed is the offer itself. Make its close control an element of its own with data-offer-dismiss, or call tracker.dismiss("${offerId}").`
    : 'that is not known as a close control. If it closes the offer, give it data-offer-dismiss, and data-offer-accept if it accepts.';
};

/** What holds an offer and may be closed with it. */
const holderOf = (element: Element): Element | undefined =>
  [...outward(element)].find((each) => matches(each, HOLDER));

/** Why something that was done beside an offer does not count. */
export const whyBeside = (element: Element, isEscape: boolean, { dismissal }: ResolvedOptions): string => {
  if (isEscape && dismissal?.escape === false) return 'the option dismissal.escape is false.';
  const holder = holderOf(element);
  return holder
    ? `${nameOf(holder)} is not of a kind that this closes.`
    : 'this closes only dialogs, popovers and what has role="dialog". Give that role to what holds the offer, or call tracker.dismiss(id).';
};

/** What people press to be rid of an offer. */
const DECLINING =
  /^(?:no\b|not\b|never|maybe|later|skip|cancel|decline|nein|non\b|später|plus tard|ahora no)/i;

/** Whether a control says that it closes or declines something. */
const saysDecline = (control: Element): boolean =>
  saysClose(control) || DECLINING.test((control.getAttribute('value') ?? control.textContent).trim());

/** What is said of a button that submits a form which is marked to accept, and reads otherwise. */
const submittedWords = (offerId: string, button: Element, form: Element): string =>
  `${offerId} was accepted by a press on ${nameOf(button)}, since that submits ${nameOf(form)}, which has data-offer-accept. If that declines, give it type="button" and data-offer-dismiss.`;

/** What is said of a control that says close and is marked to accept. */
const acceptedWords = (offerId: string, what: string): string =>
  `${offerId} was accepted by ${what}. If that closes the offer, it needs data-offer-dismiss instead of data-offer-accept.`;

/** What is said of offers that a press has accepted; nothing if it accepts none. */
export const acceptedBy = (
  event: Event,
  registry: Inside['registry'],
): readonly { readonly offerId: string; readonly words: string }[] | undefined => {
  const accept = nearest(event, '[data-offer-accept]:not(form)');
  if (accept) {
    const wordsOf = (id: string): string => acceptedWords(id, `a press on ${nameOf(accept)}`);
    const about = saysClose(accept) ? around(registry, accept) : [];
    return about.map(({ offerId }) => ({ offerId, words: wordsOf(offerId) }));
  }
  const form = nearest(event, 'form[data-offer-accept]');
  const button = nearest(event, 'button:not([type=button],[type=reset]),input[type=submit]');
  if (!form || !button || event.type !== 'click' || !saysDecline(button)) return undefined;
  return around(registry, form).map(({ offerId }) => ({
    offerId,
    words: submittedWords(offerId, button, form),
  }));
};
