// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import type { Impression, Past, Placement } from '../../../src/client/detect/placement.js';
import { createDecisions } from '../../../src/client/later/decisions.js';
import type { Leasing } from '../../../src/client/later/outbox/leasing.js';
import type { Happened, Recorder } from '../../../src/client/recording.js';
import { createPlacements } from '../../support/placements.js';

/** What was recorded: type, reason, offer, impression and where. */
type Recorded = readonly [
  what: string,
  offerId: string,
  impression: Impression,
  at: Placement | Past | undefined,
];

const here = { element: {} as Element, offerId: 'a', expiresAt: 77 } satisfies Placement;

/** What shows offers, or did. */
const registryOf = (placements: readonly Placement[], past: readonly Past[]) => ({
  placements: createPlacements(...placements),
  past: new Map(past.map((placement) => [placement.offerId, placement])),
});

const start = ({
  accepted = [] as readonly string[],
  isVetoed = false,
  placements = [] as readonly Placement[],
  past = [] as readonly Past[],
} = {}) => {
  const recorded: Recorded[] = [];
  const viewed: (readonly [string, Placement | Past | undefined])[] = [];
  const impressions = new Map<string, Impression>();
  const recorder: Recorder = {
    onViewed(offerId, placement) {
      viewed.push([offerId, placement]);
      const impression = impressions.get(offerId) ?? { id: `of ${offerId}`, isOnce: false, isVetoed };
      impressions.set(offerId, impression);
      return impression;
    },
    record(happened: Happened, offerId, impression, placement) {
      const what = happened.type === 'dismissed' ? happened.reason : happened.type;
      recorded.push([what, offerId, impression, placement]);
      return true;
    },
  };
  const acceptedOffers = new Set(accepted);
  const accept = vi.fn<Leasing['accept']>(async () => undefined);
  const onInvalid = vi.fn();
  const onAccepted = vi.fn();
  const decisions = createDecisions(recorder, registryOf(placements, past), acceptedOffers, {
    remember: accept,
    onInvalid,
    onAccepted,
  });
  return { decisions, recorded, viewed, impressions, acceptedOffers, accept, onInvalid, onAccepted };
};

describe('a dismissal', () => {
  test('makes sure of its view first, and belongs to the same impression and place', () => {
    const { decisions, recorded, viewed, impressions } = start();
    decisions.onDismiss('a', 'escape', here);
    expect(viewed).toEqual([['a', here]]);
    expect(recorded).toEqual([['escape', 'a', impressions.get('a'), here]]);
    expect(impressions.get('a')?.isDismissed).toBe(true);
  });

  test('is the page’s own call where nothing else is said', () => {
    const { decisions, recorded } = start();
    decisions.onDismiss('a');
    expect(recorded.map(([what]) => what)).toEqual(['api']);
  });

  test('counts once an impression', () => {
    const { decisions, recorded } = start();
    decisions.onDismiss('a', 'control');
    decisions.onDismiss('a', 'escape');
    decisions.onDismiss('b', 'backdrop');
    expect(recorded.map(([what, offerId]) => [what, offerId])).toEqual([
      ['control', 'a'],
      ['backdrop', 'b'],
    ]);
  });

  test('does not count if its view was vetoed', () => {
    const { decisions, recorded, impressions } = start({ isVetoed: true });
    decisions.onDismiss('a');
    expect([recorded, impressions.get('a')?.isDismissed]).toEqual([[], undefined]);
  });

  test('of an offer that was accepted, here or on another page, does not count', () => {
    const { decisions, recorded, viewed } = start({ accepted: ['elsewhere'] });
    decisions.onAccept('here');
    viewed.length = 0;
    decisions.onDismiss('here');
    decisions.onDismiss('elsewhere');
    expect([recorded, viewed]).toEqual([[], []]);
  });
});

describe('an acceptance', () => {
  test('proves display, is reported and is remembered, once', () => {
    const { decisions, recorded, viewed, acceptedOffers, accept, onAccepted } = start();
    decisions.onAccept('a', here);
    decisions.onAccept('a', here);
    expect([viewed, recorded, [...acceptedOffers]]).toEqual([[['a', here]], [], ['a']]);
    expect(accept.mock.calls).toEqual([['a']]);
    expect(onAccepted.mock.calls).toEqual([['a']]);
  });

  test('forbids a dismissal by a listener of its view', () => {
    const { decisions, acceptedOffers, viewed } = start();
    const known: boolean[] = [];
    viewed.push = () => known.push(acceptedOffers.has('a'));
    decisions.onAccept('a');
    expect(known).toEqual([true]);
  });
});

describe('a decision by only the id', () => {
  const gone: Past = {
    offerId: 'a',
    expiresAt: 33,
    token: 'of the last one',
  };
  const unseen: Placement = { element: {} as Element, offerId: 'a', token: 'unseen' };
  const seen: Placement = { ...unseen, element: {} as Element, impression: { id: 'x', isOnce: false } };
  const other: Placement = { element: {} as Element, offerId: 'b', impression: { id: 'y', isOnce: false } };

  test.each<readonly [where: string, placements: Placement[], past: Past[], expected: Placement | Past]>([
    ['what shows the offer', [other, unseen], [gone], unseen],
    ['the first of several that nobody saw', [unseen, { ...unseen, element: {} as Element }], [], unseen],
    ['the one that was seen', [unseen, seen, { ...unseen, element: {} as Element }], [gone], seen],
    ['the last one that showed it', [other], [gone], gone],
  ])('concerns %s', (_, placements, past, expected) => {
    const { decisions, recorded, viewed, accept } = start({ placements, past });
    decisions.onDismiss('a');
    decisions.onAccept('a');
    expect(viewed.map(([, placement]) => placement)).toEqual([expected, expected]);
    expect(viewed[0]?.[1]).toBe(expected);
    expect(recorded.map((row) => row[3])).toEqual([expected]);
    expect(accept.mock.calls).toEqual([['a']]);
  });

  test('concerns no other place if it names one', () => {
    const { decisions, viewed } = start({ placements: [seen] });
    decisions.onDismiss('a', 'control', here);
    expect(viewed).toEqual([['a', here]]);
  });
});

describe('what cannot be an offer', () => {
  test.each(['', 'no good', 7 as unknown as string, undefined as unknown as string])(
    '%j is reported, and nothing else happens',
    (offerId) => {
      const { decisions, recorded, viewed, acceptedOffers, accept, onInvalid } = start();
      decisions.onDismiss(offerId, 'api');
      decisions.onAccept(offerId);
      expect(onInvalid.mock.calls).toEqual([[offerId], [offerId]]);
      expect([recorded, viewed, acceptedOffers.size, accept.mock.calls]).toEqual([[], [], 0, []]);
    },
  );

  test('is not called for what was accepted', () => {
    const { decisions, onInvalid } = start({ accepted: ['a'] });
    decisions.onDismiss('a');
    expect(onInvalid).not.toHaveBeenCalled();
  });
});
