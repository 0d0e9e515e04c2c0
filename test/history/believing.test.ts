/** I19 once more: how an event may have ended in an intake without a delivery. */
import { describe, expect, it } from 'vitest';
import type { LedgerCell } from '../../src/proxy/intake/ledger.js';
import { check } from './checker.js';
import { CELL, type Draft, historyOf, opened, way } from './sample.js';

const TODAY = '1970-01-01';
const DAY_MS = 86_400_000;

const { created, requested, taken, forwarded, ended, settled } = way(1);

const ledger = (...cells: readonly Partial<LedgerCell>[]): Draft => ({
  kind: 'final-ledger',
  cells: cells.map((each) => ({ ...CELL, group: 'summer', ...each })),
});
const texts = (...drafts: readonly Draft[]): readonly string[] =>
  check(historyOf([opened(), ...drafts])).invariants.I19.breaches.map(({ text }) => text);

describe('an event that an intake gave up', () => {
  const UNEXPLAINED = [expect.stringContaining('nothing that happened explains that')];
  const shown: readonly Draft[] = [
    { ...created, group: 'summer' },
    { ...taken, cell: { day: TODAY, type: 'viewed', group: 'summer' } },
  ];
  const dead = (code: string, at?: number): Draft => ({ ...settled, state: 'dead', code, ...(at && { at }) });
  const givenUp = ledger({ taken: 1, givenUp: 1 });

  describe('because it waited for too long', () => {
    const moved = (byMs: number, names?: readonly string[]): Draft => ({
      ...{ kind: 'clock', byMs },
      ...(names && { names }),
    });
    const servers = ['servers'];

    it('is not believed after a second, nor an hour before the end of its time', () => {
      for (const at of [1_000, DAY_MS - 3_600_000])
        expect(texts(...shown, dead('expired', at), givenUp)).toEqual(UNEXPLAINED);
    });

    it('is believed after its time, also if only the end of the run shows how it ended', () => {
      expect(texts(...shown, dead('expired', DAY_MS + 10), givenUp)).toEqual([]);
      const kept: Draft = {
        kind: 'final-intake',
        rows: [{ id: way(1).id, state: 'dead', code: 'expired', isAmbiguous: false, maybeDuplicate: false }],
      };
      expect(texts(...shown, { ...kept, at: 1_000 }, givenUp)).toEqual(UNEXPLAINED);
      expect(texts(...shown, { ...kept, at: DAY_MS + 10 }, givenUp)).toEqual([]);
    });

    it('is believed by the clock of the servers, not by that of the pages', () => {
      expect(texts(...shown, moved(DAY_MS, servers), dead('expired'), givenUp)).toEqual([]);
      expect(texts(...shown, moved(DAY_MS), dead('expired'), givenUp)).toEqual(UNEXPLAINED);
      const back = moved(-DAY_MS / 2, servers);
      expect(texts(...shown, back, dead('expired', DAY_MS + 10), givenUp)).toEqual(UNEXPLAINED);
    });

    it('is believed if the clock was set back just before it was written down', () => {
      const late: Draft = { ...moved(-DAY_MS / 2, servers), at: DAY_MS + 10 };
      expect(texts(...shown, late, dead('expired'), givenUp)).toEqual([]);
    });

    it('counts from its first request if nobody saw it taken', () => {
      const killed: Draft = { kind: 'killed', what: 'proxy', names: ['proxy-1'] };
      const unseen = [{ ...created, group: 'summer' }, requested, killed];
      expect(texts(...unseen, dead('expired', 1_000), givenUp)).toEqual(UNEXPLAINED);
      expect(texts(...unseen, dead('expired', DAY_MS - 10_000), givenUp)).toEqual([]);
    });
  });

  describe('because its view is dead', () => {
    const closing = way(2);
    const closed: readonly Draft[] = [
      { ...closing.created, type: 'dismissed', offerId: created.offerId, reason: 'swipe' },
      { ...closing.taken, cell: { day: TODAY, type: 'dismissed', reason: 'swipe' } },
    ];
    const alongside: Draft = { ...closing.settled, state: 'dead', code: 'viewed_dead' };
    const run = [...shown, ...closed];
    const both = ledger(
      { taken: 1, givenUp: 1 },
      { group: '(none)', type: 'dismissed', reason: 'swipe', taken: 1, givenUp: 1 },
    );
    const only = ledger(
      { taken: 1 },
      { group: '(none)', type: 'dismissed', reason: 'swipe', taken: 1, givenUp: 1 },
    );

    it('is believed of a dismissal behind the dead view of the same offer', () => {
      expect(texts(...run, dead('expired', DAY_MS + 10), alongside, both)).toEqual([]);
    });

    it('is not believed while the view waits, or before it is dead', () => {
      expect(texts(...run, alongside, only)).toEqual(UNEXPLAINED);
      expect(texts(...run, alongside, dead('expired', DAY_MS + 10), both)).toEqual(UNEXPLAINED);
    });

    it('is not believed of the dead view of another offer', () => {
      const other = { ...closed[0], offerId: 'offer-2' } as Draft;
      const apart = [...shown, other, ...closed.slice(1)];
      expect(texts(...apart, dead('expired', DAY_MS + 10), alongside, both)).toEqual(UNEXPLAINED);
    });

    it('is not believed of a view', () => {
      const second = way(3);
      const again: readonly Draft[] = [
        { ...second.created, offerId: created.offerId, group: 'summer' },
        { ...second.taken, cell: { day: TODAY, type: 'viewed', group: 'summer' } },
      ];
      const lost: Draft = { ...second.settled, state: 'dead', code: 'viewed_dead' };
      const ended = [dead('expired', DAY_MS + 10), lost, ledger({ taken: 2, givenUp: 2 })];
      expect(texts(...shown, ...again, ...ended)).toEqual(UNEXPLAINED);
    });
  });

  describe('because its outcome is unknown', () => {
    const killed = (name: string): Draft => ({ kind: 'killed', what: 'proxy', names: [name] });
    const end = [dead('unknown_outcome'), givenUp];

    it('is believed only if it was forwarded before', () => {
      expect(texts(...shown, forwarded, ...end)).toEqual([]);
      expect(texts(...shown, ...end)).toEqual(UNEXPLAINED);
      expect(texts(...shown, dead('unknown_outcome'), forwarded, givenUp)).toEqual(UNEXPLAINED);
    });

    it('is believed if a process died that may have been about to forward it', () => {
      expect(texts(...shown, killed('proxy-1'), ...end)).toEqual([]);
      expect(texts(killed('proxy-1'), ...shown, ...end)).toEqual(UNEXPLAINED);
    });
  });

  describe('because an operator purged it', () => {
    const purge = (...ids: readonly string[]): Draft => ({ kind: 'purged', ids, proxy: 'proxy-1' });
    const purged = ledger({ taken: 1, purged: 1 });

    it('is believed only if the purge named it, and came before', () => {
      expect(texts(...shown, purge(way(1).id), dead('purged'), purged)).toEqual([]);
      expect(texts(...shown, purge(way(2).id), dead('purged'), purged)).toEqual(UNEXPLAINED);
      expect(texts(...shown, dead('purged'), purge(way(1).id), purged)).toEqual(UNEXPLAINED);
    });

    it('is not believed of a dismissal that the purge did not name', () => {
      const closed: readonly Draft[] = [
        { ...created, type: 'dismissed', reason: 'swipe' },
        { ...taken, cell: { day: TODAY, type: 'dismissed', reason: 'swipe' } },
      ];
      const figures = ledger({ group: '(none)', type: 'dismissed', reason: 'swipe', taken: 1, purged: 1 });
      expect(texts(...closed, purge(way(2).id), dead('purged'), figures)).toEqual(UNEXPLAINED);
    });
  });

  it('because the upstream refused it is believed only if the answer was about this event', () => {
    const refused = [dead('param_wrong_value'), ledger({ taken: 1, refused: 1 })];
    const answer = (status: number): readonly Draft[] => [...shown, forwarded, { ...ended, status }];
    for (const status of [400, 404, 409, 422]) expect(texts(...answer(status), ...refused)).toEqual([]);
    for (const status of [401, 402, 403, 405, 408, 429, 500, 503])
      expect(texts(...answer(status), ...refused)).toEqual(UNEXPLAINED);
  });
});
