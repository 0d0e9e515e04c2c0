// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Leasing } from '../../../../src/client/later/outbox/leasing.js';
import { applyVerdicts } from '../../../../src/client/later/outbox/verdicts.js';
import type { Verdict } from '../../../../src/protocol/batch.js';
import { idOf, START, viewed } from '../../../support/events.js';

const HOUR_MS = 3_600_000;

/** What becomes of events 1 to 4 under these verdicts, in the order of doing. */
const apply = async (verdicts: Readonly<Record<string, Verdict>>, token?: string) => {
  const done: unknown[] = [];
  const leasing: Pick<Leasing, 'settle' | 'bury' | 'release'> = {
    settle: async (ids) => void done.push(['settle', ...ids]),
    bury: async (codes) => void done.push(['bury', ...codes]),
    release: async (given, notBefore) => void done.push(['release', given, ...notBefore]),
  };
  const isTaken = await applyVerdicts(
    leasing as Leasing,
    [1, 2, 3, 4].map((n) => viewed(n)),
    new Map(Object.entries(verdicts)),
    { now: START, ...(token === undefined ? {} : { token }) },
  );
  return { done, isTaken };
};

const [one, two, three, four] = [idOf(1), idOf(2), idOf(3), idOf(4)];
const accepted: Verdict = { kind: 'accepted' };
const all = { [one]: accepted, [two]: accepted, [three]: accepted, [four]: accepted };

describe('what each verdict does', () => {
  test('accepted and duplicate settle, and then everything was taken', async () => {
    await expect(apply({ ...all, [three]: { kind: 'duplicate' } }, 't')).resolves.toEqual({
      done: [['settle', one, two, three, four]],
      isTaken: true,
    });
  });

  test('refused makes a dead letter, with its code', async () => {
    await expect(apply({ ...all, [two]: { kind: 'refused', code: 'conflict' } }, 't')).resolves.toEqual({
      done: [
        ['settle', one, three, four],
        ['bury', [two, 'conflict']],
      ],
      isTaken: false,
    });
  });

  test.each([
    ['half a minute where it names no time', {}, 30_000],
    ['as long as it says', { retryAfterMs: 1_500 }, 1_500],
    ['not at all where it says so', { retryAfterMs: 0 }, 0],
    ['an hour at most', { retryAfterMs: HOUR_MS + 1 }, HOUR_MS],
  ])('deferred waits %s', async (_, more, delayMs) => {
    const verdict: Verdict = { kind: 'deferred', code: 'busy', ...more };
    await expect(apply({ ...all, [four]: verdict }, 't')).resolves.toEqual({
      done: [
        ['settle', one, two, three],
        ['release', 't', [four, START + delayMs]],
      ],
      isTaken: false,
    });
  });

  test('a missing verdict gives the event back at once', async () => {
    await expect(apply({ [two]: accepted }, 't')).resolves.toEqual({
      done: [
        ['settle', two],
        ['release', 't', [one, 0], [three, 0], [four, 0]],
      ],
      isTaken: false,
    });
  });

  test('no verdict at all settles and buries nothing', async () => {
    await expect(apply({}, 't')).resolves.toEqual({
      done: [['release', 't', [one, 0], [two, 0], [three, 0], [four, 0]]],
      isTaken: false,
    });
  });

  test('one about an event that was not asked about does nothing', async () => {
    const stranger = { [idOf(9)]: accepted, [idOf(8)]: { kind: 'refused', code: 'x' } as const };
    await expect(apply({ ...all, ...stranger }, 't')).resolves.toEqual({
      done: [['settle', one, two, three, four]],
      isTaken: true,
    });
  });
});

describe('the farewell, which has no lease', () => {
  test('gives back under a name that no lease has', async () => {
    const { done } = await apply({ ...all, [one]: { kind: 'deferred', code: 'busy' } });
    expect(done[1]).toEqual(['release', '', [one, START + 30_000]]);
  });
});
