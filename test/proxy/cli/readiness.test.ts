/** Whether a process says that it can take events. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type Readiness, watchReadiness } from '../../../src/proxy/cli/readiness.js';
import type { Intake } from '../../../src/proxy/index.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

const works = async (): Promise<never> => undefined as never;
const fails = (): Promise<never> => Promise.reject(new Error('disk full'));
const hangs = (): Promise<never> => new Promise(() => undefined);

let runtime: FakeRuntime;
let readiness: Readiness;
/** What happens when events are taken, when the process asks to lead, and when the intake is read. */
let taking: () => Promise<never>;
let leading: () => Promise<never>;
let asking: () => Promise<never>;
/** How often taking was tried. */
let tries: number;

beforeEach(() => {
  runtime = fakeRuntime();
  [taking, leading, asking, tries] = [works, works, works, 0];
  const intake: Pick<Intake, 'take' | 'knows' | 'lead'> = {
    lead: () => leading(),
    take() {
      tries++;
      return taking();
    },
    knows: () => asking(),
  };
  readiness = watchReadiness(intake as Intake, runtime);
});

/** Asks, and lets two seconds pass. */
const answerOf = async (ask: 'isReady' | 'isTaking'): Promise<boolean> => {
  const answer = readiness[ask]();
  await runtime.advance(2_000);
  return answer;
};

const take = (): Promise<unknown> => readiness.intake.take([]).catch(() => undefined);

const failed = async (): Promise<void> => {
  taking = fails;
  await take();
};

it.each<[string, isReady: boolean, isTaking: boolean, () => unknown]>([
  ['nothing fails', true, true, () => undefined],
  ['the intake cannot be asked', false, true, () => (asking = fails)],
  ['the intake does not answer within 2 s', false, true, () => (asking = hangs)],
  ['events were not taken a moment ago, though the intake answers', false, false, failed],
  [
    'events were taken after some that were not',
    true,
    true,
    async () => {
      await failed();
      taking = works;
      await take();
    },
  ],
  [
    'the process could not lead a moment ago',
    false,
    false,
    async () => {
      leading = fails;
      await readiness.intake.lead('token', 0).catch(() => undefined);
    },
  ],
  [
    'events can be taken 15 s after a failure, though nobody sends any',
    true,
    true,
    async () => {
      await failed();
      taking = works;
      await runtime.advance(15_000);
    },
  ],
  [
    'events could be taken before 15 s have passed',
    false,
    false,
    async () => {
      await failed();
      taking = works;
      await runtime.advance(10_999);
    },
  ],
  [
    'taking does not answer within 2 s of being tried again',
    false,
    false,
    async () => {
      await failed();
      await runtime.advance(15_000);
      taking = hangs;
    },
  ],
])('if %s, a process is ready: %s, and takes events: %s', async (_, isReady, isTaking, happens) => {
  await happens();
  expect([await answerOf('isReady'), await answerOf('isTaking')]).toEqual([isReady, isTaking]);
});

describe('asking', () => {
  it('tries to write nothing while nothing fails, and leaves no timer behind', async () => {
    await readiness.isReady();
    expect([tries, runtime.timers]).toEqual([0, 0]);
  });

  it('is answered though the process itself is busy for longer than 2 s', async () => {
    let answer = (): void => undefined;
    asking = () => new Promise((resolve) => (answer = () => resolve(undefined as never)));
    const ready = readiness.isReady();
    runtime.pass(5_000);
    await runtime.advance(0);
    answer();
    await expect(ready).resolves.toBe(true);
  });

  it.each([
    ['fails', fails],
    ['does not answer', hangs],
  ])('tries once in 15 s while taking %s, and is false for as long', async (_, next) => {
    await failed();
    taking = next;
    for (let second = 0; second < 45; second++) {
      void readiness.isReady();
      await runtime.advance(1_000);
    }
    expect([tries, await answerOf('isReady')]).toEqual([3, false]);
  });
});
