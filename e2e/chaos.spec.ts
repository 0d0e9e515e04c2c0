import { expect, test } from '@playwright/test';
import type { Row } from '../test/history/row.js';
import { planOf } from './chaos/plan.js';
import { withReasons } from './chaos/reasons.js';
import { runPlan } from './chaos/run.js';
import { withUnheardEnds } from './chaos/unheard.js';

/** Short runs; between them they kill the browser, a renderer and proxies at several points. */
const SEEDS = [71, 153, 155, 219];
const STEPS = 25;

test.describe('under fire the delivery promise is kept', () => {
  for (const seed of SEEDS) {
    test(`in a run of seed ${seed}`, async ({ launchOptions }) => {
      test.setTimeout(300_000);
      const { checked } = await runPlan(planOf(seed, STEPS), launchOptions);
      const told = checked.broken.flatMap((name) => checked.invariants[name].breaches);
      expect(told, [...checked.stories.values()].join('\n\n')).toEqual([]);
      // Without events there would be nothing to keep.
      for (const name of ['I1', 'I3', 'I4', 'I9'] as const)
        expect(checked.invariants[name].standing, checked.invariants[name].title).toBe('kept');
    });
  }
});

test.describe('a document that another one replaced in its tab', () => {
  const opened = (tab: string): Row => ({ kind: 'opened', tab, watches: [], at: 1 });
  const deaths = (rows: readonly Row[]): unknown[] =>
    withUnheardEnds(rows).map((row) => (row.kind === 'killed' ? row.names : row.kind));

  test('has died there if nobody heard of its end', () => {
    expect(deaths([opened('t1.1.a'), opened('t2.2.b'), opened('t1.3.c')])).toEqual([
      'opened',
      'opened',
      ['t1.1.a'],
      'opened',
    ]);
  });

  test('has not if it said so, however late, or was killed', () => {
    const left: Row = { kind: 'page', tab: 't1.1.a', change: 'pagehide', at: 1 };
    expect(deaths([opened('t1.1.a'), opened('t1.2.b'), left])).toEqual(['opened', 'opened', 'page']);
    const killed: Row = { kind: 'killed', what: 'browser', names: ['t1.1.a'], at: 1 };
    expect(deaths([opened('t1.1.a'), killed, opened('t1.2.b')])).toEqual(['opened', ['t1.1.a'], 'opened']);
  });
});

test.describe('what a page removed in its last words', () => {
  const said = { tab: 't1.1.a', since: 1, at: 1 };
  const removed = { kind: 'removed', shelf: 'entry', id: 'x', serial: 5, ...said } as Row;
  const killed: Row = { kind: 'killed', what: 'browser', names: ['t1.1.a'], at: 2 };
  const whys = (rows: readonly Row[], isNarrow: boolean): unknown[] =>
    withReasons(rows, isNarrow).flatMap((row) => (row.kind === 'removed' ? [row.why] : []));

  test('made room, where there was hardly any and its browser was killed', () => {
    expect(whys([removed, killed], true)).toEqual(['storage-full']);
  });

  test('has no reason where there was room, where it lived, or where it went on to tell', () => {
    expect(whys([removed, killed], false)).toEqual([undefined]);
    expect(whys([removed], true)).toEqual([undefined]);
    const later = { kind: 'page', change: 'hidden', ...said, serial: 6 } as Row;
    expect(whys([removed, later, killed], true)).toEqual([undefined]);
  });
});
