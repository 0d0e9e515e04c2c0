import fc from 'fast-check';
import { afterEach, describe, expect, it, test } from 'vitest';
import { encodeRequest, type Outgoing } from '../../src/protocol/encode.js';
import type { OfferEvent } from '../../src/protocol/event.js';
import { MAX_EVENT_BYTES } from '../../src/protocol/limits.js';
import { eventId, START, viewedEvent } from '../support/wire.js';

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

describe('a request on the wire', () => {
  it("has the version, the sender's clock and the API's own field names", () => {
    const dismissed: Outgoing = {
      id: eventId(2),
      type: 'dismissed',
      offerId: 'b:9~x',
      occurredAt: START - 40,
      impressionId: eventId(77),
      expiresAt: START + 86_400_000,
      group: 'summer',
      reason: 'escape',
      mayBeKnown: true,
    };
    expect(JSON.parse(encodeRequest([viewedEvent(1), dismissed], START))).toEqual({
      v: 1,
      sent_at: START,
      events: [
        { id: eventId(1), type: 'viewed', personalized_offer_id: 'a52ge1', occurred_at: START - 3_700 },
        {
          id: eventId(2),
          type: 'dismissed',
          personalized_offer_id: 'b:9~x',
          occurred_at: START - 40,
          expires_at: START + 86_400_000,
          group: 'summer',
          reason: 'escape',
          may_be_known: true,
        },
      ],
    });
  });

  it('keeps the order that it was given, with any ids', () => {
    const body = JSON.parse(encodeRequest([viewedEvent(9), viewedEvent(2), viewedEvent(5)], START)) as {
      events: { id: string }[];
    };
    expect(body.events.map(({ id }) => id)).toEqual([eventId(9), eventId(2), eventId(5)]);
  });

  it('carries no impression and nothing that somebody hung on the event', () => {
    const event = Object.assign(viewedEvent(4), { email: 'ada@example.org' });
    const body = encodeRequest([event], START);
    expect(body).not.toMatch(/impression|email|ada@/);
  });
});

describe('what libraries do to the prototypes of their page', () => {
  const quoted = (value: unknown): string => `"${String(value)}"`;
  const text = (): string => 'text';

  afterEach(() => {
    for (const { prototype } of [Object, Array, String, Number, Date])
      for (const name of ['toJSON', 'reason', 'group', 'mayBeKnown']) Reflect.deleteProperty(prototype, name);
  });

  test.each<[what: string, on: object, values: object]>([
    ['lists become text (Prototype.js 1.6)', Array.prototype, { toJSON: text }],
    ['strings are quoted twice (Prototype.js 1.6)', String.prototype, { toJSON: quoted }],
    ['numbers become text', Number.prototype, { toJSON: quoted }],
    ['objects become text', Object.prototype, { toJSON: text }],
    ['objects become nothing', Object.prototype, { toJSON: () => undefined }],
    ['every toJSON throws', Object.prototype, { toJSON: () => expect.unreachable() }],
    ['dates become text (Date.js)', Date.prototype, { toJSON: text }],
    [
      'objects have fields of the wire',
      Object.prototype,
      { reason: 'evil', group: 'evil', mayBeKnown: true },
    ],
  ])('change no byte of a request: %s', (_, prototype, values) => {
    const view = viewedEvent(1, { expiresAt: START + 1, subject: 'c-8f', token: 't', group: 'summer' });
    const events = [
      view,
      { ...viewedEvent(2, { group: undefined }), type: 'dismissed', reason: 'api' } as OfferEvent,
    ];
    const body = encodeRequest(events, START);
    Object.assign(prototype, values);
    expect(encodeRequest(events, START)).toBe(body);
    expect(JSON.parse(body)).toMatchObject({ events: [{ group: 'summer' }, { reason: 'api' }] });
  });
});

describe('the most that an event takes', () => {
  it('bounds every body, with one more for what stands around the events', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            number: fc.nat(99_999),
            offerId: fc.stringMatching(/^[\w.:~-]{1,50}$/),
            occurredAt: fc.nat(START * 2),
            expiresAt: fc.option(fc.nat(START * 2), { nil: undefined }),
          }),
          { minLength: 1, maxLength: 20 },
        ),
        (shapes) => {
          const events = shapes.map(({ number, ...fields }) => viewedEvent(number, fields));
          expect(utf8Bytes(encodeRequest(events, START))).toBeLessThanOrEqual(
            (events.length + 1) * MAX_EVENT_BYTES,
          );
        },
      ),
    );
  });

  it('holds for the largest event there is, and far below the upstream’s 1,000 bytes', () => {
    const largest = {
      ...viewedEvent(3, { offerId: '~'.repeat(50), occurredAt: 8.64e15, expiresAt: 8.64e15 }),
      type: 'dismissed' as const,
      reason: 'control' as const,
      subject: '~'.repeat(128),
      token: '~'.repeat(64),
      group: '~'.repeat(50),
      mayBeKnown: true,
    };
    const bytes =
      utf8Bytes(encodeRequest([largest, largest], START)) - utf8Bytes(encodeRequest([largest], START));
    expect(bytes).toBeLessThanOrEqual(MAX_EVENT_BYTES);
    expect(MAX_EVENT_BYTES).toBeLessThan(1_000);
  });
});
