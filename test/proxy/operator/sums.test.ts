/** The sums of the last days in the status. */
import { describe, expect, it } from 'vitest';
import type { LedgerCell, LedgerFilter } from '../../../src/proxy/index.js';
import { readSums } from '../../../src/proxy/operator/sums.js';

const NOW = Date.parse('2026-11-23T00:30:00Z');

const cell = (day: string, fields: Partial<LedgerCell>): LedgerCell => ({
  ...{ day, group: 'summer', type: 'viewed', reason: undefined, taken: 0, delivered: 0, refused: 0 },
  ...{ givenUp: 0, purged: 0, accepted: 0 },
  ...fields,
});

describe('the sums', () => {
  const filters: LedgerFilter[] = [];
  const ledger = {
    async *ledger(filter: LedgerFilter = {}) {
      filters.push(filter);
      yield [cell('2026-10-25', { taken: 5, delivered: 5 })];
      yield [cell('2026-11-16', { taken: 40, delivered: 40 }), cell('2026-11-17', { taken: 7, givenUp: 3 })];
      yield [
        cell('2026-11-23', { taken: 10, delivered: 4, refused: 2, purged: 1 }),
        cell('2026-11-23', { type: 'dismissed', reason: 'escape', taken: 2, delivered: 1 }),
        cell('2026-11-23', { type: 'accepted', taken: 9, accepted: 9 }),
      ];
    },
  };

  it('cover today, 7 and 30 days including today, without acceptances', async () => {
    expect(await readSums(ledger, NOW)).toEqual({
      today: { taken: 12, delivered: 5, waiting: 4, refused: 2, givenUp: 0, purged: 1 },
      last7Days: { taken: 19, delivered: 5, waiting: 8, refused: 2, givenUp: 3, purged: 1 },
      last30Days: { taken: 64, delivered: 50, waiting: 8, refused: 2, givenUp: 3, purged: 1 },
    });
    // As the funnel: what a clock that was ahead counted is in neither of them before its day.
    expect(filters).toEqual([{ since: '2026-10-25', until: '2026-11-23' }]);
  });

  it('are zero if nothing happened', async () => {
    const none = { taken: 0, delivered: 0, waiting: 0, refused: 0, givenUp: 0, purged: 0 };
    expect(await readSums({ async *ledger() {} }, NOW)).toEqual({
      today: none,
      last7Days: none,
      last30Days: none,
    });
  });
});
