// @vitest-environment node
import { describe, expect, test, vi } from 'vitest';
import { createDecisions } from '../../src/client/decisions.js';
import type { Impression, Placement } from '../../src/client/detect/registry.js';
import type { Leasing } from '../../src/client/outbox/leasing.js';
import type { Happened, Recorder } from '../../src/client/tracker.js';

/** What was recorded: type, reason, offer, impression and where. */
type Recorded = readonly [what: string, offerId: string, impression: Impression, at: Placement | undefined];

const here = { element: {} as Element, offerId: 'a', expiresAt: 77 } satisfies Placement;

const start = ({ accepted = [] as readonly string[], isVetoed = false } = {}) => {
  const recorded: Recorded[] = [];
  const viewed: (readonly [string, Placement | undefined])[] = [];
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
  const decisions = createDecisions(recorder, accept, acceptedOffers, onInvalid, onAccepted);
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

  test('counts once also where a listener of it closes the offer again', () => {
    const { decisions, recorded, impressions } = start();
    impressions.set('a', { id: 'x', isOnce: false, isDismissed: true });
    decisions.onDismiss('a');
    expect(recorded).toEqual([]);
  });

  test('of a view that was vetoed is none', () => {
    const { decisions, recorded, impressions } = start({ isVetoed: true });
    decisions.onDismiss('a');
    expect([recorded, impressions.get('a')?.isDismissed]).toEqual([[], undefined]);
  });

  test('of an offer that was accepted, here or on another page, is none', () => {
    const { decisions, recorded, viewed } = start({ accepted: ['elsewhere'] });
    decisions.onAccept('here');
    viewed.length = 0;
    decisions.onDismiss('here');
    decisions.onDismiss('elsewhere');
    expect([recorded, viewed]).toEqual([[], []]);
  });

  test('of an offer that was learnt to be accepted meanwhile is none', () => {
    const { decisions, recorded, acceptedOffers } = start();
    acceptedOffers.add('a');
    decisions.onDismiss('a');
    expect(recorded).toEqual([]);
  });
});

describe('an acceptance', () => {
  test('proves display, is told and is remembered as long as the offer lives', () => {
    const { decisions, recorded, viewed, acceptedOffers, accept, onAccepted } = start();
    decisions.onAccept('a', here);
    expect([viewed, recorded, [...acceptedOffers]]).toEqual([[['a', here]], [], ['a']]);
    expect(accept.mock.calls).toEqual([['a', 77]]);
    expect(onAccepted.mock.calls).toEqual([['a']]);
  });

  test('of an offer that no element shows has no end of its own', () => {
    const { decisions, accept } = start();
    decisions.onAccept('a');
    expect(accept.mock.calls).toEqual([['a', undefined]]);
  });

  test('counts once', () => {
    const { decisions, accept, onAccepted, viewed } = start();
    decisions.onAccept('a');
    decisions.onAccept('a');
    expect([accept.mock.calls.length, onAccepted.mock.calls.length, viewed.length]).toEqual([1, 1, 1]);
  });

  test('forbids a dismissal by whoever hears of its view', () => {
    const { decisions, acceptedOffers, viewed } = start();
    const known: boolean[] = [];
    viewed.push = () => known.push(acceptedOffers.has('a'));
    decisions.onAccept('a');
    expect(known).toEqual([true]);
  });
});

describe('what cannot be an offer', () => {
  test.each(['', 'no good', 7 as unknown as string, undefined as unknown as string])(
    '%j is told, and nothing comes of it',
    (offerId) => {
      const { decisions, recorded, viewed, acceptedOffers, accept, onInvalid } = start();
      decisions.onDismiss(offerId, 'api');
      decisions.onAccept(offerId);
      expect(onInvalid.mock.calls).toEqual([[offerId], [offerId]]);
      expect([recorded, viewed, acceptedOffers.size, accept.mock.calls]).toEqual([[], [], 0, []]);
    },
  );

  test('is not told of what was accepted', () => {
    const { decisions, onInvalid } = start({ accepted: ['a'] });
    decisions.onDismiss('a');
    expect(onInvalid).not.toHaveBeenCalled();
  });
});
