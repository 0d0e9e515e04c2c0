import { describe, expect, it } from 'vitest';
import type { LedgerCell } from '../../src/proxy/intake/ledger.js';
import { type Checked, check, explain, INVARIANT_NAMES, type InvariantName } from './checker.js';
import type { KeptRow, Row } from './row.js';
import { CELL, type Draft, delivered, ending, historyOf, id, opened, way } from './sample.js';

const checked = (...drafts: readonly Draft[]): Checked => check(historyOf(drafts));

/** The invariants that these rows break. */
const broken = (...drafts: readonly Draft[]): readonly InvariantName[] => checked(...drafts).broken;

/** An event's whole way without the rows of some kinds. */
const without = (drafts: readonly Draft[], ...kinds: readonly Row['kind'][]): Draft[] =>
  drafts.filter(({ kind }) => !kinds.includes(kind));

/** An event's whole way with more rows behind the first one of a kind. */
const behind = (drafts: readonly Draft[], kind: Row['kind'], ...rows: readonly Draft[]): Draft[] => {
  const at = drafts.findIndex((draft) => draft.kind === kind) + 1;
  return [...drafts.slice(0, at), ...rows, ...drafts.slice(at)];
};

const one = way(1);
const two = way(2, 'tab-2');
const wiped: Draft = { kind: 'wiped', what: 'outbox' };
const killed: Draft = { kind: 'killed', what: 'renderer', names: ['tab-1'] };
const ignores: Draft = { kind: 'mode', keys: 'ignores' };

describe('a good history', () => {
  it('keeps every invariant, and says how much it was held against', () => {
    const result = checked(opened(), ...delivered(1), ...delivered(2), ...ending([id(1), id(2)]));
    expect(explain(result)).toBe('');
    expect(result.isKept).toBe(true);
    expect(result.tally).toEqual({ effect: 2 });
    expect(result.invariants.I1.examined).toBe(2);
    expect(result.invariants.I9.examined).toBe(4);
  });

  it('says of each invariant if there was nothing to judge', () => {
    const { invariants } = checked();
    for (const name of INVARIANT_NAMES) expect(invariants[name].standing).toBe('nothing to judge');
  });

  it('does not count a reading of zero bytes as a search, nor an unwatched page as watched', () => {
    const { invariants } = checked(
      { kind: 'searched', where: 'replies', bytes: 0, hits: 0 },
      { kind: 'opened', tab: 'tab-1', watches: [] },
    );
    expect(invariants.I11.standing).toBe('nothing to judge');
    expect(invariants.I10.standing).toBe('nothing to judge');
  });
});

describe('I1: what was committed', () => {
  it('is lost if it is nowhere', () => {
    expect(broken(one.created, one.put, one.committed)).toContain('I1');
  });
  it('is lost if the intake calls it done and the upstream never counted it', () => {
    const result = checked(...without(delivered(1), 'effect'), ...ending([one.id]));
    expect(result.invariants.I1.breaches).toEqual([
      { id: one.id, text: expect.stringContaining('called done') },
    ]);
  });
  it('is lost if the proxy accepted it and it is nowhere, though the page never called it durable', () => {
    expect(broken(one.created, one.requested, one.taken)).toContain('I1');
  });
  it.each<[string, Draft]>([
    ['waits in the outbox', { kind: 'final-outbox', entries: [{ id: one.id }], dead: [] }],
    ['is a dead letter of the page', { kind: 'final-outbox', entries: [], dead: [{ id: one.id }] }],
    [
      'waits in the intake',
      {
        kind: 'final-intake',
        rows: [{ id: one.id, state: 'waiting', isAmbiguous: false, maybeDuplicate: false }],
      },
    ],
    ['is a dead letter of the intake', { kind: 'settled', id: one.id, state: 'dead', code: 'expired' }],
    ['was given up with a reason', one.discarded],
  ])('is not lost if it %s', (_, row) => {
    expect(broken(one.created, one.put, one.committed, row)).toEqual([]);
  });
  it('is excused by a wiped store only if it was there then', () => {
    const result = checked(one.created, one.put, one.committed, wiped);
    expect(result.broken).toEqual([]);
    expect(result.invariants.I1.excused).toEqual({ wiped: 1 });
    expect(broken(wiped, one.created, one.put, one.committed)).toContain('I1');
    expect(broken(one.created, one.put, one.committed, one.answered, one.removed, wiped)).toContain('I1');
  });
  it('is excused in a memory that ended, not in one that lives on', () => {
    const put: Draft = { ...one.put, store: 'memory tab-1' };
    const committed: Draft = { ...one.committed, store: 'memory tab-1' };
    expect(broken(one.created, put, committed, killed)).toEqual([]);
    expect(broken(one.created, put, committed)).toContain('I1');
  });
});

describe('I2: an effect', () => {
  it('is an invention if nobody created the event', () => {
    expect(broken(one.effect)).toContain('I2');
  });
  it('is an invention if it has no id', () => {
    expect(broken({ kind: 'effect', number: 1, type: 'viewed', offerId: 'offer-1' })).toContain('I2');
  });
  it.each([{ offerId: 'offer-2' }, { type: 'dismissed' }])(
    'is an invention if the created event had another value than %o',
    (other) => {
      expect(broken(one.created, { ...one.effect, ...other })).toContain('I2');
    },
  );
});

describe('I3: a second effect', () => {
  const again: Draft[] = [
    { ...one.forwarded, number: 9 },
    { ...one.effect, number: 9 },
  ];
  const lost: Draft = { kind: 'forward-ended', number: 1, isAmbiguous: true };
  const ambiguous = [one.created, one.put, one.committed, one.taken, one.forwarded, one.effect];
  const finish: Draft[] = [{ ...one.ended, number: 9 }, one.settled];

  it('is a breach if keys are honoured, even after an ambiguous attempt', () => {
    expect(broken(...ambiguous, lost, ...again, ...finish, ...ending([one.id], true))).toEqual(['I3']);
  });
  it('is excused if keys are ignored, after an ambiguous attempt that is marked', () => {
    const result = checked(ignores, ...ambiguous, lost, ...again, ...finish, ...ending([one.id], true));
    expect(result.broken).toEqual([]);
    expect(result.invariants.I3.excused).toEqual({ ambiguous: 1 });
  });
  it('is a breach if the ambiguous attempt is not marked', () => {
    expect(broken(ignores, ...ambiguous, lost, ...again, ...finish, ...ending([one.id], false))).toEqual([
      'I3',
    ]);
  });
  it('is a breach if the attempt before was answered', () => {
    expect(broken(ignores, ...ambiguous, one.ended, ...again, ...finish, ...ending([one.id], true))).toEqual([
      'I3',
    ]);
  });
  it('is a breach if there are more of them than ambiguous attempts', () => {
    const third: Draft[] = [
      { ...one.ended, number: 9 },
      { ...one.forwarded, number: 10 },
      { ...one.effect, number: 10 },
      { ...one.ended, number: 10 },
    ];
    expect(
      broken(ignores, ...ambiguous, lost, ...again, ...third, one.settled, ...ending([one.id], true)),
    ).toEqual(['I3']);
  });
  it('is excused if the proxy died before it could write what it heard', () => {
    const death: Draft = { kind: 'killed', what: 'proxy', names: ['proxy-1'] };
    expect(
      broken(ignores, ...ambiguous, one.ended, death, ...again, ...finish, ...ending([one.id], true)),
    ).toEqual([]);
  });
  it('is a breach within the lifetime of the key, and excused after it', () => {
    const window: Draft = { kind: 'mode', keys: 'window', windowMs: 1_800_000 };
    const late = again.map((row, at) => ({ ...row, at: 1_900_000 + at }));
    expect(broken(window, ...ambiguous, lost, ...again, ...finish, ...ending([one.id], true))).toEqual([
      'I3',
    ]);
    expect(broken(window, ...ambiguous, lost, ...late, ...finish, ...ending([one.id], true))).toEqual([]);
  });
});

describe('I4: an entry that leaves the store', () => {
  const before = [one.created, one.put, one.committed, one.requested];
  it('is a breach if there was no answer', () => {
    expect(broken(...before, one.removed, one.effect)).toContain('I4');
  });
  it('is a breach if its answer comes later', () => {
    expect(broken(...before, one.removed, one.answered, one.effect)).toContain('I4');
  });
  it('is a breach if only another page heard its answer', () => {
    expect(broken(...before, { ...one.answered, tab: 'tab-2' }, one.removed, one.effect)).toContain('I4');
  });
  it('is a breach if its reply does not count, or says deferred', () => {
    expect(broken(...before, { ...one.failed, status: 200 }, one.removed, one.effect)).toContain('I4');
    const deferred: Draft = { ...one.answered, verdicts: { [one.id]: { kind: 'deferred' } } };
    expect(broken(...before, deferred, one.removed, one.effect)).toContain('I4');
  });
  it('is a breach as refused, unless it or its view was refused', () => {
    const removed: Draft = { ...one.removed, why: 'refused' };
    const told: Draft = { ...one.discarded, reason: 'refused' };
    const refused: Draft = { ...one.answered, verdicts: { [one.id]: { kind: 'refused', code: 'gone' } } };
    expect(broken(...before, one.failed, removed, told)).toContain('I4');
    expect(broken(...before, refused, removed, told)).toEqual([]);
  });
  it('is reported if it is given up, unless its page died at that moment', () => {
    const removed: Draft = { ...one.removed, why: 'expired' };
    expect(broken(...before, one.failed, removed)).toContain('I4');
    expect(broken(...before, one.failed, removed, one.discarded)).toEqual([]);
    expect(broken(...before, one.failed, removed, killed)).toEqual([]);
  });
  it('is a breach if it is given up while another page delivers it', () => {
    const evicted: Draft = { ...one.removed, tab: 'tab-2', why: 'outbox-full' };
    const told: Draft = { ...one.discarded, tab: 'tab-2', reason: 'outbox-full' };
    const other = [two.created, two.put, two.committed, two.discarded];
    expect(broken(...other, ...before, evicted, told)).toEqual(['I4']);
    expect(broken(...other, ...before, one.failed, evicted, told)).toEqual([]);
    expect(broken(...other, ...before, killed, evicted, told)).toEqual([]);
    const expired: Draft = { ...evicted, why: 'expired' };
    const toldSo: Draft = { ...told, reason: 'expired' };
    expect(broken(...before, expired, toldSo)).toEqual(['I4']);
    // If a page delivers out of its memory because its database fails, no other page can know of it.
    const fails: Draft = { kind: 'fault', where: 'storage', what: 'abort', target: 'tab-1' };
    const unleased = [one.created, one.put, one.committed, fails, one.requested];
    expect(broken(...unleased, expired, toldSo)).toEqual([]);
    expect(broken(...unleased.filter((row) => row !== fails), expired, toldSo)).toEqual(['I4']);
    expect(broken(...before, fails, expired, toldSo)).toEqual(['I4']);
    expect(broken(one.created, one.put, fails, one.leased, one.requested, expired, toldSo)).toEqual(['I4']);
    // A clock that is moved forward also ends leases, even the one that was being made, but not later ones.
    const clock = (at: number): Draft => ({ kind: 'clock', byMs: 60_000, at });
    const asked = { ...one.requested, at: 10_000 };
    const late = [{ ...expired, at: 11_000 }, toldSo];
    expect(broken(one.created, one.put, one.committed, clock(8_500), asked, ...late)).toEqual([]);
    expect(broken(one.created, one.put, one.committed, clock(7_500), asked, ...late)).toEqual(['I4']);
    const frozen = (at: number): Draft => ({ kind: 'page', tab: 'tab-1', change: 'frozen', at });
    const leased = [one.created, one.put, one.committed];
    const asking = [
      { ...one.leased, at: 59_999 },
      { ...asked, at: 60_000 },
      { ...expired, at: 61_000 },
      toldSo,
    ];
    expect(broken(...leased, frozen(45_000), ...asking)).toEqual([]);
    expect(broken(...leased, frozen(35_000), ...asking)).toEqual(['I4']);
  });
  it('is excused once its page delivers it from memory, if that page had given up the transaction', () => {
    const evicted: Draft = { ...one.removed, why: 'outbox-full' };
    const late: Draft = { kind: 'fault', where: 'storage', what: 'late', target: 'tab-1' };
    const stored = [one.created, one.put, evicted];
    const told = (...drafts: readonly Draft[]) => checked(...drafts).invariants.I4;
    expect(told(late, ...stored, one.requested, one.answered)).toMatchObject({
      breaches: [],
      excused: { 'from-memory': 1 },
    });
    expect(told(...stored, one.requested, one.answered).breaches).toHaveLength(1);
    expect(told(late, ...stored, one.requested, one.failed).breaches).toHaveLength(1);
  });
  it('is excused if a full database made room while the page heard the answer, and not much later', () => {
    const setting = (storage: 'ample' | 'narrow'): Draft => ({
      ...{ kind: 'setting', retentionMs: 259_200_000, maxEntries: 10 },
      storage,
    });
    const told = (storage: 'ample' | 'narrow', at: number) => {
      const answered: Draft = { ...one.answered, at };
      const removed: Draft = { ...one.removed, at: 1_000 };
      return checked(setting(storage), one.created, one.put, one.requested, removed, answered).invariants.I4;
    };
    expect(told('narrow', 1_100)).toMatchObject({ breaches: [], excused: { 'from-memory': 1 } });
    expect(told('narrow', 20_000).breaches).toHaveLength(1);
    expect(told('ample', 1_100).breaches).toHaveLength(1);
  });
  it('is a breach if it is purged, unless consent was denied', () => {
    const purged: Draft = { ...one.removed, why: 'purged' };
    const denied: Draft = { kind: 'consent', tab: 'tab-1', state: 'denied' };
    expect(broken(...before, purged)).toContain('I4');
    expect(checked(...before, denied, purged).invariants.I4.breaches).toEqual([]);
    const seenToExpire: Draft = { ...one.removed, why: 'expired' };
    const told: Draft = { ...one.discarded, reason: 'consent' };
    expect(checked(...before, denied, seenToExpire, told).invariants.I4.breaches).toEqual([]);
    expect(broken(...before, seenToExpire, told)).toContain('I4');
    expect(broken(...before, denied, seenToExpire, { ...told, reason: 'expired' })).toContain('I4');
  });
});

describe('I5: in all forwards and requests of an event', () => {
  it('another key is a breach', () => {
    expect(
      broken(...behind(delivered(1), 'taken', { ...one.forwarded, number: 9, key: `oe1-${one.id}-2` })),
    ).toContain('I5');
  });
  it('another offer is a breach', () => {
    expect(broken(one.created, { ...one.forwarded, offerId: 'offer-2' })).toContain('I5');
  });
  it('another content is a breach', () => {
    const requested: Draft = { ...one.requested, number: 9, contents: { [one.id]: 'said otherwise' } };
    expect(broken(...behind(delivered(1), 'created', requested, { ...one.failed, number: 9 }))).toEqual(
      expect.arrayContaining(['I5']),
    );
  });
});

describe('I6: after an event is done', () => {
  it('a forward is a breach', () => {
    expect(broken(...delivered(1), { ...one.forwarded, number: 9 })).toEqual(['I6']);
  });
  it('a forward of an intake that was wiped is not a breach', () => {
    expect(
      broken(...delivered(1), { kind: 'wiped', what: 'intake' }, { ...one.forwarded, number: 9 }),
    ).toEqual([]);
  });
  it('two forwards at once are a breach, unless the first one died with its proxy', () => {
    const second: Draft = { ...one.forwarded, number: 9, proxy: 'proxy-2' };
    const end: Draft = { ...one.ended, number: 9 };
    const death: Draft = { kind: 'killed', what: 'proxy', names: ['proxy-1'] };
    const begun = [one.created, one.put, one.committed, one.taken, one.forwarded];
    expect(broken(...begun, second, one.effect, one.ended, end, one.settled)).toEqual(['I6']);
    expect(broken(...begun, death, second, one.effect, end, one.settled)).toEqual([]);
    const clock = (at: number, names?: readonly string[]): Draft => ({
      kind: 'clock',
      byMs: 60_000,
      at,
      ...(names && { names }),
    });
    const both = [
      { ...one.taken, at: 60_000 },
      one.forwarded,
      second,
      one.effect,
      one.ended,
      end,
      one.settled,
    ];
    const kept = begun.slice(0, 3);
    expect(broken(...kept, clock(30_000), ...both)).toEqual([]);
    expect(broken(...kept, clock(30_000, ['servers']), ...both)).toEqual([]);
    expect(broken(...kept, clock(30_000, ['tab-1']), ...both)).toEqual(['I6']);
    expect(broken(...kept, clock(20_000), ...both)).toEqual(['I6']);
  });
});

describe('I7: a page', () => {
  const next: Draft = { ...one.requested, number: 9 };
  const paused = (
    pause: 'back-off' | 'throttled' | 'circuit' | 'none',
    until: number,
    tab = 'tab-1',
  ): Draft => ({
    kind: 'paused',
    tab,
    pause,
    until,
  });
  const rates = (...drafts: readonly Draft[]) =>
    checked(one.created, two.created, ...drafts).invariants.I7.breaches;

  it('has one request in flight; a farewell and a repeat without keepalive are others', () => {
    expect(rates(one.requested, next)).toHaveLength(1);
    expect(rates(one.requested, { ...next, isFarewell: true })).toEqual([]);
    expect(rates(one.requested, { ...next, isRepeat: true })).toEqual([]);
    expect(rates(one.requested, one.answered, next)).toEqual([]);
  });
  it('does not ask for an event that another page is asking for', () => {
    const other: Draft = { ...next, tab: 'tab-2' };
    const hidden: Draft = { kind: 'page', tab: 'tab-1', change: 'frozen' };
    expect(rates(one.requested, other)).toHaveLength(1);
    expect(rates(one.requested, { ...other, at: 13_000 })).toEqual([]);
    expect(rates(one.requested, hidden, other)).toEqual([]);
    // What happened before the lease was made did not take it away; but a freeze of the page that asks later did.
    const at = (ms: number, draft: Draft): Draft => ({ ...draft, at: ms });
    const clash = [at(60_000, one.requested), at(61_000, other)];
    const moved: Draft = { kind: 'clock', byMs: 60_000 };
    for (const loss of [hidden, moved, wiped]) {
      expect(rates(at(35_000, loss), ...clash)).toHaveLength(1);
      expect(rates(at(45_000, loss), ...clash)).toEqual([]);
    }
    const thawed: Draft = { kind: 'page', tab: 'tab-1', change: 'thawed', at: 59_000 };
    expect(rates(at(35_000, hidden), thawed, ...clash)).toEqual([]);
    expect(rates(at(45_000, { ...moved, names: ['tab-3'] }), ...clash)).toHaveLength(1);
    const copy: Draft = { ...one.committed, store: 'memory tab-1' };
    expect(rates(copy, one.requested, other)).toEqual([]);
    expect(rates({ ...copy, tab: 'tab-3', store: 'memory tab-3' }, one.requested, other)).toHaveLength(1);
    expect(rates(one.requested, { ...two.requested })).toEqual([]);
    // A third page that is busy in a transaction keeps the database from both.
    const busy = (ms: number, tab = 'tab-3', taskMs = 3_000): Draft => at(ms, { kind: 'busy', tab, taskMs });
    expect(rates(busy(51_001), ...clash)).toEqual([]);
    expect(rates(busy(50_999), ...clash)).toHaveLength(1);
    expect(rates(busy(51_001, 'tab-3', 100), ...clash)).toHaveLength(1);
  });
  it('asks nothing while a pause lasts', () => {
    for (const kind of ['back-off', 'throttled', 'circuit'] as const) {
      expect(rates(paused(kind, 60_000), { ...next, at: 59_999 })).toHaveLength(1);
      expect(rates(paused(kind, 60_000), { ...next, at: 60_000 })).toEqual([]);
    }
    expect(rates(paused('circuit', 60_000), paused('none', 0), next)).toEqual([]);
  });
  it('says farewell in a back-off, and once while the circuit is open, but not in a pause that was asked for', () => {
    const farewell: Draft = { ...next, isFarewell: true };
    expect(rates(paused('back-off', 60_000), farewell)).toEqual([]);
    expect(rates(paused('throttled', 60_000), farewell)).toHaveLength(1);
    const again: Draft = { ...farewell, number: 10 };
    expect(rates(paused('circuit', 60_000), farewell)).toEqual([]);
    expect(rates(paused('circuit', 60_000), farewell, again)).toHaveLength(1);
  });
  it('tries an open circuit with one batch when it loads, and with one for each flush', () => {
    const opened: Draft = { kind: 'opened', tab: 'tab-1', watches: [], at: 1_000 };
    const asked = (number: number, at: number): readonly Draft[] => [
      { ...one.requested, number, at },
      { ...one.answered, number, at: at + 10, status: 404, verdicts: undefined } as unknown as Draft,
    ];
    const flush = (at: number): Draft => ({ kind: 'page', tab: 'tab-1', change: 'flush', at });
    const open = paused('circuit', 60_000);
    expect(rates(open, opened, ...asked(20, 2_000))).toEqual([]);
    expect(rates(open, opened, ...asked(20, 2_000), ...asked(21, 9_000))).toHaveLength(1);
    expect(rates(open, opened, ...asked(20, 2_000), flush(9_000), ...asked(21, 9_100))).toEqual([]);
    expect(rates(open, opened, ...asked(20, 2_000), flush(3_000), ...asked(21, 3_100))).toHaveLength(1);
    // A request that it has begun when it is asked to flush goes first.
    const begun = [...asked(20, 2_000), flush(2_100), ...asked(21, 2_200)];
    const failing = (until: number): Draft => ({ ...paused('circuit', until), at: 2_205 });
    expect(rates(opened, ...begun, failing(60_000), ...asked(22, 2_300))).toEqual([]);
    expect(rates(opened, ...begun, failing(60_000), ...asked(22, 2_300), ...asked(23, 9_000))).not.toEqual(
      [],
    );
    // A trial that fails leaves the time of the circuit as it is, and after that any page asks.
    expect(rates(open, opened, ...asked(20, 59_800), ...asked(21, 60_000))).toEqual([]);
    expect(rates(open, opened, ...asked(20, 59_800), ...asked(21, 59_999))).toHaveLength(1);
    expect(rates(opened, ...asked(20, 59_800), ...asked(21, 60_000))).toHaveLength(1);
  });
  it('backs off if not even a batch of one event is taken', () => {
    const asked = (number: number, at: number, ids: readonly string[]): readonly Draft[] => [
      { ...one.requested, number, at, ids },
      { ...one.answered, number, at: at + 10, status: 400, verdicts: undefined } as unknown as Draft,
    ];
    const [id] = one.requested.ids;
    expect(rates(...asked(20, 2_000, [id ?? '', 'other']), ...asked(21, 2_100, [id ?? '']))).toEqual([]);
    expect(rates(...asked(20, 2_000, [id ?? '']), ...asked(21, 2_100, [id ?? '']))).toHaveLength(1);
  });
  it('waits after its own failure no longer than until the end of a back-off that another page had then', () => {
    const failed = (number: number, at: number): readonly Draft[] => [
      { ...one.requested, number, at },
      { ...one.answered, number, at: at + 10, status: undefined, verdicts: undefined } as unknown as Draft,
    ];
    const beside = { ...paused('back-off', 2_100, 'tab-2'), at: 1_500 };
    expect(rates(beside, ...failed(20, 2_000), ...failed(21, 2_110))).toEqual([]);
    expect(rates(...failed(20, 2_000), ...failed(21, 2_110))).toHaveLength(1);
    const own = { ...paused('back-off', 2_100, 'tab-1'), at: 1_500 };
    expect(rates(own, ...failed(20, 2_000), ...failed(21, 2_110))).not.toEqual([]);
    // The page that wrote this one has a clock that is an hour ahead.
    const ahead: Draft = { kind: 'clock', byMs: 3_600_000, at: 0 };
    const theirs = { ...paused('back-off', 3_602_100, 'tab-2'), at: 1_500 };
    expect(rates(ahead, theirs, ...failed(20, 2_000), ...failed(21, 2_110))).toEqual([]);
    expect(rates(ahead, beside, ...failed(20, 2_000), ...failed(21, 2_110))).toHaveLength(1);
  });
  it('fails at most eight times a minute, and begins again after a circuit, which a 400 may have opened', () => {
    const failed = (number: number, status: number): readonly Draft[] => [
      { ...one.requested, number, at: number * 5_000 },
      { ...one.answered, number, at: number * 5_000 + 10, status, verdicts: undefined } as unknown as Draft,
    ];
    const some = (from: number, to: number): readonly Draft[] =>
      Array.from({ length: to - from + 1 }, (_, at) => failed(from + at, 502)).flat();
    expect(rates(...some(20, 27))).toEqual([]);
    expect(rates(...some(20, 28))).toHaveLength(1);
    const opened = { ...paused('circuit', 119_000), at: 115_020 };
    expect(rates(...some(20, 22), ...failed(23, 400), opened, ...some(24, 30))).toEqual([]);
    expect(rates(...some(20, 22), ...failed(23, 400), ...some(24, 30))).not.toEqual([]);
    expect(rates(...some(20, 22), ...failed(23, 400), opened, ...some(24, 32))).not.toEqual([]);
  });
  it('keeps the pause of another page if it leased after it', () => {
    expect(rates(paused('throttled', 60_000), two.leased, two.requested)).toHaveLength(1);
    expect(rates(two.leased, paused('throttled', 60_000), two.requested)).toEqual([]);
  });
  it('knows its own pause once that is written', () => {
    const told = (serial: number): Draft => ({ ...one.requested, serial });
    const written: Draft = { kind: 'paused', tab: 'tab-1', pause: 'circuit', until: 60_000, serial: 5 };
    expect(rates(written, told(4))).toEqual([]);
    expect(rates(written, told(6))).toHaveLength(1);
  });
  it('may ask for what it leased before, although it shortens that pause meanwhile', () => {
    const shortened = paused('back-off', 50_000, 'tab-2');
    expect(rates(two.leased, paused('back-off', 60_000), shortened, two.requested)).toEqual([]);
    expect(rates(paused('back-off', 60_000), shortened, two.leased, two.requested)).toHaveLength(1);
    expect(rates(two.leased, shortened, two.requested)).toHaveLength(1);
  });
  it('reads a pause by its own clock, and forgets it when that clock is moved', () => {
    const early: Draft = { kind: 'clock', byMs: -3_600_000, names: ['tab-1'] };
    expect(rates(early, paused('throttled', -3_600_000 + 60_000), { ...next, at: 59_000 })).toHaveLength(1);
    expect(rates(paused('throttled', 60_000), early, next)).toEqual([]);
  });
  it('may shorten a back-off when it loads, once its database has answered or been silent for two seconds', () => {
    const opened: Draft = { kind: 'opened', tab: 'tab-1', watches: [], at: 10_000 };
    const asked = { ...next, at: 59_999 };
    const at = (told: Draft, ms: number): Draft => ({ ...told, at: ms });
    expect(rates(opened, at(paused('back-off', 60_000), 12_000), asked)).toEqual([]);
    expect(rates(opened, at(paused('back-off', 60_000), 13_000), asked)).toHaveLength(1);
    expect(rates(opened, at(paused('throttled', 60_000), 12_000), asked)).toHaveLength(1);
    expect(rates({ ...opened, tab: 'tab-2' }, at(paused('back-off', 60_000), 12_000), asked)).toHaveLength(1);
  });
  it('waits after a failure, as long as it was asked to', () => {
    const throttled: Draft = { ...one.failed, status: 429, retryAfterMs: 5_000, at: 10 };
    expect(rates(one.requested, one.failed, next)).toHaveLength(1);
    expect(rates(one.requested, throttled, { ...next, at: 4_000 })).toHaveLength(1);
    expect(rates(one.requested, throttled, { ...next, at: 5_010 })).toEqual([]);
    expect(rates(one.requested, one.failed, { kind: 'page', tab: 'tab-1', change: 'online' }, next)).toEqual(
      [],
    );
  });
  it('backs off: failing requests become rare', () => {
    const storm = (count: number, everyMs: number): Draft[] =>
      Array.from({ length: count }, (_, at) => [
        { ...one.requested, number: 100 + at, at: 1_000 + at * everyMs },
        { ...one.failed, number: 100 + at, status: 503, at: 1_001 + at * everyMs },
      ]).flat();
    expect(rates(...storm(9, 1_000)).length).toBeGreaterThan(0);
    expect(rates(...storm(8, 1_000))).toEqual([]);
    expect(rates(...storm(9, 10_000))).toEqual([]);
  });
});

describe('I8 to I12: what is measured and looked for', () => {
  it('I8: a size beyond its bound is a breach', () => {
    expect(broken({ kind: 'measured', what: 'outbox', value: 11, bound: 10 })).toEqual(['I8']);
    expect(broken({ kind: 'measured', what: 'outbox', value: 10, bound: 10 })).toEqual([]);
  });
  it('I9: a run that never becomes quiet, or too late, is a breach', () => {
    expect(broken({ kind: 'healed', withinMs: 10 })).toEqual(['I9']);
    expect(broken({ kind: 'healed', withinMs: 10 }, { kind: 'quiet', at: 20 })).toEqual(['I9']);
  });
  it('I9: an event that still waits, or is still held, is a breach, unless it has to wait', () => {
    const begun = [one.created, one.put, one.committed, ...ending().slice(0, 2)];
    const kept = (entry: { id: string; because?: 'subject' }): Draft => ({
      kind: 'final-outbox',
      entries: [entry],
      dead: [],
    });
    expect(broken(...begun, kept({ id: one.id }))).toEqual(['I9']);
    expect(broken(...begun, kept({ id: one.id, because: 'subject' }))).toEqual([]);
    expect(broken(...ending(), { kind: 'final-holds', leases: ['a'] })).toEqual(['I9']);
    expect(
      broken(...begun, {
        kind: 'final-intake',
        rows: [{ id: one.id, state: 'forwarding', isAmbiguous: true, maybeDuplicate: false }],
      }),
    ).toEqual(['I9']);
  });
  it('I10: an error, a rejection and a long task are breaches, a short task is not', () => {
    const harm = (what: 'rejection' | 'long-task', durationMs?: number): Draft => ({
      kind: 'harm',
      tab: 'tab-1',
      what,
      text: 'what happened',
      ...(durationMs !== undefined && { durationMs }),
    });
    expect(broken(opened(), harm('rejection'))).toEqual(['I10']);
    expect(broken(opened(), harm('long-task', 51))).toEqual(['I10']);
    expect(broken(opened(), harm('long-task', 50))).toEqual([]);
  });
  it('I11: the key in any byte is a breach', () => {
    expect(broken({ kind: 'searched', where: 'replies', bytes: 100, hits: 1 })).toEqual(['I11']);
  });
  it('I12: a forward of what failed a check is a breach', () => {
    const probed: Draft = { kind: 'probed', check: 'origin', ids: [one.id], status: 403 };
    expect(broken(probed)).toEqual([]);
    expect(broken(one.created, probed, one.forwarded)).toContain('I12');
    expect(broken(one.created, probed, one.taken)).toContain('I12');
  });
});

describe('I13: an entry', () => {
  const gone = delivered(1);
  it('is a breach if it comes back after it was settled, or after the store was wiped', () => {
    expect(broken(...gone, one.put)).toEqual(['I13']);
    expect(broken(one.created, one.put, one.committed, wiped, one.leased)).toContain('I13');
  });
  it('may come back by the page that wrote it and never heard that it was written', () => {
    const unheard = gone.filter(({ kind }) => kind !== 'committed');
    expect(checked(...unheard, one.put).invariants.I13).toMatchObject({ breaches: [], excused: { copy: 1 } });
    expect(checked(...unheard, { ...one.put, tab: 'tab-2' }).invariants.I13.breaches).toHaveLength(1);
    expect(checked(...unheard, one.leased).invariants.I13.breaches).toHaveLength(1);
    // From then on it is an entry like any other, which other pages lease; but it does not come back a second time.
    const elsewhere: Draft = { ...one.leased, tab: 'tab-2' };
    const again = [...unheard, one.put, one.committed, elsewhere];
    expect(checked(...again).invariants.I13).toMatchObject({ breaches: [], excused: { copy: 1 } });
    expect(checked(...again, one.removed, one.put).invariants.I13.breaches).toHaveLength(1);
  });
  it('may come back by a write that was on its way when another tab settled it', () => {
    const unheard = gone.filter(({ kind }) => kind !== 'committed');
    const back = (at: number): Draft => ({ ...one.put, at });
    expect(checked(...unheard, { ...one.committed, at: 100 }, back(2_100)).invariants.I13.breaches).toEqual(
      [],
    );
    expect(
      checked(...unheard, { ...one.committed, at: 100 }, back(2_101)).invariants.I13.breaches,
    ).toHaveLength(1);
  });
  it('may change as long as it is there, and be in two stores', () => {
    expect(broken(...behind(gone, 'committed', one.put))).toEqual([]);
    expect(broken(...behind(gone, 'answered', { ...one.put, store: 'memory tab-1' }))).toEqual([]);
  });
  it('is created before anything is known of it', () => {
    expect(broken(one.put, ...gone)).toEqual(['I13']);
  });
});

describe('I14: one impression', () => {
  it('has at most one viewed, and one dismissed beside it', () => {
    const { impressionId } = one.created;
    const second = delivered(2).map(
      (row): Draft => (row.kind === 'created' ? { ...row, impressionId } : row),
    );
    expect(broken(...delivered(1), ...second)).toEqual(['I14']);
    const closing = delivered(2).map(
      (row): Draft => ('offerId' in row ? ({ ...row, impressionId, type: 'dismissed' } as Draft) : row),
    );
    expect(broken(...delivered(1), ...closing)).toEqual([]);
  });
});

describe('I14 and I12: what belongs together', () => {
  it('the viewed of an impression reaches the upstream before its dismissed', () => {
    const { impressionId, offerId } = one.created;
    const closing: Draft = { ...two.created, type: 'dismissed', impressionId, offerId };
    const closed: Draft = { ...two.effect, type: 'dismissed', offerId };
    expect(checked(one.created, closing, one.effect, closed).invariants.I14.breaches).toEqual([]);
    expect(checked(one.created, closing, closed, one.effect).invariants.I14.breaches).toHaveLength(1);
    const wiped: Draft = { kind: 'wiped', what: 'outbox' };
    const lost = [one.created, one.put, wiped, closing, closed, one.effect];
    expect(checked(...lost).invariants.I14).toMatchObject({ breaches: [], excused: { wiped: 1 } });
    const late = [one.created, one.put, closing, closed, wiped, one.effect];
    expect(checked(...late).invariants.I14.breaches).toHaveLength(1);
    const denied: Draft = { ...one.discarded, tab: 'tab-2', reason: 'consent' };
    const purged = [one.created, one.put, denied, closing, closed, one.effect];
    expect(checked(...purged).invariants.I14).toMatchObject({ breaches: [], excused: { 'given-up': 1 } });
    const purgedLate = [one.created, one.put, closing, closed, denied, one.effect];
    expect(checked(...purgedLate).invariants.I14.breaches).toHaveLength(1);
  });
  it('a dismissed is not sent once its viewed was given up, unless that may have counted or was wiped', () => {
    const { impressionId, offerId } = one.created;
    const closing: Draft = { ...two.created, type: 'dismissed', impressionId, offerId, tab: 'tab-1' };
    const closed: Draft = { ...two.effect, type: 'dismissed', offerId };
    const late: Draft = { ...two.requested, at: 9_000 };
    const judged = (...drafts: readonly Draft[]) => checked(one.created, one.put, ...drafts).invariants.I14;
    for (const reason of ['outbox-full', 'storage-full', 'expired', 'refused', 'consent'])
      expect(judged({ ...one.discarded, reason }, closing, late, closed).breaches).toHaveLength(1);
    expect(judged(closing, two.requested, one.discarded, closed).breaches).toEqual([]);
    expect(judged(one.discarded, closing, late, one.effect, closed).breaches).toEqual([]);
    const unknown: Draft = { ...one.discarded, reason: 'refused', code: 'unknown_outcome' };
    expect(judged(unknown, closing, late, closed).breaches).toEqual([]);
    const elsewhere: Draft = { ...one.discarded, reason: 'consent', tab: 'tab-2' };
    expect(judged(elsewhere, closing, late, closed).breaches).toEqual([]);
    const wiped: Draft = { kind: 'wiped', what: 'outbox' };
    expect(judged(wiped, one.discarded, closing, late, closed)).toMatchObject({
      breaches: [],
      excused: { wiped: 1 },
    });
  });
  it('an event of one user is sent only in the session of that user', () => {
    const created: Draft = { ...one.created, subject: 'user-1' };
    const sessions = (session: string | undefined) =>
      checked(created, { ...one.requested, session }).invariants.I12;
    expect(sessions('user-1')).toMatchObject({ examined: 1, breaches: [] });
    expect(sessions('user-2').breaches).toHaveLength(1);
    expect(sessions(undefined).breaches).toHaveLength(1);
    expect(checked(created, one.requested).invariants.I12.examined).toBe(0);
  });
});

describe('I15: every created event', () => {
  it('is accounted for, or its page ended before it was durable', () => {
    expect(broken(one.created)).toEqual(['I15']);
    const result = checked(one.created, killed);
    expect(result.broken).toEqual([]);
    expect(result.invariants.I15.excused).toEqual({ 'before-commit': 1 });
    expect(result.tally).toEqual({ 'before-commit': 1 });
  });
  it('was promised by a proxy that took it, not by one that defers it', () => {
    expect(broken(one.created, one.taken, killed)).toEqual(['I1', 'I15']);
    expect(broken(one.created, { ...one.taken, verdict: { kind: 'deferred' } }, killed)).toEqual([]);
  });
  it('has no excuse in the death of another page, nor in one before it was created', () => {
    expect(broken(one.created, { ...killed, names: ['tab-2'] })).toEqual(['I15']);
    expect(broken(killed, one.created)).toEqual(['I15']);
  });
  it('may be gone with what a page was removing when it fell asleep for good', () => {
    const unheard: Draft = { kind: 'unheard', tab: 'tab-1', ids: [one.id] };
    const asleep: Draft = { kind: 'page', tab: 'tab-1', change: 'frozen' };
    const awake: Draft = { ...asleep, change: 'thawed' };
    const end: Draft = { kind: 'final-outbox', entries: [], dead: [] };
    const kept = [one.created, one.put, one.committed];
    const gone = (...drafts: readonly Draft[]) => broken(...kept, ...drafts);
    expect(gone(unheard, asleep)).toEqual([]);
    expect(gone(unheard, asleep, awake)).toEqual(['I1', 'I15']);
    expect(gone({ ...unheard, ids: [two.id] }, asleep)).toEqual(['I1', 'I15']);
    expect(broken(...kept, unheard, asleep, end)).toEqual([]);
  });
  it('is given up once', () => {
    expect(broken(one.created, one.discarded, one.discarded)).toEqual(['I15']);
  });
  it('is given up again, once by each page that finds it, if a put that nobody waited for took effect late', () => {
    const inMemory: Draft = { ...one.committed, store: 'memory tab-1' };
    const given = (times: number, ...drafts: readonly Draft[]) =>
      checked(one.created, ...drafts, ...Array.from({ length: times }, () => one.discarded)).invariants.I15;
    expect(given(2, one.put, one.put)).toMatchObject({ breaches: [], excused: { 'late-put': 1 } });
    expect(given(3, one.put, one.put, inMemory).breaches).toEqual([]);
    expect(given(3, one.put, one.put).breaches).toHaveLength(1);
    expect(given(2, one.put, one.leased).breaches).toHaveLength(1);
    expect(given(2, inMemory).breaches).toHaveLength(1);
  });
  it('is given up again by another page if the first one ended before it could delete it', () => {
    const again: Draft = { ...one.discarded, tab: 'tab-2' };
    const given = (...drafts: readonly Draft[]) =>
      checked(one.created, one.put, one.discarded, ...drafts).invariants.I15.breaches;
    expect(given(killed, again)).toEqual([]);
    expect(given(again)).toHaveLength(1);
    expect(given({ ...killed, names: ['tab-2'] }, { ...again, tab: 'tab-3' })).toHaveLength(1);
    expect(given(killed, again, again)).toHaveLength(1);
  });
});

describe('I16: an event that is given up', () => {
  const HOUR_MS = 3_600_000;
  const setting = { kind: 'setting', retentionMs: 72 * HOUR_MS, maxEntries: 2, storage: 'told' } as const;
  const fault = (what: string, target = 'tab-1'): Draft => ({
    kind: 'fault',
    where: 'storage',
    what,
    target,
  });
  const at = (ms: number, draft: Draft): Draft => ({ ...draft, at: ms });
  const told = (reason: string): Draft => ({ ...one.discarded, reason });
  const begun: readonly Draft[] = [one.created, one.put, one.committed];
  const given = (...drafts: readonly Draft[]) => checked(setting, ...drafts).invariants.I16.breaches;

  it('is judged only if the bounds of the outbox are known', () => {
    expect(checked(...begun, one.discarded).invariants.I16.standing).toBe('nothing to judge');
    expect(checked(setting, ...begun, one.discarded).broken).toEqual(['I16']);
  });
  it('is expired if it was older than the retention, whether or not its offer has ended', () => {
    expect(given(...begun, at(72 * HOUR_MS, one.discarded))).toHaveLength(1);
    expect(given(...begun, at(72 * HOUR_MS + 2, one.discarded))).toEqual([]);
    const short: Draft = { ...one.created, expiresAt: 20_000 };
    expect(given(short, at(20_000, one.discarded))).toHaveLength(1);
  });
  it('is expired by the clock of the page that says so', () => {
    const ahead: Draft = { kind: 'clock', byMs: 72 * HOUR_MS };
    expect(given(...begun, ahead, one.discarded)).toEqual([]);
    expect(given(ahead, ...begun, one.discarded)).toHaveLength(1);
    expect(given(...begun, { ...ahead, names: ['tab-2'] }, one.discarded)).toHaveLength(1);
    // The page decided by its clock of that moment, and a frozen page reports late.
    const back: Draft = { kind: 'clock', byMs: -72 * HOUR_MS, at: 5_000 };
    expect(given(...begun, ahead, back, at(15_000, one.discarded))).toEqual([]);
    expect(given(...begun, ahead, back, at(15_001, one.discarded))).toHaveLength(1);
    const frozen: Draft = { kind: 'page', tab: 'tab-1', change: 'frozen', at: 6_000 };
    const thawed: Draft = { kind: 'page', tab: 'tab-1', change: 'thawed', at: 50_000 };
    expect(given(...begun, ahead, back, frozen, thawed, at(55_000, one.discarded))).toEqual([]);
    expect(given(...begun, ahead, back, frozen, thawed, at(60_000, one.discarded))).toHaveLength(1);
  });
  it('is expired if it is a dismissed that goes with its viewed, not one of another impression', () => {
    const { impressionId, offerId } = one.created;
    const closing: Draft = { ...two.created, type: 'dismissed', impressionId, offerId, at: HOUR_MS };
    const late = at(72 * HOUR_MS + 2, one.discarded);
    expect(given(...begun, closing, late, two.discarded)).toEqual([]);
    expect(given(...begun, closing, { ...two.discarded, at: 72 * HOUR_MS + 2 })).toHaveLength(1);
    expect(given(...begun, { ...closing, impressionId: 'another' }, late, two.discarded)).toHaveLength(1);
    expect(given(...begun, closing, at(72 * HOUR_MS + 2, told('refused')), two.discarded)).toHaveLength(2);
  });
  it('is outbox-full if it left a store that held more than it may', () => {
    const third = way(3);
    const evicted = (tab = 'tab-1'): Draft[] => [
      { ...one.removed, why: 'outbox-full', tab },
      { ...one.discarded, reason: 'outbox-full', tab },
    ];
    const full = [...begun, two.created, two.put];
    expect(given(...full, ...evicted())).toHaveLength(1);
    expect(given(...full, third.created, third.put, ...evicted())).toEqual([]);
    expect(given(...full, third.created, third.put, ...evicted('tab-2'))).toEqual([]);
    // An entry that left it a moment ago may have been there; one that left before, or was wiped, was not.
    const gone: readonly Draft[] = [...full, third.created, third.put, { ...third.removed, at: 5_000 }];
    expect(given(...gone, ...evicted())).toEqual([]);
    expect(given(...gone, at(6_002, two.leased), ...evicted())).toHaveLength(1);
    expect(given(...full, third.created, third.put, wiped, at(1_100, one.put), ...evicted())).toHaveLength(1);
  });
  it('is outbox-full in memory if its own page had more there than it may hold', () => {
    const inMemory = (number: number, tab = 'tab-1'): Draft[] => [
      way(number, tab).created,
      { ...way(number, tab).committed, store: `memory ${tab}` },
    ];
    const full = told('outbox-full');
    expect(given(...inMemory(1), ...inMemory(2), full)).toHaveLength(1);
    expect(given(...inMemory(1), ...inMemory(2), ...inMemory(3, 'tab-2'), full)).toHaveLength(1);
    expect(given(...inMemory(1), ...inMemory(2), ...inMemory(3), full)).toEqual([]);
  });
  it('is storage-full if its page was refused room just before, or the browser has hardly any', () => {
    const full = told('storage-full');
    const inBrowser = (storage: 'ample' | 'narrow') =>
      checked({ ...setting, storage }, ...begun, full).invariants.I16.breaches;
    expect(inBrowser('ample')).toHaveLength(1);
    expect(inBrowser('narrow')).toEqual([]);
    expect(given(...begun, full)).toHaveLength(1);
    expect(given(...begun, fault('hang'), full)).toHaveLength(1);
    expect(given(...begun, fault('quota', 'tab-2'), full)).toHaveLength(1);
    expect(given(...begun, fault('quota'), full)).toEqual([]);
    expect(given(...begun, { kind: 'fault', where: 'storage', what: 'quota' }, full)).toEqual([]);
    expect(given(...begun, at(1_000, fault('quota')), at(11_000, full))).toEqual([]);
    expect(given(...begun, at(1_000, fault('quota')), at(11_001, full))).toHaveLength(1);
    // A page does nothing else during a long task of its own.
    const busy = (tab: string): Draft => ({ kind: 'busy', tab, taskMs: 3_000, at: 2_000 });
    expect(given(...begun, at(1_000, fault('quota')), busy('tab-1'), at(14_000, full))).toEqual([]);
    expect(given(...begun, at(1_000, fault('quota')), busy('tab-1'), at(14_001, full))).toHaveLength(1);
    expect(given(...begun, at(1_000, fault('quota')), busy('tab-2'), at(14_000, full))).toHaveLength(1);
  });
  it('lacks consent if that was denied on its page, or had been until just before', () => {
    const denied: Draft = { kind: 'consent', tab: 'tab-1', state: 'denied' };
    const granted: Draft = { ...denied, state: 'granted', at: 5_000 };
    const given16 = (...drafts: readonly Draft[]) => given(...begun, ...drafts);
    expect(given16(told('consent'))).toHaveLength(1);
    expect(given16({ ...denied, state: 'pending' }, told('consent'))).toHaveLength(1);
    expect(given16({ ...denied, tab: 'tab-2' }, told('consent'))).toHaveLength(1);
    expect(given16(denied, at(HOUR_MS, told('consent')))).toEqual([]);
    expect(given16(denied, granted, at(15_000, told('consent')))).toEqual([]);
    expect(given16(denied, granted, at(15_001, told('consent')))).toHaveLength(1);
  });
  it('is refused if an answer that its page heard said so', () => {
    const answer = (kind: 'refused' | 'deferred', tab = 'tab-1'): Draft => ({
      ...one.answered,
      tab,
      verdicts: { [one.id]: { kind } },
    });
    expect(given(...begun, one.requested, answer('deferred'), told('refused'))).toHaveLength(1);
    expect(given(...begun, one.requested, answer('refused', 'tab-2'), told('refused'))).toHaveLength(1);
    expect(given(...begun, one.requested, answer('refused'), told('refused'))).toEqual([]);
  });
  it('is unreadable if the product did not make it, and no other reason exists', () => {
    expect(given(...begun, told('unreadable'))).toHaveLength(1);
    expect(given(told('unreadable'))).toEqual([]);
    expect(given(...begun, told('boredom'))).toHaveLength(1);
  });

  describe('or that dies with the memory of its page', () => {
    const committed: Draft = { ...one.committed, store: 'memory tab-1' };
    const dies = (...drafts: readonly Draft[]): readonly InvariantName[] => broken(setting, ...drafts);
    const dying = (...drafts: readonly Draft[]) => dies(one.created, ...drafts, committed, killed);

    it('is lost unless something kept the page from its database', () => {
      expect(dying()).toEqual(['I1', 'I15']);
      expect(dying(fault('hang', 'tab-2'))).toEqual(['I1', 'I15']);
      expect(dying(fault('hang'))).toEqual([]);
      expect(dying({ kind: 'consent', tab: 'tab-1', state: 'pending' })).toEqual([]);
      expect(dying({ kind: 'consent', tab: 'tab-2', state: 'pending' })).toEqual(['I1', 'I15']);
    });
    it('may have waited for a frozen page, as long as that page is frozen', () => {
      const frozen: Draft = { kind: 'page', tab: 'tab-2', change: 'frozen' };
      const thawed: Draft = { kind: 'page', tab: 'tab-2', change: 'thawed' };
      const other = opened('tab-2');
      expect(dying(other, frozen)).toEqual([]);
      expect(dying(other, frozen, thawed, { ...one.requested, at: 70_000 }, one.failed)).toEqual([
        'I1',
        'I15',
      ]);
    });
    it('is lost if the fault was long over when it was written, or when its page ended', () => {
      const late = (ms: number): Draft => ({ ...killed, at: ms });
      expect(dies(one.created, fault('hang'), at(60_003, committed), killed)).toEqual(['I1', 'I15']);
      expect(dies(one.created, fault('hang'), committed, late(60_003))).toEqual([]);
      expect(dies(one.created, fault('hang'), committed, late(60_004))).toEqual(['I1', 'I15']);
      expect(dies(one.created, fault('hang'), committed, at(60_000, fault('abort')), late(70_000))).toEqual(
        [],
      );
    });
  });

  it('is excused without a report only if its page ended right then', () => {
    const removed: Draft = { ...one.removed, why: 'expired' };
    const untold = (ms: number) => broken(setting, ...begun, removed, { ...killed, at: ms });
    expect(untold(10_005)).toEqual([]);
    expect(untold(10_006)).toEqual(['I1', 'I4', 'I15']);
    expect(broken(...begun, removed, { ...killed, at: 10_006 })).toEqual([]);
  });
  it('was recorded before by somebody if it was declined', () => {
    const again: Draft = { kind: 'declined', id: two.created.id, tab: 'tab-1', why: 'known' };
    const { offerId, type } = one.created;
    expect(broken(setting, ...begun, { ...two.created, offerId, type }, again, one.effect)).toEqual([]);
    expect(broken(setting, ...begun, two.created, again, one.effect)).toEqual(['I16']);
    const second = { ...two.created, offerId, type };
    // The page that has the first in memory may decline, whether or not its database takes it, until it gives that up.
    expect(broken(setting, one.created, second, again, one.committed, one.effect)).toEqual([]);
    expect(broken(setting, one.created, second, again, one.effect)).not.toContain('I16');
    expect(broken(setting, second, one.created, again, one.committed, one.effect)).toContain('I16');
    const gone: Draft = { kind: 'discarded', id: one.created.id, tab: 'tab-1', reason: 'consent' };
    expect(broken(setting, one.created, gone, second, again)).toContain('I16');
    // An event that another page has is known once it is stored.
    const elsewhere: Draft = { ...again, tab: 'tab-2' };
    expect(broken(setting, one.created, one.committed, second, elsewhere, one.effect)).not.toContain('I16');
    expect(broken(setting, one.created, second, elsewhere, one.committed, one.effect)).toContain('I16');
  });
  it('is excused if never durable only if its page ended right then, could not store it, or had no consent yet', () => {
    const pending: Draft = { kind: 'consent', tab: 'tab-1', state: 'pending' };
    expect(broken(setting, one.created, at(1_002, killed))).toEqual([]);
    expect(broken(setting, one.created, at(1_003, killed))).toEqual(['I15']);
    const busy: Draft = { kind: 'busy', tab: 'tab-1', taskMs: 3_000 };
    expect(broken(setting, one.created, busy, at(4_002, killed))).toEqual([]);
    expect(broken(setting, one.created, busy, at(4_003, killed))).toEqual(['I15']);
    const beside: Draft = { ...busy, tab: 'tab-2' };
    expect(broken(setting, one.created, beside, at(5_003, killed))).toEqual([]);
    expect(broken(setting, one.created, beside, at(5_004, killed))).toEqual(['I15']);
    expect(broken(setting, pending, one.created, at(90_000, killed))).toEqual([]);
    expect(broken(setting, one.created, pending, at(90_000, killed))).toEqual([]);
  });
});

describe('I17: if there are two endpoints, an event', () => {
  const HOUR_MS = 3_600_000;
  const own = '/offer-events';
  const other = '/fr/offer-events';
  const proxies: Draft[] = [
    { kind: 'started', proxy: 'proxy-1', endpoint: own, isDirect: false },
    { kind: 'started', proxy: 'proxy-2', endpoint: other, isDirect: false },
  ];
  const pages: Draft[] = [
    { kind: 'opened', tab: 'tab-1', endpoint: own, watches: [] },
    { kind: 'opened', tab: 'tab-2', endpoint: other, watches: [] },
  ];
  const there: Draft = { ...one.taken, proxy: 'proxy-2' };
  const asked = (number: number, at: number, answer: object, more: object = {}): Draft[] => [
    { ...one.requested, number, tab: 'tab-3', ids: [two.id], endpoint: own, at, ...more },
    { ...one.failed, number, tab: 'tab-3', ...answer },
  ];
  const absent = { status: 404, isAbsent: true };
  const breaches = (...drafts: readonly Draft[]) =>
    checked(...proxies, ...pages, one.created, ...drafts).invariants.I17.breaches;

  it('is taken at its own', () => {
    expect(breaches(one.taken)).toEqual([]);
    expect(breaches(there)).toHaveLength(1);
  });
  it('is taken at another one only if its own was absent, and an hour later again', () => {
    expect(breaches(...asked(7, 100, absent), ...asked(8, 101 + HOUR_MS, absent), there)).toEqual([]);
    expect(breaches(...asked(7, 100, absent), ...asked(8, 99 + HOUR_MS, absent), there)).toHaveLength(1);
    expect(breaches(...asked(7, 100, absent), there)).toHaveLength(1);
    expect(breaches(there, ...asked(7, 100, absent), ...asked(8, 101 + HOUR_MS, absent))).toHaveLength(1);
    const unavailable = { status: 503 };
    expect(
      breaches(...asked(7, 100, unavailable), ...asked(8, 101 + HOUR_MS, unavailable), there),
    ).toHaveLength(1);
    const moved: Draft = { kind: 'clock', byMs: HOUR_MS };
    expect(breaches(...asked(7, 100, absent), moved, ...asked(8, 200, absent), there)).toEqual([]);
  });
  it('is not taken at another one if its own answered well in between, unless that was a farewell', () => {
    const before = asked(7, 100, absent);
    const after = asked(9, 101 + HOUR_MS, absent);
    const inOrder = { status: 200, verdicts: { [two.id]: { kind: 'accepted' } } };
    expect(breaches(...before, ...asked(8, 200, inOrder), ...after, there)).toHaveLength(1);
    expect(breaches(...before, ...asked(8, 200, inOrder, { isFarewell: true }), ...after, there)).toEqual([]);
  });
  it('is brought to its own by a page of another one when it has waited for a day', () => {
    const brought = (at: number, endpoint = own): Draft => ({ ...one.requested, tab: 'tab-2', endpoint, at });
    expect(breaches(brought(5 + 24 * HOUR_MS))).toEqual([]);
    expect(breaches(brought(4 + 24 * HOUR_MS))).toHaveLength(1);
    expect(breaches(brought(5 + 24 * HOUR_MS, '/de/offer-events'))).toHaveLength(1);
    expect(breaches({ ...one.requested, endpoint: own })).toEqual([]);
  });
  it('counts at both only if its own was absent after it had taken it', () => {
    const both: Draft[] = [
      one.created,
      one.taken,
      one.forwarded,
      one.effect,
      one.ended,
      one.settled,
      ...asked(7, 100, absent),
      ...asked(8, 101 + HOUR_MS, absent),
      there,
      { ...one.forwarded, number: 9, proxy: 'proxy-2' },
      { ...one.effect, number: 9 },
      { ...one.ended, number: 9 },
      { ...one.settled, proxy: 'proxy-2' },
    ];
    const result = checked(...proxies, ...pages, ...both);
    expect(result.broken).toEqual([]);
    expect(result.invariants.I3.excused).toEqual({ moved: 1 });
    const present = without(both, 'answered');
    expect(checked(...proxies, ...pages, ...present).invariants.I3.breaches).toHaveLength(1);
    expect(broken(...delivered(1), { ...one.forwarded, number: 9, proxy: 'proxy-2' })).toEqual(['I6']);
  });
  it('is not ordered with one that counts at the other', () => {
    const { impressionId, offerId } = one.created;
    const closed = { ...way(2), type: 'dismissed' as const };
    const created: Draft = { ...closed.created, type: 'dismissed', impressionId, offerId };
    const counted = (event: typeof one | typeof closed, number: number, proxy: string): Draft[] => [
      { ...event.forwarded, number, proxy },
      { ...event.effect, number },
    ];
    const order = (...drafts: readonly Draft[]) =>
      checked(...proxies, one.created, created, ...drafts).invariants.I14.breaches;
    const [first, later] = [counted(closed, 5, 'proxy-1'), counted(one, 6, 'proxy-1')];
    expect(order(...first, ...later)).toHaveLength(1);
    expect(order(...first, ...counted(one, 6, 'proxy-2'))).toEqual([]);
    expect(order(...later, ...first)).toEqual([]);
  });
  it('waits only during the pauses of its own endpoint', () => {
    const paused: Draft = { kind: 'paused', tab: 'tab-1', pause: 'circuit', until: 60_000, endpoint: own };
    const asks = (endpoint: string): Draft[] => [
      { ...one.requested, number: 5, endpoint, at: 100 },
      { ...one.answered, number: 5 },
      { ...one.requested, number: 6, endpoint, at: 59_000 },
    ];
    const rates = (...drafts: readonly Draft[]) => checked(...pages, ...drafts).invariants.I7.breaches;
    expect(rates(paused, ...asks(own))).toHaveLength(1);
    expect(rates(paused, ...asks(other))).toEqual([]);
    const both: Draft[] = [
      { ...one.requested, endpoint: own },
      { ...one.requested, number: 9, endpoint: other },
    ];
    expect(rates(...both)).toEqual([]);
    expect(rates(...both.map((row) => ({ ...row, endpoint: own }) as Draft))).toHaveLength(1);
  });
});

describe('I3 and I6: with an intake that keeps nothing', () => {
  const direct = (proxy: string): Draft => ({ kind: 'started', proxy, endpoint: '/', isDirect: true });
  const again = (proxy: string): Draft[] => [
    { ...one.taken, proxy },
    { ...one.forwarded, number: 9, proxy },
    { ...one.effect, number: 9 },
    { ...one.ended, number: 9 },
  ];
  const first = [direct('proxy-1'), direct('proxy-2'), one.created, one.put, one.committed, one.forwarded];

  it('another process may count an event again only if keys are ignored', () => {
    const result = checked(ignores, ...first, one.effect, one.ended, one.taken, ...again('proxy-2'));
    expect(result.broken).toEqual([]);
    expect(result.invariants.I3.excused).toEqual({ 'other-process': 1 });
    expect(broken(...first, one.effect, one.ended, one.taken, ...again('proxy-2'))).toEqual(['I3']);
  });
  it('a process that heard that an event is done may not forward it again, even if it dies later', () => {
    const death: Draft = { kind: 'killed', what: 'proxy', names: ['proxy-1'] };
    const twice = [ignores, ...first, one.effect, one.ended, one.taken, ...again('proxy-1'), death];
    expect(broken(...twice)).toEqual(['I3', 'I6']);
    const lost: Draft = { kind: 'forward-ended', number: 1, isAmbiguous: true };
    expect(broken(ignores, ...first, one.effect, lost, one.taken, ...again('proxy-1'))).toEqual([]);
  });
  it('two processes may forward an event at once, one process may not', () => {
    const end: Draft = { ...one.ended, number: 9 };
    const at = (proxy: string): Draft => ({ ...one.forwarded, number: 9, proxy });
    expect(broken(...first, at('proxy-2'), one.effect, one.ended, end, one.taken)).toEqual([]);
    expect(broken(...first, at('proxy-1'), one.effect, one.ended, end, one.taken)).toEqual(['I6']);
  });
});

describe('I18: what another version wrote', () => {
  const DAY_MS = 86_400_000;
  const unknown = '[["note","later"]]';
  const written: Draft = { ...one.put, unknown };
  const newer: Draft = { ...one.put, unknown, isNewer: true };
  const breaches = (...drafts: readonly Draft[]) => checked(...drafts).invariants.I18.breaches;
  const madeAt = Number.parseInt(one.id.slice(0, 13).replace('-', ''), 16);

  it('stays in an entry as long as that is there, and is not sent', () => {
    expect(breaches(written, { ...one.leased, unknown }, one.requested, one.removed)).toEqual([]);
    expect(breaches(written, one.leased)).toHaveLength(1);
    expect(breaches(written, { ...one.leased, unknown: '[]' })).toHaveLength(1);
    expect(breaches(one.put, { ...one.requested, extras: ['note'] })).toHaveLength(1);
    expect(breaches(one.put, { ...one.requested, extras: [] })).toEqual([]);
  });
  it('is neither sent nor removed if its version is higher, until it is six days old or consent is denied', () => {
    const purged: Draft = { ...one.removed, why: 'purged' };
    const denied: Draft = { kind: 'consent', tab: 'tab-1', state: 'denied' };
    expect(breaches(newer)).toEqual([]);
    expect(breaches(newer, one.requested)).toHaveLength(1);
    expect(breaches(newer, one.removed)).toHaveLength(1);
    expect(breaches(newer, purged)).toHaveLength(1);
    expect(breaches(newer, denied, purged)).toEqual([]);
    // A purge that the database refuses is repeated, also after consent was given again.
    const granted: Draft = { kind: 'consent', tab: 'tab-1', state: 'granted', at: 1_000 };
    const refused: Draft = { kind: 'fault', where: 'storage', what: 'abort', target: 'tab-1', at: 95_000 };
    const late: Draft = { ...purged, at: 100_000 };
    expect(breaches({ ...denied, at: 0 }, granted, newer, late)).toHaveLength(1);
    expect(breaches({ ...denied, at: 0 }, granted, newer, refused, late)).toEqual([]);
    expect(
      breaches({ ...denied, at: 0 }, granted, newer, { ...refused, target: 'tab-2' }, late),
    ).toHaveLength(1);
    expect(breaches(newer, refused, late)).toHaveLength(1);
    expect(breaches({ ...newer, at: madeAt }, { ...one.removed, at: madeAt + 6 * DAY_MS })).toEqual([]);
    expect(breaches({ ...newer, at: madeAt }, { ...one.removed, at: madeAt + 6 * DAY_MS - 1 })).toHaveLength(
      1,
    );
  });
});

describe('the story of an event in trouble', () => {
  it('has every row about it in order, and none of others', () => {
    const result = checked(
      opened(),
      ...delivered(2, 'tab-2'),
      ...without(delivered(1), 'effect'),
      ...ending([one.id, two.id]),
    );
    expect([...result.stories.keys()]).toEqual([one.id]);
    const lines = (result.stories.get(one.id) ?? '')
      .split('\n')
      .map((line) => line.split(/ s +/)[1]?.split(' ')[0]);
    expect(lines).toEqual([
      'created',
      'put',
      'committed',
      'put',
      'requested',
      'taken',
      'forwarded',
      'forward-ended',
      'settled',
      'answered',
      'removed',
      'final-intake',
    ]);
    expect(explain(result)).toContain(`I1 no loss: called done, but the upstream never counted it ${one.id}`);
  });
});

describe('I19: the ledger', () => {
  const { created, taken, forwarded, effect, ended, settled } = one;
  const cell = { day: '1970-01-01', type: 'viewed', group: 'summer' };
  const shown: readonly Draft[] = [
    { ...created, group: 'summer' },
    { ...taken, cell },
  ];
  const upstream: readonly Draft[] = [forwarded, effect, ended];
  const done: readonly Draft[] = [...shown, ...upstream, settled];
  const dead = (code: string): Draft => ({ ...settled, state: 'dead', code });
  const marked = (state: KeptRow['state'], code?: string): Draft => ({
    kind: 'final-intake',
    rows: [{ id: one.id, state, code, isAmbiguous: true, maybeDuplicate: false }],
  });
  const accepted = (name: string, kind: 'accepted' | 'duplicate', group = 'summer'): Draft => ({
    ...{ kind: 'accepted', name, id: id(9), proxy: 'proxy-1' },
    verdict: { kind },
    cell: { day: '1970-01-01', type: 'accepted', group },
  });
  const ledger = (...cells: readonly Partial<LedgerCell>[]): Draft => ({
    kind: 'final-ledger',
    cells: cells.map((each) => ({ ...CELL, group: 'summer', ...each })),
  });
  const judged = (...drafts: readonly Draft[]) => checked(...drafts).invariants.I19;
  const texts = (...drafts: readonly Draft[]): readonly string[] =>
    judged(...drafts).breaches.map(({ text }) => text);

  it('has every event of the record in its cell and column, and nothing else', () => {
    const whole = { taken: 1, delivered: 1 };
    expect(texts(...done, ledger(whole))).toEqual([]);
    for (const column of ['taken', 'delivered', 'refused', 'givenUp', 'purged', 'accepted'] as const)
      expect(texts(...done, ledger({ ...whole, [column]: 2 }))).toEqual([
        expect.stringMatching(new RegExp(`^1970-01-01 summer viewed: the ledger has 2 ${column}`)),
      ]);
    for (const other of [
      { day: '1970-01-02' },
      { group: 'winter' },
      { type: 'dismissed' },
      { reason: 'swipe' },
    ] as const)
      expect(texts(...done, ledger({ ...whole, ...other }))).toHaveLength(4);
    expect(texts(...done, ledger())).toHaveLength(2);
  });
  it('counts an event once that the intake was asked for again', () => {
    const again: Draft = { ...taken, verdict: { kind: 'duplicate' }, cell: { ...cell, group: 'winter' } };
    expect(texts(...shown, ledger({ taken: 1 }), again)).toHaveLength(1);
    const whole = [...shown, { ...again, cell }, ...upstream, settled, ledger({ taken: 1, delivered: 1 })];
    expect(texts(...whole)).toEqual([]);
  });
  it('may know an event that nobody saw taken only if a proxy was killed', () => {
    const unseen: readonly Draft[] = [
      { ...created, group: 'summer' },
      { ...taken, verdict: { kind: 'duplicate' }, cell },
      ledger({ taken: 1 }),
    ];
    expect(texts(...unseen)).toEqual([expect.stringContaining('nobody saw it taken')]);
    expect(texts({ kind: 'killed', what: 'proxy', names: ['proxy-1'] }, ...unseen)).toEqual([]);
  });
  it('may differ from the upstream only by events that are marked as ambiguous, each listed', () => {
    const uncounted = [...shown, forwarded, ended, settled, ledger({ taken: 1, delivered: 1 })];
    expect(texts(...uncounted)).toEqual([
      expect.stringContaining('delivered by the intake, and not counted upstream'),
      expect.stringContaining('the ledger has 1 delivered'),
    ]);
    expect(judged(...uncounted, marked('done'))).toMatchObject({
      breaches: [],
      listed: [{ id: one.id }],
    });
    const unheard = [...shown, forwarded, effect, dead('unknown_outcome'), ledger({ taken: 1, givenUp: 1 })];
    expect(texts(...unheard)).toHaveLength(3);
    expect(judged(...unheard, marked('dead', 'unknown_outcome'))).toMatchObject({
      breaches: [],
      listed: [{ id: one.id, text: expect.stringContaining('givenUp') }],
    });
    expect(judged(...done, ledger({ taken: 1, delivered: 1 }), marked('done')).listed).toEqual([]);
  });
  it('has no refusal that the upstream did not answer, and no purge that nobody asked for', () => {
    const refused = [...shown, forwarded, dead('resource_not_found'), ledger({ taken: 1, refused: 1 })];
    expect(texts(...refused)).toEqual([expect.stringContaining('nothing that happened explains that')]);
    expect(texts(...refused, { ...ended, status: 404 })).toEqual([]);
    const purged = [dead('purged'), ledger({ taken: 1, purged: 1 })];
    expect(texts(...shown, ...purged)).toEqual([
      expect.stringContaining('nothing that happened explains that'),
    ]);
    expect(texts(...shown, { kind: 'purged', ids: [one.id], proxy: 'proxy-1' }, ...purged)).toEqual([]);
  });
  it('counts an acceptance once, in the group that came first', () => {
    const twice = [accepted('order', 'accepted'), accepted('order', 'duplicate', 'winter')];
    const counted: Partial<LedgerCell> = { type: 'accepted', taken: 1, accepted: 1 };
    expect(texts(...twice, ledger(counted))).toEqual([]);
    expect(texts(...twice, ledger({ ...counted, taken: 2, accepted: 2 }))).toHaveLength(2);
    expect(texts(...twice, ledger({ ...counted, group: 'winter' }))).toHaveLength(4);
  });
  it('finds an acceptance that was forwarded, or counted upstream', () => {
    const order = accepted('order', 'accepted');
    expect(texts(order, { ...forwarded, type: 'accepted' })).toHaveLength(1);
    expect(texts(order, { ...forwarded, id: id(9) })).toHaveLength(1);
    expect(texts(order, { ...effect, type: 'accepted' })).toHaveLength(1);
    expect(texts(order, forwarded, effect)).toEqual([]);
  });
  it('is compared for each endpoint apart', () => {
    const started = (proxy: string, endpoint: string): Draft => ({
      kind: 'started',
      proxy,
      endpoint,
      isDirect: false,
    });
    const two = [started('proxy-1', '/a'), started('proxy-2', '/b'), ...done];
    const at = (endpoint: string, ...cells: readonly Partial<LedgerCell>[]): Draft =>
      ({ ...ledger(...cells), endpoint }) as Draft;
    expect(texts(...two, at('/a', { taken: 1, delivered: 1 }), at('/b'))).toEqual([]);
    expect(texts(...two, at('/b', { taken: 1, delivered: 1 }), at('/a'))).toHaveLength(4);
  });
});
