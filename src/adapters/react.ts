/**
 * Offersight for React 18 and newer, also in server components: a component that marks what it renders as an offer,
 * and a hook for elements that cannot be marked. Neither renders anything again, and neither has effects.
 * @module offersight/react
 */
import type { ComponentPropsWithRef, ElementType, ReactElement } from 'react';
import { createElement, forwardRef, useMemo } from 'react';
import { type Offered, type OfferTracker, offerAttributes } from '../index.js';

/** Props of {@link Offer}: the offer, and everything that the element itself takes. */
export type OfferProps<Tag extends ElementType = 'div'> = {
  /** Its id, or its id and settings; nothing while it has not arrived yet. */
  readonly offer: Offered;
  /** The element or component to render; it has to pass on attributes. @default 'div' */
  readonly as?: Tag;
} & Omit<ComponentPropsWithRef<Tag>, 'offer' | 'as'>;

/**
 * Renders an element that shows an offer: `<Offer as="article" offer={{ id, expiresAt }}>…</Offer>`. The page's
 * tracker finds it by its attributes, so it is seen before the page is hydrated. Inside, `data-offer-dismiss` and
 * `data-offer-accept` mark what closes and accepts it.
 */
export const Offer = /* @__PURE__ */ forwardRef<
  unknown,
  { readonly as?: ElementType; readonly offer?: Offered }
>(({ as = 'div', offer, ...props }, ref) =>
  createElement(as, { ...props, ...offerAttributes(offer), ref }),
) as <Tag extends ElementType = 'div'>(props: OfferProps<Tag>) => ReactElement;

/** What {@link useOffer} gives; it stays the same until the offer or the tracker is another one. */
export interface OfferHandle {
  /** For the element that shows the offer. */
  readonly ref: (element: Element | null) => void;
  /** The user closed the offer in a way that only the component knows. Fits `onClick`. */
  readonly dismiss: () => void;
  /** The user accepted it. Fits `onClick`. */
  readonly accept: () => void;
}

/** Watches an element as an offer, regardless of its attributes: `<div ref={useOffer(tracker, id).ref}>`. */
export const useOffer = (tracker: OfferTracker, offer: Offered): OfferHandle => {
  // What callers write in place is another object each time, and often the same offer.
  const key = JSON.stringify(offer ?? '');
  return useMemo(() => {
    const parsed = JSON.parse(key) as NonNullable<Offered>;
    const settings = typeof parsed === 'string' ? { id: parsed } : parsed;
    let stop: (() => void) | undefined;
    return {
      ref(element) {
        stop?.();
        stop = element && settings.id ? tracker.observe(element, settings) : undefined;
      },
      dismiss: () => settings.id && tracker.dismiss(settings.id),
      accept: () => settings.id && tracker.accept(settings.id),
    };
  }, [tracker, key]);
};
