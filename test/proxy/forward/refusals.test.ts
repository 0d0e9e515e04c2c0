/** If most events are refused by name, the pages have a mistake, and an alert says so. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wordsOf } from '../../../src/proxy/alerts/alert.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import { createTrackRecord } from '../../../src/proxy/forward/track-record.js';
import { createStage, range, type Stage } from '../../support/forwarding.js';
import { fakeRuntime } from '../../support/runtime.js';

const HOUR_MS = 3_600_000;
const UNKNOWN: Outcome = { kind: 'refused', code: 'resource_not_found' };
const DONE: Outcome = { kind: 'done' };

describe('the latest outcomes lead to an alert or none', () => {
  const runtime = fakeRuntime();
  const alertAfter = (...outcomes: readonly Outcome[]): string | undefined => {
    const refusals = createTrackRecord(runtime);
    for (const outcome of outcomes) refusals.hear(outcome);
    const alert = refusals.alert();
    return alert && wordsOf(...alert);
  };
  const times = (count: number, outcome: Outcome): Outcome[] => Array.from({ length: count }, () => outcome);

  it.each([
    ['nothing', []],
    ['four refusals', times(4, UNKNOWN)],
    ['as many that were taken', [...times(10, UNKNOWN), ...times(10, DONE)]],
    ['calls whose outcome nobody knows', times(20, { kind: 'ambiguous' })],
    ['old refusals, and twenty that were taken since', [...times(100, UNKNOWN), ...times(20, DONE)]],
  ])('they say nothing: %s', (_, outcomes) => {
    expect(alertAfter(...outcomes)).toBeUndefined();
  });

  it.each([
    ['five refusals', times(5, UNKNOWN)],
    ['eleven of twenty', [...times(9, DONE), ...times(11, UNKNOWN)]],
    ['eleven of twenty, after many that were taken', [...times(500, DONE), ...times(11, UNKNOWN)]],
  ])('they say what is refused, under which code, and what to check: %s', (_, outcomes) => {
    expect(alertAfter(...outcomes)).toMatch(
      /most events.*resource_not_found.*not its offer_id.*dead-letters/s,
    );
  });

  it.each(['param_wrong_value', 'constructor'])(
    'they name a code that has no words of its own: %s',
    (code) => {
      expect(alertAfter(...times(5, { kind: 'refused', code }))).toMatch(`${code}: check`);
    },
  );

  it('they count for an hour', async () => {
    const refusals = createTrackRecord(runtime);
    for (const outcome of times(20, UNKNOWN)) refusals.hear(outcome);
    await runtime.advance(HOUR_MS);
    expect(refusals.alert()).toBeDefined();
    await runtime.advance(1);
    expect(refusals.alert()).toBeUndefined();
  });
});

describe('a forwarder whose events are refused by name', () => {
  let stage: Stage;

  beforeEach(() => {
    stage = createStage();
  });

  afterEach(() => stage.end());

  it('reports it once in ten minutes, and notes it until most are taken', async () => {
    stage.answer = () => UNKNOWN;
    await stage.take(...range(1, 50));
    const forwarder = stage.start();
    await stage.runtime.advance(60_000);
    expect(stage.alerts).toEqual([expect.stringMatching(/resource_not_found/)]);
    const noted = async () => (await stage.intake.status(stage.runtime.now())).note.alert;
    expect(await noted()).toBe(stage.alerts[0]);
    stage.answer = () => DONE;
    await stage.take(...range(51, 70));
    forwarder.wake();
    await stage.runtime.advance(60_000);
    expect(await noted()).toBeUndefined();
  });
});
