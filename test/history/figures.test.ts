/** I19 once more: what a ledger is compared with does not come from the client, nor from one day too many. */
import { describe, expect, it } from 'vitest';
import type { LedgerCell } from '../../src/proxy/intake/ledger.js';
import { check } from './checker.js';
import type { RowCell } from './row.js';
import { CELL, type Draft, historyOf, id, opened, way } from './sample.js';

const TODAY = '1970-01-01';
const TOMORROW = '1970-01-02';
const DAY_MS = 86_400_000;

const { created, requested, taken, forwarded, effect, ended, settled } = way(1);
const upstream: readonly Draft[] = [forwarded, effect, ended, settled];

const ledger = (...cells: readonly Partial<LedgerCell>[]): Draft => ({
  kind: 'final-ledger',
  cells: cells.map((each) => ({ ...CELL, group: 'summer', ...each })),
});
const texts = (...drafts: readonly Draft[]): readonly string[] =>
  check(historyOf([opened(), ...drafts])).invariants.I19.breaches.map(({ text }) => text);

describe('a client that leaves out what the page did', () => {
  const shown: Draft = { ...created, group: 'summer' };
  const plain: Draft = { ...taken, cell: { day: TODAY, type: 'viewed' } };
  const nameless = ledger({ taken: 1, delivered: 1, group: '(none)' });

  it('is noticed, although its requests, the proxy and the ledger agree', () => {
    expect(texts(shown, requested, plain, ...upstream, nameless)).toEqual([
      'said undefined undefined on its way, and summer undefined at first',
      `${TODAY} (none) viewed: the ledger has 1 taken, the record 0`,
      `${TODAY} (none) viewed: the ledger has 1 delivered, the record 0`,
      `${TODAY} summer viewed: the ledger has 0 taken, the record 1`,
      `${TODAY} summer viewed: the ledger has 0 delivered, the record 1`,
    ]);
  });

  it('is noticed if it leaves out how the user closed the offer', () => {
    const closed: Draft = { ...created, type: 'dismissed', reason: 'swipe' };
    const nothing: Draft = { ...taken, cell: { day: TODAY, type: 'dismissed' } };
    expect(texts(closed, requested, nothing)).toEqual([
      'said undefined undefined on its way, and undefined swipe at first',
    ]);
  });

  it('is noticed if it says something else', () => {
    const winter: Draft = { ...taken, cell: { day: TODAY, type: 'viewed', group: 'winter' } };
    expect(texts(shown, requested, winter)).toEqual([
      'said winter undefined on its way, and summer undefined at first',
    ]);
  });
});

describe('the day of an event', () => {
  /** One event that the proxy was asked for today. */
  const asked = (number: number, cell: Partial<RowCell> = {}): readonly Draft[] => {
    const event = way(number);
    return [
      { ...event.created, group: 'summer' },
      event.requested,
      { ...event.taken, cell: { day: TODAY, type: 'viewed', group: 'summer', ...cell } },
    ];
  };
  const delivered = (number: number): readonly Draft[] => {
    const event = way(number);
    return [event.forwarded, event.effect, event.ended, event.settled];
  };
  const around = { lastDay: TOMORROW };

  it('may be either day if midnight came during its request, but no other, and it counts once', () => {
    for (const day of [TODAY, TOMORROW])
      expect(texts(...asked(1, around), ledger({ day, taken: 1 }))).toEqual([]);
    expect(texts(...asked(1, around), ledger({ day: '1970-01-03', taken: 1 }))).toHaveLength(2);
    expect(texts(...asked(1, around), ledger())).toHaveLength(1);
    const both = [TODAY, TOMORROW].map((day) => ({ day, taken: 1 }));
    expect(texts(...asked(1, around), ledger(...both))).toHaveLength(1);
  });

  it('is only its own if its request did not cross midnight, although others of the run did', () => {
    const run = [...asked(1), ...asked(2, around)];
    expect(texts(...run, ledger({ taken: 1 }, { day: TOMORROW, taken: 1 }))).toEqual([]);
    expect(texts(...run, ledger({ taken: 2 }))).toEqual([]);
    expect(texts(...run, ledger({ day: TOMORROW, taken: 2 }))).toHaveLength(2);
  });

  it('is found for each event of a midnight, no matter what became of it', () => {
    const run = [...asked(1, around), ...asked(2, around), ...delivered(2)];
    const [waiting, done] = [{ taken: 1 }, { taken: 1, delivered: 1 }];
    expect(texts(...run, ledger(waiting, { day: TOMORROW, ...done }))).toEqual([]);
    expect(texts(...run, ledger(done, { day: TOMORROW, ...waiting }))).toEqual([]);
    expect(texts(...run, ledger({ taken: 2 }, { day: TOMORROW, delivered: 1 }))).toHaveLength(2);
  });

  it('is that of a request that a process took which was killed before it wrote that down', () => {
    const [shown, request] = asked(1);
    const killed: Draft = { kind: 'killed', what: 'proxy', names: ['proxy-1'] };
    const duplicate: Draft = {
      ...{ ...taken, at: 2 * DAY_MS, verdict: { kind: 'duplicate' } },
      cell: { day: '1970-01-03', type: 'viewed', group: 'summer' },
    };
    const run = [shown, request, killed, duplicate].flatMap((draft) => draft ?? []);
    expect(texts(...run, ledger({ taken: 1 }))).toEqual([]);
    expect(texts(...run, ledger({ day: '1970-01-03', taken: 1 }))).toHaveLength(2);
  });

  it('is that of a report that a process took which was killed before it wrote that down', () => {
    const reported: Draft = { kind: 'reported', name: 'order', proxy: 'proxy-1', day: TODAY };
    const duplicate: Draft = {
      ...{ kind: 'accepted', name: 'order', id: id(9), proxy: 'proxy-2', verdict: { kind: 'duplicate' } },
      cell: { day: TOMORROW, type: 'accepted', group: 'summer' },
    };
    const counted = { type: 'accepted', taken: 1, accepted: 1 } as const;
    for (const day of [TODAY, TOMORROW])
      expect(texts(reported, duplicate, ledger({ ...counted, day }))).toEqual([]);
    expect(texts(duplicate, ledger(counted))).toHaveLength(4);
  });
});
