import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRequest } from '../../src/protocol/decode.js';
import { eventId, START, wireBody, wireEvent } from '../support/wire.js';

/** What was decoded for each id: the event, or the field that it is refused for. */
const itemsOf = (text: string): unknown[] => {
  const decoded = decodeRequest(text);
  if (decoded.kind !== 'request') return [decoded];
  return decoded.items.map((item) =>
    'event' in item ? item.event : [item.id, 'refusedFor' in item ? item.refusedFor : item.deferredFor],
  );
};

const refusalOf = (fields: Record<string, unknown>): unknown => itemsOf(wireBody([wireEvent(1, fields)]))[0];

/** The body of one event in which a field's value is this piece of JSON. */
const withRaw = (field: string, json: string): string =>
  wireBody([wireEvent(1, { [field]: 'RAW' })]).replace('"RAW"', json);

describe('an offer that is not there', () => {
  it.each(['null', 'undefined', 'false', 'true'])('is not the offer that a template calls %s', (offerId) => {
    expect(refusalOf({ personalized_offer_id: offerId })).toEqual([eventId(1), 'personalized_offer_id']);
    expect(refusalOf({ personalized_offer_id: `${offerId}1` })).toMatchObject({ offerId: `${offerId}1` });
  });
});

describe('a valid request', () => {
  it('gives every field under our names', () => {
    const text = wireBody([
      wireEvent(1, { expires_at: START + 9_000, subject: 'u:3f9a~b.c-d' }),
      wireEvent(2, { type: 'dismissed' }),
    ]);
    expect(decodeRequest(text)).toEqual({
      kind: 'request',
      sentAt: START - 250,
      items: [
        {
          id: eventId(1),
          event: {
            id: eventId(1),
            type: 'viewed',
            offerId: 'a52ge1',
            occurredAt: START - 3_700,
            expiresAt: START + 9_000,
            subject: 'u:3f9a~b.c-d',
            mayBeKnown: false,
          },
        },
        {
          id: eventId(2),
          event: {
            id: eventId(2),
            type: 'dismissed',
            offerId: 'a52ge2',
            occurredAt: START - 3_700,
            expiresAt: undefined,
            subject: undefined,
            mayBeKnown: false,
          },
        },
      ],
    });
  });

  it('keeps the order of the sender, not of the ids', () => {
    const decoded = decodeRequest(wireBody([wireEvent(8), wireEvent(3), wireEvent(5)]));
    expect(decoded.kind === 'request' && decoded.items.map(({ id }) => id)).toEqual([
      eventId(8),
      eventId(3),
      eventId(5),
    ]);
  });

  it('may hold 500 events, and a bad one beside a good one faults neither', () => {
    const events = Array.from({ length: 500 }, (_, at) => wireEvent(at));
    events[498] = wireEvent(498, { type: 'clicked' });
    expect(itemsOf(wireBody(events)).slice(-2)).toEqual([
      [eventId(498), 'unsupported_type'],
      expect.objectContaining({ id: eventId(499), offerId: 'a52ge499' }),
    ]);
  });

  it('may say the same event twice, and has it once (attack 33)', () => {
    const again = { ...wireEvent(4) };
    expect(itemsOf(wireBody([wireEvent(4), wireEvent(5), again]))).toEqual([
      expect.objectContaining({ id: eventId(4) }),
      expect.objectContaining({ id: eventId(5) }),
    ]);
  });

  it('may say the same event twice with its fields in another order', () => {
    const { id, type, ...rest } = wireEvent(4);
    expect(itemsOf(wireBody([wireEvent(4), { ...rest, type, id }]))).toEqual([
      expect.objectContaining({ id: eventId(4), type: 'viewed' }),
    ]);
  });

  it('has times whose fraction is rounded', () => {
    expect(refusalOf({ occurred_at: 1_763_599_999_999.6 })).toMatchObject({ occurredAt: START });
  });

  it('takes the last of two keys of one name, and checks that one (attack 28)', () => {
    const text = wireBody([wireEvent(1)]);
    expect(itemsOf(text.replace('"type":"viewed"', '"type":"viewed","type":"clicked"'))).toEqual([
      [eventId(1), 'unsupported_type'],
    ]);
  });
});

describe('a type that a later release may know', () => {
  it.each(['clicked', 'shared_with_friend', 'a', 'constructor', '__proto__', 'z'.repeat(32)])(
    'is deferred and never refused: %j',
    (type) => {
      expect(refusalOf({ type })).toEqual([eventId(1), 'unsupported_type']);
    },
  );
});

describe('an event with a bad value is refused alone', () => {
  const texts = [
    '',
    'Viewed',
    ' viewed',
    'viewed\n',
    'accepted',
    'fulfilled',
    'vi\u0435wed',
    'click-ed',
    'viewed2',
  ];
  it.each<unknown>([...texts, 'z'.repeat(33), undefined, null, 1, ['viewed'], { toString: 'viewed' }])(
    'it is refused for the type %j (attack 31)',
    (type) => {
      expect(refusalOf({ type })).toEqual([eventId(1), 'type']);
    },
  );

  it.each<unknown>([undefined, null, '', 'k'.repeat(51), 'a/b', 'a52ge40b\n', '\u0430b', 52, ['a52ge40b']])(
    'for the offer id %j (attacks 32, 36)',
    (personalized_offer_id) => {
      expect(refusalOf({ personalized_offer_id })).toEqual([eventId(1), 'personalized_offer_id']);
    },
  );

  it.each<unknown>([undefined, null, '1763600000000', true, [START], {}, 8.64e15 + 2, -8.64e15 - 2])(
    'it is refused for the time %j (attack 35)',
    (occurred_at) => {
      expect(refusalOf({ occurred_at })).toEqual([eventId(1), 'occurred_at']);
    },
  );

  it.each(['occurred_at', 'expires_at'])('it is refused for an endless %s (attack 35)', (field) => {
    expect(itemsOf(withRaw(field, '1e999'))).toEqual([[eventId(1), field]]);
    expect(itemsOf(withRaw(field, '-1e999'))).toEqual([[eventId(1), field]]);
  });

  it.each<unknown>(['1763600000', false, [START], 8.64e15 + 2])(
    'it is refused for the end %j (attack 35)',
    (expires_at) => {
      expect(refusalOf({ expires_at })).toEqual([eventId(1), 'expires_at']);
    },
  );

  it.each<unknown>(['', 7, ['u1'], {}, 'k'.repeat(129), 'ada@example.org', 'a b', 'u1\n', '\u0430'])(
    'it is refused for the subject %j',
    (subject) => {
      expect(refusalOf({ subject })).toEqual([eventId(1), 'subject']);
    },
  );

  it('it is refused without recursing over 100,000 nested lists in its place (attack 27)', () => {
    const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const field of ['type', 'personalized_offer_id', 'occurred_at', 'expires_at', 'subject']) {
      expect(itemsOf(withRaw(field, nested))).toEqual([[eventId(1), field]]);
    }
  });

  it('it is refused once if it is there twice alike (attack 33)', () => {
    const bad = wireEvent(3, { type: 'Clicked' });
    expect(itemsOf(wireBody([bad, wireEvent(6), bad]))).toEqual([
      [eventId(3), 'type'],
      expect.objectContaining({ id: eventId(6) }),
    ]);
  });
});

describe('decoding never throws and says only what it checked', () => {
  const KINDS = ['request', 'fault'];

  it('it never throws for any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(KINDS).toContain(decodeRequest(text).kind);
      }),
    );
  });

  it('it never throws for any JSON anywhere in a request', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(...Object.keys(wireEvent(1)), 'subject'),
        (value, field) => {
          for (const text of [
            JSON.stringify(value),
            wireBody(value),
            wireBody([value]),
            wireBody([wireEvent(1)], { sent_at: value }),
            wireBody([wireEvent(1, { [field]: value })]),
          ]) {
            const decoded = decodeRequest(text);
            if (decoded.kind !== 'request') continue;
            for (const item of decoded.items) {
              if (!('event' in item)) continue;
              expect(item.event.offerId).toMatch(/^[\w.:~-]{1,50}$/);
              expect(['viewed', 'dismissed']).toContain(item.event.type);
              expect(Number.isSafeInteger(item.event.occurredAt)).toBe(true);
            }
          }
        },
      ),
    );
  });
});

describe('what is for figures alone', () => {
  const figuresOf = (fields: Record<string, unknown>) => {
    const [event] = itemsOf(wireBody([wireEvent(1, fields)])) as Record<string, unknown>[];
    return [event?.group, event?.reason, event?.unusable];
  };

  it.each([
    [{}, [undefined, undefined, undefined]],
    [{ group: 'summer-sale' }, ['summer-sale', undefined, undefined]],
    [{ group: null, reason: null }, [undefined, undefined, undefined]],
    [
      { type: 'dismissed', group: '2026/11:home~a.b_c-d', reason: 'escape' },
      ['2026/11:home~a.b_c-d', 'escape', undefined],
    ],
  ])('%j is taken', (fields, expected) => expect(figuresOf(fields)).toEqual(expected));

  it.each([
    [{ group: '' }, 'group'],
    [{ group: ' summer' }, 'group'],
    [{ group: '=1' }, 'group'],
    [{ group: '-a' }, 'group'],
    [{ group: '(none)' }, 'group'],
    [{ group: 'g'.repeat(51) }, 'group'],
    [{ group: 'undefined' }, 'group'],
    [{ group: 7 }, 'group'],
    [{ group: { a: 1 } }, 'group'],
    [{ reason: 'escape' }, 'reason'],
    [{ type: 'dismissed', reason: 'toString' }, 'reason'],
    [{ type: 'dismissed', reason: ['escape'] }, 'reason'],
  ])('%j is left out, and its event is kept (attack 68)', (fields, unusable) =>
    expect(figuresOf(fields)).toEqual([undefined, undefined, unusable]),
  );

  it.each([
    [true, true],
    [false, false],
    ['true', false],
    [1, false],
    [null, false],
  ])('an earlier request may have brought it only if the page says so: %j', (given, expected) =>
    expect(itemsOf(wireBody([wireEvent(1, { may_be_known: given })]))).toMatchObject([
      { mayBeKnown: expected },
    ]),
  );

  it('never makes a conflict of what is otherwise the same, and what came first counts', () => {
    const events = [
      wireEvent(1, { type: 'dismissed', group: 'first' }),
      wireEvent(1, { type: 'dismissed', group: 'second', reason: 'escape', may_be_known: true }),
      wireEvent(1, { type: 'dismissed', group: '???' }),
    ];
    expect(itemsOf(wireBody(events))).toMatchObject([{ id: eventId(1), group: 'first', reason: undefined }]);
  });
});
