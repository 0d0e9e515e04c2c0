/** What the upstream's answers, one after the other, do to the pause, its note for the next process and the alerts. */
import { describe, expect, it } from 'vitest';
import { createAlert, type Raised, wordsOf } from '../../../src/proxy/alerts/alert.js';
import { systemCodeOf } from '../../../src/proxy/alerts/cause.js';
import type { Outcome } from '../../../src/proxy/forward/destination.js';
import { createBlame, createPauses } from '../../../src/proxy/forward/pauses.js';
import type { LaneNote } from '../../../src/proxy/index.js';
import { fakeRuntime } from '../../support/runtime.js';
import { START } from '../../support/wire.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const KEY: Raised = ['badKey', { api: 'offer events' }];
const KEY_NOTE = { alert: wordsOf(...KEY), alertCode: 'badKey' };
const noteOf = (code: 'unreachable' | 'notTheApi' | 'throttled' | 'wrongSite'): LaneNote => ({
  alert: wordsOf(code),
  alertCode: code,
});

/** An outcome, with the event that met it; or how long nothing came. */
type Step = Outcome | readonly [Outcome, id: string] | number;
const DONE: Outcome = { kind: 'done' };
const REFUSED: Outcome = { kind: 'refused', code: 'param_wrong_value' };
const UNSENT: Outcome = { kind: 'unavailable', why: 'ECONNREFUSED' };
const LOST: Outcome = { kind: 'ambiguous', why: 'HTTP_503' };
const PAGE: Outcome = { kind: 'ambiguous', alert: ['notTheApi'] };
const BAD_KEY: Outcome = { kind: 'misconfigured', alert: KEY };
const throttled = (retryAfterMs: number): Outcome => ({ kind: 'throttled', retryAfterMs });
const times = (count: number, ...steps: readonly Step[]): Step[] =>
  Array.from({ length: count }, () => steps).flat();
const badKeys = (from: number, to: number): Step[] =>
  Array.from({ length: to - from + 1 }, (_, at) => [BAD_KEY, `${from + at}`] as const);
/** A 429 a minute, for as many minutes. */
const minutesOf429 = (minutes: number): Step[] => times(minutes, throttled(1_000), MINUTE_MS);

interface Then {
  readonly leftMs?: number;
  readonly isProbing?: boolean;
  readonly note?: LaneNote;
  readonly alerts?: readonly string[];
}

/** The fake randomness lengthens what the upstream asks for by a tenth, and shortens a back-off by a quarter. */
const ROWS: readonly (readonly [title: string, steps: readonly Step[], then: Then])[] = [
  ['nothing', [], {}],
  ['two failures', [LOST, UNSENT], {}],
  ['failures between successes', times(9, LOST, UNSENT, DONE), {}],
  [
    'three failures',
    [LOST, UNSENT, LOST],
    { leftMs: 750, isProbing: true, note: noteOf('unreachable'), alerts: ['unreachable HTTP_503'] },
  ],
  [
    'a fourth after the pause',
    [...times(3, UNSENT), 750, UNSENT],
    { leftMs: 1_500, isProbing: true, note: noteOf('unreachable'), alerts: ['unreachable ECONNREFUSED'] },
  ],
  [
    'failures of calls that were under way',
    times(30, UNSENT),
    { leftMs: 750, isProbing: true, note: noteOf('unreachable'), alerts: ['unreachable ECONNREFUSED'] },
  ],
  [
    'an hour of failures',
    [...times(60, LOST, MINUTE_MS), LOST],
    {
      leftMs: 22_500,
      isProbing: true,
      note: noteOf('unreachable'),
      alerts: Array<string>(6).fill('unreachable HTTP_503'),
    },
  ],
  [
    'failures until a success',
    [...times(9, LOST, MINUTE_MS), DONE],
    { note: {}, alerts: ['unreachable HTTP_503'] },
  ],
  [
    'pages of something else',
    times(3, PAGE),
    { leftMs: 750, isProbing: true, note: noteOf('notTheApi'), alerts: ['notTheApi'] },
  ],
  ['one page of something else', [PAGE], { note: noteOf('notTheApi'), alerts: ['notTheApi'] }],
  ['a 429', [throttled(20_000)], { leftMs: 22_000, isProbing: true, note: { pausedUntil: START + 22_000 } }],
  [
    'a 429 of each call under way: the longest counts',
    [throttled(40_000), throttled(2_000)],
    { leftMs: 44_000, isProbing: true, note: { pausedUntil: START + 44_000 } },
  ],
  [
    'ever more 429 without a time',
    minutesOf429(5),
    { isProbing: true, leftMs: 0, note: { pausedUntil: START + 4 * MINUTE_MS + 17_600 } },
  ],
  [
    'a 429 each minute for nine minutes',
    [...minutesOf429(9), throttled(1_000)],
    { leftMs: 66_000, isProbing: true, note: { pausedUntil: START + 9 * MINUTE_MS + 66_000 } },
  ],
  [
    'a 429 each minute for ten minutes',
    [...minutesOf429(10), throttled(1_000)],
    {
      leftMs: 66_000,
      isProbing: true,
      note: { ...noteOf('throttled'), pausedUntil: START + 10 * MINUTE_MS + 66_000 },
      alerts: ['throttled'],
    },
  ],
  ['429s with a success between', [...minutesOf429(7), DONE, ...minutesOf429(7), DONE], { note: {} }],
  [
    'a success of a call that was under way at a 429',
    [throttled(20_000), DONE],
    { leftMs: 22_000, note: { pausedUntil: START + 22_000 } },
  ],
  [
    'a 429 of a call that was under way when the key was wrong',
    [20 * MINUTE_MS, BAD_KEY, throttled(1_000)],
    {
      leftMs: 30_000,
      isProbing: true,
      note: { ...KEY_NOTE, pausedUntil: START + 20 * MINUTE_MS + 1_100 },
      alerts: ['badKey'],
    },
  ],
  ['a wrong key', [BAD_KEY], { leftMs: 30_000, isProbing: true, note: KEY_NOTE, alerts: ['badKey'] }],
  [
    'a wrong key, then a 429',
    [BAD_KEY, MINUTE_MS, throttled(1_000)],
    {
      leftMs: 1_100,
      isProbing: true,
      note: { ...KEY_NOTE, pausedUntil: START + MINUTE_MS + 1_100 },
      alerts: ['badKey'],
    },
  ],
  [
    'a wrong key, then two failures',
    [BAD_KEY, MINUTE_MS, LOST, LOST],
    { isProbing: true, note: KEY_NOTE, alerts: ['badKey'] },
  ],
  [
    'a wrong key for an hour',
    times(120, BAD_KEY, 30_000),
    { isProbing: true, note: KEY_NOTE, alerts: Array<string>(6).fill('badKey') },
  ],
  [
    'a wrong key, a success and a wrong key again',
    [BAD_KEY, 11 * MINUTE_MS, DONE, [BAD_KEY, '2']],
    { note: KEY_NOTE, alerts: ['badKey', 'badKey'] },
  ],
  [
    'a wrong key, and then another thing',
    [BAD_KEY, MINUTE_MS, { kind: 'misconfigured', alert: ['wrongSite'] }],
    { leftMs: 30_000, isProbing: true, note: noteOf('wrongSite'), alerts: ['badKey', 'wrongSite'] },
  ],
  [
    'one event that meets it between others',
    [DONE, ...badKeys(1, 1), ...times(9, REFUSED, MINUTE_MS, ...badKeys(1, 1))],
    { note: KEY_NOTE, alerts: ['badKey'] },
  ],
  [
    'the third event that meets it',
    [DONE, ...badKeys(1, 3)],
    { leftMs: 1_000, isProbing: true, note: KEY_NOTE, alerts: ['badKey'] },
  ],
  ['a batch that is sent again in halves', [{ kind: 'crowded' }], {}],
];

describe('after', () => {
  it.each(ROWS)('%s', async (_, steps, { leftMs = 0, isProbing = false, note = {}, alerts = [] }) => {
    const runtime = fakeRuntime();
    const seen: string[] = [];
    const pauses = createPauses(
      runtime,
      createAlert(
        (__, cause, code) => seen.push([code, systemCodeOf(cause)].filter(Boolean).join(' ')),
        runtime,
      ),
    );
    for (const step of steps)
      if (typeof step === 'number') runtime.pass(step);
      else if ('kind' in step) pauses.hear(step, 'any');
      else pauses.hear(...step);
    expect([Math.max(0, pauses.leftMs()), pauses.isProbing(), pauses.note(), seen]).toEqual([
      leftMs,
      isProbing,
      note,
      alerts,
    ]);
  });

  it.each<[string, LaneNote, leftMs: number]>([
    ['nothing', {}, 0],
    ['a pause that lasts', { pausedUntil: START + 50_000 }, 50_000],
    ['a pause that is over', { pausedUntil: START - 1 }, 0],
    ['the longest pause', { pausedUntil: START + 72 * MINUTE_MS }, 72 * MINUTE_MS],
    ['a pause longer than any, since another clock wrote it', { pausedUntil: START + DAY_MS }, 0],
    ['words of 0.2.0 without a code', { alert: 'Words of 0.2.0.' }, 0],
  ])('a process that left %s, the next one has its note until a call goes well', (_, note, leftMs) => {
    const pauses = createPauses(fakeRuntime(), () => undefined);
    pauses.resume(note);
    expect([Math.max(0, pauses.leftMs()), pauses.note()]).toEqual([leftMs, note]);
    pauses.hear(DONE, 'any');
    expect(pauses.note()).toEqual(leftMs ? { pausedUntil: note.pausedUntil } : {});
  });
});

describe('to blame for an answer that a wrong key gets as well', () => {
  const ids = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, at) => `${from + at}`);
  const OK = 'ok';

  it.each<[string, string[], 'event' | 'unsure' | 'configuration']>([
    ['the first answer of all', ['1'], 'configuration'],
    ['any answer while nothing was ever taken', ids(1, 9), 'configuration'],
    ['the first after something was taken', [OK, '1'], 'event'],
    ['the second of them', [OK, '1', '2'], 'event'],
    ['the third of them', [OK, '1', '2', '3'], 'unsure'],
    ['the hundredth', [OK, ...ids(1, 100)], 'unsure'],
    ['the next after a hundred', [OK, ...ids(1, 101)], 'configuration'],
    ['one of three that meets it again', [OK, '1', '2', '3', '2'], 'configuration'],
    ['the first of all, once another was taken', ['1', OK, '1'], 'event'],
    ['one of sixty, once another was taken', [OK, ...ids(1, 60), OK, '7'], 'event'],
    ['the third, two of which were known', [OK, '1', '2', OK, '1', '2', '3'], 'event'],
  ])('is, for %s', (_, history, blamed) => {
    const blame = createBlame();
    const said = history.map((one) => (one === OK ? blame.succeeded() : blame.blame(one)));
    expect(said.at(-1)).toBe(blamed);
  });
});
