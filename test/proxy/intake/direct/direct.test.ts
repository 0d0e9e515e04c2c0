import { beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../../../src/protocol/batch.js';
import { wordsOf } from '../../../../src/proxy/alerts/alert.js';
import type { AdmittedEvent } from '../../../../src/proxy/index.js';
import { directIntake } from '../../../../src/proxy/index.js';
import { admitted } from '../../../support/intake.js';
import { startTaking, type TakingStage } from '../../../support/taking.js';
import { describeAnswering } from '../intake-answering.contract.js';

describeAnswering('direct', () => {
  const { taking, called } = startTaking({ perMinute: 1_000, concurrent: 20 });
  return {
    take: (events) => taking.take(events),
    knows: (events) => taking.knows(events),
    reached: async () => called(),
    end: () => taking.close(),
  };
});

const dismissed = (number: number, of: number): AdmittedEvent =>
  admitted(number, { type: 'dismissed', offerId: `offer${of}` });

const deferred = (code: string): unknown => ({
  kind: 'deferred',
  code,
  retryAfterMs: expect.any(Number) as number,
});

let stage: TakingStage;

beforeEach(() => {
  stage = startTaking();
});

/** The verdicts for these events, which have to come within this much of the runtime's time. */
const verdictsOf = async (
  events: readonly AdmittedEvent[],
  within = 0,
  { taking, runtime }: TakingStage = stage,
): Promise<Verdict[]> => {
  const answer = taking.take(events);
  await runtime.advance(within);
  return [...(await answer).values()];
};

const retryAfterOf = (verdicts: readonly Verdict[]): number[] =>
  verdicts.map((verdict) => (verdict.kind === 'deferred' ? (verdict.retryAfterMs ?? -1) : -1));

describe('a copy of an event that is under way', () => {
  it('is deferred by 1 to 3 s, no matter which random number comes', async () => {
    for (const random of [0, 0.37, 0.999_999]) {
      stage = startTaking();
      Object.assign(stage.runtime, { random: () => random });
      stage.answer = () => stage.after(5_000);
      void stage.taking.take([admitted(1)]);
      const verdicts = await verdictsOf([admitted(1)]);
      expect(verdicts).toEqual([deferred('in_progress')]);
      expect(Math.min(...retryAfterOf(verdicts))).toBeGreaterThanOrEqual(1_000);
      expect(Math.max(...retryAfterOf(verdicts))).toBeLessThanOrEqual(3_000);
    }
  });

  it('is a conflict already if its content differs', async () => {
    stage.answer = () => stage.after(5_000);
    const first = stage.taking.take([admitted(1)]);
    expect(await verdictsOf([admitted(1, { type: 'dismissed' })])).toEqual([
      { kind: 'refused', code: 'conflict' },
    ]);
    await stage.runtime.advance(5_000);
    expect([...(await first).values()]).toEqual([{ kind: 'accepted' }]);
  });

  it('is not forwarded if both waited for the same free place', async () => {
    stage = startTaking({ concurrent: 1 });
    stage.answer = () => stage.after(1_000);
    const answers = [[admitted(9)], [admitted(1)], [admitted(1)]].map((events) => stage.taking.take(events));
    await stage.runtime.advance(7_000);
    const kinds = (await Promise.all(answers)).map((verdicts) => [...verdicts.values()][0]?.kind);
    expect(stage.called()).toEqual([9, 1]);
    expect(kinds.filter((kind) => kind === 'accepted')).toHaveLength(2);
  });

  it('is deferred no matter how many others were forwarded meanwhile, since events under way are not forgotten (attack 56)', async () => {
    stage = startTaking({ perMinute: 10_000 }, { remember: 1 });
    stage.answer = (number) => (number === 1 ? stage.after(7_000) : { kind: 'done' });
    const first = stage.taking.take([admitted(1)]);
    for (let number = 2; number < 60; number++) await stage.taking.take([admitted(number)]);
    expect(await verdictsOf([admitted(1)])).toEqual([deferred('in_progress')]);
    await stage.runtime.advance(7_000);
    await first;
    expect(await verdictsOf([admitted(1)])).toEqual([{ kind: 'duplicate' }]);
    expect(stage.called().filter((number) => number === 1)).toEqual([1]);
  });
});

describe('what came of an event', () => {
  it.each(['resource_not_found', 'param_wrong_value'])(
    'is remembered if it was refused, without another call and without the word of the upstream, %s (attacks 44, 51)',
    async (code) => {
      stage.answer = () => ({ kind: 'refused', code });
      const refused = [{ kind: 'refused', code: 'invalid_event' }];
      expect([await verdictsOf([admitted(1)]), await verdictsOf([admitted(1)])]).toEqual([refused, refused]);
      // Its page may not have heard of that.
      expect(await stage.taking.knows([admitted(1)])).toEqual(new Set());
      expect(stage.called()).toEqual([1]);
    },
  );

  it('is remembered for as many events as `remember` says: the ones that nobody asked about for longest are forgotten', async () => {
    stage = startTaking({ perMinute: 10_000 }, { remember: 3 });
    for (const number of [1, 2, 3]) await stage.taking.take([admitted(number)]);
    // It is asked about again, so it stays.
    await stage.taking.take([admitted(1)]);
    await stage.taking.take([admitted(4)]);
    expect(await verdictsOf([admitted(1), admitted(3), admitted(4)])).toEqual(
      Array.from({ length: 3 }, () => ({ kind: 'duplicate' })),
    );
    expect(await verdictsOf([admitted(2)])).toEqual([{ kind: 'accepted' }]);
  });

  it.each([
    ['not taken', { kind: 'unavailable' }],
    ['of unknown outcome', { kind: 'ambiguous' }],
    ['throttled', { kind: 'throttled', retryAfterMs: 2_000 }],
    ['not allowed by the configuration', { kind: 'misconfigured', alert: ['wrongSite'] }],
  ] as const)(
    'is not remembered if it was %s: the event is forwarded again if it is sent again',
    async (_, outcome) => {
      stage.answer = () => outcome;
      expect(await verdictsOf([admitted(1)])).toEqual([deferred('unavailable')]);
      stage.answer = () => ({ kind: 'done' });
      await stage.runtime.advance(61_000);
      expect(await verdictsOf([admitted(1)])).toEqual([{ kind: 'accepted' }]);
      expect(stage.called()).toEqual([1, 1]);
    },
  );

  it('is observed twice if the event was called twice', async () => {
    stage.answer = () => ({ kind: 'unavailable' });
    await verdictsOf([admitted(1)]);
    stage.answer = () => ({ kind: 'done' });
    await verdictsOf([admitted(1), admitted(2)]);
    expect(stage.observed).toEqual(['unavailable', 'done', 'done']);
  });
});

describe('an event that an earlier request may have brought', () => {
  const again = (number: number, fields: Partial<AdmittedEvent> = {}): AdmittedEvent =>
    admitted(number, { ...fields, mayBeKnown: true });
  const UNKNOWN = { kind: 'refused', code: 'unknown_outcome' };

  it('is given up and not forwarded by a process that does not remember it: at most one of the two counts', async () => {
    expect(await verdictsOf([again(1)])).toEqual([UNKNOWN]);
    expect(stage.called()).toEqual([]);
    // It stays so for who asks again.
    expect(await verdictsOf([again(1)])).toEqual([UNKNOWN]);
  });

  it('is a duplicate where the process remembers it', async () => {
    await verdictsOf([admitted(1)]);
    expect(await verdictsOf([again(1)])).toEqual([{ kind: 'duplicate' }]);
    expect(stage.called()).toEqual([1]);
  });

  it('is forwarded if this process deferred it before, though its page did not hear that', async () => {
    stage.answer = () => ({ kind: 'unavailable' });
    await verdictsOf([admitted(1)]);
    stage.answer = () => ({ kind: 'done' });
    expect(await verdictsOf([again(1)])).toEqual([{ kind: 'accepted' }]);
  });

  it('leaves the dismissal of its offer be: most often the view has counted', async () => {
    const view = again(1, { offerId: 'offer1' });
    expect(await verdictsOf([view, dismissed(2, 1)])).toEqual([UNKNOWN, { kind: 'accepted' }]);
    expect(stage.called()).toEqual([2]);
  });

  it('is no duplicate for those who ask what was taken', async () => {
    await verdictsOf([again(1)]);
    expect(await stage.taking.knows([again(1)])).toEqual(new Set());
  });
});

describe('a request is answered within 8 s', () => {
  it('and events that are still under way are deferred, and remembered when they end', async () => {
    stage.answer = (number) => stage.after(number === 2 ? 9_000 : 100);
    const answer = stage.taking.take([admitted(1), admitted(2), admitted(3)]);
    await stage.runtime.advance(8_000);
    expect([...(await answer).values()]).toEqual([
      { kind: 'accepted' },
      deferred('in_progress'),
      { kind: 'accepted' },
    ]);
    expect(await verdictsOf([admitted(2)])).toEqual([deferred('in_progress')]);
    await stage.runtime.advance(1_000);
    expect(await verdictsOf([admitted(2)])).toEqual([{ kind: 'duplicate' }]);
    expect(stage.called()).toEqual([1, 2, 3]);
  });

  it('and it is deferred at once if the pace allows nothing within that time', async () => {
    stage = startTaking({ perMinute: 2, concurrent: 1 });
    await stage.taking.take([admitted(1)]);
    await stage.taking.take([admitted(2)]);
    await stage.runtime.advance(30_000);
    // No more time passes.
    const verdicts = await verdictsOf([admitted(3)]);
    expect(verdicts).toEqual([deferred('overloaded')]);
    expect(Math.min(...retryAfterOf(verdicts))).toBeGreaterThanOrEqual(30_000);
    expect(Math.max(...retryAfterOf(verdicts))).toBeLessThanOrEqual(36_000);
  });

  it('and an event that waits for the pace is forwarded within that time if possible', async () => {
    stage = startTaking({ perMinute: 2, concurrent: 1 });
    await stage.taking.take([admitted(1)]);
    await stage.taking.take([admitted(2)]);
    await stage.runtime.advance(55_000);
    expect(await verdictsOf([admitted(3)], 6_000)).toEqual([{ kind: 'accepted' }]);
    const third = stage.calls[2]?.at;
    expect(third).toBeGreaterThanOrEqual(60_000);
    expect(third).toBeLessThanOrEqual(60_010);
  });
});

describe('a `dismissed` shares the fate of its `viewed`', () => {
  it.each([
    ['deferred', { kind: 'unavailable' }, deferred('unavailable')],
    ['refused', { kind: 'refused', code: 'x' }, { kind: 'refused', code: 'invalid_event' }],
  ] as const)('and is not called if that is %s', async (_, outcome, verdict) => {
    stage.answer = (number) => (number === 5 ? outcome : { kind: 'done' });
    const events = [dismissed(1, 5), admitted(5), dismissed(2, 6), admitted(6)];
    expect(await verdictsOf(events)).toEqual([verdict, verdict, { kind: 'accepted' }, { kind: 'accepted' }]);
    expect(stage.called().sort()).toEqual([2, 5, 6]);
  });

  it('which is in progress: it waits with it, and goes when both are sent again', async () => {
    stage.answer = () => stage.after(3_000);
    const first = stage.taking.take([admitted(5)]);
    expect(await verdictsOf([admitted(5), dismissed(1, 5)])).toEqual([
      deferred('in_progress'),
      deferred('in_progress'),
    ]);
    await stage.runtime.advance(3_000);
    await first;
    expect(await verdictsOf([admitted(5), dismissed(1, 5)], 3_000)).toEqual([
      { kind: 'duplicate' },
      { kind: 'accepted' },
    ]);
    expect(stage.called()).toEqual([5, 1]);
  });

  it('but goes if any view of the offer was reported', async () => {
    const another = admitted(6, { offerId: 'offer5' });
    stage.answer = (number) => (number === 5 ? { kind: 'refused', code: 'x' } : { kind: 'done' });
    expect(await verdictsOf([dismissed(1, 5), admitted(5), another])).toEqual([
      { kind: 'accepted' },
      { kind: 'refused', code: 'invalid_event' },
      { kind: 'accepted' },
    ]);
  });

  it('but goes if an earlier view of the offer was reported, although one in its own request is refused', async () => {
    await verdictsOf([admitted(5)]);
    const another = admitted(6, { offerId: 'offer5' });
    stage.answer = (number) => (number === 6 ? { kind: 'refused', code: 'x' } : { kind: 'done' });
    expect(await verdictsOf([another, dismissed(1, 5)])).toEqual([
      { kind: 'refused', code: 'invalid_event' },
      { kind: 'accepted' },
    ]);
    expect(stage.called()).toEqual([5, 6, 1]);
  });

  it('and waits while any view of the offer waits, since nobody knows which one it closed', async () => {
    const another = admitted(6, { offerId: 'offer5' });
    stage.answer = (number) => ({ kind: number === 5 ? 'unavailable' : 'done' });
    expect(await verdictsOf([another, admitted(5), dismissed(1, 5)])).toEqual([
      { kind: 'accepted' },
      deferred('unavailable'),
      deferred('unavailable'),
    ]);
  });

  it('but goes at once if it comes without one, since its `viewed` was settled before', async () => {
    expect(await verdictsOf([dismissed(1, 5)])).toEqual([{ kind: 'accepted' }]);
  });
});

describe('after a 429', () => {
  it('nothing is called until its time is over, and everybody gets the time that is left (attack 58)', async () => {
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 40_000 });
    expect(retryAfterOf(await verdictsOf([admitted(1)]))).toEqual([44_000]);
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(10_000);
    // 30 s are left, with half of a jitter of 20 %.
    const verdicts = await verdictsOf([admitted(1), admitted(2)]);
    expect(verdicts).toEqual([deferred('overloaded'), deferred('overloaded')]);
    expect(retryAfterOf(verdicts)).toEqual([33_000, 33_000]);
    await stage.runtime.advance(29_999);
    expect(stage.called()).toEqual([1]);
    expect(await verdictsOf([admitted(1)], 1)).toEqual([{ kind: 'accepted' }]);
  });

  it('a request waits for the end of a pause of a few seconds', async () => {
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 5_000 });
    await verdictsOf([admitted(1)]);
    stage.answer = () => ({ kind: 'done' });
    expect(await verdictsOf([admitted(1), admitted(2)], 5_000)).toEqual([
      { kind: 'accepted' },
      { kind: 'accepted' },
    ]);
  });

  it('another one that asks for less does not shorten the pause', async () => {
    stage.answer = (number) =>
      stage.after(number * 100, { kind: 'throttled', retryAfterMs: 60_000 / number });
    await verdictsOf([admitted(1), admitted(2), admitted(3)], 300);
    stage.answer = () => ({ kind: 'done' });
    // 1 s before the end that the first one asked for.
    await stage.runtime.advance(58_800);
    const early = stage.taking.take([admitted(4)]);
    await stage.runtime.advance(999);
    expect(stage.called()).toEqual([1, 2, 3]);
    await stage.runtime.advance(1);
    expect([...(await early).values()]).toEqual([{ kind: 'accepted' }]);
  });

  it('events that waited in other requests are also deferred for that time', async () => {
    stage = startTaking({ concurrent: 1 });
    stage.answer = () => stage.after(1_000, { kind: 'throttled', retryAfterMs: 60_000 });
    const answers = [1, 2, 3].map((number) => stage.taking.take([admitted(number)]));
    await stage.runtime.advance(8_000);
    const verdicts = (await Promise.all(answers)).flatMap((each) => [...each.values()]);
    expect(verdicts.map(({ kind }) => kind)).toEqual(['deferred', 'deferred', 'deferred']);
    expect(Math.min(...retryAfterOf(verdicts))).toBeGreaterThan(50_000);
  });
});

describe('a fault of the configuration', () => {
  it('is alerted, and for half a minute no event is forwarded or refused', async () => {
    stage.answer = () => ({ kind: 'misconfigured', alert: ['wrongSite'] });
    expect(retryAfterOf(await verdictsOf([admitted(1)]))).toEqual([33_000]);
    for (let second = 0; second < 20; second++) {
      await verdictsOf([admitted(1), admitted(2)]);
      await stage.runtime.advance(1_000);
    }
    expect([stage.called(), stage.alerts]).toEqual([[1], [wordsOf('wrongSite')]]);
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(10_000);
    expect(await verdictsOf([admitted(1), admitted(2)])).toEqual([
      { kind: 'accepted' },
      { kind: 'accepted' },
    ]);
  });
});

describe('a fault that only one event meets', () => {
  it('is alerted, and defers only that event', async () => {
    stage.answer = (number) =>
      number === 2 ? { kind: 'misconfigured', alert: ['wrongSite'] } : { kind: 'done' };
    expect(await verdictsOf([admitted(1)])).toEqual([{ kind: 'accepted' }]);
    expect(retryAfterOf(await verdictsOf([admitted(2)]))).toEqual([33_000]);
    expect(await verdictsOf([admitted(3), admitted(4)])).toEqual([
      { kind: 'accepted' },
      { kind: 'accepted' },
    ]);
    expect(stage.alerts).toEqual([wordsOf('wrongSite')]);
  });
});

describe('a fault that three events meet after something was taken', () => {
  it('counts as a fault of the configuration: nothing more is called for half a minute', async () => {
    stage.answer = (number) =>
      number === 1 ? { kind: 'done' } : { kind: 'misconfigured', alert: ['wrongSite'] };
    for (const number of [1, 2, 3, 4, 5, 6]) await verdictsOf([admitted(number)]);
    expect(stage.called()).toEqual([1, 2, 3, 4]);
  });
});

describe('an upstream that refuses most events by name', () => {
  it('is alerted, with what to check', async () => {
    stage.answer = () => ({ kind: 'refused', code: 'resource_not_found' });
    await verdictsOf([admitted(1), admitted(2), admitted(3), admitted(4), admitted(5)]);
    expect(stage.alerts).toEqual([expect.stringMatching(/resource_not_found.*not its offer_id/s)]);
  });
});

describe('an answer that is not the API’s own', () => {
  it('is alerted, and the event is deferred', async () => {
    stage.answer = () => ({ kind: 'ambiguous', alert: ['notTheApi'] });
    expect(await verdictsOf([admitted(1)])).toEqual([deferred('unavailable')]);
    expect(stage.alerts).toEqual([wordsOf('notTheApi')]);
  });
});

describe('closing', () => {
  it('defers at once all events that wait for a place', async () => {
    stage = startTaking({ concurrent: 1 });
    stage.answer = () => stage.after(2_000);
    const first = stage.taking.take([admitted(1)]);
    const second = stage.taking.take([admitted(2)]);
    await stage.runtime.advance(0);
    void stage.taking.close();
    expect([...(await second).values()]).toEqual([deferred('overloaded')]);
    await stage.runtime.advance(2_000);
    expect([...(await first).values()]).toEqual([{ kind: 'accepted' }]);
    expect(stage.called()).toEqual([1]);
  });

  it('waits for the calls under way, also those for which no request waits any more', async () => {
    stage.answer = () => stage.after(9_000);
    const answer = stage.taking.take([admitted(1)]);
    await stage.runtime.advance(8_000);
    await answer;
    let isClosed = false;
    const closing = stage.taking.close().then(() => {
      isClosed = true;
    });
    await stage.runtime.advance(999);
    expect(isClosed).toBe(false);
    await stage.runtime.advance(1);
    await closing;
  });

  it('makes every later request fail without a call', async () => {
    await stage.taking.close();
    await expect(stage.taking.take([admitted(1)])).rejects.toMatchObject({ name: 'OffersightError' });
    expect(stage.called()).toEqual([]);
  });

  it('may be asked for twice', async () => {
    await stage.taking.close();
    await expect(stage.taking.close()).resolves.toBeUndefined();
  });
});

describe('an intake that could remember nothing', () => {
  it.each([0, -1, 0.5, 7.5, Number.NaN, Infinity, '9'])('is refused at creation: remember %s', (remember) => {
    expect(() => directIntake({ remember: remember as number })).toThrow(
      expect.objectContaining({ name: 'OffersightError', code: 'configuration' }),
    );
  });
});
