/**
 * What end-to-end tests of a site need: `offersight dev` as a function, and only the mock of Chargebee’s API. For Node.
 * @module offersight/testing/node
 */
import '../proxy/needs-node.js';

export { type Dev, startDev } from '../dev/dev.js';
export type { DevOptions } from '../dev/options.js';
export type { DevEvent } from '../dev/trail.js';
export type { Call, CallStatus } from '../upstream/calls.js';
export type { Control } from '../upstream/control.js';
export type { Fault, FaultMatch, FaultScope, MayRecord } from '../upstream/faults.js';
export type { HistoryRow } from '../upstream/history.js';
export type { Idempotency } from '../upstream/idempotency.js';
export type { Limits } from '../upstream/limits.js';
export type { OfferSettings } from '../upstream/offers.js';
export { startUpstream, type Upstream, type UpstreamOptions } from '../upstream/server.js';
export type { Enabled, State } from '../upstream/site.js';
export type { UsageEvent, UsageRow, UsageSettings } from '../upstream/usage.js';
