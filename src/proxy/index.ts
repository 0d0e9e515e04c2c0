/**
 * The proxy of Offersight: a same-origin endpoint that alone holds the API key, for any server that speaks
 * Request and Response.
 * @module offersight/proxy
 */
export { type ErrorCode, isOffersightError, OffersightError } from '../errors.js';
export type { Verdict } from '../protocol/batch.js';
export type { Runtime, Stop } from '../runtime.js';
export { createOfferAdmin, type OfferAdmin, type OfferAdminOptions } from './admin.js';
export type { OnAlert } from './alert.js';
export type { Pace } from './forward/forwarder.js';
export { type Connection, createOfferProxy, type OfferProxy } from './handler.js';
export { type DirectIntake, type DirectIntakeOptions, directIntake } from './intake/direct.js';
export type {
  AdmittedEvent,
  BeginOptions,
  Begun,
  EventState,
  Finished,
  ForwardResult,
  Intake,
  IntakeRow,
  Lane,
  LaneNote,
  LaneStatus,
  ListFilter,
  OfferTally,
  UsageFields,
} from './intake/intake.js';
export type { IntakeBounds } from './intake/rules.js';
export type { Limits } from './limits.js';
export type { Observation, OnObservation } from './observation.js';
export type { Caller, OfferProxyOptions, ReportedEvent, UsageOptions } from './options.js';
export type { ProblemCode } from './problem.js';
export { type SignableOffer, signOffer } from './signature.js';
