import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { admitted } from '../../support/intake.js';
import { dismissed } from '../intake/intake.contract.js';

const MINUTE_MS = 60_000;

let stage: Stage;

beforeEach(() => {
  stage = createStage();
});

afterEach(async () => {
  await stage.end();
});

const called = (): number[] => stage.calls.map(({ number }) => number);
const done = { kind: 'done' } as const;

describe('the forwarder', () => {
  it('forwards what an earlier process left as soon as it starts, in the order of arrival', async () => {
    await stage.take(3, 1, 2);
    stage.start();
    await stage.runtime.advance(0);
    expect(called()).toEqual([3, 1, 2]);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done', 3: 'done' });
  });

  it('forwards what comes later at once when it is woken', async () => {
    const forwarder = stage.start();
    await stage.runtime.advance(3_333);
    await stage.take(8);
    forwarder.wake();
    await stage.runtime.advance(0);
    expect(stage.calls).toMatchObject([{ number: 8, at: 3_333 }]);
  });

  it('forwards what another process took within 2 s, without being woken', async () => {
    stage.start();
    await stage.runtime.advance(1_000);
    await stage.open().take([admitted(5, { receivedAt: stage.runtime.now() })]);
    await stage.runtime.advance(2_000);
    expect(called()).toEqual([5]);
  });

  it('forwards `viewed` before `dismissed`, the second only after the first was answered', async () => {
    stage.answer = () => stage.after(700, done);
    await stage.takeEvents(dismissed(2, 1), admitted(1), dismissed(4, 3), admitted(3));
    stage.start();
    await stage.runtime.advance(5_000);
    expect(stage.calls).toEqual([
      { number: 1, at: 0, endedAt: 700 },
      { number: 3, at: 0, endedAt: 700 },
      { number: 2, at: 700, endedAt: 1_400 },
      { number: 4, at: 700, endedAt: 1_400 },
    ]);
  });

  it('forwards no more at once than allowed', async () => {
    stage.answer = () => stage.after(500, done);
    await stage.take(...range(1, 10));
    stage.start({ concurrent: 4 });
    await stage.runtime.advance(5_000);
    expect(stage.calls.map(({ number, at }) => [number, at])).toEqual([
      ...range(1, 4).map((number) => [number, 0]),
      ...range(5, 8).map((number) => [number, 500]),
      [9, 1_000],
      [10, 1_000],
    ]);
  });
});

describe('the pace', () => {
  it('has never more than perMinute calls in any 60 seconds, and forwards all 2,000 in order', async () => {
    await stage.take(...range(1, 2_000));
    stage.start({ perMinute: 150 });
    await stage.runtime.advance(13 * 60_000 + 5_000);
    expect(called()).toEqual(range(1, 2_000));
    const bursts = stage.calls.filter(({ at }, index) => {
      const earlier = stage.calls[index - 150];
      return earlier !== undefined && at - earlier.at < 60_000;
    });
    expect(bursts).toEqual([]);
  }, 60_000);

  it('holds while calls are slow and some of them fail', async () => {
    stage.answer = (number) =>
      stage.after(100 + (number % 7) * 400, number % 5 === 0 ? { kind: 'unavailable' } : done);
    await stage.take(...range(1, 60));
    stage.start({ perMinute: 20, concurrent: 6 });
    await stage.runtime.advance(240_000);
    const bursts = stage.calls.filter(({ at }, index) => {
      const earlier = stage.calls[index - 20];
      return earlier !== undefined && at - earlier.at < 60_000;
    });
    expect(bursts).toEqual([]);
    const states = await stage.states();
    expect(range(1, 60).filter((number) => number % 5 !== 0 && states[number] !== 'done')).toEqual([]);
  });

  it('is shared with the process before, so that a restart does not burst', async () => {
    await stage.take(...range(1, 9));
    const first = stage.start({ perMinute: 4 });
    await stage.runtime.advance(5_000);
    await first.close();
    stage.start({ perMinute: 4 });
    await stage.runtime.advance(54_000);
    expect(called()).toEqual([1, 2, 3, 4]);
    await stage.runtime.advance(60_000);
    expect(called()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('one of several processes forwards', () => {
  it('the others stay idle, and one takes over soon after the leader closed', async () => {
    const first = stage.start();
    stage.start({}, stage.open());
    await stage.runtime.advance(25_000);
    await stage.take(1);
    first.wake();
    await stage.runtime.advance(0);
    await first.close();
    await stage.take(2);
    await stage.runtime.advance(10_000);
    expect(called()).toEqual([1, 2]);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done' });
  });

  it('it forwards each event once, however often both are woken', async () => {
    stage.answer = () => stage.after(300, done);
    const forwarders = [stage.start(), stage.start({}, stage.open())];
    for (const number of range(1, 40)) {
      await stage.take(number);
      for (const forwarder of forwarders) forwarder.wake();
      await stage.runtime.advance(250);
    }
    await stage.runtime.advance(60_000);
    expect(called()).toEqual(range(1, 40));
  });
});

describe('closing', () => {
  it('waits for the calls under way, records them and begins nothing more (fault 67)', async () => {
    stage.answer = () => stage.after(4_000, done);
    await stage.take(1, 2, 3);
    const forwarder = stage.start({ concurrent: 2 });
    await stage.runtime.advance(1_000);
    let isClosed = false;
    const closing = forwarder.close().then(() => {
      isClosed = true;
    });
    await stage.runtime.advance(2_999);
    expect(isClosed).toBe(false);
    await stage.runtime.advance(1);
    await closing;
    await stage.runtime.advance(60_000);
    expect(called()).toEqual([1, 2]);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done', 3: 'waiting' });
  });

  it('resigns, so that a successor need not wait, and leaves no timer', async () => {
    const forwarder = stage.start();
    await stage.runtime.advance(7_000);
    await forwarder.close();
    expect(stage.runtime.timers).toBe(0);
    expect(await stage.intake.lead('successor', stage.runtime.now())).toBe(true);
  });

  it.each([
    ['quick', 0],
    ['slow', 150],
  ])('leaves no call behind and no lease held while it looks at a %s intake', async (_, delayMs) => {
    stage.answer = () => stage.after(2_000, done);
    await stage.take(1, 2);
    const { intake, runtime } = stage;
    const late = async () => {
      if (delayMs) await stage.after(delayMs, done);
    };
    const forwarder = stage.start(
      {},
      {
        ...intake,
        lead: (...all) => late().then(() => intake.lead(...all)),
        begin: (...all) => late().then(() => intake.begin(...all)),
      },
    );
    const closing = forwarder.close().then(() => ({
      calls: called(),
      unanswered: stage.calls.filter(({ endedAt }) => endedAt === undefined),
    }));
    await runtime.advance(MINUTE_MS);
    const atTheEnd = await closing;
    expect(atTheEnd).toEqual({ calls: called(), unanswered: [] });
    expect(Object.values(await stage.states())).not.toContain('forwarding');
    expect(await intake.lead('successor', runtime.now() - MINUTE_MS + 3_000)).toBe(true);
    expect(runtime.timers).toBe(0);
  });

  it('lets a wake that comes afterwards do nothing', async () => {
    const forwarder = stage.start();
    await stage.runtime.advance(0);
    await forwarder.close();
    await stage.take(1);
    forwarder.wake();
    await stage.runtime.advance(60_000);
    expect(called()).toEqual([]);
  });
});
