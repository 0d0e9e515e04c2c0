/** Offers that were gone right after the user did something, although nothing counted as dismissed: what was done, and why. */
import type { Inside, PageView } from '../client/inside.js';
import { nameOf } from '../client/later/debug/wording.js';
import { HOLDER, matches, nearest, pathOf } from '../client/later/detect/controls.js';
import { viewNow } from '../client/later/detect/pressing.js';
import { holds, outward } from '../client/later/detect/roots.js';
import { isInView, isRendered } from '../client/later/detect/sight.js';
import type { Runtime, Stop } from '../runtime.js';
import type { Stored } from './stored.js';

/** What is gone later than this, milliseconds, may be gone for another reason. A dismissal is recorded by then. */
const CONSEQUENCE_MS = 1_200;

/** At most so many are named, the latest first. */
const MOST = 5;

/** What people press as one. */
const PRESSED = 'a,button,[role=button],label,summary';

/** An offer that what was done may close, and why that does not count. */
interface Concerned {
  readonly offerId: string;
  readonly element: Element;
  /** What has to be gone with it: what holds both the offer and what was pressed. */
  readonly box: Element;
  readonly words: string;
}

/** Listens until stopped. */
export interface Closings {
  /** The latest first. Only the database says that an offer was accepted by a call, which is why it closed. */
  list(stored: Stored | undefined, now: number): readonly string[];
  stop: Stop;
}

/** Whether an element covers the viewport, as an overlay does. */
const isOverlay = (element: Element): boolean => {
  const { width, height } = element.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  return width >= clientWidth && height >= clientHeight;
};

/** Why a press on a control does not count. */
const whyPressed = (path: readonly Element[], element: Element, offerId: string): string =>
  path.includes(element) || path.some((each) => matches(each, HOLDER) && holds(each, element))
    ? 'that is not known as a close control. Give it data-offer-dismiss, or data-offer-accept if it accepts.'
    : `that is neither in the offer nor in a dialog with it. Give it data-offer-dismiss="${offerId}".`;

/** Why something that was done beside an offer does not count. */
const whyBeside = (element: Element, isEscape: boolean, { dismissal }: Inside['options']): string => {
  if (isEscape && dismissal?.escape === false) return 'the option dismissal.escape is false.';
  const holder = [...outward(element)].find((each) => matches(each, HOLDER));
  return holder
    ? `${nameOf(holder)} is not of a kind that this closes.`
    : 'this closes only dialogs, popovers and what has role="dialog", and nothing of these holds the offer.';
};

/**
 * Starts listening.
 * @param apart The inspector's own element.
 */
export const createClosings = (
  { options, owner, registry, isDrawn, boxesOf }: Inside,
  view: PageView,
  apart: Element,
  runtime: Pick<Runtime, 'after' | 'elapsed'>,
): Closings => {
  const found = new Map<string, { readonly words: string; readonly at: number }>();
  const listening = new AbortController();

  const isOpen = (offerId: string): boolean => !view.get(offerId)?.isDismissed;
  const isInSight = (element: Element): boolean =>
    isDrawn(element) && isInView(boxesOf(element), document.documentElement);

  /** What a press or a key may close, by what it hit. */
  const concernedBy = (event: Event): Concerned[] => {
    const path = pathOf(event);
    const [target] = path;
    const isEscape = event.type === 'keydown';
    const isBeside = isEscape || (!!target && path.length > 2 && isOverlay(target));
    const pressed = nearest(event, PRESSED) ?? target;
    const what = isEscape ? 'Escape' : `a press on ${pressed ? nameOf(pressed) : 'it'}`;
    return [...registry.placements.values()].flatMap(({ offerId, element }): Concerned | [] => {
      // The body and the root hold everything.
      const box = path.slice(0, -2).find((each) => holds(each, element)) ?? (isBeside ? element : undefined);
      if (!box || !isOpen(offerId) || !isInSight(element)) return [];
      const why =
        isBeside && !path.includes(element)
          ? whyBeside(element, isEscape, options)
          : whyPressed(path, element, offerId);
      const words = `${offerId} was gone right after ${what}, and did not count as dismissed: ${why}`;
      return { offerId, element, box: isEscape ? element : box, words };
    });
  };

  const isGone = ({ element, box }: Concerned): boolean =>
    !isDrawn(element) && !(box !== element && isRendered(box));
  /** The page may have drawn it again. */
  const isShownAnew = (offerId: string): boolean =>
    [...registry.placements.values()].some((each) => each.offerId === offerId && isDrawn(each.element));

  const attend = (event: KeyboardEvent | MouseEvent): void => {
    if ('key' in event && event.key !== 'Escape') return;
    if (owner.consent === 'denied' || nearest(event, '[data-offer-accept]')) return;
    if (event.composedPath().includes(apart)) return;
    const before = viewNow();
    const concerned = concernedBy(event);
    if (!concerned.length) return;
    runtime.after(CONSEQUENCE_MS, () => {
      if (viewNow() !== before || listening.signal.aborted) return;
      for (const each of concerned) {
        const { offerId, words } = each;
        if (!isGone(each) || !isOpen(offerId) || isShownAnew(offerId)) continue;
        found.delete(offerId);
        found.set(offerId, { words, at: runtime.elapsed() });
      }
    });
  };
  for (const type of ['click', 'keydown'] as const)
    window.addEventListener(type, attend, { capture: true, signal: listening.signal });

  return {
    list(stored, now) {
      const isAccepted = (id: string): boolean =>
        stored?.marks.some(
          ({ offerId, type, until }) => offerId === id && type === 'accepted' && until > now,
        ) ?? false;
      return [...found]
        .filter(([id, { at }]) => stored && stored.readAt > at && isOpen(id) && !isAccepted(id))
        .map(([, { words }]) => words)
        .slice(-MOST)
        .reverse();
    },
    stop: () => listening.abort(),
  };
};
