import type { Fault, FaultMatch } from './faults.js';
import type { Idempotency } from './idempotency.js';
import type { Limits } from './limits.js';
import type { OfferSettings } from './offers.js';
import { isObject, type JsonObject, unknownField } from './shape.js';
import type { Enabled } from './site.js';
import type { UsageSettings } from './usage.js';

/** A command that cannot be understood; its message is for the person who typed it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

const FAULT_FIELDS: Readonly<Record<Fault['kind'], readonly string[]>> = {
  delay: [],
  reset_before: [],
  reset_after: [],
  down: [],
  status: ['status', 'retry_after', 'code', 'param', 'recorded'],
  html: ['status', 'recorded'],
  redirect: ['location', 'status', 'recorded'],
  truncated: ['recorded'],
  hang: ['recorded'],
};

/** One fault or a list of them. */
export function readFaults(body: unknown): Fault[] {
  return (Array.isArray(body) ? body : [body]).map(readFault);
}

function readFault(value: unknown): Fault {
  const fault = readObject(value, 'a fault');
  const kind = readOneOf(fault, 'kind', Object.keys(FAULT_FIELDS) as Fault['kind'][]);
  refuseUnknown(fault, ['kind', 'count', 'match', 'ms', ...FAULT_FIELDS[kind]]);
  const common = {
    ...optional('count', readNumber(fault, 'count', 1)),
    ...optional('ms', readNumber(fault, 'ms', 0)),
    ...optional('match', readMatch(fault.match)),
  };
  const recorded = optional('recorded', readFlag(fault, 'recorded'));
  const status = readNumber(fault, 'status', 200, 599);
  switch (kind) {
    case 'delay':
      return { kind, ...common, ms: required('ms', common.ms) };
    case 'status':
      return {
        kind,
        ...common,
        ...recorded,
        status: required('status', status),
        ...optional('retry_after', readNumber(fault, 'retry_after', 0)),
        ...optional('code', readText(fault, 'code')),
        ...optional('param', readText(fault, 'param')),
      };
    case 'html':
      return { kind, ...common, ...recorded, status: required('status', status) };
    case 'redirect': {
      const location = required('location', readText(fault, 'location'));
      return { kind, ...common, ...recorded, location, ...optional('status', status) };
    }
    case 'truncated':
    case 'hang':
      return { kind, ...common, ...recorded };
    default:
      return { kind, ...common };
  }
}

function readMatch(value: unknown): FaultMatch | undefined {
  if (value === undefined) return undefined;
  const match = readObject(value, 'match');
  refuseUnknown(match, ['personalized_offer_id', 'path']);
  return {
    ...optional('personalized_offer_id', readText(match, 'personalized_offer_id')),
    ...optional('path', readText(match, 'path')),
  };
}

/** Limits that are not named stay; null switches one off. */
export function readLimits(body: unknown): Partial<Limits> {
  const limits = readObject(body, 'limits');
  refuseUnknown(limits, ['per_minute', 'concurrent', 'usage_events_per_minute']);
  const read = (name: keyof Limits) =>
    optional(name, limits[name] === null ? null : readNumber(limits, name, 0));
  return { ...read('per_minute'), ...read('concurrent'), ...read('usage_events_per_minute') };
}

/** How keys are treated. */
export function readIdempotency(body: unknown): Partial<Idempotency> {
  const settings = readObject(body, 'idempotency');
  refuseUnknown(settings, ['mode', 'window_ms']);
  const mode =
    settings.mode === undefined ? undefined : readOneOf(settings, 'mode', ['honour', 'ignore'] as const);
  return { ...optional('mode', mode), ...optional('window_ms', readNumber(settings, 'window_ms', 0)) };
}

/** How offers are made and checked. */
export function readOffers(body: unknown): Partial<OfferSettings> {
  const settings = readObject(body, 'offers');
  refuseUnknown(settings, ['known_only', 'none', 'lifetime_ms']);
  return {
    ...optional('known_only', readFlag(settings, 'known_only')),
    ...optional('none', readFlag(settings, 'none')),
    ...optional('lifetime_ms', readNumber(settings, 'lifetime_ms', 0)),
  };
}

const OFFER_EVENTS = ['ok', 'api_restricted', 'feature_not_enabled', '403', '404'] as const;

/** What the site may use. */
export function readEnabled(body: unknown): Enabled {
  const settings = readObject(body, 'enabled');
  refuseUnknown(settings, ['offer_events']);
  return { offer_events: readOneOf(settings, 'offer_events', OFFER_EVENTS) };
}

/** How a batch of usage events fails. */
export function readUsage(body: unknown): Partial<UsageSettings> {
  const settings = readObject(body, 'usage');
  refuseUnknown(settings, ['failed_shape', 'fail']);
  const shapes = ['flat', 'nested', 'opaque'] as const;
  const shape = settings.failed_shape === undefined ? undefined : readOneOf(settings, 'failed_shape', shapes);
  const { fail } = settings;
  if (fail !== undefined && !isTexts(fail)) throw new CommandError('fail must be a list of strings');
  return { ...optional('failed_shape', shape), ...optional('fail', fail) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** With exact optional properties a field that is not given must be absent, not undefined. */
function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [Key in Name]?: Value } {
  const field: { [Key in Name]?: Value } = {};
  if (value !== undefined) field[name] = value;
  return field;
}

function required<Value>(name: string, value: Value | undefined): Value {
  if (value === undefined) throw new CommandError(`${name} is missing`);
  return value;
}

function readObject(value: unknown, name: string): JsonObject {
  if (!isObject(value)) throw new CommandError(`${name} must be a JSON object`);
  return value;
}

function refuseUnknown(value: JsonObject, allowed: readonly string[]): void {
  const surplus = unknownField(value, allowed);
  if (surplus !== undefined) throw new CommandError(`${surplus} is not one of ${allowed.join(', ')}`);
}

function readOneOf<Value extends string>(from: JsonObject, name: string, allowed: readonly Value[]): Value {
  const found = allowed.find((value) => value === from[name]);
  if (found === undefined) throw new CommandError(`${name} must be one of ${allowed.join(', ')}`);
  return found;
}

function readNumber(from: JsonObject, name: string, min: number, max = 2 ** 31 - 1): number | undefined {
  const value = from[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new CommandError(`${name} must be a whole number from ${min} to ${max}`);
}

function readText(from: JsonObject, name: string): string | undefined {
  const value = from[name];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw new CommandError(`${name} must be a string that is not empty`);
}

function readFlag(from: JsonObject, name: string): boolean | undefined {
  const value = from[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new CommandError(`${name} must be true or false`);
}
