/**
 * Ignoring, where a site asks for it: an offer that was viewed and then left alone. Knows what is in sight and who
 * reacted, never what is recorded.
 */
import type { Runtime, Stop } from '../../../runtime.js';
import type { Ignore, Impression, Past, Placement, Repeat } from '../../detect/placement.js';
import type { Registry } from '../../detect/registry.js';
import type { Page } from '../../page.js';
import { boxesOf } from '../detect/contents.js';

/** Awaits reactions to offers. */
export interface Ignoring {
  /** The offer was viewed: from now on it can be ignored. */
  onViewed(placement: Placement): void;
  /** Somebody reacted to it. */
  onReaction(offerId: string, placement?: Placement | Past): void;
  /** The user did something in it. */
  onTouch(placement: Placement): void;
  onMount(placement: Placement): void;
  onUnmount(placement: Placement): void;
  /** The page is left. */
  onLeave(): void;
  stop: Stop;
}

/** What is ignored as one: an offer, or one mount of it. */
type Subject = string | Placement | Past | Impression;

/** A subject to which nobody has reacted yet. */
interface Awaited {
  readonly placement: Placement;
  readonly ignore: Ignore;
  readonly inSight: Set<Element>;
  stopTimer?: Stop | undefined;
}

/** The option, as a value or as an attribute's text. Any other value counts as left out. */
const ignoreOf = (value: string | number | null | undefined): Ignore | undefined => {
  if (value === 'off' || value === 'leave') return value;
  return value != null && value !== '' && Number(value) >= 0 ? Number(value) : undefined;
};

/** Called for an offer that was ignored. */
export type OnIgnored = (offerId: string, reason: 'ignored', placement: Placement) => void;

/** What it works with. */
export interface IgnoringContext {
  readonly registry: Registry;
  readonly page: Page;
  readonly runtime: Pick<Runtime, 'after'>;
  /** The page's own settings. */
  readonly options: { readonly ignore?: Ignore | undefined; readonly repeat?: Repeat | undefined };
  /** The offers in which the user did something, perhaps before they were viewed. They are not ignored any more. */
  readonly touched: { readonly placements: WeakSet<Placement>; readonly offers: Set<unknown> };
}

/** Starts awaiting. */
export const createIgnoring = (
  { registry, page, runtime, options: defaults, touched }: IgnoringContext,
  onIgnored: OnIgnored,
): Ignoring => {
  const awaited = new Map<Subject, Awaited>();
  /** What is drawn for a placement that is awaited. */
  const boxes = new Map<Element, Placement>();

  const subjectOf = (placement: Placement | Past): Subject =>
    (placement.repeat ?? defaults.repeat) === 'mount'
      ? (placement.impression ?? placement)
      : placement.offerId;

  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const placement = boxes.get(target);
      if (!placement) continue;
      const subject = subjectOf(placement);
      const inSight = awaited.get(subject)?.inSight;
      if (isIntersecting) inSight?.add(target);
      else inSight?.delete(target);
      update(subject);
    }
  });

  const drop = (box: Element, subject: Subject): void => {
    awaited.get(subject)?.inSight.delete(box);
    boxes.delete(box);
    observer.unobserve(box);
  };

  const forget = (subject: Subject): void => {
    awaited.get(subject)?.stopTimer?.();
    awaited.delete(subject);
    for (const [box, placement] of boxes) if (subjectOf(placement) === subject) drop(box, subject);
  };

  const conclude = (subject: Subject): void => {
    const { placement } = awaited.get(subject) ?? {};
    forget(subject);
    if (placement) onIgnored(placement.offerId, 'ignored', placement);
  };

  const update = (subject: Subject): void => {
    const state = awaited.get(subject);
    if (!state) return;
    if (state.inSight.size && page.isVisible()) {
      state.stopTimer?.();
      state.stopTimer = undefined;
    } else if (typeof state.ignore === 'number') {
      state.stopTimer ??= runtime.after(state.ignore, () => conclude(subject));
    }
  };

  const observe = (placement: Placement): void => {
    for (const box of boxesOf(placement.element)) {
      boxes.set(box, placement);
      // In sight until the observer says otherwise, which it does for each that it begins to observe.
      awaited.get(subjectOf(placement))?.inSight.add(box);
      observer.observe(box);
    }
  };

  const shownAs = (subject: Subject): Placement[] =>
    registry.placements.filter((placement) => subjectOf(placement) === subject);

  /** Whether an element still shows it. */
  const isMounted = (subject: Subject): boolean => shownAs(subject).length > 0;

  page.listen(() => {
    for (const subject of awaited.keys()) update(subject);
  });

  return {
    onViewed(placement) {
      const { element } = placement;
      const ignore =
        ignoreOf(placement.ignore) ??
        ignoreOf(element.getAttribute('data-offer-ignore')) ??
        ignoreOf(defaults.ignore) ??
        'off';
      const subject = subjectOf(placement);
      const isTouched = touched.placements.has(placement) || touched.offers.has(subject);
      if (ignore === 'off' || awaited.has(subject) || isTouched) return;
      awaited.set(subject, { placement, ignore, inSight: new Set() });
      for (const other of shownAs(subject)) observe(other);
    },
    onReaction: (offerId, placement) => forget(placement ? subjectOf(placement) : offerId),
    onTouch: (placement) => forget(subjectOf(placement)),
    onMount(placement) {
      if (awaited.has(subjectOf(placement))) observe(placement);
    },
    onUnmount(placement) {
      const subject = subjectOf(placement);
      const state = awaited.get(subject);
      if (!state) return;
      // A framework may take an element out and put it in again.
      runtime.after(0, () => {
        if (awaited.get(subject) !== state) return;
        // One that is counted by time has its time, since a list that scrolls may show it again.
        if (!isMounted(subject) && state.ignore === 'leave') conclude(subject);
        for (const [box, its] of boxes) {
          const shown = registry.placements.get(its.element);
          if (!shown || subjectOf(shown) !== subjectOf(its)) drop(box, subjectOf(its));
        }
        update(subject);
      });
    },
    onLeave() {
      for (const [subject, { ignore }] of awaited) if (ignore === 'leave') conclude(subject);
    },
    stop() {
      observer.disconnect();
      for (const { stopTimer } of awaited.values()) stopTimer?.();
      awaited.clear();
    },
  };
};
