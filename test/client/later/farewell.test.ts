import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unsettled } from '../../../src/client/later/farewell.js';
import type { Mirrored, Outbox, Owner } from '../../../src/client/outbox/outbox.js';
import { encodeRequest } from '../../../src/protocol/encode.js';
import type { OfferEvent } from '../../../src/protocol/event.js';
import { MAX_LEAVE_BYTES } from '../../../src/protocol/limits.js';
import { copyOf, dismissed, idsOf, START, viewed } from '../../support/events.js';

type Held = readonly [event: OfferEvent, heldUntil?: number];
type Sayable = Pick<Outbox, 'mirror' | 'lost' | 'inFlight'>;

const PLENTY = MAX_LEAVE_BYTES;
const outboxOf = (held: readonly Held[], maxBytes = PLENTY): Sayable => ({
  inFlight: MAX_LEAVE_BYTES - maxBytes,
  lost: new Map(),
  mirror: new Map(held.map(([event, heldUntil]) => [event.id, copyOf(event, heldUntil)])),
});

const OWNER: Owner = { consent: 'granted' };

describe('the farewell takes what is unsettled', () => {
  const view = viewed(1);
  const close = dismissed(2, view);
  const other = viewed(3);
  const later = START + 10_000;

  type Case = readonly [
    held: Held[],
    expected: OfferEvent[],
    more?: { said?: OfferEvent[]; maxBytes?: number },
  ];
  const CASES: Record<string, Case> = {
    'nothing where all is settled': [[], []],
    'all that is free, oldest first': [
      [[view], [close], [other]],
      [view, close, other],
    ],
    'not what is leased or not due': [[[view, later], [other]], [other]],
    'what was held until this very moment': [[[view, START]], [view]],
    'not what was said already': [[[view], [other]], [other], { said: [view] }],
    'a leased view again, together with its free dismissal': [
      [[view, later], [close], [other, later]],
      [view, close],
    ],
    'a view that was said, together with its new dismissal': [
      [[view], [close]],
      [view, close],
      { said: [view] },
    ],
    'a dismissal alone where its view is settled': [[[close]], [close]],
    'not a dismissal that was deferred, though its view is free': [[[view], [close, later]], [view]],
    'not what is not known to count': [[[view, Infinity], [other]], [other]],
    'nothing where there is no room': [[[view]], [], { maxBytes: -7 }],
  };

  test.each(Object.entries(CASES))('%s', (_, [held, expected, { said = [], maxBytes = PLENTY } = {}]) => {
    expect(unsettled(outboxOf(held, maxBytes), OWNER, new Set(idsOf(said)), START)).toEqual(expected);
  });

  describe('with any content of the mirror', () => {
    /** Impressions with a view, a dismissal or both, each held or said or neither. */
    const impression = fc.record({
      hasView: fc.boolean(),
      hasClose: fc.boolean(),
      fields: fc.constantFrom(
        {},
        { offerId: 'o' },
        { offerId: '0123456789'.repeat(5), expiresAt: 4_102_444_800_000.123 },
      ),
      heldView: fc.constantFrom(0, START, later),
      heldClose: fc.constantFrom(0, START, later),
      isViewSaid: fc.boolean(),
      isCloseSaid: fc.boolean(),
    });
    const state = fc.record({
      impressions: fc.array(impression),
      maxBytes: fc.integer({ min: -50, max: 3_000 }),
    });
    type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

    const build = ({ impressions }: State) => {
      const said = new Set<string>();
      const held: [OfferEvent, number][] = [];
      impressions.forEach((each, index) => {
        const view = viewed(index, each.fields);
        const close = dismissed(1_000 + index * 3, view);
        if (each.hasView) held.push([view, each.heldView]);
        if (each.hasClose) held.push([close, each.heldClose]);
        if (each.isViewSaid) said.add(view.id);
        if (each.isCloseSaid) said.add(close.id);
      });
      held.sort(([a], [b]) => (a.id < b.id ? -1 : 1));
      return { outbox: outboxOf(held), said };
    };

    test('it has room, is in the order of happening and leaves out the youngest, and no dismissal goes before its view', () => {
      fc.assert(
        fc.property(state, (generated) => {
          const { outbox, said } = build(generated);
          const { maxBytes } = generated;
          const all = unsettled({ ...outbox, inFlight: -Infinity }, OWNER, said, START);
          const events = unsettled({ ...outbox, inFlight: MAX_LEAVE_BYTES - maxBytes }, OWNER, said, START);
          const bytes = encodeRequest(events, START).length - encodeRequest([], START).length;
          expect(bytes).toBeLessThanOrEqual(Math.max(0, maxBytes));
          expect(events).toEqual(all.slice(0, events.length));
          const ids = idsOf(events);
          expect(ids).toEqual([...new Set(ids)].sort());
          const views = new Set<string>();
          for (const { type, impressionId } of events) {
            if (type === 'viewed') views.add(impressionId);
            const isViewUnsettled = [...outbox.mirror.values()].some(
              ({ event }: Mirrored) => event.type === 'viewed' && event.impressionId === impressionId,
            );
            expect(!isViewUnsettled || views.has(impressionId)).toBe(true);
          }
        }),
        { numRuns: 300 },
      );
    });
  });
});

describe('the farewell takes nothing', () => {
  const [annas, bens, nobodys] = [viewed(1, { subject: 'anna' }), viewed(2, { subject: 'ben' }), viewed(3)];
  const outbox = outboxOf([[annas], [bens], [nobodys]]);
  const says = (owner: Owner) => unsettled(outbox, owner, new Set(), START);

  test('it takes nothing of another user', () => {
    expect(says({ consent: 'granted', subject: 'ben' })).toEqual([bens, nobodys]);
    expect(says({ consent: 'granted' })).toEqual([nobodys]);
  });

  test.each(['pending', 'denied'] as const)('while consent is %s', (consent) => {
    expect(says({ consent, subject: 'anna' })).toEqual([]);
  });
});
