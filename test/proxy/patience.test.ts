/** Deadlines that wait in several turns. */
import { beforeEach, describe, expect, it } from 'vitest';
import { patiently } from '../../src/proxy/patience.js';
import { type FakeRuntime, fakeRuntime } from '../support/runtime.js';

describe('a patient deadline', () => {
  let runtime: FakeRuntime;
  let endedAt: number[];

  beforeEach(() => {
    runtime = fakeRuntime();
    endedAt = [];
  });

  const wait = (delayMs: number) => patiently(runtime, delayMs, () => endedAt.push(runtime.elapsed()));

  it.each([1, 249, 250, 251, 1_000, 8_000])('ends once, after exactly its %i ms', async (delayMs) => {
    wait(delayMs);
    await runtime.advance(delayMs - 1);
    expect(endedAt).toEqual([]);
    await runtime.advance(60_000);
    expect([endedAt, runtime.timers]).toEqual([[delayMs], 0]);
  });

  it.each([0, 249, 250, 7_999])(
    'never ends, and leaves no timer, if it is stopped after %i ms',
    async (afterMs) => {
      const stop = wait(8_000);
      await runtime.advance(afterMs);
      stop();
      expect(runtime.timers).toBe(0);
      await runtime.advance(60_000);
      expect(endedAt).toEqual([]);
    },
  );

  it('counts a time in which nothing ran as one turn', async () => {
    wait(1_000);
    runtime.pass(60_000);
    await runtime.advance(749);
    expect(endedAt).toEqual([]);
    await runtime.advance(1);
    expect(endedAt).toEqual([60_750]);
  });

  it('ends after everything else that is due at the same time', async () => {
    const order: string[] = [];
    patiently(runtime, 1_000, () => order.push('late'));
    await runtime.advance(750);
    runtime.after(250, () => order.push('answer'));
    await runtime.advance(250);
    expect(order).toEqual(['answer', 'late']);
  });
});
