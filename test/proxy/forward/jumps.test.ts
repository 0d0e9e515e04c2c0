/** A clock that jumps ahead does not make any event old. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchJumps } from '../../../src/proxy/forward/jumps.js';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { fakeRuntime } from '../../support/runtime.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A jump of the clock, or time that passes. */
type Step = { readonly jump: number } | { readonly pass: number };
const jump = (hours: number): Step => ({ jump: hours * HOUR_MS });

it.each<[string, readonly Step[], grace: number]>([
  ['nothing', [], 0],
  ['a drift of a minute', [{ jump: MINUTE_MS }], 0],
  ['a jump ahead', [jump(25)], 25 * HOUR_MS],
  ['a jump ahead and back', [jump(25), jump(-25)], 0],
  ['a jump back', [jump(-2)], 0],
  ['a jump back and ahead', [jump(-2), jump(2)], 2 * HOUR_MS],
  ['two jumps ahead', [jump(1), jump(1)], 2 * HOUR_MS],
  ['a day since a jump ahead', [jump(5), { pass: 24 * HOUR_MS }], 5 * HOUR_MS],
  [
    'more than a day since it, when nothing of before waits any more',
    [jump(5), { pass: 24 * HOUR_MS + 1 }],
    0,
  ],
])('a watched clock grants, after %s, as much as it is ahead', (_, steps, grace) => {
  const runtime = fakeRuntime();
  const graceMs = watchJumps(runtime);
  for (const step of steps) {
    if ('jump' in step) runtime.jump(step.jump);
    else runtime.pass(step.pass);
    graceMs();
  }
  expect(graceMs()).toBe(grace);
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
