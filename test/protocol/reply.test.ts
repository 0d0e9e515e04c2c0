import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReply } from '../../src/protocol/reply.js';
import { eventId } from '../support/wire.js';

const reply = (results: unknown, v: unknown = 1): string => JSON.stringify({ v, results });

const GOOD = { id: eventId(1), status: 'accepted' };

describe('a reply of ours', () => {
  it('gives one verdict for each id', () => {
    const verdicts = decodeReply(
      reply([
        { id: eventId(1), status: 'accepted' },
        { id: eventId(2), status: 'duplicate' },
        { id: eventId(3), status: 'refused', code: 'invalid_event' },
        { id: eventId(4), status: 'deferred', code: 'subject_mismatch', retry_after_ms: 30_000 },
        { id: eventId(5), status: 'deferred', code: 'overloaded' },
      ]),
    );
    expect(verdicts && [...verdicts]).toEqual([
      [eventId(1), { kind: 'accepted' }],
      [eventId(2), { kind: 'duplicate' }],
      [eventId(3), { kind: 'refused', code: 'invalid_event' }],
      [eventId(4), { kind: 'deferred', code: 'subject_mismatch', retryAfterMs: 30_000 }],
      [eventId(5), { kind: 'deferred', code: 'overloaded' }],
    ]);
  });

  it('has no time to wait for what is refused', () => {
    const text = reply([{ id: eventId(3), status: 'refused', code: 'conflict', retry_after_ms: 5 }]);
    expect(decodeReply(text)?.get(eventId(3))).toEqual({ kind: 'refused', code: 'conflict' });
  });

  it('that has no results says nothing of any event', () => {
    expect(decodeReply(reply([]))).toEqual(new Map());
  });

  it('may have fields that a later release says', () => {
    const more = { colours: ['green', null], of: { a: 'later release' } };
    const text = JSON.stringify({ v: 1, results: [{ ...GOOD, ...more }], ...more });
    expect(decodeReply(text)).toEqual(new Map([[eventId(1), { kind: 'accepted' }]]));
  });

  it('passes over a status that a later release may have', () => {
    expect(decodeReply(reply([{ id: eventId(6), status: 'parked' }, GOOD]))).toEqual(
      new Map([[eventId(1), { kind: 'accepted' }]]),
    );
  });

  it.each([0, -5, 'soon', null, {}])('has no delay for retry_after_ms %j', (retry_after_ms) => {
    const text = reply([{ id: eventId(1), status: 'deferred', code: 'busy', retry_after_ms }]);
    expect(decodeReply(text)?.get(eventId(1))).toEqual({ kind: 'deferred', code: 'busy' });
  });

  it('has no endless delay', () => {
    const text = `{"v":1,"results":[{"id":"${eventId(1)}","status":"deferred","code":"busy","retry_after_ms":1e999}]}`;
    expect(decodeReply(text)?.get(eventId(1))).toEqual({ kind: 'deferred', code: 'busy' });
  });
});

describe('an answer that is not the proxy’s removes nothing', () => {
  it.each([
    ['the page of a captive portal', '<!doctype html><title>Sign in to Wi-Fi</title>'],
    ['an empty body', ''],
    ['a body cut in the middle', reply([GOOD]).slice(0, -9)],
    ['a body with something behind it', `${reply([GOOD])}<script>`],
    ['a bare text', '"accepted"'],
    ['a bare null', 'null'],
    ['a bare list', '[]'],
    ['a list of results without an envelope', JSON.stringify([GOOD])],
    ['a reply of version 2', reply([GOOD], 2)],
    ['a version that is a text', reply([GOOD], '1')],
    ['a reply without a version', JSON.stringify({ results: [GOOD] })],
    ['a reply without results', '{"v":1}'],
    ['results that are null', reply(null)],
    ['results that are a number', reply(7)],
    ['results by name', reply({ [eventId(1)]: 'accepted' })],
    ['a problem body', '{"type":"urn:x","title":"t","status":400,"code":"json"}'],
  ])('%s', (_, body) => {
    expect(decodeReply(body)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['a text', 'accepted'],
    ['a list', [eventId(1), 'accepted']],
    ['no id', { status: 'accepted' }],
    ['a number as the id', { id: 12, status: 'accepted' }],
    ['a list as the id', { id: [eventId(1)], status: 'accepted' }],
    ['no status', { id: eventId(1) }],
    ['a status in capitals', { id: eventId(1), status: 'ACCEPTED' }],
    ['a status in a list', { id: eventId(1), status: ['accepted'] }],
    ['the status constructor', { id: eventId(1), status: 'constructor' }],
    ['the status toString', { id: eventId(1), status: 'toString' }],
    ['the status __proto__', { id: eventId(1), status: '__proto__' }],
  ])('a result that is or has %s', (_, junk) => {
    expect(decodeReply(reply([junk]))?.get(eventId(1))).toBeUndefined();
  });

  it.each([12, null, [eventId(1)], { id: 1 }, undefined])(
    'a result with the id %j names none at all',
    (id) => {
      expect(decodeReply(reply([{ id, status: 'accepted' }]))?.size).toBe(0);
    },
  );

  it('results that are a string name no event', () => {
    expect([...(decodeReply(reply('accepted')) ?? [])]).toEqual([]);
  });

  it('a verdict under the name of a prototype stays under that name', () => {
    const body = `{"v":1,"__proto__":{"x":1},"results":[{"id":"__proto__","status":"accepted"},{"id":"constructor","status":"duplicate"}]}`;
    const verdicts = decodeReply(body);
    expect(verdicts && [...verdicts.keys()]).toEqual(['__proto__', 'constructor']);
    expect({}).not.toHaveProperty('x');
  });
});

describe('the code of a verdict is a string', () => {
  it('it is one with any value in its place', () => {
    for (const code of [5, null, true, { toString: 'x' }, ['invalid_event']]) {
      const verdict = decodeReply(reply([{ id: eventId(1), status: 'refused', code }]))?.get(eventId(1));
      expect(verdict).toEqual({ kind: 'refused', code: '' });
    }
  });
});

describe('decoding a reply never throws', () => {
  it('it never throws for any string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (body) => void decodeReply(body)));
  });

  it('it never throws for any JSON in the place of the results or of one result', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        decodeReply(reply(value));
        decodeReply(reply([GOOD, value]));
        decodeReply(reply([{ ...GOOD, status: value }]));
      }),
    );
  });

  it('it never throws for 200,000 nested brackets', () => {
    expect(decodeReply('['.repeat(200_000))).toBeUndefined();
    expect(decodeReply(`{"v":1,"results":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)).toBeDefined();
  });
});
