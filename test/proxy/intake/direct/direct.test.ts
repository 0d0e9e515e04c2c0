import { beforeEach, describe, expect, it } from 'vitest';
import { wordsOf } from '../../../../src/proxy/alerts/alert.js';
import type { Outcome } from '../../../../src/proxy/forward/destination.js';
import type { AdmittedEvent } from '../../../../src/proxy/index.js';
import { directIntake } from '../../../../src/proxy/index.js';
import { admitted } from '../../../support/intake.js';
import { mostAtOnce, mostInAMinute, startTaking, type TakingStage } from '../../../support/taking.js';
import { dismissed, verdictsOf } from '../intake.contract.js';
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

const DONE: Outcome = { kind: 'done' };
const REFUSED: Outcome = { kind: 'refused', code: 'resource_not_found' };
const MISCONFIGURED: Outcome = { kind: 'misconfigured', alert: ['wrongSite'] };
const throttled = (retryAfterMs: number): Outcome => ({ kind: 'throttled', retryAfterMs });

const range = (first: number, last: number): AdmittedEvent[] =>
  Array.from({ length: last - first + 1 }, (_, at) => admitted(first + at));

let stage: TakingStage;

beforeEach(() => {
  stage = startTaking();
});

/** The kinds or codes of the verdicts, which have to come within this much of the runtime's time. */
const said = async (events: readonly AdmittedEvent[], within = 0): Promise<string[]> => {
  const answer = verdictsOf(stage.taking.take(events));
  await stage.runtime.advance(within);
  return answer;
};

/** For how long the deferred events are, milliseconds. */
const delaysOf = async (answer: ReturnType<TakingStage['taking']['take']>): Promise<number[]> =>
  [...(await answer).values()].flatMap((verdict) =>
    verdict.kind === 'deferred' ? [verdict.retryAfterMs ?? -1] : [],
  );

describe('a copy of an event that is under way', () => {
  it.each([0, 0.37, 0.999_999])('is deferred by 1 to 3 s, if the random number is %f', async (random) => {
    Object.assign(stage.runtime, { random: () => random });
    stage.answer = () => stage.after(5_000);
    void stage.taking.take([admitted(1)]);
    const [delayMs] = await delaysOf(stage.taking.take([admitted(1)]));
    expect(delayMs).toBeGreaterThanOrEqual(1_000);
    expect(delayMs).toBeLessThanOrEqual(3_000);
  });

  it('is a conflict already if its content differs', async () => {
    stage.answer = () => stage.after(5_000);
    const first = said([admitted(1)], 5_000);
    expect(await said([admitted(1, { type: 'dismissed' })])).toEqual(['conflict']);
    expect(await first).toEqual(['accepted']);
  });

  it('is not forwarded if both waited for the same free place', async () => {
    stage = startTaking({ concurrent: 1 });
    stage.answer = () => stage.after(1_000);
    const answers = [9, 1, 1].map((number) => said([admitted(number)], 7_000));
    expect((await Promise.all(answers)).flat().filter((kind) => kind === 'accepted')).toHaveLength(2);
    expect(stage.called()).toEqual([9, 1]);
  });

  it('is deferred no matter how many others were forwarded meanwhile, since events under way are not forgotten (attack 56)', async () => {
    stage = startTaking({ perMinute: 10_000 }, { remember: 1 });
    stage.answer = (number) => (number === 1 ? stage.after(7_000) : DONE);
    const first = stage.taking.take([admitted(1)]);
    for (let number = 2; number < 60; number++) await stage.taking.take([admitted(number)]);
    expect(await said([admitted(1)])).toEqual(['in_progress']);
    await stage.runtime.advance(7_000);
    await first;
    expect(await said([admitted(1)])).toEqual(['duplicate']);
    expect(stage.called().filter((number) => number === 1)).toEqual([1]);
  });
});

describe('what came of an event', () => {
  it.each(['resource_not_found', 'param_wrong_value'])(
    'is remembered if it was refused, without another call and without the word of the upstream, %s (attacks 44, 51)',
    async (code) => {
      stage.answer = () => ({ kind: 'refused', code });
      for (let time = 0; time < 2; time++) expect(await said([admitted(1)])).toEqual(['invalid_event']);
      // Its page may not have heard of that.
      expect(await stage.taking.knows([admitted(1)])).toEqual(new Set());
      expect(stage.called()).toEqual([1]);
    },
  );

  it('is remembered for as many events as `remember` says, and of those that were asked about last', async () => {
    stage = startTaking({ perMinute: 10_000 }, { remember: 3 });
    // The first is asked about again, so it stays.
    for (const number of [1, 2, 3, 1, 4]) await stage.taking.take([admitted(number)]);
    expect(await said([admitted(1), admitted(3), admitted(4)])).toEqual(Array(3).fill('duplicate'));
    expect(await said([admitted(2)])).toEqual(['accepted']);
  });

  it.each<[string, Outcome]>([
    ['not taken', { kind: 'unavailable' }],
    ['of unknown outcome', { kind: 'ambiguous' }],
    ['throttled', throttled(2_000)],
    ['not allowed by the configuration', MISCONFIGURED],
  ])('is not remembered if it was %s: if it is sent again, it is forwarded again', async (_, outcome) => {
    stage.answer = () => outcome;
    expect(await said([admitted(1)])).toEqual(['unavailable']);
    stage.answer = () => DONE;
    await stage.runtime.advance(61_000);
    expect(await said([admitted(1)])).toEqual(['accepted']);
    expect(stage.called()).toEqual([1, 1]);
    expect(stage.observed).toEqual([outcome.kind, 'done']);
  });
});

describe('an event that an earlier request may have brought', () => {
  const again = (number: number): AdmittedEvent => admitted(number, { mayBeKnown: true });

  it('is given up and not forwarded by a process that does not remember it: at most one of the two counts', async () => {
    // It stays so for who asks again.
    for (let time = 0; time < 2; time++) expect(await said([again(1)])).toEqual(['unknown_outcome']);
    expect(await stage.taking.knows([again(1)])).toEqual(new Set());
    // Most often the view has counted.
    expect(await said([again(3), dismissed(2, 3)])).toEqual(['unknown_outcome', 'accepted']);
    expect(stage.called()).toEqual([2]);
  });

  it('is a duplicate where the process remembers it', async () => {
    await said([admitted(1)]);
    expect(await said([again(1)])).toEqual(['duplicate']);
    expect(stage.called()).toEqual([1]);
  });

  it('is forwarded if this process deferred it before, though its page did not hear that', async () => {
    stage.answer = () => ({ kind: 'unavailable' });
    await said([admitted(1)]);
    stage.answer = () => DONE;
    expect(await said([again(1)])).toEqual(['accepted']);
  });
});

describe('a request is answered within 8 s', () => {
  it('and events that are still under way are deferred, and remembered when they end', async () => {
    stage.answer = (number) => stage.after(number === 2 ? 9_000 : 100);
    expect(await said(range(1, 3), 8_000)).toEqual(['accepted', 'in_progress', 'accepted']);
    expect(await said([admitted(2)])).toEqual(['in_progress']);
    await stage.runtime.advance(1_000);
    expect(await said([admitted(2)])).toEqual(['duplicate']);
    expect(stage.called()).toEqual([1, 2, 3]);
  });

  it('and it is deferred at once if the pace allows nothing within that time, or else waits for it', async () => {
    stage = startTaking({ perMinute: 2, concurrent: 1 });
    await said(range(1, 2));
    await stage.runtime.advance(30_000);
    // No more time passes.
    const [delayMs] = await delaysOf(stage.taking.take([admitted(3)]));
    expect(delayMs).toBeGreaterThanOrEqual(30_000);
    expect(delayMs).toBeLessThanOrEqual(36_000);
    await stage.runtime.advance(25_000);
    expect(await said([admitted(3)], 6_000)).toEqual(['accepted']);
    expect(stage.calls[2]?.at).toBeGreaterThanOrEqual(60_000);
    expect(stage.calls[2]?.at).toBeLessThanOrEqual(60_010);
  });
});

describe('a `dismissed` shares the fate of its `viewed`', () => {
  const another = admitted(6, { offerId: 'offer5' });

  it.each<[string, Partial<Record<number, Outcome>>, readonly AdmittedEvent[], readonly string[]]>([
    [
      'is not called if that is deferred',
      { 5: { kind: 'unavailable' } },
      [dismissed(1, 5), admitted(5), dismissed(2, 7), admitted(7)],
      ['unavailable', 'unavailable', 'accepted', 'accepted'],
    ],
    [
      'is not called if that is refused',
      { 5: REFUSED },
      [dismissed(1, 5), admitted(5), dismissed(2, 7), admitted(7)],
      ['invalid_event', 'invalid_event', 'accepted', 'accepted'],
    ],
    [
      'goes if any view of the offer was reported',
      { 5: REFUSED },
      [dismissed(1, 5), admitted(5), another],
      ['accepted', 'invalid_event', 'accepted'],
    ],
    [
      'waits while any view of the offer waits, since nobody knows which one it closed',
      { 5: { kind: 'unavailable' } },
      [another, admitted(5), dismissed(1, 5)],
      ['accepted', 'unavailable', 'unavailable'],
    ],
    ['goes at once if it comes without one, which was settled before', {}, [dismissed(1, 5)], ['accepted']],
  ])('and %s', async (_, outcomes, events, verdicts) => {
    stage.answer = (number) => outcomes[number] ?? DONE;
    expect(await said(events)).toEqual(verdicts);
    const isCalled = (at: number): boolean => verdicts[at] === 'accepted' || events[at]?.type === 'viewed';
    expect(stage.called()).toHaveLength(events.filter((_event, at) => isCalled(at)).length);
  });

  it('which is in progress: it waits with it, and goes when both are sent again', async () => {
    stage.answer = () => stage.after(3_000);
    const first = stage.taking.take([admitted(5)]);
    const both = [admitted(5), dismissed(1, 5)];
    expect(await said(both)).toEqual(['in_progress', 'in_progress']);
    await stage.runtime.advance(3_000);
    await first;
    expect(await said(both, 3_000)).toEqual(['duplicate', 'accepted']);
    expect(stage.called()).toEqual([5, 1]);
  });

  it('but goes if an earlier view of the offer was reported, although one in its own request is refused', async () => {
    await said([admitted(5)]);
    stage.answer = (number) => (number === 6 ? REFUSED : DONE);
    expect(await said([another, dismissed(1, 5)])).toEqual(['invalid_event', 'accepted']);
    expect(stage.called()).toEqual([5, 6, 1]);
  });
});

describe('after a 429', () => {
  it('nothing is called until its time is over, and everybody gets the time that is left (attack 58)', async () => {
    stage.answer = () => throttled(40_000);
    expect(await delaysOf(stage.taking.take([admitted(1)]))).toEqual([44_000]);
    stage.answer = () => DONE;
    await stage.runtime.advance(10_000);
    // 30 s are left, with half of a jitter of 20 %.
    expect(await delaysOf(stage.taking.take(range(1, 2)))).toEqual([33_000, 33_000]);
    expect(await said(range(1, 2))).toEqual(['overloaded', 'overloaded']);
    await stage.runtime.advance(29_999);
    expect(stage.called()).toEqual([1]);
    expect(await said([admitted(1)], 1)).toEqual(['accepted']);
  });

  it('a request waits for the end of a pause of a few seconds', async () => {
    stage.answer = () => throttled(5_000);
    await said([admitted(1)]);
    stage.answer = () => DONE;
    expect(await said(range(1, 2), 5_000)).toEqual(['accepted', 'accepted']);
  });

  it('another one that asks for less does not shorten the pause', async () => {
    stage.answer = (number) => stage.after(number * 100, throttled(60_000 / number));
    await said(range(1, 3), 300);
    stage.answer = () => DONE;
    // 1 s before the end that the first one asked for.
    await stage.runtime.advance(58_800);
    const early = verdictsOf(stage.taking.take([admitted(4)]));
    await stage.runtime.advance(999);
    expect(stage.called()).toEqual([1, 2, 3]);
    await stage.runtime.advance(1);
    expect(await early).toEqual(['accepted']);
  });

  it('events that waited in other requests are also deferred for that time', async () => {
    stage = startTaking({ concurrent: 1 });
    stage.answer = () => stage.after(1_000, throttled(60_000));
    const delays = [1, 2, 3].map((number) => delaysOf(stage.taking.take([admitted(number)])));
    await stage.runtime.advance(8_000);
    expect((await Promise.all(delays)).flat().map((ms) => ms > 50_000)).toEqual([true, true, true]);
  });
});

describe('a fault of the configuration', () => {
  it('is alerted, and for half a minute no event is forwarded or refused', async () => {
    stage.answer = () => MISCONFIGURED;
    expect(await delaysOf(stage.taking.take([admitted(1)]))).toEqual([33_000]);
    for (let second = 0; second < 20; second++) {
      await said(range(1, 2));
      await stage.runtime.advance(1_000);
    }
    expect([stage.called(), stage.alerts]).toEqual([[1], [wordsOf('wrongSite')]]);
    stage.answer = () => DONE;
    await stage.runtime.advance(10_000);
    expect(await said(range(1, 2))).toEqual(['accepted', 'accepted']);
  });

  it('that only one event meets is alerted, and defers only that event', async () => {
    stage.answer = (number) => (number === 2 ? MISCONFIGURED : DONE);
    await said([admitted(1)]);
    expect(await delaysOf(stage.taking.take([admitted(2)]))).toEqual([33_000]);
    expect(await said(range(3, 4))).toEqual(['accepted', 'accepted']);
    expect(stage.alerts).toEqual([wordsOf('wrongSite')]);
  });

  it('is that of three events after something was taken: nothing more is called for half a minute', async () => {
    stage.answer = (number) => (number === 1 ? DONE : MISCONFIGURED);
    for (const number of [1, 2, 3, 4, 5, 6]) await said([admitted(number)]);
    expect(stage.called()).toEqual([1, 2, 3, 4]);
  });
});

it('alerts what to check if the upstream refuses most events by name, or an answer is not the API’s own', async () => {
  stage.answer = () => ({ kind: 'ambiguous', alert: ['notTheApi'] });
  expect(await said([admitted(9)])).toEqual(['unavailable']);
  stage.answer = () => REFUSED;
  await said(range(1, 5));
  expect(stage.alerts).toEqual([
    wordsOf('notTheApi'),
    expect.stringMatching(/resource_not_found.*not its offer_id/s),
  ]);
});

describe('closing', () => {
  it('defers at once all events that wait for a place, and takes nothing more', async () => {
    stage = startTaking({ concurrent: 1 });
    stage.answer = () => stage.after(2_000);
    const [first, second] = [1, 2].map((number) => verdictsOf(stage.taking.take([admitted(number)])));
    await stage.runtime.advance(0);
    const closing = stage.taking.close();
    expect(await second).toEqual(['overloaded']);
    await stage.runtime.advance(2_000);
    expect(await first).toEqual(['accepted']);
    await closing;
    await stage.taking.close();
    await expect(stage.taking.take([admitted(3)])).rejects.toMatchObject({ name: 'OffersightError' });
    expect(stage.called()).toEqual([1]);
  });

  it('waits for the calls under way, also those for which no request waits any more', async () => {
    stage.answer = () => stage.after(9_000);
    expect(await said([admitted(1)], 8_000)).toEqual(['in_progress']);
    let isClosed = false;
    const closing = stage.taking.close().then(() => {
      isClosed = true;
    });
    await stage.runtime.advance(999);
    expect(isClosed).toBe(false);
    await stage.runtime.advance(1);
    await closing;
  });
});

it.each([0, -1, 0.5, Number.NaN, Infinity, '9'])(
  'an intake that could remember nothing is refused at creation: remember %s',
  (remember) => {
    expect(() => directIntake({ remember: remember as number })).toThrow(
      expect.objectContaining({ name: 'OffersightError', code: 'configuration' }),
    );
  },
);

describe('the pace', () => {
  it('holds for one batch of 500: the rest is deferred until there is room again', async () => {
    stage.answer = () => stage.after(20);
    const delays = delaysOf(stage.taking.take(range(1, 500)));
    await stage.runtime.advance(8_000);
    expect(stage.called()).toHaveLength(150);
    expect(await delays).toHaveLength(350);
    expect(Math.min(...(await delays))).toBeGreaterThan(50_000);
    expect(Math.max(...(await delays))).toBeLessThanOrEqual(72_000);
  });

  it('begins with one call after a fault of the configuration, and uses all places once that call is taken', async () => {
    stage = startTaking({ perMinute: 1_000, concurrent: 5 });
    stage.answer = () => MISCONFIGURED;
    await said([admitted(1)]);
    await stage.runtime.advance(60_000);
    await said(range(2, 21), 8_000);
    expect(stage.calls).toHaveLength(2);
    await stage.runtime.advance(60_000);
    stage.answer = () => stage.after(500);
    expect(await said(range(2, 21), 8_000)).toEqual(Array(20).fill('accepted'));
    const since = stage.calls.slice(2);
    expect(mostAtOnce(since)).toBe(5);
    expect(mostAtOnce(since.filter(({ at }) => at < (since[0]?.endedAt ?? 0)))).toBe(1);
  });

  it('is a sliding window: no 60 s have more calls than allowed, counted from when a call ended', async () => {
    stage = startTaking({ perMinute: 7, concurrent: 4 });
    stage.answer = (number) => stage.after(100 + (number % 5) * 400);
    const answers: Promise<unknown>[] = [];
    for (let at = 0; at < 240; at++) {
      answers.push(stage.taking.take(range(2 * at, 2 * at + 1)));
      await stage.runtime.advance(1_000);
    }
    await stage.runtime.advance(10_000);
    await Promise.all(answers);
    // The upstream may count a call at any time between its beginning and its end.
    const behindAnEnd = stage.calls.map(
      ({ endedAt = Infinity }) =>
        stage.calls.filter(({ at }) => at >= endedAt && at < endedAt + 60_000).length,
    );
    expect(mostInAMinute(stage.calls)).toBeLessThanOrEqual(7);
    expect(Math.max(...behindAnEnd)).toBeLessThan(7);
    // The pace is also used: four minutes have room for four times seven calls, less the time that calls take.
    expect(stage.calls.length).toBeGreaterThanOrEqual(25);
  });
});
