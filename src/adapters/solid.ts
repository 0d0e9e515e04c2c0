/**
 * Offersight for Solid: a directive that marks an element as an offer. It does not run on a server; to mark what is
 * rendered there, spread `offerAttributes` of `offersight` into the element.
 * @module offersight/solid
 */
import { type Accessor, createRenderEffect } from 'solid-js';
import { markOffer, type Offered } from '../index.js';

declare module 'solid-js' {
  // As Solid declares it.
  // oxlint-disable-next-line typescript/no-namespace
  namespace JSX {
    interface Directives {
      /** The element shows this offer: its id, or its id and settings. */
      offer: Offered;
    }
  }
}

/**
 * `<article use:offer={{ id, expiresAt }}>`: the element shows this offer, also when it becomes another one. The
 * page's tracker finds it by its attributes.
 */
export const offer = (element: Element, value: Accessor<Offered>): void =>
  createRenderEffect(() => markOffer(element, value()));
