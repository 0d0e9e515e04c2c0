/** Offers that were gone right after the user did something, although nothing counted as dismissed: what was done, and why. */
import { isShown } from '../../client/detect/exposure.js';
import type { Placement } from '../../client/detect/placement.js';
import type { Inside, PageView } from '../../client/inside.js';
import {
  acceptedBy,
  leadsOn,
  saysClose,
  whyBeside,
  whyPressed,
} from '../../client/later/debug/closing-words.js';
import { nameOf } from '../../client/later/debug/wording.js';
import { viewNow } from '../../client/later/detect/before.js';
import { nearest, PRESSED, pathOf } from '../../client/later/detect/controls.js';
import { holds } from '../../client/later/detect/roots.js';
import { isInView } from '../../client/later/detect/sight.js';
import type { Runtime, Stop } from '../../runtime.js';
import { isInViewport } from './reach.js';
import type { Stored } from './stored.js';

/** What is gone later than this, milliseconds, may be gone for another reason. A dismissal is recorded by then. */
const CONSEQUENCE_MS = 2_200;
/** What a close control takes away by itself is gone by then. */
const PROMPT_MS = 100;

/** At most so many are named, the latest first. */
const MOST = 5;
/** At most so many offers are looked at when something is pressed. */
const MOST_NEAR = 50;

/** An offer that what was done may close, and why that does not count. */
interface Concerned {
  readonly offerId: string;
  readonly element: Element;
  /** What has to be gone with it: what holds both the offer and what was pressed, if that is less than the whole page. */
  readonly box: Element | undefined;
  /** Whether what says of itself that it closes something was pressed: then the offer may be gone without the rest. */
  readonly isClosing: boolean;
  readonly words: string;
}

/** What was found, and when, on the monotonic clock. */
interface Found {
  readonly words: string;
  readonly at: number;
  /** The view of what was done. What another view lacks, it has not closed. */
  readonly view: string;
  /** Whether it is true only as long as the offer is gone. */
  readonly isGone?: boolean;
  /** Whether it is true only if the offer was accepted; all else only if it was not. */
  readonly isAcceptance?: boolean;
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

/**
 * Starts listening.
 * @param apart The inspector's own element.
 */
export const createClosings = (
  inside: Inside,
  view: PageView,
  apart: Element,
  runtime: Pick<Runtime, 'after' | 'elapsed'>,
): Closings => {
  const { options, owner, registry, isDrawn, boxesOf } = inside;
  const found = new Map<string, Found>();
  const say = (offerId: string, said: Omit<Found, 'at' | 'view'>): void => {
    // The latest stands last.
    found.delete(offerId);
    found.set(offerId, { ...said, at: runtime.elapsed(), view: viewNow() });
  };
  const listening = new AbortController();

  const isOpen = (offerId: string): boolean => {
    const { isDismissed, isVetoed } = view.get(offerId) ?? {};
    return !isDismissed && !isVetoed;
  };
  const isWithinView = (element: Element): boolean =>
    isDrawn(element) && isInView(boxesOf(element), document.documentElement);

  /** Those whose box lies in the viewport; of very many the first. */
  const nearOffers = (): Placement[] =>
    registry.placements
      .filter(({ element, offerId }) => isOpen(offerId) && boxesOf(element).some(isInViewport))
      .slice(0, MOST_NEAR);

  /** What a press or a key may close, by what it hit. */
  const concernedBy = (event: Event): Concerned[] => {
    const path = pathOf(event);
    const [target] = path;
    const isEscape = event.type === 'keydown';
    const isBeside = isEscape || (!!target && path.length > 2 && isOverlay(target));
    const pressed = nearest(event, PRESSED) ?? target;
    const what = isEscape ? 'Escape' : `a press on ${pressed ? nameOf(pressed) : 'it'}`;
    if (pressed && !isEscape && leadsOn(pressed)) return [];
    const isClosing = !isEscape && !!pressed && saysClose(pressed);
    return nearOffers().flatMap(({ offerId, element }): Concerned | [] => {
      // The body and the root hold everything.
      const box = path.slice(0, -2).find((each) => holds(each, element)) ?? (isBeside ? element : undefined);
      if (!(box || isClosing) || !isWithinView(element)) return [];
      const why =
        isBeside && !path.includes(element)
          ? whyBeside(element, isEscape, options)
          : whyPressed(event as MouseEvent, path, element, offerId);
      const words = `${offerId} was gone right after ${what}, and did not count as dismissed: ${why}`;
      return { offerId, element, words, isClosing, box: isEscape ? element : box };
    });
  };

  const isGone = ({ element, box }: Concerned): boolean =>
    !!box && !isDrawn(element) && !(box !== element && isShown(box));
  /** The page may draw it again. */
  const isBack = (offerId: string): boolean =>
    registry.placements.filter((each) => each.offerId === offerId && isDrawn(each.element)).length > 0;

  /** Looks what became of what was done, unless the page shows another view by then. */
  const lookAfter = (delayMs: number, judge: () => void): void => {
    const before = viewNow();
    runtime.after(delayMs, () => {
      if (viewNow() === before && !listening.signal.aborted) judge();
    });
  };

  const onAct = (event: Event): void => {
    if (owner.consent !== 'granted' || event.composedPath().includes(apart)) return;
    const accepted = acceptedBy(event, registry);
    for (const { offerId, words } of accepted ?? []) say(offerId, { words, isAcceptance: true });
    if (accepted) return;
    const concerned = concernedBy(event);
    if (!concerned.length) return;
    // A carousel beside a bar that is closed may turn a moment later.
    const prompt = new Set<Concerned>();
    lookAfter(PROMPT_MS, () => {
      for (const each of concerned) if (each.isClosing && !isDrawn(each.element)) prompt.add(each);
    });
    lookAfter(CONSEQUENCE_MS, () => {
      for (const each of concerned)
        if ((isGone(each) || (prompt.has(each) && !isDrawn(each.element))) && isOpen(each.offerId))
          say(each.offerId, { words: each.words, isGone: true });
    });
  };

  const hear = (event: KeyboardEvent | MouseEvent): void => {
    // The page's own scripts may act as well as a user.
    if (!event.isTrusted || ('key' in event && (event.key !== 'Escape' || event.isComposing))) return;
    try {
      onAct(event);
    } catch {
      // Fields of a form may hide any of its properties. The page has to work all the same.
    }
  };
  for (const type of ['click', 'keydown'] as const)
    window.addEventListener(type, hear, { capture: true, signal: listening.signal });

  return {
    list(stored, now) {
      const isAccepted = (id: string): boolean =>
        stored?.marks.some(
          ({ offerId, type, until }) => offerId === id && type === 'accepted' && until > now,
        ) ?? false;
      return [...found]
        .filter(
          ([id, { at, view: then, isGone: hasToBeGone, isAcceptance = false }]) =>
            stored &&
            stored.readAt > at &&
            then === viewNow() &&
            isOpen(id) &&
            isAccepted(id) === isAcceptance &&
            !(hasToBeGone && isBack(id)),
        )
        .map(([, { words }]) => words)
        .slice(-MOST)
        .reverse();
    },
    stop: () => listening.abort(),
  };
};
