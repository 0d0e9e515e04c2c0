/** Whether a process says that it can take events. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Readiness, watchReadiness } from '../../../src/proxy/cli/readiness.js';
import type { Intake, Verdict } from '../../../src/proxy/index.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

let runtime: FakeRuntime;
let readiness: Readiness;
/** What happens when the intake is read. */
let asking: () => Promise<void>;
/** What happens when the process asks to lead. */
let leading: () => Promise<boolean>;
/** What happens when events are taken. */
let taking: () => Promise<ReadonlyMap<string, Verdict>>;

const works = async (): Promise<ReadonlyMap<string, Verdict>> => new Map();
const fails = (): Promise<never> => Promise.reject(new Error('disk full'));
const take = (): Promise<unknown> => readiness.intake.take([]).catch(() => undefined);

beforeEach(() => {
  runtime = fakeRuntime();
  asking = async () => undefined;
  taking = works;
  leading = async () => true;
  const intake: Pick<Intake, 'take' | 'knows' | 'lead'> = {
    lead: () => leading(),
    take: () => taking(),
    async knows() {
      await asking();
      return new Set();
    },
  };
  readiness = watchReadiness(intake as Intake, runtime);
});

describe('a process is ready', () => {
  it('and does not try to write while nothing fails', async () => {
    let tries = 0;
    taking = () => {
      tries++;
      return works();
    };
    await expect(readiness.isReady()).resolves.toBe(true);
    expect(tries).toBe(0);
  });

  it('while its intake answers', async () => {
    await expect(readiness.isReady()).resolves.toBe(true);
  });

  it('and asking leaves no timer behind', async () => {
    await readiness.isReady();
    expect(runtime.timers).toBe(0);
  });

  it('if the answer comes while the process itself is busy for longer than 2 s', async () => {
    let answer = (): void => undefined;
    asking = () => new Promise((resolve) => (answer = resolve));
    const ready = readiness.isReady();
    runtime.pass(5_000);
    await runtime.advance(0);
    answer();
    await expect(ready).resolves.toBe(true);
  });

  it('as soon as events were taken after some that were not', async () => {
    taking = fails;
    await take();
    taking = works;
    await take();
    await expect(readiness.isReady()).resolves.toBe(true);
  });

  it('15 s after a failure if it can take events then, though nobody sends any', async () => {
    taking = fails;
    await take();
    taking = works;
    await runtime.advance(14_999);
    await expect(readiness.isReady()).resolves.toBe(false);
    await runtime.advance(1);
    await expect(readiness.isReady()).resolves.toBe(true);
  });
});

describe('whether a process takes events', () => {
  it('is known without asking the intake while nothing fails', async () => {
    asking = fails;
    await expect(readiness.isTaking()).resolves.toBe(true);
  });

  it('is false after a failure, though the intake answers, until events can be taken', async () => {
    taking = fails;
    await take();
    await expect(readiness.isTaking()).resolves.toBe(false);
    taking = works;
    await runtime.advance(15_000);
    await expect(readiness.isTaking()).resolves.toBe(true);
  });
});

describe('a process is not ready', () => {
  it('if events were not taken a moment ago', async () => {
    taking = fails;
    await take();
    await expect(readiness.isReady()).resolves.toBe(false);
  });

  it('for as long as events cannot be taken, though nobody sends any', async () => {
    taking = fails;
    await take();
    for (let minute = 0; minute < 3; minute++) {
      await runtime.advance(60_000);
      await expect(readiness.isReady()).resolves.toBe(false);
    }
  });

  it('if it can neither lead nor take', async () => {
    leading = fails;
    await readiness.intake.lead('token', 0).catch(() => undefined);
    await expect(readiness.isReady()).resolves.toBe(false);
    await runtime.advance(15_000);
    await expect(readiness.isReady()).resolves.toBe(true);
  });

  it('if taking does not answer within 2 s after a failure', async () => {
    taking = fails;
    await take();
    await runtime.advance(15_000);
    taking = () => new Promise(() => undefined);
    const answer = readiness.isReady();
    await runtime.advance(2_000);
    await expect(answer).resolves.toBe(false);
  });

  it('and does not try again at once if taking did not answer', async () => {
    taking = fails;
    await take();
    await runtime.advance(15_000);
    let tries = 0;
    taking = () => {
      tries++;
      return new Promise(() => undefined);
    };
    for (let second = 0; second < 12; second++) {
      void readiness.isReady();
      await runtime.advance(1_000);
    }
    expect(tries).toBe(1);
  });

  it('if the intake cannot be asked', async () => {
    asking = fails;
    await expect(readiness.isReady()).resolves.toBe(false);
  });

  it('if the intake does not answer within 2 s', async () => {
    asking = () => new Promise(() => undefined);
    const answer = readiness.isReady();
    await runtime.advance(2_000);
    await expect(answer).resolves.toBe(false);
  });
});
