import { beforeEach, describe, expect, it } from 'vitest';
import { createTrail, type DevEvent, type Exchange, type Trail } from '../../src/tools/dev/trail.js';
import type { Call } from '../../src/tools/mock-api/calls.js';

const ID = '01939e5c-0000-7000-8000-000000000001';

let now = 1_000;
let changes: (DevEvent | undefined)[];
let trail: Trail;

beforeEach(() => {
  now = 1_000;
  changes = [];
  trail = createTrail(
    () => now,
    (event) => changes.push(event),
  );
});

const exchange = (verdict: object, given: Partial<Exchange> = {}): Exchange => ({
  body: JSON.stringify({ v: 1, events: [{ id: ID, type: 'viewed', personalized_offer_id: 'summer' }] }),
  page: '/shop',
  status: 200,
  answer: JSON.stringify({ v: 1, results: [{ id: ID, ...verdict }] }),
  ...given,
});

const call = (given: Partial<Call>): Call => ({
  at: now,
  ended_at: now,
  method: 'POST',
  path: '/api/v2/offer_events',
  host: 'localhost',
  status: 204,
  key: `oe1-${ID}`,
  personalized_offer_id: 'summer',
  type: 'viewed',
  code: null,
  recorded: (given.status ?? 204) === 204,
  fault: null,
  headers: {},
  ...given,
});

const ACCEPTED = { status: 'accepted' };

describe('an event', () => {
  it('waits once the proxy has taken it, and is delivered when the mock API has', () => {
    trail.answered(exchange(ACCEPTED));
    expect(trail.events()).toEqual([
      {
        id: ID,
        type: 'viewed',
        offerId: 'summer',
        group: undefined,
        dismissReason: undefined,
        page: '/shop',
        at: 1_000,
        state: 'waiting',
        reason: undefined,
        calls: 0,
      },
    ]);
    now = 2_000;
    trail.called(call({}));
    expect(trail.events()).toMatchObject([{ at: 1_000, page: '/shop', state: 'delivered', calls: 1 }]);
    expect(changes.map((event) => event?.state)).toEqual(['waiting', 'delivered']);
  });

  it('is delivered also if the call comes before the answer, as without a file', () => {
    trail.called(call({}));
    trail.answered(exchange(ACCEPTED));
    expect(trail.events()).toMatchObject([{ page: '/shop', state: 'delivered', calls: 1 }]);
    expect(changes.map((event) => event?.state)).toEqual(['delivered', undefined]);
  });

  it.each<[string, Partial<Call>, string]>([
    ['an error', { status: 503 }, '503'],
    ['an error with a code', { status: 404, code: 'resource_not_found' }, '404 resource_not_found'],
    ['a broken connection', { status: 'reset' }, 'connection broken'],
    ['no answer', { status: 'hung' }, 'no answer'],
  ])('waits after %s, and says why', (_, given, reason) => {
    trail.answered(exchange(ACCEPTED));
    trail.called(call(given));
    expect(trail.events()).toMatchObject([{ state: 'waiting', reason, calls: 1 }]);
    trail.called(call({}));
    expect(trail.events()).toMatchObject([{ state: 'delivered', reason: undefined, calls: 2 }]);
  });

  it('waits in the page that was asked to send it later', () => {
    trail.answered(exchange({ status: 'deferred', code: 'subject_mismatch' }));
    expect(trail.events()).toMatchObject([{ state: 'waiting', reason: 'subject_mismatch' }]);
  });

  it('keeps the mock API’s answer, which says more than its page gets', () => {
    trail.called(call({ status: 401, code: 'api_authentication_failed' }));
    trail.answered(exchange({ status: 'deferred', code: 'unavailable' }));
    expect(trail.events()).toMatchObject([{ state: 'waiting', reason: '401 api_authentication_failed' }]);
  });

  it('is refused for what the mock API said, also if its page gets another word', () => {
    trail.called(call({ status: 404, code: 'resource_not_found' }));
    trail.answered(exchange({ status: 'refused', code: 'invalid_event' }));
    expect(trail.events()).toMatchObject([{ state: 'refused', reason: 'resource_not_found' }]);
  });

  it('has the time at which it happened, once its page has said it', () => {
    trail.called(call({}));
    const event = { id: ID, type: 'viewed', personalized_offer_id: 'summer', occurred_at: 123 };
    trail.answered(exchange(ACCEPTED, { body: JSON.stringify({ v: 1, events: [event] }) }));
    expect(trail.events()).toMatchObject([{ at: 123 }]);
  });

  it('is refused by the proxy, or by the mock API when it became a dead letter', () => {
    trail.answered(exchange({ status: 'refused', code: 'invalid_event' }));
    expect(trail.events()).toMatchObject([{ state: 'refused', reason: 'invalid_event' }]);
    trail.clear();
    trail.answered(exchange(ACCEPTED));
    trail.buried(ID, 'resource_not_found');
    expect(trail.events()).toMatchObject([{ state: 'refused', reason: 'resource_not_found' }]);
    trail.buried('another', 'resource_not_found');
    expect(trail.events()).toHaveLength(1);
  });

  it('names its offer when it becomes a dead letter, so that what goes along is found', () => {
    trail.answered(exchange(ACCEPTED));
    expect(trail.buried(ID, 'refused')).toBe('summer');
    expect(trail.buried('unknown', 'refused')).toBeUndefined();
  });

  it('stays delivered, even if its page gets another answer when it sends it again', () => {
    trail.called(call({}));
    trail.answered(exchange({ status: 'refused', code: 'conflict' }));
    trail.buried(ID, 'conflict');
    expect(trail.events()).toMatchObject([{ state: 'delivered', reason: undefined }]);
  });

  it('is not reported twice if nothing is new', () => {
    trail.answered(exchange(ACCEPTED));
    trail.answered(exchange({ status: 'duplicate' }));
    expect(changes.map((event) => event?.state)).toEqual(['waiting', undefined]);
  });

  it('is not made up from other calls, answers without a verdict, or bodies that are not JSON', () => {
    trail.called(call({ key: null }));
    trail.called(call({ key: 'another-1' }));
    trail.answered(exchange({}, { answer: '{"v":1,"results":[]}' }));
    trail.answered(exchange({}, { body: 'no JSON', answer: '' }));
    trail.answered(exchange({}, { body: 'null', answer: '[1]' }));
    expect(trail.events()).toEqual([]);
  });

  it('is forgotten when there are ten thousand after it, and what waits only if all of them wait', () => {
    trail.answered(exchange(ACCEPTED));
    for (let at = 0; at < 10_000; at += 1) trail.called(call({ key: `oe1-${at}` }));
    expect(trail.events()).toHaveLength(10_000);
    expect(trail.events().slice(0, 2)).toMatchObject([{ id: ID }, { id: '1' }]);
    for (let at = 0; at < 10_000; at += 1) trail.called(call({ key: `oe1-w${at}`, status: 503 }));
    expect(trail.events()).toHaveLength(10_000);
    expect(trail.events()[0]).toMatchObject({ id: 'w0' });
  });

  it('is delivered only if the mock API has recorded it, with any answer', () => {
    trail.called(call({ status: 200, recorded: false }));
    expect(trail.events()).toMatchObject([{ state: 'waiting', reason: '200' }]);
    trail.called(call({ status: 'reset', recorded: true }));
    expect(trail.events()).toMatchObject([{ state: 'delivered' }]);
  });

  it('is not changed by something else that has its name', () => {
    trail.answered(exchange(ACCEPTED));
    const other = { id: ID, type: 'dismissed', personalized_offer_id: 'winter' };
    trail.answered(
      exchange({ status: 'refused', code: 'conflict' }, { body: JSON.stringify({ events: [other] }) }),
    );
    expect(trail.events()).toMatchObject([{ type: 'viewed', offerId: 'summer', state: 'waiting' }]);
  });

  it('no longer says why it was sent later once it is taken', () => {
    trail.answered(exchange({ status: 'deferred', code: 'subject_mismatch' }));
    trail.answered(exchange(ACCEPTED));
    expect(trail.events()).toMatchObject([{ state: 'waiting', reason: undefined }]);
  });

  it('is shown without what would move a terminal', () => {
    const made = { id: ID, type: '\u001b[2J', personalized_offer_id: `a\n\u202e${'x'.repeat(99)}` };
    trail.answered(
      exchange({ status: 'refused', code: 'invalid_event' }, { body: JSON.stringify({ events: [made] }) }),
    );
    expect(trail.events()).toMatchObject([{ type: '\ufffd[2J', offerId: `a\ufffd\ufffd${'x'.repeat(57)}` }]);
  });
});

describe('a request that the proxy did not admit', () => {
  const refused = exchange({}, { status: 403, answer: '{"code":"origin","title":"Not from here."}' });

  it('is kept with its problem and its page', () => {
    trail.answered(refused);
    expect(trail.problems()).toEqual([
      { at: 1_000, status: 403, code: 'origin', title: 'Not from here.', page: '/shop' },
    ]);
    expect(trail.events()).toEqual([]);
  });

  it('is forgotten when there are fifty after it', () => {
    for (let at = 0; at < 60; at += 1) trail.answered({ ...refused, page: `/${at}` });
    expect(trail.problems()).toHaveLength(50);
    expect(trail.problems().at(-1)).toMatchObject({ page: '/59' });
  });
});
