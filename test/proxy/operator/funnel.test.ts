/** The funnel: the sums of the ledger's cells by day and by group, and how they are written for spreadsheets. */
import { describe, expect, it } from 'vitest';
import type { LedgerCell, LedgerFilter } from '../../../src/proxy/index.js';
import { type Funnel, isDay, readFunnel, toCsvLines } from '../../../src/proxy/operator/funnel.js';

const cell = (fields: Partial<LedgerCell>): LedgerCell => ({
  day: '2026-11-20',
  group: 'summer',
  type: 'viewed',
  reason: undefined,
  taken: 0,
  delivered: 0,
  refused: 0,
  givenUp: 0,
  purged: 0,
  accepted: 0,
  ...fields,
});

const CELLS = [
  cell({ taken: 10, delivered: 6, refused: 1, givenUp: 1, purged: 1 }),
  cell({ type: 'dismissed', reason: 'escape', taken: 2, delivered: 2 }),
  cell({ type: 'dismissed', reason: 'control', taken: 1 }),
  cell({ type: 'accepted', taken: 3, accepted: 3 }),
  cell({ day: '2026-11-21', group: 'winter', taken: 40 }),
  cell({ day: '2026-11-21', group: '(none)', type: 'accepted', taken: 1, accepted: 1 }),
];

const filters: LedgerFilter[] = [];
const ledger = {
  async *ledger(filter: LedgerFilter = {}) {
    filters.push(filter);
    for (const each of CELLS) yield [each];
  },
};
const DAYS = { since: '2026-11-01', until: '2026-11-30' };

const toCsv = (funnel: Pick<Funnel, 'by' | 'rows'>): string => [...toCsvLines(funnel)].join('');

describe('the funnel', () => {
  it('sums up by day, in the order of days', async () => {
    const { rows } = await readFunnel(ledger, DAYS);
    expect(rows.map(({ day, viewed }) => [day, viewed])).toEqual([
      ['2026-11-20', 10],
      ['2026-11-21', 40],
    ]);
  });

  it('sums up by group, those with the most views first', async () => {
    const { rows } = await readFunnel(ledger, { ...DAYS, by: 'group' });
    expect(rows.map(({ group, viewed, accepted }) => [group, viewed, accepted])).toEqual([
      ['winter', 40, 0],
      ['summer', 10, 3],
      ['(none)', 0, 1],
    ]);
  });

  it('sums up by both, or only one group', async () => {
    const both = await readFunnel(ledger, { ...DAYS, by: 'day,group' });
    expect(both.rows.map(({ day, group, viewed }) => [day, group, viewed])).toEqual([
      ['2026-11-20', 'summer', 10],
      ['2026-11-21', 'winter', 40],
      ['2026-11-21', '(none)', 0],
    ]);
    expect(toCsv(both).split('\r\n')[1]).toMatch(/^2026-11-20,summer,10,/);
    const { rows, all } = await readFunnel(ledger, { ...DAYS, group: 'winter' });
    expect(rows.map(({ day, viewed }) => [day, viewed])).toEqual([['2026-11-21', 40]]);
    expect(all.viewed).toBe(40);
  });

  it('says what was seen, closed and accepted, with rates, and what became of the events', async () => {
    const { rows, all } = await readFunnel(ledger, DAYS);
    expect(rows[0]).toEqual({
      day: '2026-11-20',
      viewed: 10,
      dismissed: 3,
      accepted: 3,
      dismissalRate: 0.3,
      acceptanceRate: 0.3,
      delivered: 8,
      waiting: 2,
      refused: 1,
      givenUp: 1,
      purged: 1,
      reasons: { control: 1, escape: 2, backdrop: 0, swipe: 0, dialog: 0, ignored: 0, api: 0 },
    });
    expect(all).toMatchObject({ viewed: 50, dismissed: 3, accepted: 4, waiting: 42, dismissalRate: 0.06 });
  });

  it('has no rate if nothing was viewed', async () => {
    const { rows } = await readFunnel(ledger, { ...DAYS, by: 'group' });
    expect(rows.at(-1)).toMatchObject({ dismissalRate: null, acceptanceRate: null });
  });

  it('has no rate of acceptance if nobody reported any, as the table of the command shows', async () => {
    const unreported = {
      async *ledger() {
        yield CELLS.filter(({ type }) => type !== 'accepted');
      },
    };
    const funnel = await readFunnel(unreported, DAYS);
    expect(funnel.all).toMatchObject({ viewed: 50, accepted: 0, acceptanceRate: null });
    expect(funnel.rows.map(({ acceptanceRate }) => acceptanceRate)).toEqual([null, null]);
    expect(toCsv(funnel).split('\r\n')[1]).toMatch(/^2026-11-20,10,3,0\.3,0,,8,/);
    const { rows } = await readFunnel(ledger, { ...DAYS, by: 'day,group' });
    expect(rows.map(({ acceptanceRate }) => acceptanceRate)).toEqual([0.3, 0, null]);
  });

  it('covers the last 30 days, unless others are asked for', async () => {
    await readFunnel(ledger, { until: '2026-11-30' });
    expect(filters.at(-1)).toEqual({ since: '2026-10-31', until: '2026-11-30' });
    await readFunnel(ledger);
    expect(filters.at(-1)?.until).toBe(new Date().toISOString().slice(0, 10));
  });
});

describe('a funnel as CSV', () => {
  it('has a line of names, and one for each row', async () => {
    expect(toCsv(await readFunnel(ledger, DAYS))).toBe(
      [
        'day,viewed,dismissed,dismissal_rate,accepted,acceptance_rate,delivered,waiting,refused,given_up,purged,' +
          'dismissed_control,dismissed_escape,dismissed_backdrop,dismissed_swipe,dismissed_dialog,dismissed_ignored,dismissed_api',
        '2026-11-20,10,3,0.3,3,0.3,8,2,1,1,1,1,2,0,0,0,0,0',
        '2026-11-21,40,0,0,1,0.025,0,40,0,0,0,0,0,0,0,0,0,0',
        '',
      ].join('\r\n'),
    );
  });

  it.each([
    ['=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@sum', "'@sum"],
    ['a,b', '"a,b"'],
    ['summer', 'summer'],
  ])(
    'writes the name %s as %s, which no spreadsheet takes for a formula (attack 74)',
    async (name, written) => {
      const { all } = await readFunnel(ledger, DAYS);
      const [, line = ''] = toCsv({ by: 'group', rows: [{ group: name, ...all }] }).split('\r\n');
      expect(line.slice(0, written.length + 1)).toBe(`${written},`);
    },
  );
});

describe('a day', () => {
  it.each([
    ['2026-11-23', true],
    ['2026-13-01', false],
    ['2026-02-31', false],
    ['2024-02-29', true],
    ['23.11.2026', false],
    ['2026-11-23T00:00:00Z', false],
    ['', false],
  ])('%s: %s', (text, expected) => expect(isDay(text)).toBe(expected));
});
