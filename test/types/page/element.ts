/** Calls of `offersight/element` that must and must not compile. */
import type { OfferTracker } from 'offersight';
import { OfferImpressionElement } from 'offersight/element';

export const element: HTMLElement = new OfferImpressionElement();
const own = new OfferImpressionElement();
own.offer = { id: 'a52ge40b', repeat: 'mount' };
own.offer = null;
own.tracker satisfies OfferTracker | undefined;
// @ts-expect-error an offer without an id is none
own.offer = { repeat: 'mount' };
// @ts-expect-error the settings are the offer's
own.dwellMs = 500;
