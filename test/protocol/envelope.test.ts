import { describe, expect, it } from 'vitest';
import { decodeRequest } from '../../src/protocol/decode.js';
import { eventId, START, wireBody, wireEvent } from '../support/wire.js';

const faultOf = (text: string): string | undefined => {
  const decoded = decodeRequest(text);
  return decoded.kind === 'fault' ? decoded.fault : undefined;
};

/** The body of one event in which a field's value is this piece of JSON. */
const withRaw = (field: string, json: string): string =>
  wireBody([wireEvent(1, { [field]: 'RAW' })]).replace('"RAW"', json);

describe('the envelope is faulted as a whole', () => {
  it.each([
    ['an empty body', ''],
    ['HTML', '<p>hi</p>'],
    ['a cut body', wireBody([wireEvent(1)]).slice(0, -2)],
    ['garbage behind the body', `${wireBody([wireEvent(1)])}x`],
    ['a byte order mark', `\ufeff${wireBody([wireEvent(1)])}`],
    ['a NUL behind the body', `${wireBody([wireEvent(1)])}\0`],
    ['two bodies', wireBody([wireEvent(1)]).repeat(2)],
    ['a comment', `/* */${wireBody([wireEvent(1)])}`],
    ['NaN', withRaw('occurred_at', 'NaN')],
    ['Infinity', withRaw('occurred_at', 'Infinity')],
    ['null', 'null'],
    ['a number', '7'],
    ['a text', '"viewed"'],
    ['a boolean', 'true'],
    ['a list at the top', `[${wireBody([wireEvent(1)])}]`],
  ])('the fault is json: %s (attack 26)', (_, text) => {
    expect(faultOf(text)).toBe('json');
  });

  it.each([
    ['brackets that never close', '['.repeat(200_000)],
    ['nested lists', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['nested objects that never close', '{"v":'.repeat(100_000)],
  ])('the fault is json: 200,000 %s (attack 27)', (_, text) => {
    expect(faultOf(text)).toBe('json');
  });

  it.each<[string, Record<string, unknown>]>([
    ['version 2', { v: 2 }],
    ['a version in a text', { v: '1' }],
    ['a version in a list', { v: [1] }],
    ['no version', { v: undefined }],
  ])('unsupported: an envelope with %s', (_, fields) => {
    expect(faultOf(wireBody([wireEvent(1)], fields))).toBe('unsupported');
  });

  it.each<[string, string]>([
    ['no sent_at', wireBody([wireEvent(1)], { sent_at: undefined })],
    ['sent_at as a text', wireBody([wireEvent(1)], { sent_at: '1763600000000' })],
    ['sent_at null', wireBody([wireEvent(1)], { sent_at: null })],
    ['an endless sent_at', wireBody([wireEvent(1)]).replace(/"sent_at":\d+/, '"sent_at":1e999')],
    ['sent_at beyond any date', wireBody([wireEvent(1)], { sent_at: 8.64e15 + 2 })],
    ['sent_at in a list', wireBody([wireEvent(1)], { sent_at: [START] })],
    ['sent_at as a boolean', wireBody([wireEvent(1)], { sent_at: true })],
  ])('the fault is batch: %s (attack 35)', (_, text) => {
    expect(faultOf(text)).toBe('batch');
  });

  it.each<[string, string]>([
    ['no events', wireBody(undefined)],
    ['events null', wireBody(null)],
    ['events by name', wireBody({ 0: wireEvent(1), length: 1 })],
    ['events as a text', wireBody('viewed')],
    ['an empty list', wireBody([])],
    ['501 events', wireBody(Array.from({ length: 501 }, (_, at) => wireEvent(at)))],
    ['501 times the same event', wireBody(Array<unknown>(501).fill(wireEvent(1)))],
    ['a text as an event', wireBody([wireEvent(1), 'viewed'])],
    ['null as an event', wireBody([null])],
    ['a list as an event', wireBody([[wireEvent(1)]])],
    ['a million numbers as events', wireBody(Array<number>(1_000_000).fill(0))],
  ])('the fault is batch: %s (attack 34)', (_, text) => {
    expect(faultOf(text)).toBe('batch');
  });

  it('batch: 200,000 nested lists as events (attack 27)', () => {
    const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(faultOf(wireBody('RAW').replace('"RAW"', nested))).toBe('batch');
  });

  it.each<[string, unknown]>([
    ['no id', undefined],
    ['null', null],
    ['a number', 1_763_600_000_000],
    ['a boolean', true],
    ['a list of one id', [eventId(1)]],
    ['an empty text', ''],
    ['capitals', eventId(1).toUpperCase()],
    ['braces', `{${eventId(1)}}`],
    ['no hyphens', eventId(1).replaceAll('-', '')],
    ['a line feed at the end', `${eventId(1)}\n`],
    ['a CRLF and a header', `${eventId(1)}\r\nx-a: b`],
    ['a digit too many', `${eventId(1)}0`],
    ['a letter that is no digit', eventId(1).replace('0', 'g')],
    ['a full-width digit', eventId(1).replace('0', '\uff10')],
    ['a path', '../../../../../../../../../../etc/pass'],
  ])('batch: an event whose id has or is %s, for no verdict could name it (attacks 33, 36, 47)', (_, id) => {
    expect(faultOf(wireBody([wireEvent(2), wireEvent(1, { id })]))).toBe('batch');
  });

  it.each<[string, Record<string, unknown>]>([
    ['another type', { type: 'dismissed' }],
    ['another offer', { personalized_offer_id: 'other' }],
    ['another time', { occurred_at: START - 3_699 }],
    ['an end', { expires_at: START }],
    ['a subject', { subject: 'somebody' }],
    ['a type that does not exist', { type: 'accepted' }],
  ])('the fault is batch: an id twice, once with %s (attack 33)', (_, fields) => {
    expect(faultOf(wireBody([wireEvent(1), wireEvent(2), wireEvent(1, fields)]))).toBe('batch');
  });
});

describe('a field that this release does not know', () => {
  const known = decodeRequest(wireBody([wireEvent(1), wireEvent(2)]));

  it.each<[string, Record<string, unknown>]>([
    ['a subscription', { subscription_id: 'cust_1' }],
    ['an API key', { api_key: 'x' }],
    ['a URL', { url: 'http://169.254.169.254/' }],
    ['headers', { headers: { authorization: 'Basic eDo=' } }],
    ['a site', { site: 'other' }],
    ['an impression', { impression_id: 'api' }],
    ['an offer id in camel case', { offerId: 'a52ge1' }],
    ['a field in capitals', { Events: [] }],
    ['lists and objects of a later release', { colours: ['green', null], more: { of: [1, true] } }],
  ])('is dropped from the envelope and from an event: %s (attack 30)', (_, fields) => {
    expect(decodeRequest(wireBody([wireEvent(1), wireEvent(2)], fields))).toEqual(known);
    expect(decodeRequest(wireBody([wireEvent(1), wireEvent(2, fields)]))).toEqual(known);
  });

  it.each([
    ['constructor', { constructor: {} }],
    ['prototype', { prototype: {} }],
    ['hasOwnProperty', { hasOwnProperty: 1 }],
    ['toString', { toString: null }],
    ['toJSON', { toJSON: null }],
  ])('is dropped if its name is %s (attack 29)', (_, fields) => {
    expect(decodeRequest(wireBody([wireEvent(1), wireEvent(2)], fields))).toEqual(known);
    expect(decodeRequest(wireBody([wireEvent(1), wireEvent(2, fields)]))).toEqual(known);
  });

  it('is dropped if its name is __proto__, and no object is changed (attack 29)', () => {
    const body = wireBody([wireEvent(1), wireEvent(2)]);
    const evil = '"__proto__":{"polluted":1,"subject":"evil"}';
    expect(decodeRequest(body.replace('"v":1', `"v":1,${evil}`))).toEqual(known);
    expect(decodeRequest(body.replace('"type":"viewed"', `${evil},"type":"viewed"`))).toEqual(known);
    expect({}).not.toHaveProperty('polluted');
  });

  it('makes no difference between two events of one id', () => {
    expect(decodeRequest(wireBody([wireEvent(1), wireEvent(2), wireEvent(1, { colour: 'green' })]))).toEqual(
      known,
    );
  });
});
