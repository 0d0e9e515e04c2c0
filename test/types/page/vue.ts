/** Calls of `offersight/vue` that must and must not compile. */
import type { OfferTracker } from 'offersight';
import { type OfferHandle, useOffer, vOffer } from 'offersight/vue';
import { createApp, defineComponent, h, ref, shallowRef, withDirectives } from 'vue';

export const useEach = (tracker: OfferTracker, props: { readonly id?: string | undefined }): OfferHandle => {
  const root = shallowRef<HTMLElement | null>(null);
  useOffer(tracker, root, ref({ id: 'a52ge40b' }));
  useOffer(tracker, document.body, 'a52ge40b');
  // @ts-expect-error a number is no offer
  useOffer(tracker, root, () => 7);
  // @ts-expect-error a selector is no element
  useOffer(tracker, '#card', 'a52ge40b');
  return useOffer(tracker, root, () => props.id);
};

const Card = defineComponent(() => () => withDirectives(h('section'), [[vOffer, 'a52ge40b']]));
createApp(Card).directive('offer', vOffer);
// @ts-expect-error it is a directive and no plugin
createApp(Card).use(vOffer);
