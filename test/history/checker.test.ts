import { describe, expect, it } from 'vitest';
import { check, explain, INVARIANT_NAMES, type InvariantName } from './checker.js';
import { type Draft, delivered, ending, historyOf, id, opened, way } from './sample.js';

const one = way(1);
const two = way(2, 'tab-2');
const again: Draft = { ...one.forwarded, number: 9 };
const closing: Draft = {
  ...two.created,
  type: 'dismissed',
  impressionId: one.created.impressionId,
  offerId: one.created.offerId,
};
const closed: Draft = { ...two.effect, type: 'dismissed', offerId: one.created.offerId };
const unknown = '[["note","later"]]';
const started = (proxy: string, endpoint: string): Draft => ({
  ...{ kind: 'started', proxy, endpoint },
  isDirect: false,
});
const endpoints: readonly Draft[] = [
  started('proxy-1', '/offer-events'),
  started('proxy-2', '/fr/offer-events'),
  { kind: 'opened', tab: 'tab-1', endpoint: '/offer-events', watches: [] },
  one.created,
];
const setting: Draft = { kind: 'setting', retentionMs: 259_200_000, maxEntries: 10, storage: 'told' };
const begun: readonly Draft[] = [one.created, one.put, one.committed];

/** For each invariant a history that keeps it, and one that breaks it. */
const HISTORIES: Readonly<
  Record<InvariantName, readonly [kept: readonly Draft[], broken: readonly Draft[]]>
> = {
  I1: [[...begun, one.discarded], begun],
  I2: [[one.created, one.effect], [one.effect]],
  I3: [delivered(1), [...delivered(1), again, { ...one.effect, number: 9 }]],
  I4: [
    [...begun, one.requested, one.answered, one.removed],
    [...begun, one.requested, one.removed, one.answered],
  ],
  I5: [delivered(1), [one.created, one.forwarded, { ...again, key: `oe1-${one.id}-2` }]],
  I6: [delivered(1), [...delivered(1), again]],
  I7: [
    [one.created, one.requested, one.answered, { ...one.requested, number: 9 }],
    [one.created, one.requested, { ...one.requested, number: 9 }],
  ],
  I8: [
    [{ kind: 'measured', what: 'outbox', value: 10, bound: 10 }],
    [{ kind: 'measured', what: 'outbox', value: 11, bound: 10 }],
  ],
  I9: [ending(), [{ kind: 'healed', withinMs: 10 }]],
  I10: [[opened()], [opened(), { kind: 'harm', tab: 'tab-1', what: 'rejection', text: 'what happened' }]],
  I11: [
    [{ kind: 'searched', where: 'replies', bytes: 100, hits: 0 }],
    [{ kind: 'searched', where: 'replies', bytes: 100, hits: 1 }],
  ],
  I12: [
    [{ kind: 'probed', check: 'origin', ids: [one.id], status: 403 }],
    [one.created, { kind: 'probed', check: 'origin', ids: [one.id], status: 403 }, one.forwarded],
  ],
  I13: [delivered(1), [...delivered(1), one.put]],
  I14: [
    [one.created, closing, one.effect, closed],
    [one.created, closing, closed, one.effect],
  ],
  I15: [[one.created, { kind: 'killed', what: 'renderer', names: ['tab-1'] }], [one.created]],
  I16: [
    [setting, ...begun, { ...one.discarded, at: 259_200_010 }],
    [setting, ...begun, one.discarded],
  ],
  I17: [
    [...endpoints, one.taken],
    [...endpoints, { ...one.taken, proxy: 'proxy-2' }],
  ],
  I18: [
    [
      { ...one.put, unknown },
      { ...one.leased, unknown },
    ],
    [{ ...one.put, unknown }, one.leased],
  ],
  I19: [
    [...delivered(1), ...ending([id(1)])],
    [...delivered(1), ...ending([id(1), id(2)])],
  ],
  I20: [
    [one.created, one.requested, one.answered],
    [one.created, one.requested, one.answered, { ...one.requested, number: 9, at: 60_000 }],
  ],
};

describe.each(INVARIANT_NAMES)('%s', (name) => {
  const [kept, broken] = HISTORIES[name];
  it('is kept, and has something to judge', () => {
    expect(check(historyOf(kept)).invariants[name]).toMatchObject({ standing: 'kept', breaches: [] });
  });
  it('is broken', () => {
    expect(check(historyOf(broken)).broken).toContain(name);
  });
});

it('a page that is so busy that its transaction runs out of turns sends what another page has leased', () => {
  const elsewhere: Draft = { ...one.requested, number: 9, tab: 'tab-2' };
  const standing = (taskMs: number): string => {
    const busy: Draft = { kind: 'busy', tab: 'tab-1', taskMs };
    return check(historyOf([...begun, one.leased, busy, one.requested, elsewhere])).invariants.I7.standing;
  };
  expect(standing(350)).toBe('kept');
  expect(standing(100)).toBe('broken');
});

it('a dismissal goes with its view as soon as the database says why that went', () => {
  const standing = (why: 'storage-full' | 'settled'): string =>
    check(
      historyOf([
        ...[setting, ...begun, { ...one.removed, why }, closing],
        { ...two.discarded, reason: 'storage-full' },
      ]),
    ).invariants.I16.standing;
  expect(standing('storage-full')).toBe('kept');
  expect(standing('settled')).toBe('broken');
});

it('a call may count twice if the servers’ clock has voided the lead under which it was made, and it is marked', () => {
  const clock: Draft = { kind: 'clock', byMs: -3_600_000, names: ['servers'] };
  const again: readonly Draft[] = [
    { ...one.forwarded, number: 9, proxy: 'proxy-2' },
    { ...one.effect, number: 9 },
    { ...one.ended, number: 9 },
  ];
  const standing = (isAmbiguous: boolean, ...before: readonly Draft[]): string => {
    const rows = [{ id: one.id, state: 'done', isAmbiguous, maybeDuplicate: false }] as const;
    return check(
      historyOf([
        ...[{ kind: 'mode', keys: 'ignores' } as const, one.created, ...before, one.forwarded, one.effect],
        ...[...again, one.ended, one.settled, { kind: 'final-intake', rows } as const],
      ]),
    ).invariants.I3.standing;
  };
  expect(standing(true, clock)).toBe('kept');
  expect(standing(false, clock)).toBe('broken');
  expect(standing(true)).toBe('broken');
});

it('a page waits after the failure of an endpoint as long as after that of another one', () => {
  const attempt = (at: number, number: number, endpoint: string, isRepeat: boolean): readonly Draft[] => [
    { ...one.requested, at, number, endpoint, isRepeat },
    { ...one.failed, at: at + 1, number },
  ];
  const standing = (at: number): string =>
    check(
      historyOf([
        ...[...begun, ...attempt(10, 1, '/a', false), ...attempt(12, 2, '/a', true)],
        ...[...attempt(32, 3, '/b', false), ...attempt(34, 4, '/b', true), ...attempt(at, 5, '/a', false)],
      ]),
    ).invariants.I7.standing;
  expect(standing(520)).toBe('kept');
  expect(standing(500)).toBe('broken');
});

it('a circuit that a valid answer closed is closed also where the database cannot write that', () => {
  const paused = { kind: 'paused', tab: 'tab-1', pause: 'circuit', until: 30_000 } as const;
  const full: Draft = { kind: 'fault', where: 'storage', what: 'abort', target: 'tab-1' };
  const farewell: Draft = { ...one.requested, number: 8, isFarewell: true };
  const standing = (...answer: readonly Draft[]): string =>
    check(
      historyOf([
        ...[...begun, one.leased, one.requested, { ...one.failed, status: 405 }, paused, farewell, full],
        ...[...answer, { ...one.requested, ids: [two.id], number: 9, at: 300 }],
      ]),
    ).invariants.I7.standing;
  expect(standing({ ...one.answered, number: 8 })).toBe('kept');
  expect(standing({ ...one.failed, number: 8 })).toBe('broken');
});

it('a page on localhost fails as often as its longest pause allows', () => {
  const attempts = Array.from({ length: 12 }, (_, number): readonly Draft[] => [
    { ...one.requested, number, at: 10 + 5_000 * number },
    { ...one.failed, number },
  ]);
  const standing = (given: Draft): string =>
    check(historyOf([given, ...begun, ...attempts.flat()])).invariants.I7.standing;
  expect(standing({ ...setting, longestPauseMs: 5_000 })).toBe('kept');
  expect(standing(setting)).toBe('broken');
});

it('an event that was stored again late goes for the reason for which another page gave it up', () => {
  const elsewhere = { tab: 'tab-2', verdicts: { [one.id]: { kind: 'refused', code: 'conflict' } } } as const;
  const refused = { ...one.discarded, reason: 'refused' } as const;
  const before: readonly Draft[] = [setting, ...begun, { ...one.answered, ...elsewhere }];
  const standing = (...rows: readonly Draft[]): string =>
    check(historyOf([...before, ...rows])).invariants.I16.standing;
  expect(standing({ ...refused, tab: 'tab-2' }, refused)).toBe('kept');
  expect(standing(refused)).toBe('broken');
});

it('a good history keeps every invariant, and a bad one tells the story of the event in trouble', () => {
  expect(explain(check(historyOf([opened(), ...delivered(1), ...ending([id(1)])])))).toBe('');
  const uncounted = delivered(1).filter(({ kind }) => kind !== 'effect');
  const told = explain(check(historyOf([...uncounted, ...delivered(2), ...ending([one.id, two.id])])));
  expect(told).toContain(`I1 no loss: called done, but the upstream never counted it ${one.id}`);
  expect(told).not.toContain(two.id);
});
