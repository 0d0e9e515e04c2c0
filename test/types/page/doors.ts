/** What is not an entry of the package cannot be imported. */
// @ts-expect-error an entry that there is not
import type { Offer } from 'offersight/angular';
// @ts-expect-error a room of the house
import type { Outbox } from 'offersight/dist/client/outbox/outbox.js';

export type Nothing = Outbox | Offer;
