import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wordsOf } from '../../../src/proxy/alerts/alert.js';
import { systemCodeOf } from '../../../src/proxy/alerts/cause.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import type { Intake } from '../../../src/proxy/index.js';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { admitted } from '../../support/intake.js';
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
const KEY = wordsOf('badKey', { api: 'offer events' });
const misconfigured: Outcome = { kind: 'misconfigured', alert: ['badKey', { api: 'offer events' }] };

/** Answers with this while `from` ≤ time < `until`, else takes the event. */
const during = (from: number, until: number, outcome: Outcome) => (): Outcome => {
  const at = stage.runtime.elapsed();
  return at >= from && at < until ? outcome : done;
};

const callsBetween = (from: number, until: number): number[] =>
  stage.calls.filter(({ at }) => at > from && at < until).map(({ at }) => at);

describe('a wall clock that jumps ahead', () => {
  it('does not let more calls out in a minute, though the intake counts those before as old', async () => {
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
});

describe('an upstream that asks for a pause', () => {
  it('gets one from everything, for as long as it asked, and then gets every event', async () => {
    stage.answer = during(0, 1, { kind: 'throttled', retryAfterMs: 20_000 });
    await stage.take(...range(1, 15));
    const forwarder = stage.start({ concurrent: 3 });
    await stage.runtime.advance(5_000);
    await stage.take(16);
    forwarder.wake();
    await stage.runtime.advance(MINUTE_MS);
    expect(called().slice(0, 3)).toEqual([1, 2, 3]);
    expect(callsBetween(0, 20_000)).toEqual([]);
    expect(
      called()
        .slice(3)
        .sort((a, b) => a - b),
    ).toEqual(range(1, 16));
    expect(stage.calls.filter(({ at }) => at > 26_000)).toEqual([]);
    expect(stage.alerts).toEqual([]);
  });

  it('gets the longest of the pauses that it asked of calls at the same time', async () => {
    stage.answer = (number) =>
      stage.runtime.elapsed() < 1 ? { kind: 'throttled', retryAfterMs: number === 1 ? 40_000 : 2_000 } : done;
    await stage.take(1, 2, 3);
    stage.start();
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(callsBetween(0, 40_000)).toEqual([]);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done', 3: 'done' });
  });

  it('also gets it from the other processes on the file', async () => {
    stage.answer = during(0, 1, { kind: 'throttled', retryAfterMs: 300_000 });
    await stage.take(1, 2);
    stage.start();
    stage.start({}, stage.open());
    await stage.runtime.advance(290_000);
    expect(callsBetween(0, 290_000)).toEqual([]);
    await stage.runtime.advance(120_000);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done' });
  });

  it('gets events again after it, although the clock went back a day meanwhile', async () => {
    stage.answer = during(0, 1, { kind: 'throttled', retryAfterMs: 10_000 });
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
    stage.answer = () => misconfigured;
    await stage.take(...range(1, 20));
    stage.start({ concurrent: 2 });
    await stage.runtime.advance(120 * MINUTE_MS);
    expect(new Set(stage.alerts)).toEqual(new Set([KEY]));
    expect(stage.alerts.length).toBeGreaterThan(6);
    expect(stage.alerts.length).toBeLessThanOrEqual(13);
    const moments = [...new Set(stage.calls.map(({ at }) => at))];
    const gaps = moments.slice(1).map((at, index) => at - (moments[index] ?? 0));
    expect(gaps.filter((gap) => gap < 30_000 || gap > 31_000)).toEqual([]);
    expect(new Set(Object.values(await stage.states()))).toEqual(new Set(['waiting']));
  });

  it('is over as soon as a call succeeds', async () => {
    stage.answer = during(0, 60_000, misconfigured);
    await stage.take(1, 2, 3);
    stage.start();
    await stage.runtime.advance(4 * MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done', 3: 'done' });
    expect(stage.alerts).toEqual([KEY]);
  });

  it('is reported again by the next process while it lasts', async () => {
    stage.answer = () => misconfigured;
    await stage.take(1);
    const first = stage.start();
    await stage.runtime.advance(1_000);
    await first.close();
    stage.start();
    await stage.runtime.advance(MINUTE_MS);
    expect(stage.alerts).toEqual([KEY, KEY]);
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
    expect(new Set(Object.values(await stage.states()))).toEqual(new Set(['done']));
  });

  it('is tried about every 30 s, after a hundred events in a row as well as after a few', async () => {
    for (const last of [130, 10]) {
      stage.answer = (number) => (number === 1 ? done : misconfigured);
      await stage.take(1);
      const forwarder = stage.start();
      await stage.runtime.advance(1_000);
      await stage.take(...range(2, last));
      forwarder.wake();
      await stage.runtime.advance(5 * MINUTE_MS);
      const since = stage.runtime.elapsed();
      await stage.runtime.advance(20 * MINUTE_MS);
      expect(callsBetween(since, since + 20 * MINUTE_MS).length).toBeLessThanOrEqual(41);
      await stage.end();
      stage = createStage();
    }
  });

  it('holds up other events for a minute at most if sixty events ahead of them meet it', async () => {
    stage.answer = (number) => (number >= 2 && number <= 61 ? misconfigured : done);
    await stage.take(1);
    const forwarder = stage.start();
    await stage.runtime.advance(1_000);
    await stage.take(...range(2, 61));
    await stage.runtime.advance(1);
    await stage.take(...range(62, 100));
    forwarder.wake();
    await stage.runtime.advance(MINUTE_MS);
    const states = await stage.states();
    expect(range(62, 100).filter((number) => states[number] !== 'done')).toEqual([]);
    expect(range(2, 61).filter((number) => states[number] !== 'waiting')).toEqual([]);
    // The fault is now known to belong to these sixty, so they no longer hold up others.
    await stage.runtime.advance(2 * MINUTE_MS);
    for (const number of range(101, 110)) {
      await stage.take(number);
      forwarder.wake();
      await stage.runtime.advance(2_000);
      expect((await stage.states())[number]).toBe('done');
    }
  });

  it('is known to be of one event only, also if the others are refused by name', async () => {
    stage.answer = (number) =>
      number === 1 ? misconfigured : { kind: 'refused', code: 'param_wrong_value' };
    await stage.take(2);
    const forwarder = stage.start();
    await stage.runtime.advance(1_000);
    await stage.take(1, ...range(3, 9));
    forwarder.wake();
    await stage.runtime.advance(1_000);
    const states = await stage.states();
    expect(range(2, 9).map((number) => states[number])).toEqual(range(2, 9).map(() => 'dead'));
    expect(states[1]).toBe('waiting');
  });

  it('leaves no event waiting for more than a minute if it is repaired before a restart', async () => {
    stage.answer = () => misconfigured;
    await stage.take(1);
    const first = stage.start();
    await stage.runtime.advance(60 * MINUTE_MS);
    await first.close();
    stage.answer = () => done;
    stage.start();
    await stage.runtime.advance(MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done' });
  });

  it('leaves most of the pace to the others if sixty events meet it', async () => {
    stage.answer = (number) => (number <= 60 ? misconfigured : done);
    await stage.take(100);
    const forwarder = stage.start();
    await stage.runtime.advance(1_000);
    for (const number of range(1, 60)) {
      await stage.take(number, 200 + number);
      forwarder.wake();
      await stage.runtime.advance(2_000);
    }
    await stage.runtime.advance(30 * MINUTE_MS);
    const before = stage.calls.length;
    await stage.runtime.advance(10 * MINUTE_MS);
    expect(stage.calls.length - before).toBeLessThanOrEqual(70);
  });

  it('holds up only the one event that meets it, and is reported', async () => {
    stage.answer = (number) => (number === 1 ? misconfigured : done);
    await stage.take(2);
    const forwarder = stage.start();
    await stage.runtime.advance(1_000);
    const late: number[] = [];
    for (const number of [1, ...range(3, 150)]) {
      await stage.take(number);
      forwarder.wake();
      await stage.runtime.advance(1_000);
      if ((await stage.states())[number] !== 'done') late.push(number);
    }
    expect(late).toEqual([1]);
    expect(called().filter((number) => number === 1)).toHaveLength(3);
    expect(stage.alerts).toEqual([KEY]);
  });

  it('holds up only the one event that meets it, even if that one is the first of all', async () => {
    stage.answer = (number) => (number === 1 ? misconfigured : done);
    await stage.take(1);
    const forwarder = stage.start();
    await stage.runtime.advance(5_000);
    for (const number of range(2, 60)) {
      await stage.take(number);
      forwarder.wake();
      await stage.runtime.advance(1_000);
    }
    const waiting = Object.entries(await stage.states()).filter(([, state]) => state !== 'done');
    expect(waiting).toEqual([['1', 'waiting']]);
  });

  it('holds up other offers for half a minute at most if the events of some offers meet it', async () => {
    const isPoison = (number: number): boolean => number % 3 === 0;
    stage.answer = (number) => (isPoison(number) ? misconfigured : done);
    await stage.take(...range(1, 60));
    stage.start();
    await stage.runtime.advance(4 * MINUTE_MS);
    const states = await stage.states();
    expect(
      range(1, 60).filter((number) => states[number] !== (isPoison(number) ? 'waiting' : 'done')),
    ).toEqual([]);
  });

  it('does not end forwarding when the alert hook throws', async () => {
    stage.answer = during(0, 1, misconfigured);
    await stage.take(1);
    stage.start({}, stage.intake, () => {
      throw new Error('pager down');
    });
    await stage.runtime.advance(5 * MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done' });
  });
});

describe('an outage', () => {
  const kinds: Outcome[] = [{ kind: 'ambiguous' }, { kind: 'unavailable' }];

  it.each(kinds)(
    'that shows as $kind is met with ever fewer calls, and all is well soon after',
    async (outcome) => {
      stage.answer = during(0, 20 * MINUTE_MS, outcome);
      await stage.take(...range(1, 30));
      stage.start();
      await stage.runtime.advance(20 * MINUTE_MS);
      const inLastFiveMinutes = callsBetween(15 * MINUTE_MS, 20 * MINUTE_MS);
      const gaps = inLastFiveMinutes.slice(1).map((at, index) => at - (inLastFiveMinutes[index] ?? 0));
      expect(gaps.filter((gap) => gap < 10_000 || gap > 45_000)).toEqual([]);
      await stage.runtime.advance(MINUTE_MS);
      expect(Object.entries(await stage.states()).filter(([, state]) => state !== 'done')).toEqual([]);
      const recovered = stage.calls.filter(({ at }) => at >= 20 * MINUTE_MS).map(({ number }) => number);
      expect(recovered.sort((a, b) => a - b)).toEqual(range(1, 30));
    },
  );

  it('is alerted with the code of its last call, since a refused connection and a 503 have different repairs', async () => {
    const alerts: unknown[] = [];
    stage.answer = (number) =>
      number > 1 ? done : { kind: 'unavailable', why: stage.calls.length > 4 ? 'HTTP_503' : 'ECONNREFUSED' };
    await stage.take(1);
    stage.start({}, stage.intake, (message, cause) => alerts.push([message, systemCodeOf(cause)]));
    await stage.runtime.advance(20 * MINUTE_MS);
    expect(alerts.slice(0, 2)).toEqual([
      [wordsOf('unreachable'), 'ECONNREFUSED'],
      [wordsOf('unreachable'), 'HTTP_503'],
    ]);
  });

  it('is not assumed if only one event fails (fault 13)', async () => {
    stage.answer = (number) => (number === 1 ? { kind: 'ambiguous' } : done);
    await stage.takeEvents(dismissed(2, 1));
    await stage.take(1, ...range(3, 20));
    stage.start();
    await stage.runtime.advance(15_000);
    const states = await stage.states();
    expect(range(3, 20).filter((number) => states[number] !== 'done')).toEqual([]);
    expect([states[1], states[2]]).toEqual(['forwarding', 'waiting']);
    const attempts = stage.calls.filter(({ number }) => number === 1).map(({ at }) => at);
    const gaps = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    expect(gaps).toEqual([...gaps].sort((a, b) => a - b));
    expect(called()).not.toContain(2);
  });

  it('ends with the only event that meets it, which becomes a dead letter and frees its offer (fault 13)', async () => {
    stage.answer = (number) => (number === 1 ? { kind: 'ambiguous' } : done);
    const impatient = stage.open({ maxDelayMs: 10 * MINUTE_MS });
    await stage.take(...range(1, 5));
    const forwarder = stage.start({}, impatient);
    await stage.runtime.advance(9 * MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'forwarding', 2: 'done', 3: 'done', 4: 'done', 5: 'done' });
    await stage.runtime.advance(2 * MINUTE_MS);
    const [poison] = (await stage.intake.list({ limit: 9 })).filter(({ state }) => state !== 'done');
    expect(poison).toMatchObject({ state: 'dead', code: 'expired', isAmbiguous: true });
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

describe('an intake that breaks', () => {
  /** The same intake, with one method that fails for the first so many times. */
  const failing = (method: 'finish' | 'begin' | 'lead', times: number): Intake => {
    let left = times;
    const fail = () => {
      left--;
      return Promise.reject(new Error('disk I/O error at /srv/secret/intake.db'));
    };
    const { intake } = stage;
    return {
      ...intake,
      finish: (...all) => (method === 'finish' && left > 0 ? fail() : intake.finish(...all)),
      begin: (...all) => (method === 'begin' && left > 0 ? fail() : intake.begin(...all)),
      lead: (...all) => (method === 'lead' && left > 0 ? fail() : intake.lead(...all)),
    };
  };

  it.each(['begin', 'lead'] as const)(
    '%s fails: an alert says so in plain words, and it is retried',
    async (method) => {
      await stage.take(1, 2);
      stage.start({}, failing(method, 2));
      await stage.runtime.advance(MINUTE_MS);
      expect(called()).toEqual([1, 2]);
      expect(stage.alerts[0]).toMatch(/intake.*disk/i);
      expect(stage.alerts.join()).not.toMatch(/I\/O|srv/);
    },
  );

  it('gets a success later if it could not record it, and the event is not forwarded again', async () => {
    await stage.take(1);
    stage.start({}, failing('finish', 2));
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(called()).toEqual([1]);
    expect(await stage.states()).toEqual({ 1: 'done' });
  });

  it('does not hold the offer back until the next restart if it could not record a failure', async () => {
    let answers = 0;
    stage.answer = () => (answers++ === 0 ? { kind: 'unavailable' } : done);
    await stage.takeEvents(dismissed(2, 1));
    await stage.take(1);
    stage.start({}, failing('finish', 1));
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done' });
  });

  it('does not keep events until the next restart if it has begun them without saying so', async () => {
    const { intake } = stage;
    let isTold = false;
    await stage.take(1, 2);
    stage.start(
      {},
      {
        ...intake,
        async begin(options) {
          const begun = await intake.begin(options);
          if (isTold) return begun;
          isTold = true;
          throw new Error('disk I/O error');
        },
      },
    );
    await stage.runtime.advance(2 * MINUTE_MS);
    expect(await stage.states()).toEqual({ 1: 'done', 2: 'done' });
    expect(called()).toEqual([1, 2]);
    expect((await intake.list({ limit: 10 })).every(({ isAmbiguous }) => isAmbiguous)).toBe(true);
  });

  it('does not call again for an event whose call still runs, if it has begun another one without saying so', async () => {
    const { intake } = stage;
    stage.answer = () => stage.after(8_000, done);
    await stage.take(1);
    let looks = 0;
    const forwarder = stage.start(
      {},
      {
        ...intake,
        async begin(options) {
          const begun = await intake.begin(options);
          if (++looks === 2) throw new Error('disk I/O error');
          return begun;
        },
      },
    );
    await stage.runtime.advance(1_000);
    await stage.take(2);
    forwarder.wake();
    await stage.runtime.advance(30_000);
    expect(called()).toEqual([1, 2]);
    expect(await intake.list({ limit: 9 })).toMatchObject([
      { state: 'done', isAmbiguous: true },
      { state: 'done', isAmbiguous: false },
    ]);
  });

  it('is asked again after a second, even if it fails while events come', async () => {
    const looks: number[] = [];
    const forwarder = stage.start(
      {},
      {
        ...stage.intake,
        begin() {
          looks.push(stage.runtime.elapsed());
          if (looks.length === 1) forwarder.wake();
          return Promise.reject(new Error('disk I/O error'));
        },
      },
    );
    await stage.runtime.advance(2_500);
    expect(looks).toEqual([0, 1_000, 2_000]);
  });

  it('never has two calls of one event at once if it has recorded a failure without saying so', async () => {
    const { intake } = stage;
    let failures = 0;
    stage.answer = () =>
      failures++ === 0 ? { kind: 'ambiguous' } : stage.after(30_000, { kind: 'unavailable' });
    await stage.take(1);
    let isTold = false;
    const forwarder = stage.start(
      {},
      {
        ...intake,
        async finish(...result) {
          await intake.finish(...result);
          if (isTold) return;
          isTold = true;
          // It fails so late that the event is on its way again.
          await new Promise<void>((resolve) => stage.runtime.after(5_000, resolve));
          throw new Error('disk I/O error');
        },
      },
    );
    await stage.runtime.advance(2_000);
    forwarder.wake();
    await stage.runtime.advance(18_000);
    expect(called()).toEqual([1, 1]);
  });

  it('does not stop forwarding if the alert hook throws as well', async () => {
    await stage.take(1);
    stage.start({}, failing('begin', 1), () => {
      throw new Error('pager down');
    });
    await stage.runtime.advance(MINUTE_MS);
    expect(called()).toEqual([1]);
  });
});

describe('a wake', () => {
  it.each(range(0, 7))('that comes %i microtasks after another one is never lost', async (microtasks) => {
    let looks = 0;
    const { intake } = stage;
    const forwarder = stage.start(
      {},
      {
        ...intake,
        lead: async () => true,
        async begin() {
          looks++;
          return { rows: [], nextAt: undefined, expired: 0 };
        },
      },
    );
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
