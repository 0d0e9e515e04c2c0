/** `offersight status`: what an operator reads, however many offers there are. */
import { describe, expect, it } from 'vitest';
import { statusText } from '../../../src/proxy/cli/status-text.js';
import type { Intake, Lane, LedgerCell, OfferTally } from '../../../src/proxy/index.js';
import { type ProxyStatus, readStatus } from '../../../src/proxy/operator/listing.js';
import { blockAt } from '../../support/blocks/places.js';

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
    door: async () => ({ requests: {}, refused: {}, alerts: [] }),
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

/** What a command asks for. */
interface Asked {
  readonly limit?: number;
  readonly since?: number;
}

const statusOf = (intake: Intake, { limit = Infinity, ...rest }: Asked = {}): Promise<ProxyStatus> =>
  readStatus(intake, Date.now(), { limit, ...rest });

const textOf = async (intake: Intake, { limit = 20, ...rest }: Asked = {}): Promise<string> =>
  statusText(await statusOf(intake, { limit, ...rest }), Date.now());

const printed = (
  tallies: readonly OfferTally[],
  asked?: Asked,
  cells?: readonly LedgerCell[],
): Promise<string> => textOf(intakeWith(tallies, cells), asked);

const lineOf = (text: string, name: string): string[] | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.split(/\s{2,}/);

describe('the status of an intake', () => {
  it('says that there are no events yet', async () => {
    expect(await printed([])).toMatch(/^no events yet\n\noffer_events: 0 waiting/m);
  });

  it.each([
    [undefined, blockAt('docs/operations.md, Whether Chargebee honours keys: text')],
    [1, 'Chargebee has honoured an idempotency key: yes, once'],
    [3, 'Chargebee has honoured an idempotency key: yes, 3 times'],
  ])('says whether Chargebee has ever honoured an idempotency key: %s', async (honouredKeys, line) => {
    const standing = { waiting: 0, oldestAt: undefined, lastMinute: 0, note: { honouredKeys }, dead: {} };
    const text = await textOf({ ...intakeWith([]), status: async () => standing });
    expect(text.match(/^.*honoured.*$/gm)).toEqual([line]);
  });

  it('says of each lane what waits, since when, and how long the upstream wants a pause', async () => {
    const now = Date.now();
    const note = { alert: 'Check the key.', pausedUntil: now + 90_000 };
    const standing = { waiting: 2, oldestAt: now - 7_200_000, lastMinute: 5, note, dead: {} };
    const text = await textOf({ ...intakeWith([]), status: async () => standing });
    expect(text).toMatch(/^ALERT Check the key\.\n/);
    expect(text).toContain(
      'offer_events: 2 waiting, 5 sent in the last minute, oldest for 2 h, paused by the upstream for 2 min\n',
    );
  });

  it('begins with what became of the events of the last days', async () => {
    const text = await printed([], {}, CELLS);
    expect(text.split('\n').slice(0, 5)).toEqual([
      'events        taken  delivered  waiting  refused by Chargebee  given up  purged',
      'today (UTC)      50         32       10                     5         2       1',
      'last 7 days      50         32       10                     5         2       1',
      'last 30 days     50         32       10                     5         2       1',
      '',
    ]);
    const json = await statusOf(intakeWith([], CELLS));
    const sums = { taken: 50, delivered: 32, waiting: 10, refused: 5, givenUp: 2, purged: 1 };
    expect(json).toMatchObject({ sums: { today: sums, last7Days: sums, last30Days: sums } });
  });

  it('sums up all offers, and names those with the most events, largest first', async () => {
    const text = await printed([tally('few', 2), tally('many', 30), tally('refused', 5, 'dead')], {
      limit: 2,
    });
    expect(text.split('\n').slice(6, 11)).toEqual([
      'offer    viewed  dismissed  taken  delivered  waiting  dead letters',
      'all 3        37          0     37         32        0             5',
      'many         30          0     30         30        0             0',
      'refused       5          0      5          0        0             5',
      'and 1 more, which --json names',
    ]);
  });

  it('shows what was taken and what was delivered apart, also while an event waits', async () => {
    const text = await printed([tally('new', 3, 'waiting'), tally('new', 2, 'forwarding'), tally('new', 4)]);
    expect(lineOf(text, 'offer ')).toEqual([
      ...['offer', 'viewed', 'dismissed', 'taken', 'delivered', 'waiting', 'dead letters'],
    ]);
    expect(lineOf(text, 'new')).toEqual(['new', '9', '0', '9', '4', '5', '0']);
  });

  it('names the few offers that lose most, by how many dead letters they have and how large a share these are', async () => {
    const offers = [
      ...[tally('busy', 9_940), tally('busy', 60, 'dead')],
      ...[tally('wrong', 2), tally('wrong', 398, 'dead')],
      ...[tally('single', 1, 'dead'), tally('fine', 500)],
    ];
    const text = await printed(offers);
    const lines = text.slice(text.indexOf('Offers that lose')).split('\n');
    expect(lines.slice(0, 5)).toEqual([
      'Offers that lose most events; offersight dead-letters list says why:',
      'offer   taken  dead letters  share',
      'wrong     400           398  100 %',
      'single      1             1  100 %',
      'busy    10000            60    1 %',
    ]);
    expect(lines[5]).toBe('');
    const many = Array.from({ length: 50 }, (_, at) => tally(`offer-${at}`, 1, 'dead'));
    const { worst } = await statusOf(intakeWith(many));
    expect(worst).toHaveLength(5);
  });

  it('does not count what an operator purged among what offers lose', async () => {
    const purged = [{ ...tally('purged', 90, 'dead'), purged: 90 }, tally('purged', 1)];
    const mixed = [{ ...tally('mixed', 40, 'dead'), purged: 30 }, tally('mixed', 60)];
    const text = await printed([...purged, ...mixed]);
    expect(text.slice(text.indexOf('Offers that lose')).split('\n').slice(2, 4)).toEqual([
      'mixed    100            10   10 %',
      '',
    ]);
    expect(lineOf(text, 'purged')?.at(-1)).toBe('90');
    const { offers } = await statusOf(intakeWith(mixed));
    expect(offers).toEqual([
      { offerId: 'mixed', viewed: 100, dismissed: 0, taken: 100, delivered: 60, waiting: 0, deadLetters: 40 },
    ]);
  });

  it('sums up groups, if pages name any, and leaves most of them to the funnel', async () => {
    expect(lineOf(await printed([], {}, CELLS), 'summer')).toEqual([
      'summer',
      '50',
      '0',
      '50',
      '32',
      '10',
      '8',
    ]);
    const groups = Array.from({ length: 13 }, (_, at) => ({
      ...(CELLS[0] as LedgerCell),
      group: `group-${at}`,
    }));
    const text = await printed([], {}, groups);
    expect(text.match(/^group-/gm)).toHaveLength(10);
    expect(text).toContain('and 3 more, which offersight funnel --by group shows');
    const unnamed = [{ ...(CELLS[0] as LedgerCell), group: '(none)' }];
    expect(await printed([], {}, unnamed)).not.toContain('(none)');
    expect(await statusOf(intakeWith([], unnamed))).toMatchObject({
      groups: [{ group: '(none)', taken: 50, delivered: 32, waiting: 10, deadLetters: 8 }],
    });
  });

  it('asks only for what was taken since a time, if one is given', async () => {
    const asked: unknown[] = [];
    const intake: Intake = {
      ...intakeWith([]),
      async *tally(filter) {
        asked.push(filter);
        yield [];
      },
      async *ledger(filter) {
        asked.push(filter?.since);
        yield [];
      },
    };
    await statusOf(intake, { since: Date.parse('2026-11-20T12:00:00Z') });
    expect(asked).toContainEqual({ since: Date.parse('2026-11-20T12:00:00Z') });
    expect(asked).toContain('2026-11-20');
  });

  it('is short, and does not crash, with more offers than a call can have arguments', async () => {
    const offers = Array.from({ length: 150_000 }, (_, at) => tally(`offer-${at}`, 1));
    const text = await printed(offers);
    expect(lineOf(text, 'all 150000')?.[1]).toBe('150000');
    expect(text.split('\n').length).toBeLessThan(40);
    expect((await printed(offers, { limit: 150_000 })).split('\n').length).toBeGreaterThan(150_000);
  });
});
