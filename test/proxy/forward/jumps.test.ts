/** A clock that jumps ahead does not make any event old. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchJumps } from '../../../src/proxy/forward/jumps.js';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { type FakeRuntime, fakeRuntime } from '../../support/runtime.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('a watched clock', () => {
  let runtime: FakeRuntime;

  beforeEach(() => {
    runtime = fakeRuntime();
  });

  it.each([0, 30_000, MINUTE_MS])('grants nothing for a drift of %i ms', async (driftMs) => {
    const graceMs = watchJumps(runtime);
    runtime.jump(driftMs);
    expect(graceMs()).toBe(0);
  });

  it('grants what it jumped ahead, and nothing once it is back', () => {
    const graceMs = watchJumps(runtime);
    runtime.jump(25 * HOUR_MS);
    expect(graceMs()).toBe(25 * HOUR_MS);
    runtime.jump(-25 * HOUR_MS);
    expect(graceMs()).toBe(0);
  });

  it('grants nothing for going back, but what comes after that', () => {
    const graceMs = watchJumps(runtime);
    runtime.jump(-2 * HOUR_MS);
    expect(graceMs()).toBe(0);
    runtime.jump(2 * HOUR_MS);
    expect(graceMs()).toBe(2 * HOUR_MS);
  });

  it('grants the sum of several jumps', () => {
    const graceMs = watchJumps(runtime);
    runtime.jump(HOUR_MS);
    graceMs();
    runtime.jump(HOUR_MS);
    expect(graceMs()).toBe(2 * HOUR_MS);
  });

  it('grants it for a day from the last jump, when nothing of before waits any more', async () => {
    const graceMs = watchJumps(runtime);
    runtime.jump(5 * HOUR_MS);
    expect(graceMs()).toBe(5 * HOUR_MS);
    await runtime.advance(24 * HOUR_MS);
    expect(graceMs()).toBe(5 * HOUR_MS);
    await runtime.advance(1);
    expect(graceMs()).toBe(0);
  });
});

describe('events that wait while the clock is ahead', () => {
  let stage: Stage;

  beforeEach(() => {
    stage = createStage();
  });

  afterEach(() => stage.end());

  const dead = async (): Promise<string[]> =>
    Object.entries(await stage.states())
      .filter(([, state]) => state === 'dead')
      .map(([number]) => number);

  it.each([1_500, 3 * HOUR_MS])(
    'do not become dead letters if it is ahead for %i ms (fault 56)',
    async (forMs) => {
      stage.answer = () => ({ kind: 'unavailable' });
      await stage.take(...range(1, 300));
      const forwarder = stage.start();
      await stage.runtime.advance(5_000);
      stage.runtime.jump(25 * HOUR_MS);
      forwarder.wake();
      await stage.runtime.advance(forMs);
      expect(await dead()).toEqual([]);
      stage.runtime.jump(-25 * HOUR_MS);
      stage.answer = () => ({ kind: 'done' });
      await stage.runtime.advance(5 * MINUTE_MS);
      expect(new Set(Object.values(await stage.states()))).toEqual(new Set(['done']));
      expect(stage.alerts).not.toContainEqual(expect.stringMatching(/dead letters/));
    },
  );

  it('still become dead letters once they have really waited for too long', async () => {
    stage.answer = () => ({ kind: 'unavailable' });
    await stage.take(1);
    // A shorter bound than by default: each hour has hundreds of calls.
    stage.start({}, stage.open({ maxDelayMs: 2 * HOUR_MS }));
    await stage.runtime.advance(5_000);
    stage.runtime.jump(25 * HOUR_MS);
    await stage.runtime.advance(2 * HOUR_MS - MINUTE_MS);
    expect(await dead()).toEqual([]);
    await stage.runtime.advance(10 * MINUTE_MS);
    expect(await dead()).toEqual(['1']);
  });
});
