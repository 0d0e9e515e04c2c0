// @vitest-environment node
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createChoosing, type Pass } from '../../../../src/client/later/outbox/choosing.js';
import type { Owner } from '../../../../src/client/outbox/outbox.js';
import type { Loss, OutboxEntry, RecordKey } from '../../../../src/client/outbox/records.js';
import { dismissed, ENDPOINT, entryOf, idOf, START, viewed } from '../../../support/events.js';

const HOUR_MS = 3_600_000;
const LIFE_MS = 72 * HOUR_MS;
const ids = (...numbers: number[]): string[] => numbers.map(idOf);

/** What a pass goes by beside what it has seen. */
interface Rules extends Pick<Pass, 'token' | 'limit' | 'pausedUntil' | 'excess' | 'reason'> {
  readonly owner: Owner;
  readonly now: number;
  readonly heldOffers: readonly string[];
  /** Codes by id. */
  readonly refused: Map<string, string>;
  /** Why impressions were given up before. */
  readonly lostBefore: Map<string, Loss>;
  isOurs(endpoint: string, isStranded: boolean): boolean;
  isOwn(id: string): boolean;
}

/** A pass over portions of records, and what it came to. */
const pass = (
  portions: readonly (readonly (readonly [RecordKey, unknown])[])[],
  fields: Partial<Rules> = {},
) => {
  const discarded: (readonly [id: string, reason: string])[] = [];
  const rules: Rules = {
    ...{ owner: { consent: 'granted' }, token: 'me', limit: 100, now: START, pausedUntil: 0 },
    ...{ excess: 0, reason: 'outbox-full', heldOffers: [], refused: new Map(), lostBefore: new Map() },
    isOurs: (there) => there === ENDPOINT,
    isOwn: () => false,
    ...fields,
  };
  const choose = createChoosing({ ...rules, now: () => rules.now, lifeMs: LIFE_MS });
  const begun: Pass = { ...rules, taken: [], heldOffers: new Set(rules.heldOffers), lost: new Map() };
  const taken: string[] = [];
  let seen = 0;
  for (const portion of portions) {
    seen++;
    begun.taken = [];
    const isThrough = choose(portion, begun, ([, id = ''], _, reason) => discarded.push([id, reason]));
    taken.push(...begun.taken.map(({ event }) => event.id));
    begun.limit -= begun.taken.length;
    if (isThrough) break;
  }
  return { taken, nextAt: begun.nextAt, discarded, seen, begun };
};

const recordOf = (entry: OutboxEntry): readonly [RecordKey, unknown] => [['entry', entry.event.id], entry];
const recordsOf = (...entries: OutboxEntry[]) => entries.map(recordOf);
const held = (until: number): Partial<OutboxEntry> => ({ lease: { token: 'another', until } });

describe('a pass takes', () => {
  const view = viewed(1);
  const close = dismissed(2, view);
  const later = START + 7_000;

  /** What waits, which numbers a pass takes of that, and when something else is due. */
  const CASES: Record<
    string,
    [OutboxEntry[], taken: number[], nextAt?: number | undefined, rules?: Partial<Rules>]
  > = {
    'nothing of nothing, and nothing is due': [[], []],
    'what is due, and says when the rest is': [
      [entryOf(viewed(3)), entryOf(viewed(4), { notBeforeAt: later })],
      [3],
      later,
    ],
    'nothing that somebody else delivers, until that lease ends': [
      [entryOf(view, held(later)), entryOf(viewed(3))],
      [3],
      later,
    ],
    'what somebody else has stopped to deliver': [[entryOf(view, held(START))], [1]],
    'what is leased for longer than anything can be, since a clock jumped (fault 56)': [
      [entryOf(view, held(START + 16_001)), entryOf(viewed(3), held(START + 16_000))],
      [1],
      START + 16_000,
    ],
    'no dismissal whose view somebody else delivers': [
      [entryOf(view, held(later)), entryOf(close)],
      [],
      later,
    ],
    'no dismissal whose view is not due, though it is due itself': [
      [entryOf(view, { notBeforeAt: later }), entryOf(close)],
      [],
      later,
    ],
    'a dismissal behind its view': [
      [entryOf(view), entryOf(close)],
      [1, 2],
    ],
    'nothing while it is paused, and says until when': [[entryOf(view)], [], later, { pausedUntil: later }],
    'at most as many as asked for, and says that more is due': [
      [1, 3, 5].map((n) => entryOf(viewed(n))),
      [1, 3],
      START,
      { limit: 2 },
    ],
    'nothing of another user, and what is nobody’s': [
      [entryOf(viewed(1, { subject: 'ben' })), entryOf(viewed(3))],
      [3],
      undefined,
      { owner: { consent: 'granted', subject: 'anna' } },
    ],
    'nothing that goes elsewhere, which delays nothing of the same offer': [
      [entryOf(view, { endpoint: 'https://shop.example/other', notBeforeAt: later }), entryOf(close)],
      [2],
    ],
    'nothing of an offer of which an older event is elsewhere': [
      [entryOf(close), entryOf(viewed(3))],
      [3],
      undefined,
      { heldOffers: [view.offerId] },
    ],
  };

  test.each(Object.entries(CASES))('%s', (_, [entries, taken, nextAt, rules]) => {
    const done = pass([recordsOf(...entries)], rules);
    expect([done.taken, done.nextAt, done.discarded]).toEqual([ids(...taken), nextAt, []]);
  });

  test('under a lease of its own, which is as long as an attempt and a little more', () => {
    const { begun } = pass([recordsOf(entryOf(view, { notBeforeAt: START - 1 }))]);
    expect(begun.taken).toEqual([
      entryOf(view, { notBeforeAt: START - 1, lease: { token: 'me', until: START + 15_000 } }),
    ]);
  });

  test('no more than the limit over all portions, and looks no further', () => {
    const portions = [1, 3, 5, 7].map((n) => recordsOf(entryOf(viewed(n)), entryOf(viewed(n + 1))));
    const done = pass(portions, { limit: 3 });
    expect([done.taken, done.nextAt, done.seen]).toEqual([ids(1, 2, 3), START, 2]);
  });
});

describe('a pass gives up', () => {
  const view = viewed(1);
  const old = { occurredAt: START - LIFE_MS };

  test.each<
    [what: string, entries: OutboxEntry[], rules: Partial<Rules>, lost: [string, string][], taken: string[]]
  >([
    [
      'what has expired, but not what somebody delivers',
      [entryOf(viewed(1, old)), entryOf(viewed(3, old), held(START + 1)), entryOf(viewed(5))],
      {},
      [[idOf(1), 'expired']],
      ids(5),
    ],
    [
      'what has expired, also in a pause',
      [entryOf(viewed(1, old))],
      { pausedUntil: START + 1 },
      [[idOf(1), 'expired']],
      [],
    ],
    [
      'what has expired before what is too much, for which that makes room',
      [entryOf(viewed(1, old)), entryOf(viewed(3)), entryOf(viewed(5))],
      { excess: 1 },
      [[idOf(1), 'expired']],
      ids(3, 5),
    ],
    [
      'the oldest of what is too much, each with its impression, and what that makes room for stays',
      [entryOf(view), entryOf(viewed(3)), entryOf(dismissed(4, view)), entryOf(viewed(5))],
      { excess: 2 },
      ids(1, 3, 4).map((id) => [id, 'outbox-full']),
      ids(5),
    ],
    [
      'events that are too many, for the given reason, except for those on their way',
      [entryOf(view, held(START + 9)), entryOf(viewed(3)), entryOf(viewed(4))],
      { excess: 1, reason: 'storage-full', limit: 0, token: '' },
      [[idOf(3), 'storage-full']],
      [],
    ],
  ])('%s', (_, entries, rules, lost, taken) => {
    const done = pass([recordsOf(...entries)], rules);
    expect([done.discarded, done.taken]).toEqual([lost, taken]);
  });

  test('a dismissal with its expired view, though 500 entries and two portions are in between, and all others wait', () => {
    const lost = viewed(1, old);
    const others = Array.from({ length: 500 }, (_, n) => entryOf(viewed(n + 2)));
    const all = recordsOf(entryOf(lost), ...others, entryOf(dismissed(900, viewed(1))), entryOf(viewed(901)));
    const portions = [all.slice(0, 200), all.slice(200, 400), all.slice(400)];
    const done = pass(portions, { limit: 50 });
    expect(done.discarded).toEqual([
      [idOf(1), 'expired'],
      [idOf(900), 'expired'],
    ]);
    expect(done.taken).toEqual(others.slice(0, 50).map(({ event }) => event.id));
    expect(done.seen).toBe(3);
  });

  test('what was refused, though somebody delivers it, with the dismissals of a refused view in this pass and in later ones', () => {
    const refused = new Map([
      [view.id, 'conflict'],
      [idOf(4), 'invalid_event'],
    ]);
    const entries = [
      entryOf(view, held(START + 9)),
      entryOf(dismissed(2, view), held(START + 9)),
      entryOf(viewed(3)),
      entryOf(dismissed(4, viewed(3))),
    ];
    const done = pass([recordsOf(...entries)], { refused });
    expect([done.discarded, done.taken]).toEqual([ids(1, 2, 4).map((id) => [id, 'refused']), ids(3)]);
    const next = pass([recordsOf(entryOf(dismissed(7, view)), entryOf(dismissed(8, viewed(3))))], {
      lostBefore: new Map([[view.impressionId, ['refused', 'conflict']]]),
    });
    expect([next.discarded, next.taken]).toEqual([[[idOf(7), 'refused']], ids(8)]);
  });

  test('other records as unreadable, and those that a later version wrote only when they are too old for any version', () => {
    const portion: readonly (readonly [RecordKey, unknown])[] = [
      [['entry', idOf(1)], { v: 1, event: viewed(2) }],
      [['entry', idOf(3)], { v: 2 }],
      [['entry', idOf(4)], undefined],
    ];
    expect(pass([portion]).discarded).toEqual([
      [idOf(1), 'unreadable'],
      [idOf(4), 'unreadable'],
    ]);
    const madeAt = Number.parseInt(idOf(3).replace('-', '').slice(0, 12), 16);
    expect(pass([portion], { now: madeAt + 6 * 24 * HOUR_MS }).discarded).toContainEqual([
      idOf(3),
      'expired',
    ]);
  });
});

describe('with any waiting events', () => {
  const entry = fc.record({
    impression: fc.nat(5),
    isView: fc.boolean(),
    notBeforeAt: fc.constantFrom(0, START, START + 5_000),
    leasedUntil: fc.constantFrom(0, START, START + 3_000),
    isOld: fc.boolean(),
  });
  const state = fc.record({
    shapes: fc.array(entry, { maxLength: 40 }),
    limit: fc.integer({ min: 1, max: 10 }),
    excess: fc.integer({ min: -3, max: 5 }),
    portion: fc.integer({ min: 1, max: 7 }),
  });
  type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

  const build = ({ shapes, limit, excess, portion }: State) => {
    const entries = shapes.map(({ impression, isView, notBeforeAt, leasedUntil, isOld }, n) => {
      const view = viewed(n, {
        offerId: `offer-${impression}`,
        impressionId: `impression-${impression}`,
        occurredAt: isOld ? START - LIFE_MS : START - 1,
      });
      return entryOf(isView ? view : dismissed(n, view), {
        notBeforeAt,
        ...(leasedUntil && held(leasedUntil)),
      });
    });
    const records = recordsOf(...entries);
    const portions = Array.from({ length: Math.ceil(records.length / portion) }, (_, n) =>
      records.slice(n * portion, (n + 1) * portion),
    );
    return { entries, ...pass(portions, { limit, excess }) };
  };

  test('each offer keeps its order, nothing is touched twice or while somebody delivers it, and what is left is due', () => {
    fc.assert(
      fc.property(state, (generated) => {
        const { entries, taken, discarded, nextAt } = build(generated);
        const gone = discarded.map(([id]) => id);
        const touched = [...taken, ...gone];
        expect(touched).toHaveLength(new Set(touched).size);
        for (const [at, { event, lease }] of entries.entries()) {
          if ((lease?.until ?? 0) > START) expect(touched).not.toContain(event.id);
          if (!taken.includes(event.id)) continue;
          for (const older of entries.slice(0, at))
            if (older.event.offerId === event.offerId) expect(touched).toContain(older.event.id);
        }
        expect(nextAt !== undefined).toBe(entries.length > touched.length);
      }),
      { numRuns: 300 },
    );
  });
});
