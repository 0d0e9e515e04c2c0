import { randomUUID } from 'node:crypto';
import { type Endpoint, refuse } from './endpoint.js';
import { type Answer, badRequest, failure, ok, wrongValue } from './errors.js';
import { isObject, unknownField } from './shape.js';
import type { UsageEvent, UsageSettings } from './usage.js';

/** The path below the API's root. */
export const USAGE_EVENTS_PATH = '/batch/usage_events';

const MAX_BATCH_EVENTS = 500;
const MAX_BATCH_BYTES = 500_000;
const MAX_EVENT_BYTES = 1_000;
const MAX_AGE_MS = 12 * 3_600_000;
const FIELDS = ['subscription_id', 'deduplication_id', 'usage_timestamp', 'properties'];

/**
 * Takes a batch. Malformed events refuse the whole batch; expired or oversized ones, and those that a fault names, fail by
 * themselves.
 */
export const ingestUsage: Endpoint = (site, body) => {
  if (!isObject(body)) return refuse(badRequest('The body must be a JSON object.'));
  const surplus = unknownField(body, ['events']);
  if (surplus !== undefined) return refuse(wrongValue(surplus, 'is not a field of a batch'));
  const { events } = body;
  if (!Array.isArray(events) || events.length === 0) return refuse(wrongValue('events', 'cannot be blank'));
  if (events.length > MAX_BATCH_EVENTS) {
    return refuse(wrongValue('events', `cannot be more than ${MAX_BATCH_EVENTS}`));
  }
  const fingerprint = JSON.stringify(body);
  if (Buffer.byteLength(fingerprint) > MAX_BATCH_BYTES) {
    return refuse(badRequest(`A batch cannot exceed ${MAX_BATCH_BYTES} bytes.`));
  }
  const batch: UsageEvent[] = [];
  for (const [index, value] of events.entries()) {
    const event = readEvent(value, index);
    if ('status' in event) return refuse(event);
    batch.push(event);
  }
  const run = () => {
    const now = site.now();
    const retryAfter = site.gate.takeUsage(batch.length, now);
    if (retryAfter !== null) {
      const message = 'Sorry, too many usage events were sent in a minute.';
      return failure(429, 'api_request_limit_exceeded', { message, retryAfter });
    }
    const failed: object[] = [];
    for (const event of batch) {
      const reason = failureOf(event, now, site.usage.settings.fail);
      if (reason === null) site.usage.take(event, now);
      else failed.push(tellFailure(event, reason, site.usage.settings.failed_shape));
    }
    return ok({ batch_id: randomUUID(), failed_events: failed });
  };
  return { job: { fingerprint, run } };
};

function readEvent(value: unknown, index: number): UsageEvent | Answer {
  const wrong = (name: string, message: string) => wrongValue(`events[${name}][${index}]`, message);
  if (!isObject(value)) return wrongValue(`events[${index}]`, 'must be an object');
  const {
    subscription_id: subscription,
    deduplication_id: deduplication,
    usage_timestamp: at,
    properties,
  } = value;
  if (!isText(subscription, 50)) return wrong('subscription_id', 'must be a string of 1 to 50 characters');
  if (!isText(deduplication, 36)) return wrong('deduplication_id', 'must be a string of 1 to 36 characters');
  if (typeof at !== 'number' || !Number.isSafeInteger(at) || at <= 0) {
    return wrong('usage_timestamp', 'must be epoch milliseconds');
  }
  if (!isObject(properties)) return wrong('properties', 'must be an object');
  if (Object.values(properties).some((property) => typeof property === 'object' && property !== null)) {
    return wrong('properties', 'must be flat');
  }
  const surplus = unknownField(value, FIELDS);
  if (surplus !== undefined) return wrong(surplus, 'is not a field of a usage event');
  return { subscription_id: subscription, deduplication_id: deduplication, usage_timestamp: at, properties };
}

function isText(value: unknown, maxLength: number): value is string {
  return typeof value === 'string' && value !== '' && Array.from(value).length <= maxLength;
}

interface Failure {
  readonly api_error_code: string;
  readonly message: string;
}

function failureOf(event: UsageEvent, now: number, told: readonly string[]): Failure | null {
  if (now - event.usage_timestamp > MAX_AGE_MS) {
    return { api_error_code: 'param_wrong_value', message: 'usage_timestamp is more than 12 hours old' };
  }
  if (Buffer.byteLength(JSON.stringify(event)) > MAX_EVENT_BYTES) {
    return { api_error_code: 'param_wrong_value', message: 'the event is larger than 1 KB' };
  }
  if (told.includes(event.deduplication_id)) {
    return { api_error_code: 'unable_to_process_request', message: 'the event could not be processed' };
  }
  return null;
}

function tellFailure(event: UsageEvent, reason: Failure, shape: UsageSettings['failed_shape']): object {
  const { properties: _, ...identity } = event;
  switch (shape) {
    case 'flat':
      return { ...identity, ...reason };
    case 'nested':
      return { event, error: reason };
    case 'opaque':
      return reason;
  }
}
