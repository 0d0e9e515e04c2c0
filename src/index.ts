/**
 * Offersight for npm: sees offers, notices how they are closed, and delivers both through your own proxy.
 * Importing it does nothing, also on a server.
 * @module offersight
 */
import type { DismissedEvent, ViewedEvent } from './protocol/event.js';

export { markOffer, type OfferAttributes, type Offered, offerAttributes } from './client/attributes.js';
export type { Ignore, ObservedOffer, OfferSettings, Repeat } from './client/detect/placement.js';
export type { SearchRoot } from './client/detect/registry.js';
export type { ViewabilityRule } from './client/detect/viewability.js';
export type { ClosingOptions } from './client/later/closing/closing.js';
export type { FlusherOptions } from './client/later/delivery/flusher.js';
export { type Explainer, type ExposureNote, explain, type NoteReason } from './client/later/diagnosis.js';
export type { DiscardReason } from './client/later/outbox/giving-up.js';
export type { LeasingOptions, OutboxPause, OutboxStats } from './client/later/outbox/remembering.js';
export type { OfferStats, OfferTracker, TrackerStats } from './client/offer-tracker.js';
export type { TrackerOptions } from './client/options.js';
export type { Consent } from './client/outbox/outbox.js';
export type { Pause } from './client/outbox/records.js';
export { createOfferTracker } from './client/tracker.js';
export { type ErrorCode, isOffersightError, OffersightError } from './errors.js';
export type {
  DismissedEvent,
  DismissReason,
  OfferEvent,
  OfferEventBase,
  OfferEventType,
  ViewedEvent,
} from './protocol/event.js';
export type { Stop } from './runtime.js';

declare global {
  interface GlobalEventHandlersEventMap {
    /** An offer was seen, and its event is about to be recorded; `preventDefault()` vetoes that. */
    'offersight:viewed': CustomEvent<ViewedEvent>;
    /** An offer was closed or ignored, and its event is about to be recorded; `preventDefault()` vetoes that. */
    'offersight:dismissed': CustomEvent<DismissedEvent>;
  }
}
