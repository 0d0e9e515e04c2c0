/** The notes that a forwarder leaves for its successor and for operators: pauses, and what somebody has to do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Raised, wordsOf } from '../../../src/proxy/alerts/alert.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import type { Intake, LaneNote } from '../../../src/proxy/index.js';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { temporaryFolder } from '../../support/intake.js';
import { noContent, pageRequest, startProxy } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { START, wireBody, wireEvent } from '../../support/wire.js';

const HOUR_MS = 3_600_000;
const KEY: Raised = ['badKey', { api: 'offer events' }];
const KEY_NOTE = { alert: wordsOf(...KEY), alertCode: 'badKey' };

let stage: Stage;

beforeEach(() => {
  stage = createStage();
});

afterEach(() => stage.end());

const noteOf = async (intake: Intake = stage.intake): Promise<LaneNote> =>
  (await intake.status(stage.runtime.now())).note;

const called = (): number[] => stage.calls.map(({ number }) => number);

describe('a pause that the upstream asked for', () => {
  it('is noted, with its end, as long as the upstream said and little longer', async () => {
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 50_000 });
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(0);
    const { pausedUntil = 0 } = await noteOf();
    expect(pausedUntil).toBeGreaterThanOrEqual(START + 50_000);
    expect(pausedUntil).toBeLessThanOrEqual(START + 60_000);
  });

  it('is noted before its event waits again, so that another process knows of it first', async () => {
    const order: string[] = [];
    const { intake } = stage;
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 50_000 });
    await stage.take(1);
    stage.start(
      {},
      {
        ...intake,
        note(note) {
          if (note.pausedUntil !== undefined) order.push('noted');
          return intake.note(note);
        },
        finish(...given) {
          order.push('waits again');
          return intake.finish(...given);
        },
      },
    );
    await stage.runtime.advance(0);
    expect(order).toEqual(['noted', 'waits again']);
  });

  it('outlives a restart: the next process calls nothing before its end', async () => {
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 50_000 });
    await stage.take(1, 2);
    const first = stage.start({ concurrent: 1 });
    await stage.runtime.advance(0);
    await first.close();
    stage.answer = () => ({ kind: 'done' });
    stage.start();
    await stage.runtime.advance(49_999);
    expect(called()).toEqual([1]);
    await stage.runtime.advance(30_000);
    expect(called().sort()).toEqual([1, 1, 2]);
  });

  it('also outlives it if a call that was under way at the time ended well', async () => {
    stage.answer = (number) =>
      number === 1 ? { kind: 'throttled', retryAfterMs: 50_000 } : stage.after(2_000, { kind: 'done' });
    await stage.take(1, 2);
    const first = stage.start();
    await stage.runtime.advance(3_000);
    expect(await stage.states()).toEqual({ 1: 'waiting', 2: 'done' });
    await first.close();
    stage.answer = () => ({ kind: 'done' });
    stage.start();
    await stage.runtime.advance(46_000);
    expect(called()).toEqual([1, 2]);
    await stage.runtime.advance(30_000);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done' });
  });

  it('is not shortened by another that asks for less', async () => {
    stage.answer = (number) =>
      stage.after(number * 100, { kind: 'throttled', retryAfterMs: 60_000 / number ** 2 });
    await stage.take(1, 2, 3);
    const first = stage.start();
    await stage.runtime.advance(1_000);
    expect((await noteOf()).pausedUntil).toBeGreaterThanOrEqual(START + 60_000);
    await first.close();
    stage.answer = () => ({ kind: 'done' });
    stage.start();
    await stage.runtime.advance(58_000);
    expect(stage.calls).toHaveLength(3);
  });

  it('is ignored if it is longer than any that can be asked for, since another clock wrote it', async () => {
    await stage.intake.note({ pausedUntil: START + 24 * HOUR_MS });
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    expect(called()).toEqual([1]);
  });

  it('is no longer noted once calls go well again', async () => {
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 2_000 });
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(60_000);
    expect([await noteOf(), await stage.states()]).toEqual([{ hasDelivered: true }, { 1: 'done' }]);
  });
});

describe('what an operator has to do', () => {
  const wrong =
    (...alert: Raised) =>
    (): Outcome => ({ kind: 'misconfigured', alert });

  it('is reported, and noted for everybody who asks, until a call goes well', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1, 2, 3);
    stage.start();
    await stage.runtime.advance(30 * 60_000);
    expect(stage.alerts[0]).toBe(KEY_NOTE.alert);
    expect(await noteOf()).toEqual(KEY_NOTE);
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(30 * 60_000);
    expect(await noteOf()).toEqual({ hasDelivered: true });
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done', 3: 'done' });
  });

  it('is reported again after calls went well in between', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(10 * 60_000);
    stage.answer = wrong(...KEY);
    await stage.take(2);
    stage.start().wake();
    await stage.runtime.advance(60_000);
    expect(stage.alerts).toEqual([KEY_NOTE.alert, KEY_NOTE.alert]);
  });

  it('is reported again if it is another thing by now', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    stage.answer = wrong('wrongSite');
    await stage.runtime.advance(10 * 60_000);
    expect(stage.alerts).toEqual([KEY_NOTE.alert, wordsOf('wrongSite')]);
    expect(await noteOf()).toEqual({ alert: wordsOf('wrongSite'), alertCode: 'wrongSite' });
  });

  it('is also reported by the next process, if that meets another thing', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1);
    const first = stage.start();
    await stage.runtime.advance(1_000);
    await first.close();
    stage.answer = wrong('wrongSite');
    stage.start();
    await stage.runtime.advance(10 * 60_000);
    expect(stage.alerts).toEqual([KEY_NOTE.alert, wordsOf('wrongSite')]);
  });

  it('stays noted through a 429 and an outage, which repair nothing', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 1_000 });
    await stage.runtime.advance(60_000);
    expect(await noteOf()).toMatchObject(KEY_NOTE);
    stage.answer = () => ({ kind: 'ambiguous' });
    await stage.runtime.advance(60_000);
    expect(await noteOf()).toMatchObject({ alert: expect.any(String) as string });
  });

  it('says that each call is one too many, once the upstream has answered 429 for ten minutes', async () => {
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 1_000 });
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(590_000);
    expect(stage.alerts).toEqual([]);
    await stage.runtime.advance(90_000);
    expect(stage.alerts).toContainEqual(expect.stringMatching(/answered 429 for ten minutes/));
    expect(await noteOf()).toMatchObject({ alert: expect.stringMatching(/429/) as string });
    const told = stage.alerts.length;
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(90_000);
    expect([stage.alerts.length, await noteOf()]).toEqual([told, { hasDelivered: true }]);
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 1_000 });
    await stage.take(2);
    await stage.runtime.advance(590_000);
    expect(stage.alerts).toHaveLength(told);
  });

  it('is not a 429 of ten minutes if one call is answered so while all wait for another reason', async () => {
    await stage.runtime.advance(20 * 60_000);
    stage.answer = (number) =>
      number === 1 ? wrong(...KEY)() : stage.after(500, { kind: 'throttled', retryAfterMs: 1_000 });
    await stage.take(1, 2);
    stage.start();
    await stage.runtime.advance(1_000);
    expect(called()).toEqual([1, 2]);
    expect(stage.alerts).toEqual([KEY_NOTE.alert]);
  });

  it('is what answers in the place of the upstream, however often it does: nobody has to look for an outage', async () => {
    stage.answer = () => ({ kind: 'ambiguous', alert: ['notTheApi'] });
    await stage.take(...range(1, 9));
    stage.start();
    await stage.runtime.advance(60_000);
    expect(new Set(stage.alerts)).toEqual(new Set([wordsOf('notTheApi')]));
    expect(await noteOf()).toMatchObject({ alert: wordsOf('notTheApi') });
  });

  it('stays noted in the words that 0.2.0 left, without a code, until a call goes well', async () => {
    await stage.intake.note({ alert: 'Words of 0.2.0.' });
    stage.answer = () => ({ kind: 'throttled', retryAfterMs: 1_000 });
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    expect(await noteOf()).toEqual({
      alert: 'Words of 0.2.0.',
      pausedUntil: expect.any(Number) as number,
    });
    stage.answer = () => ({ kind: 'done' });
    await stage.runtime.advance(60_000);
    expect(await noteOf()).toEqual({ hasDelivered: true });
  });

  it('is noted even if the alert hook throws', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1);
    stage.start({}, stage.intake, () => {
      throw new Error('pager down');
    });
    await stage.runtime.advance(1_000);
    expect(await noteOf()).toEqual(KEY_NOTE);
  });

  it('is there for everybody who asks in another process', async () => {
    stage.answer = wrong(...KEY);
    await stage.take(1);
    stage.start();
    await stage.runtime.advance(1_000);
    expect(await noteOf(stage.open())).toEqual(KEY_NOTE);
  });
});

describe('what the upstream has ever shown', () => {
  it('is noted from its first delivery on, with how many keys it honoured, through any trouble and restart', async () => {
    stage.answer = (number) => ({ kind: 'done', isReplay: number > 1 });
    await stage.take(1);
    const first = stage.start();
    await stage.runtime.advance(1_000);
    expect(await noteOf()).toEqual({ hasDelivered: true });
    await stage.take(2);
    first.wake();
    await stage.runtime.advance(1_000);
    await first.close();
    stage.answer = () => ({ kind: 'misconfigured', alert: KEY });
    await stage.take(3);
    stage.start();
    await stage.runtime.advance(1_000);
    expect(await noteOf()).toEqual({ hasDelivered: true, honouredKeys: 1, ...KEY_NOTE });
    stage.answer = () => ({ kind: 'done', isReplay: true });
    await stage.runtime.advance(60_000);
    expect(await noteOf(stage.open())).toEqual({ hasDelivered: true, honouredKeys: 2 });
  });
});

describe('more traffic than the plan allows', () => {
  it('is reported once events waited too long, with what to do; they are dead letters', async () => {
    const intake = stage.open({ maxDelayMs: 60_000 });
    stage.answer = () => stage.after(7_000, { kind: 'unavailable' });
    await stage.take(...range(1, 3));
    stage.start({}, intake);
    await stage.runtime.advance(180_000);
    expect(stage.alerts).toContainEqual(expect.stringMatching(/dead letters.*pace\.perMinute/s));
    expect(await stage.states()).toEqual({ 1: 'dead', 2: 'dead', 3: 'dead' });
  });

  it('is reported once in ten minutes at most while the intake is full, and new events are deferred', async () => {
    const folder = temporaryFolder();
    const started = startProxy({ intake: intakeHere({ file: `${folder.path}/i.db`, maxWaiting: 2 }) });
    try {
      started.runtime.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '600' } });
      const say = async (number: number): Promise<unknown> =>
        (
          (await (await started.proxy(pageRequest(wireBody([wireEvent(number)])))).json()) as {
            results: unknown[];
          }
        ).results[0];
      const verdicts = [await say(1), await say(2), await say(3), await say(4)];
      expect(verdicts).toMatchObject([
        { status: 'accepted' },
        { status: 'accepted' },
        { status: 'deferred', code: 'overloaded' },
        { status: 'deferred', code: 'overloaded' },
      ]);
      expect(started.alerts).toEqual([expect.stringMatching(/maxWaiting.*pace\.perMinute/s)]);
      await started.runtime.advance(601_000);
      await say(5);
      expect(started.alerts).toHaveLength(2);
    } finally {
      started.runtime.answer = noContent;
      await started.end();
      folder.remove();
    }
  });
});
