/**
 * Offersight for Svelte 5: an attachment and an action that mark an element as an offer. Neither runs on a server;
 * to mark what is rendered there, spread `offerAttributes` of `offersight` into the element.
 * @module offersight/svelte
 */
import type { Action } from 'svelte/action';
import type { Attachment } from 'svelte/attachments';
import { markOffer, type Offered } from '../index.js';

/**
 * `<article {@attach offer({ id, expiresAt })}>`: the element shows this offer, for as long as it is attached. The
 * page's tracker finds it by its attributes.
 */
export const offer =
  (value: Offered): Attachment =>
  (element) => {
    markOffer(element, value);
    return () => markOffer(element, undefined);
  };

/** `<article use:offerAction={{ id, expiresAt }}>`: the same, as an action. */
export const offerAction: Action<Element, Offered> = (element, value) => {
  markOffer(element, value);
  return {
    update: (next) => markOffer(element, next),
    destroy: () => markOffer(element, undefined),
  };
};
