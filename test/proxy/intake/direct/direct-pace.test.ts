import { describe, expect, it } from 'vitest';
import type { AdmittedEvent } from '../../../../src/proxy/index.js';
import { admitted } from '../../../support/intake.js';
import { mostAtOnce, mostInAMinute, startTaking } from '../../../support/taking.js';

const events = (first: number, last: number): AdmittedEvent[] =>
  Array.from({ length: last - first + 1 }, (_, at) => admitted(first + at));

describe('the pace of the intake direct', () => {
  it('holds for one batch of 500: the rest is deferred until there is room again', async () => {
    const stage = startTaking({ perMinute: 150, concurrent: 10 });
    stage.answer = () => stage.after(20);
    const answer = stage.taking.take(events(1, 500));
    await stage.runtime.advance(8_000);
    const verdicts = [...(await answer).values()];
    expect(verdicts.filter(({ kind }) => kind === 'accepted')).toHaveLength(150);
    const late = verdicts.flatMap((verdict) =>
      verdict.kind === 'deferred' ? [verdict.retryAfterMs ?? 0] : [],
    );
    expect(late).toHaveLength(350);
    expect(Math.min(...late)).toBeGreaterThan(50_000);
    expect(Math.max(...late)).toBeLessThanOrEqual(72_000);
    expect(stage.called()).toHaveLength(150);
  });

  it('begins with one call after a fault of the configuration, and uses all places again once that call is taken', async () => {
    const stage = startTaking({ perMinute: 1_000, concurrent: 5 });
    stage.answer = () => ({ kind: 'misconfigured', alert: ['wrongSite'] });
    await stage.taking.take([admitted(1)]);
    await stage.runtime.advance(60_000);
    const before = stage.calls.length;
    const wrong = stage.taking.take(events(2, 21));
    await stage.runtime.advance(8_000);
    await wrong;
    expect(stage.calls.length - before).toBe(1);
    await stage.runtime.advance(60_000);
    stage.answer = () => stage.after(500);
    const first = stage.calls.length;
    const right = stage.taking.take(events(2, 21));
    await stage.runtime.advance(8_000);
    expect([...(await right).values()].every(({ kind }) => kind === 'accepted')).toBe(true);
    const since = stage.calls.slice(first);
    expect(mostAtOnce(since)).toBe(5);
    expect(mostAtOnce(since.filter(({ at }) => at < (since[0]?.endedAt ?? 0)))).toBe(1);
  });

  it('is a sliding window: no 60 s have more calls than allowed, counted from when a call ended', async () => {
    const stage = startTaking({ perMinute: 7, concurrent: 4 });
    stage.answer = (number) => stage.after(100 + (number % 5) * 400);
    let number = 0;
    const answers: Promise<unknown>[] = [];
    for (let at = 0; at < 240; at++) {
      answers.push(stage.taking.take([admitted(++number), admitted(++number)]));
      await stage.runtime.advance(1_000);
    }
    await stage.runtime.advance(10_000);
    await Promise.all(answers);
    // The upstream may count a call at any time between its beginning and its end.
    const behindAnEnd = stage.calls.map(
      ({ endedAt = Infinity }) =>
        stage.calls.filter(({ at }) => at >= endedAt && at < endedAt + 60_000).length,
    );
    expect(mostInAMinute(stage.calls)).toBeLessThanOrEqual(7);
    expect(Math.max(...behindAnEnd)).toBeLessThan(7);
    // The pace is also used: four minutes have room for four times seven calls, less the time that calls take.
    expect(stage.calls.length).toBeGreaterThanOrEqual(25);
  });
});
