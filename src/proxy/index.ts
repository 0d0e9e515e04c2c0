/**
 * The proxy of Offersight: a same-origin endpoint that keeps the API key, for any server that uses Request and Response.
 * @module offersight/proxy
 */
import './needs-node.js';

export { type ErrorCode, isOffersightError, OffersightError } from '../errors.js';
export type { Verdict } from '../protocol/batch.js';
export type { DismissReason, OfferEventType } from '../protocol/event.js';
export type { Runtime, Stop } from '../runtime.js';
export type { OnAlert } from './alerts/alert.js';
export type { Observation, OnObservation } from './alerts/observation.js';
export type { AlertCode } from './alerts/table.js';
export { type InspectLinkOptions, inspectLink } from './authorize/inspecting.js';
export { type SignableOffer, signOffer } from './authorize/signature.js';
export type { Machines } from './door/admission.js';
export type { Limits } from './door/budgets.js';
export type { ProblemCode } from './door/exchange.js';
export type { Pace } from './forward/gate.js';
export { type Connection, createOfferProxy, type OfferProxy } from './handler.js';
export type { AdmittedEvent, EventState, IntakeRow, UsageFields } from './intake/admitted.js';
export { type DirectIntake, type DirectIntakeOptions, directIntake } from './intake/direct/direct.js';
export type {
  BeginOptions,
  Begun,
  DoorReport,
  Finished,
  ForwardResult,
  Intake,
  Lane,
  LaneNote,
  LaneStatus,
  ListFilter,
  OfferTally,
  RaisedAlert,
  TallyFilter,
} from './intake/intake.js';
export type { AcceptedEvent, Bookkeeping, LedgerCell, LedgerFigures, LedgerFilter } from './intake/ledger.js';
export type { IntakeBounds, ReadOnlyOption } from './intake/rules.js';
export { createOfferAdmin, type OfferAdmin, type OfferAdminOptions } from './operator/admin.js';
export type { OfferProxyOptions, UsageOptions } from './options.js';
export type { Caller, ReportedEvent, ReportResult, ServerEvent } from './reported.js';
