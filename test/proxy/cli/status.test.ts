/** `offersight status`: what an operator reads, however many offers there are. */
import { describe, expect, it } from 'vitest';
import { printStatus } from '../../../src/proxy/cli/status.js';
import type { Intake, Lane, LedgerCell, OfferTally } from '../../../src/proxy/index.js';

const QUIET: Pick<Lane, 'status'> = {
  status: async () => ({ waiting: 0, oldestAt: undefined, lastMinute: 0, note: {}, dead: {} }),
};

const TODAY = new Date().toISOString().slice(0, 10);
/** The cells of the ledger for the last days. */
const CELLS: readonly LedgerCell[] = [
  {
    ...{ day: TODAY, group: 'summer', type: 'viewed', reason: undefined },
    ...{ taken: 50, delivered: 32, refused: 5, givenUp: 2, purged: 1, accepted: 0 },
  },
];

/** An intake that is asked only for its figures. */
const intakeWith = (tallies: readonly OfferTally[], cells: readonly LedgerCell[] = []): Intake =>
  ({
    ...QUIET,
    usage: QUIET,
    async *ledger() {
      yield cells;
    },
    async *tally() {
      for (let from = 0; from < tallies.length; from += 1_000) yield tallies.slice(from, from + 1_000);
    },
  }) as unknown as Intake;

const tally = (offerId: string, events: number, state: OfferTally['state'] = 'done'): OfferTally => ({
  offerId,
  type: 'viewed',
  state,
  events,
});

const printed = async (
  tallies: readonly OfferTally[],
  options?: Parameters<typeof printStatus>[2],
  cells?: readonly LedgerCell[],
): Promise<string> => {
  let text = '';
  await printStatus(intakeWith(tallies, cells), { write: (more) => (text += more) }, options);
  return text;
};

const lineOf = (text: string, name: string): string[] | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.split(/\s{2,}/);

describe('the status of an intake', () => {
  it('says that there are no events yet', async () => {
    expect(await printed([])).toMatch(/^no events yet\n\noffer_events: 0 waiting/m);
  });

  it('begins with what became of the events of the last days', async () => {
    const text = await printed([], {}, CELLS);
    expect(text.split('\n').slice(0, 5)).toEqual([
      'events        taken  delivered  waiting  refused  given up  purged',
      'today (UTC)      50         32       10        5         2       1',
      'last 7 days      50         32       10        5         2       1',
      'last 30 days     50         32       10        5         2       1',
      '',
    ]);
    const json = JSON.parse(await printed([], { json: true }, CELLS)) as unknown;
    const sums = { taken: 50, delivered: 32, waiting: 10, refused: 5, givenUp: 2, purged: 1 };
    expect(json).toMatchObject({ sums: { today: sums, last7Days: sums, last30Days: sums } });
  });

  it('sums up all offers, and names those with the most events, largest first', async () => {
    const text = await printed([tally('few', 2), tally('many', 30), tally('refused', 5, 'dead')], {
      limit: 2,
    });
    expect(text.split('\n').slice(6, 11)).toEqual([
      'offer    viewed  dismissed  waiting  refused',
      'all 3        32          0        0        5',
      'many         30          0        0        0',
      'refused       0          0        0        5',
      'and 1 more, which --limit 3 shows',
    ]);
  });

  it('names every offer if there are few', async () => {
    const text = await printed([tally('one', 1), tally('two', 2)]);
    expect([lineOf(text, 'one')?.[1], lineOf(text, 'two')?.[1]]).toEqual(['1', '2']);
    expect(text).not.toContain('more');
  });

  it('is short, and does not crash, with more offers than a call can have arguments', async () => {
    const offers = Array.from({ length: 150_000 }, (_, at) => tally(`offer-${at}`, 1));
    const text = await printed(offers);
    expect(lineOf(text, 'all 150000')?.[1]).toBe('150000');
    expect(text.split('\n').length).toBeLessThan(40);
    expect((await printed(offers, { limit: 150_000 })).split('\n').length).toBeGreaterThan(150_000);
  });

  it('has every offer as JSON, those with the most events first, or as many as are asked for', async () => {
    const tallies = [tally('one', 1), tally('two', 2)];
    const asJson = async (options: object): Promise<unknown> =>
      JSON.parse(await printed(tallies, { json: true, ...options }));
    const [one, two] = [
      { offerId: 'one', viewed: 1 },
      { offerId: 'two', viewed: 2 },
    ];
    const all = { offers: 2, viewed: 3 };
    const lanes = { offer_events: { waiting: 0 } };
    expect(await asJson({})).toMatchObject({ offers: [two, one], all, lanes });
    expect(await asJson({ limit: 1 })).toMatchObject({ offers: [two], all, lanes });
  });
});
