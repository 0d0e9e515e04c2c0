/**
 * Offersight for npm: sees offers, notices how they are closed, and delivers both through your own proxy.
 * Importing it does nothing, also on a server.
 * @module
 */
export type { Ignore, ObservedOffer, OfferSettings, Repeat, SearchRoot } from './client/detect/registry.js';
export { type Explainer, type ExposureNote, explain, type NoteReason } from './client/diagnosis.js';
export type { TrackerOptions } from './client/options.js';
export type { DiscardReason, OutboxStats } from './client/outbox/leasing.js';
export {
  createOfferTracker,
  type OfferStats,
  type OfferTracker,
  type TrackerStats,
} from './client/tracker.js';
export { type ErrorCode, isOffersightError, OffersightError } from './errors.js';
export type {
  DismissedEvent,
  DismissReason,
  OfferEvent,
  OfferEventType,
  ViewedEvent,
} from './protocol/event.js';
export type { Stop } from './runtime.js';
