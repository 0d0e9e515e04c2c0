/**
 * What end-to-end tests of a site need: `offersight dev` as a function, and only the mock of Chargebee’s API. For Node.
 * @module offersight/testing/node
 */
import '../proxy/needs-node.js';

export { type Dev, startDev } from '../tools/dev/dev.js';
export type { DevOptions } from '../tools/dev/options.js';
export type { DevEvent } from '../tools/dev/trail.js';
export type { Call, CallStatus } from '../tools/mock-api/calls.js';
export type { Control } from '../tools/mock-api/control.js';
export type { Fault, FaultMatch, FaultScope, MayRecord } from '../tools/mock-api/faults.js';
export type { HistoryRow } from '../tools/mock-api/history.js';
export type { Idempotency } from '../tools/mock-api/idempotency.js';
export type { Limits } from '../tools/mock-api/limits.js';
export type { OfferSettings } from '../tools/mock-api/offers.js';
export { startUpstream, type Upstream, type UpstreamOptions } from '../tools/mock-api/server.js';
export type { Enabled, State } from '../tools/mock-api/site.js';
export type { UsageEvent, UsageRow, UsageSettings } from '../tools/mock-api/usage.js';
