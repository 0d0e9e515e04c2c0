/**
 * What tests of a site's own pages need: a tracker that records instead of reporting and whose user is the test, and
 * an endpoint that answers as the proxy does and keeps what was reported.
 * @module offersight/testing
 */
export type { DismissReason, OfferEvent, OfferTracker } from './index.js';
export type { Verdict, WireReply, WireResult } from './protocol/batch.js';
export type { DecodedEvent } from './protocol/decode.js';
export { createFakeEndpoint, type FakeEndpoint } from './testing/endpoint.js';
export { createFakeTracker, type FakeTracker, type FakeTrackerOptions } from './testing/tracker.js';
