/**
 * Offersight for Vue 3.3 and newer: a directive that marks an element as an offer, also when it is rendered on a
 * server, and a composable for elements that cannot be marked.
 * @module offersight/vue
 */
import { type MaybeRefOrGetter, type ObjectDirective, toValue, watch } from 'vue';
import { markOffer, type Offered, type OfferTracker, offerAttributes } from '../index.js';

/**
 * `v-offer="id"` or `v-offer="{ id, expiresAt }"`: the element shows this offer. The page's tracker finds it by its
 * attributes. In `<script setup>` importing it is enough; else `app.directive('offer', vOffer)`.
 */
export const vOffer: ObjectDirective<Element, Offered> = {
  created: (element, { value }) => markOffer(element, value),
  beforeUpdate: (element, { value }) => markOffer(element, value),
  getSSRProps: ({ value }) => offerAttributes(value),
};

/** What {@link useOffer} gives. */
export interface OfferHandle {
  /** The user closed the offer in a way that only the component knows. Fits `@click`. */
  readonly dismiss: () => void;
  /** The user accepted it. Fits `@click`. */
  readonly accept: () => void;
}

/**
 * Watches an element as an offer, regardless of its attributes, until the component goes:
 * `useOffer(tracker, useTemplateRef('card'), () => props.offer)`.
 * @param element A template ref; of a component, the root element counts.
 */
export const useOffer = (
  tracker: OfferTracker,
  element: MaybeRefOrGetter<Element | { readonly $el: unknown } | null | undefined>,
  offer: MaybeRefOrGetter<Offered>,
): OfferHandle => {
  const settings = (): { readonly id: string } => {
    const value = toValue(offer) ?? '';
    return typeof value === 'string' ? { id: value } : value;
  };
  watch(
    // By its text: what a getter writes in place is another object each time, and often the same offer.
    [() => toValue(element), () => JSON.stringify(settings())] as const,
    ([shown], _before, onCleanup) => {
      const root = shown && '$el' in shown ? (shown.$el as Element) : shown;
      if (root && settings().id) onCleanup(tracker.observe(root, settings()));
    },
    { immediate: true, flush: 'post' },
  );
  return {
    dismiss: () => settings().id && tracker.dismiss(settings().id),
    accept: () => settings().id && tracker.accept(settings().id),
  };
};
