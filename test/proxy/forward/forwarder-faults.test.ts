/** Pauses, faults of the configuration, outages and a broken intake, as the events of a whole forwarder meet them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Raised, wordsOf } from '../../../src/proxy/alerts/alert.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import type { Forwarder } from '../../../src/proxy/forward/forwarder.js';
import type { Intake, LaneNote } from '../../../src/proxy/index.js';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { admitted, temporaryFolder } from '../../support/intake.js';
import { noContent, pageRequest, startProxy } from '../../support/proxy.js';
import { intakeHere } from '../../support/sqlite.js';
import { wireBody, wireEvent } from '../../support/wire.js';
import { dismissed } from '../intake/intake.contract.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let stage: Stage;

beforeEach(() => {
  stage = createStage();
});

afterEach(async () => {
  await stage.end();
});

const called = (): number[] => stage.calls.map(({ number }) => number);
const done: Outcome = { kind: 'done' };
const KEY: Raised = ['badKey', { api: 'offer events' }];
const KEY_NOTE = { alert: wordsOf(...KEY), alertCode: 'badKey' };
const misconfigured: Outcome = { kind: 'misconfigured', alert: KEY };
const throttled = (retryAfterMs: number): Outcome => ({ kind: 'throttled', retryAfterMs });

/** Answers with this until then, and then takes the event. */
const until = (end: number, outcome: Outcome) => (): Outcome =>
  stage.runtime.elapsed() < end ? outcome : done;

const callsBetween = (from: number, end: number): number[] =>
  stage.calls.filter(({ at }) => at > from && at < end).map(({ at }) => at);
const gapsOf = (times: readonly number[]): number[] =>
  times.slice(1).map((at, before) => at - (times[before] ?? 0));
const notDone = async (): Promise<[string, string][]> =>
  Object.entries(await stage.states()).filter(([, state]) => state !== 'done');
const noteOf = async (intake: Intake = stage.intake): Promise<LaneNote> =>
  (await intake.status(stage.runtime.now())).note;

/** Takes these a second after the forwarder has delivered another one. */
const startWith = async (first: number, ...numbers: readonly number[]): Promise<Forwarder> => {
  await stage.take(first);
  const forwarder = stage.start();
  await stage.runtime.advance(1_000);
  await stage.take(...numbers);
  forwarder.wake();
  return forwarder;
};

it('a wall clock that jumps ahead lets out no more calls in a minute, though the intake counts those before as old', async () => {
  await stage.take(...range(1, 12));
  stage.start({ perMinute: 5 });
  await stage.runtime.advance(1_000);
  expect(called()).toHaveLength(5);
  stage.runtime.jump(2 * MINUTE_MS);
  await stage.runtime.advance(30_000);
  expect(called()).toHaveLength(5);
  await stage.runtime.advance(MINUTE_MS);
  expect(called()).toHaveLength(10);
});

describe('an upstream that asks for a pause', () => {
  it('gets one from everything, for as long as it asked, and then gets every event', async () => {
    stage.answer = until(1, throttled(20_000));
    await stage.take(...range(1, 15));
    const forwarder = stage.start({ concurrent: 3 });
    await stage.runtime.advance(5_000);
    await stage.take(16);
    forwarder.wake();
    await stage.runtime.advance(MINUTE_MS);
    expect(called().slice(0, 3)).toEqual([1, 2, 3]);
    expect(callsBetween(0, 20_000)).toEqual([]);
    const later = called().slice(3);
    expect(later.sort((a, b) => a - b)).toEqual(range(1, 16));
    expect(stage.calls.filter(({ at }) => at > 26_000)).toEqual([]);
    expect([stage.alerts, await noteOf()]).toEqual([[], { hasDelivered: true }]);
  });

  it('also gets it from the other processes on the file, and from the next one', async () => {
    stage.answer = until(1, throttled(300_000));
    await stage.take(1, 2);
    const first = stage.start();
    const other = stage.start({}, stage.open());
    await stage.runtime.advance(100_000);
    await first.close();
    await other.close();
    stage.start();
    await stage.runtime.advance(190_000);
    expect(callsBetween(0, 290_000)).toEqual([]);
    await stage.runtime.advance(120_000);
    expect(await notDone()).toEqual([]);
  });

  it('has it noted before its event waits again, so that another process knows of it first', async () => {
    const order: string[] = [];
    const { intake } = stage;
    stage.answer = () => throttled(50_000);
    await stage.take(1);
    const note: Intake['note'] = (given) => {
      if (given.pausedUntil !== undefined) order.push('noted');
      return intake.note(given);
    };
    const finish: Intake['finish'] = (...given) => {
      order.push('waits again');
      return intake.finish(...given);
    };
    stage.start({}, { ...intake, note, finish });
    await stage.runtime.advance(0);
    expect(order).toEqual(['noted', 'waits again']);
  });

  it('gets events again after it, although the clock went back a day meanwhile', async () => {
    stage.answer = until(1, throttled(10_000));
    await stage.take(1);
    const forwarder = stage.start();
    await stage.runtime.advance(1_000);
    stage.runtime.jump(-DAY_MS);
    await stage.take(2);
    forwarder.wake();
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(called()).toContain(2);
  });
});

describe('a fault of our configuration', () => {
  it('alerts once in ten minutes, tries one event every 30 s, and loses nothing', async () => {
    stage.answer = until(120 * MINUTE_MS, misconfigured);
    await stage.take(...range(1, 20));
    stage.start({ concurrent: 2 });
    await stage.runtime.advance(120 * MINUTE_MS - 1);
    expect(new Set(stage.alerts)).toEqual(new Set([KEY_NOTE.alert]));
    expect(stage.alerts.length).toBeGreaterThan(6);
    expect(stage.alerts.length).toBeLessThanOrEqual(13);
    const gaps = gapsOf([...new Set(stage.calls.map(({ at }) => at))]);
    expect(gaps.filter((gap) => gap < 30_000 || gap > 31_000)).toEqual([]);
    expect(new Set(Object.values(await stage.states()))).toEqual(new Set(['waiting']));
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(await notDone()).toEqual([]);
  });

  it('is noted for everybody who asks until a call goes well, although the alert hook throws', async () => {
    stage.answer = until(5 * MINUTE_MS, misconfigured);
    await stage.take(1);
    stage.start({}, stage.intake, () => {
      throw new Error('pager down');
    });
    await stage.runtime.advance(1_000);
    expect(await noteOf(stage.open())).toEqual(KEY_NOTE);
    await stage.runtime.advance(6 * MINUTE_MS);
    expect([await noteOf(), await notDone()]).toEqual([{ hasDelivered: true }, []]);
  });

  it('is reported again by the next process, which sends all within a minute once it is repaired', async () => {
    stage.answer = () => misconfigured;
    await stage.take(1);
    const first = stage.start();
    await stage.runtime.advance(9 * MINUTE_MS);
    await first.close();
    const second = stage.start();
    await stage.runtime.advance(51 * MINUTE_MS);
    expect(stage.alerts.length).toBeGreaterThanOrEqual(6);
    expect(stage.alerts[1]).toBe(KEY_NOTE.alert);
    await second.close();
    stage.answer = () => done;
    stage.start();
    await stage.runtime.advance(MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done' });
  });

  it('leaves one call a second once three events have met it, if it comes after something was taken', async () => {
    stage.answer = (number) => (number === 1 ? done : misconfigured);
    await stage.take(1);
    const forwarder = stage.start({ concurrent: 1 });
    await stage.runtime.advance(1_000);
    await stage.take(...range(2, 30));
    forwarder.wake();
    await stage.runtime.advance(999);
    expect(called()).toEqual([1, 2, 3, 4]);
    await stage.runtime.advance(9_000);
    expect(called()).toEqual(range(1, 13));
    stage.answer = () => done;
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(await notDone()).toEqual([]);
  });

  it('holds up other events for a minute at most if sixty events ahead of them meet it', async () => {
    stage.answer = (number) => (number >= 2 && number <= 61 ? misconfigured : done);
    const forwarder = await startWith(1, ...range(2, 100));
    await stage.runtime.advance(MINUTE_MS);
    expect(await notDone()).toEqual(range(2, 61).map((number) => [`${number}`, 'waiting']));
    // The fault is now known to belong to these sixty, so they no longer hold up others.
    await stage.runtime.advance(2 * MINUTE_MS);
    for (const number of range(101, 110)) {
      await stage.take(number);
      forwarder.wake();
      await stage.runtime.advance(2_000);
      expect((await stage.states())[number]).toBe('done');
    }
  });

  it('holds up only the one event that meets it, and is reported', async () => {
    stage.answer = (number) => (number === 1 ? misconfigured : done);
    const forwarder = await startWith(2, 1);
    await stage.runtime.advance(1_000);
    const late: number[] = [];
    for (const number of range(3, 150)) {
      await stage.take(number);
      forwarder.wake();
      await stage.runtime.advance(1_000);
      if ((await stage.states())[number] !== 'done') late.push(number);
    }
    expect(late).toEqual([]);
    expect(called().filter((number) => number === 1)).toHaveLength(3);
    expect(stage.alerts).toEqual([KEY_NOTE.alert]);
  });

  it('holds up other offers for half a minute at most if the events of some offers meet it', async () => {
    stage.answer = (number) => (number % 3 ? done : misconfigured);
    await stage.take(...range(1, 60));
    stage.start();
    await stage.runtime.advance(4 * MINUTE_MS);
    expect(await notDone()).toEqual(range(1, 20).map((number) => [`${3 * number}`, 'waiting']));
  });
});

describe('an outage', () => {
  it.each<Outcome>([{ kind: 'ambiguous' }, { kind: 'unavailable' }])(
    'that shows as $kind is met with ever fewer calls, and all is well soon after',
    async (outcome) => {
      const end = 20 * MINUTE_MS;
      stage.answer = until(end, outcome);
      await stage.take(...range(1, 30));
      stage.start();
      await stage.runtime.advance(end);
      const gaps = gapsOf(callsBetween(15 * MINUTE_MS, end));
      expect(gaps.filter((gap) => gap < 10_000 || gap > 45_000)).toEqual([]);
      await stage.runtime.advance(MINUTE_MS);
      expect(await notDone()).toEqual([]);
      const recovered = stage.calls.filter(({ at }) => at >= end).map(({ number }) => number);
      expect(recovered.sort((a, b) => a - b)).toEqual(range(1, 30));
    },
  );

  it('is not assumed if only one event fails (fault 13)', async () => {
    stage.answer = (number) => (number === 1 ? { kind: 'ambiguous' } : done);
    await stage.takeEvents(dismissed(2, 1));
    await stage.take(1, ...range(3, 20));
    stage.start();
    await stage.runtime.advance(15_000);
    expect(await notDone()).toEqual([
      ['1', 'forwarding'],
      ['2', 'waiting'],
    ]);
    const gaps = gapsOf(stage.calls.filter(({ number }) => number === 1).map(({ at }) => at));
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    expect(called()).not.toContain(2);
  });

  it('ends with the only event that meets it, which becomes a dead letter and frees its offer (fault 13)', async () => {
    stage.answer = (number) => (number === 1 ? { kind: 'ambiguous' } : done);
    const impatient = stage.open({ maxDelayMs: 10 * MINUTE_MS });
    await stage.take(...range(1, 5));
    const forwarder = stage.start({}, impatient);
    await stage.runtime.advance(9 * MINUTE_MS);
    expect(await notDone()).toEqual([['1', 'forwarding']]);
    await stage.runtime.advance(2 * MINUTE_MS);
    const [poison] = (await stage.intake.list({ limit: 9 })).filter(({ state }) => state !== 'done');
    expect(poison).toMatchObject({ state: 'dead', code: 'expired', isAmbiguous: true });
    expect(stage.alerts).toContainEqual(expect.stringMatching(/dead letters.*pace\.perMinute/s));
    const attempts = called().filter((number) => number === 1).length;
    expect(attempts).toBeGreaterThan(10);
    const now = stage.runtime.now();
    await stage.takeEvents(admitted(6, { offerId: 'offer1', occurredAt: now, receivedAt: now }));
    forwarder.wake();
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(called().filter((number) => number === 1)).toHaveLength(attempts);
    expect((await stage.states())[6]).toBe('done');
  });
});

it('what the upstream has ever shown is noted from its first delivery on, with how many keys it honoured, through any trouble and restart', async () => {
  stage.answer = (number) => ({ kind: 'done', isReplay: number > 1 });
  const first = await startWith(1);
  expect(await noteOf()).toEqual({ hasDelivered: true });
  await stage.take(2);
  first.wake();
  await stage.runtime.advance(1_000);
  await first.close();
  stage.answer = () => misconfigured;
  await stage.take(3);
  stage.start();
  await stage.runtime.advance(1_000);
  expect(await noteOf()).toEqual({ hasDelivered: true, honouredKeys: 1, ...KEY_NOTE });
  stage.answer = () => ({ kind: 'done', isReplay: true });
  await stage.runtime.advance(MINUTE_MS);
  expect(await noteOf(stage.open())).toEqual({ hasDelivered: true, honouredKeys: 2 });
});

it('a full intake is reported once in ten minutes at most, and new events are deferred', async () => {
  const folder = temporaryFolder();
  const started = startProxy({ intake: intakeHere({ file: `${folder.path}/i.db`, maxWaiting: 2 }) });
  try {
    started.runtime.answer = () => new Response(null, { status: 429, headers: { 'retry-after': '600' } });
    const say = async (number: number): Promise<unknown> => {
      const response = await started.proxy(pageRequest(wireBody([wireEvent(number)])));
      return ((await response.json()) as { results: unknown[] }).results[0];
    };
    expect([await say(1), await say(2), await say(3), await say(4)]).toMatchObject([
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

describe('an intake that breaks', () => {
  const broken = (): Error => new Error('disk I/O error at /srv/secret/intake.db');

  /** The same intake, with one method that fails in these calls, before or after it has done what it does. */
  const failing = (
    method: 'finish' | 'begin' | 'lead',
    calls: readonly number[],
    when: 'before' | 'after',
  ): Intake => {
    const { intake } = stage;
    const work = intake[method] as (...given: unknown[]) => Promise<unknown>;
    let call = 0;
    return {
      ...intake,
      async [method](...given: unknown[]) {
        const fails = calls.includes(++call);
        if (fails && when === 'before') throw broken();
        const result = await work(...given);
        if (fails) throw broken();
        return result;
      },
    };
  };

  it.each(['begin', 'lead'] as const)(
    '%s fails: an alert says so in plain words, and it is retried',
    async (method) => {
      await stage.take(1, 2);
      stage.start({}, failing(method, [1, 2], 'before'));
      await stage.runtime.advance(MINUTE_MS);
      expect(called()).toEqual([1, 2]);
      expect(stage.alerts[0]).toMatch(/intake.*disk/i);
      expect(stage.alerts.join()).not.toMatch(/I\/O|srv/);
    },
  );

  it('gets a success later if it could not record it, and the event is not forwarded again', async () => {
    await stage.take(1);
    stage.start({}, failing('finish', [1, 2], 'before'));
    await stage.runtime.advance(2 * MINUTE_MS);
    expect([called(), await notDone()]).toEqual([[1], []]);
  });

  it('does not hold the offer back until the next restart if it could not record a failure', async () => {
    stage.answer = () => (stage.calls.length === 1 ? { kind: 'unavailable' } : done);
    await stage.takeEvents(dismissed(2, 1));
    await stage.take(1);
    stage.start({}, failing('finish', [1], 'before'));
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done' });
  });

  it('does not keep events until the next restart if it has begun them without saying so', async () => {
    await stage.take(1, 2);
    stage.start({}, failing('begin', [1], 'after'));
    await stage.runtime.advance(2 * MINUTE_MS);
    expect([called(), await notDone()]).toEqual([[1, 2], []]);
    expect((await stage.intake.list({ limit: 10 })).every(({ isAmbiguous }) => isAmbiguous)).toBe(true);
  });

  it('does not call again for an event whose call still runs, if it has begun another one without saying so', async () => {
    stage.answer = () => stage.after(8_000, done);
    await stage.take(1);
    const forwarder = stage.start({}, failing('begin', [2], 'after'));
    await stage.runtime.advance(1_000);
    await stage.take(2);
    forwarder.wake();
    await stage.runtime.advance(30_000);
    expect(called()).toEqual([1, 2]);
    expect(await stage.intake.list({ limit: 9 })).toMatchObject([
      { state: 'done', isAmbiguous: true },
      { state: 'done', isAmbiguous: false },
    ]);
  });

  it('is asked again after a second, even if it fails while events come', async () => {
    const looks: number[] = [];
    const begin = (): Promise<never> => {
      looks.push(stage.runtime.elapsed());
      if (looks.length === 1) forwarder.wake();
      return Promise.reject(broken());
    };
    const forwarder = stage.start({}, { ...stage.intake, begin });
    await stage.runtime.advance(2_500);
    expect(looks).toEqual([0, 1_000, 2_000]);
  });

  it('never has two calls of one event at once if it has recorded a failure without saying so', async () => {
    const { intake, runtime } = stage;
    stage.answer = () =>
      stage.calls.length === 1 ? { kind: 'ambiguous' } : stage.after(30_000, { kind: 'unavailable' });
    await stage.take(1);
    let isTold = false;
    const finish: Intake['finish'] = async (...result) => {
      await intake.finish(...result);
      if (isTold) return;
      isTold = true;
      // It fails so late that the event is on its way again.
      await new Promise<void>((resolve) => runtime.after(5_000, resolve));
      throw broken();
    };
    const forwarder = stage.start({}, { ...intake, finish });
    await runtime.advance(2_000);
    forwarder.wake();
    await runtime.advance(18_000);
    expect(called()).toEqual([1, 1]);
  });
});

describe('a wake', () => {
  it.each(range(0, 7))('that comes %i microtasks after another one is never lost', async (microtasks) => {
    let looks = 0;
    const begin: Intake['begin'] = async () => {
      looks++;
      return { rows: [], nextAt: undefined, expired: 0 };
    };
    const forwarder = stage.start({}, { ...stage.intake, lead: async () => true, begin });
    await stage.runtime.advance(0);
    forwarder.wake();
    for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
    const before = looks;
    forwarder.wake();
    await stage.runtime.advance(0);
    expect(looks).toBeGreaterThan(before);
    expect(stage.runtime.timers).toBe(1);
  });
});
