/**
 * What is right by itself, and not what was meant: close marks on an offer, links and submit buttons that say close, ids in another
 * case.
 */
import type { Inside, PageView } from '../../client/inside.js';
import { DISMISSING, holderOf, isNamedClose, namedBy } from '../../client/later/debug/closing-words.js';
import { nameOf } from '../../client/later/debug/wording.js';
import { matches, PRESSED } from '../../client/later/detect/controls.js';
import { copiesOf } from './copies.js';

/** At most so many offers are looked at, and so many controls in each. */
const MOST_OFFERS = 200;
const MOST_CONTROLS = 20;

/** An offer that any press in it closes. A control may be an offer and close itself. */
const isMarkedItself = (element: Element, offerId: string): boolean =>
  matches(element, DISMISSING) &&
  (namedBy(element) ?? offerId) === offerId &&
  !!element.childElementCount &&
  !matches(element, 'button,a,[role=button]');

/** Close marks on what holds several controls: a press on each of them closes the offer. */
const wrappersIn = (element: Element): string[] =>
  [...element.querySelectorAll(DISMISSING)].slice(0, MOST_CONTROLS).flatMap((mark) => {
    // The innermost mark counts.
    const { length } = [...mark.querySelectorAll(PRESSED)].filter(
      (each) => each.closest('[data-offer-accept],[data-offer-dismiss]') === mark,
    );
    return length > 1
      ? `${nameOf(mark)} has data-offer-dismiss and holds ${length} controls, so a press on each of them closes the offer: put it on the one that closes.`
      : [];
  });

/** Whether a link leads to another page, unless code keeps it from that. */
const leadsAway = ({ href }: HTMLAnchorElement): boolean =>
  URL.canParse(href) && /^http/.test(href) && href.split('#', 1)[0] !== location.href.split('#', 1)[0];

type Button = HTMLButtonElement | HTMLInputElement;

/**
 * The form that a press on a button submits to the site, unless code keeps it from that. A form with the method dialog only
 * closes a dialog.
 */
const submittedBy = (button: Button): HTMLFormElement | null => {
  const { form, type, disabled } = button;
  const isKept = /return false|preventDefault/.test(button.getAttribute('onclick') ?? '');
  if (!form || disabled || !/^(?:submit|image)$/.test(type) || form.onsubmit || isKept) return null;
  return matches(button, '[formmethod=dialog]') || matches(form, '[method=dialog]') ? null : form;
};

/** Says them, in words. */
export const nearMisses = (inside: Inside, view: PageView): string[] => {
  const { registry } = inside;
  const all = registry.placements.filter(() => true);
  const shown = all.slice(0, MOST_OFFERS);
  const marked = shown.flatMap(({ element, offerId }) =>
    isMarkedItself(element, offerId)
      ? `${nameOf(element)} is an offer and has data-offer-dismiss itself, so a press anywhere in it closes it: put that on its close control.`
      : [],
  );
  const links = shown.flatMap(({ element }) =>
    [...element.querySelectorAll<HTMLAnchorElement>('a[href]')]
      .slice(0, MOST_CONTROLS)
      .flatMap((link) =>
        isNamedClose(link) && leadsAway(link) && !link.closest(DISMISSING)
          ? `${nameOf(link)} is named as a close control and leads to another page. If that closes the offer, give it data-offer-dismiss: else leaving the page does not count.`
          : [],
      ),
  );
  const submitters = shown.flatMap(({ element }) =>
    [...(holderOf(element) ?? element).querySelectorAll<Button>('button,input')]
      .slice(0, MOST_CONTROLS)
      .flatMap((button) => {
        const form = isNamedClose(button) && !button.closest(DISMISSING) && submittedBy(button);
        return form
          ? `${nameOf(button)} is named as a close control and submits ${nameOf(form)}. If that loads a page, the close does not count: give it data-offer-dismiss, or type="button" if it has nothing to submit.`
          : [];
      }),
  );
  const exact = new Set(all.map(({ offerId }) => offerId));
  const ids = new Map(all.map(({ offerId }) => [String(offerId).toLowerCase(), offerId]));
  const cases = [...view.keys()].flatMap((id) => {
    const other = ids.get(id.toLowerCase());
    return other === undefined || exact.has(id)
      ? []
      : `Events name “${id}”, and an element “${other}”: ids differ by their case.`;
  });
  const wrappers = shown.flatMap(({ element }) => wrappersIn(element));
  const copies = copiesOf(shown, view, inside);
  return [...new Set([...marked, ...wrappers, ...copies, ...links, ...submitters, ...cases])];
};
