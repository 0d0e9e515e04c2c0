/**
 * The proxy of Offersight: a same-origin endpoint that alone holds the API key, for any server that speaks
 * Request and Response.
 * @module
 */
export { type ErrorCode, isOffersightError, OffersightError } from '../errors.js';
export type { OnAlert } from './alert.js';
export type { Pace } from './forward/forwarder.js';
export { createOfferProxy, type OfferProxy, type OfferProxyOptions } from './handler.js';
export type {
  AdmittedEvent,
  BeginOptions,
  Begun,
  EventState,
  ForwardResult,
  Intake,
  IntakeRow,
  OfferTally,
} from './intake/intake.js';
