/** Histories made by hand: one event's whole way, and what a test puts in its place. */
import type { LedgerCell } from '../../src/proxy/intake/ledger.js';
import type { History, Row } from './row.js';

/** A row before it has its time; without `at` it is a millisecond after the one before. */
export type Draft = { [Kind in Row['kind']]: Omit<Extract<Row, { kind: Kind }>, 'at'> }[Row['kind']] & {
  readonly at?: number;
};

/** Gives the rows their times. */
export const historyOf = (drafts: readonly Draft[]): History => {
  let at = 0;
  return drafts.map((draft) => {
    at = draft.at ?? at + 1;
    return { ...draft, at };
  });
};

/** An event's id by its number. */
export const id = (number: number): string => `019a0000-0000-7000-8000-${`${number}`.padStart(12, '0')}`;

/** What happens to one event on each part of its way. */
export const way = (number: number, tab = 'tab-1') => {
  const event = id(number);
  const about = { id: event, type: 'viewed' as const, offerId: `offer-${number}` };
  return {
    id: event,
    created: { kind: 'created', ...about, impressionId: `impression-${number}`, tab },
    put: { kind: 'put', shelf: 'entry', id: event, tab },
    committed: { kind: 'committed', id: event, tab },
    leased: { kind: 'put', shelf: 'entry', id: event, tab, token: `token-${tab}` },
    requested: {
      kind: 'requested',
      number,
      tab,
      ids: [event],
      isFarewell: false,
      contents: { [event]: 'said' },
    },
    taken: { kind: 'taken', id: event, proxy: 'proxy-1', verdict: { kind: 'accepted' } },
    forwarded: { kind: 'forwarded', number, key: `oe1-${event}`, ...about, proxy: 'proxy-1' },
    effect: { kind: 'effect', number, ...about },
    ended: { kind: 'forward-ended', number, status: 204, isAmbiguous: false },
    settled: { kind: 'settled', id: event, state: 'done', proxy: 'proxy-1' },
    answered: {
      kind: 'answered',
      number,
      tab,
      status: 200,
      verdicts: { [event]: { kind: 'accepted' } },
    },
    failed: { kind: 'answered', number, tab },
    removed: { kind: 'removed', shelf: 'entry', id: event, tab, why: 'settled' },
    discarded: { kind: 'discarded', id: event, tab, reason: 'expired' },
  } as const satisfies Record<string, Draft | string>;
};

/** A page that begins. */
export const opened = (tab = 'tab-1'): Draft => ({ kind: 'opened', tab, watches: ['errors', 'rejections'] });

/** The usual way of one event from the page to the upstream. */
export const delivered = (number: number, tab = 'tab-1'): Draft[] => {
  const {
    created,
    put,
    committed,
    leased,
    requested,
    taken,
    forwarded,
    effect,
    ended,
    settled,
    answered,
    removed,
  } = way(number, tab);
  return [
    created,
    put,
    committed,
    leased,
    requested,
    taken,
    forwarded,
    effect,
    ended,
    settled,
    answered,
    removed,
  ];
};

/** A cell without events, on the day of all these histories. */
const CELL = {
  ...{ day: '1970-01-01', group: '(none)', type: 'viewed', reason: undefined },
  ...{ taken: 0, delivered: 0, refused: 0, givenUp: 0, purged: 0, accepted: 0 },
} as const satisfies LedgerCell;

/** The end of a run after which nothing is left. */
export const ending = (ids: readonly string[] = [], isAmbiguous = false): Draft[] => [
  { kind: 'healed', withinMs: 10_000 },
  { kind: 'quiet' },
  { kind: 'final-outbox', entries: [], dead: [] },
  {
    kind: 'final-intake',
    rows: ids.map((each) => ({ id: each, state: 'done', isAmbiguous, maybeDuplicate: false })),
  },
  {
    kind: 'final-ledger',
    cells: ids.length ? [{ ...CELL, taken: ids.length, delivered: ids.length }] : [],
  },
  { kind: 'final-holds', leases: [] },
];
