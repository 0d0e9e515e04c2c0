/** `offersight status`: figures for people, and a progress display while a lane drains. */
import { platformRuntime } from '../../runtime.js';
import type { Intake, Lane, LaneStatus } from '../intake/intake.js';
import { NO_GROUP } from '../intake/ledger.js';
import { firstLines } from '../operator/door-lines.js';
import {
  type Figures,
  LAST_OFFER,
  type ProxyStatus,
  readStatus,
  type StatusQuery,
} from '../operator/listing.js';
import { table } from './table.js';

/** Where a display goes. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const ROUND_MS = 1_000;

const inWords = (ms: number): string => {
  if (ms < MINUTE_MS) return `${Math.ceil(ms / SECOND_MS)} s`;
  const minutes = Math.ceil(ms / MINUTE_MS);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

const lineOf = (name: string, { waiting, oldestAt, lastMinute, note }: LaneStatus, now: number): string => {
  const parts = [`${waiting} waiting`, `${lastMinute} sent in the last minute`];
  if (oldestAt !== undefined) parts.push(`oldest for ${inWords(Math.max(0, now - oldestAt))}`);
  if (note.pausedUntil !== undefined && note.pausedUntil > now)
    parts.push(`paused by the upstream for ${inWords(note.pausedUntil - now)}`);
  return `${name}: ${parts.join(', ')}`;
};

const FIGURES = ['viewed', 'dismissed', 'taken', 'delivered', 'waiting', 'deadLetters'] as const;
/** What the columns are called: the last one also has what was given up or purged. */
const FIGURE_NAMES = ['viewed', 'dismissed', 'taken', 'delivered', 'waiting', 'dead letters'] as const;

const figuresOf = (figures: Figures): number[] => FIGURES.map((name) => figures[name]);

const COLUMNS = ['taken', 'delivered', 'waiting', 'refused by Chargebee', 'given up', 'purged'] as const;

const PERIOD_WORDS = { today: 'today (UTC)', last7Days: 'last 7 days', last30Days: 'last 30 days' } as const;
/** More groups than this are what `offersight funnel` is for. */
const MOST_GROUPS = 10;

const alertLines = ({ door, lanes }: ProxyStatus): string[] => {
  const lines = firstLines(Object.values(lanes), door);
  return lines.length ? [...lines, ''] : [];
};

const sumLines = ({ sums }: ProxyStatus): string[] => [
  ...table([
    ['events', ...COLUMNS],
    ...Object.entries(sums).map(([period, { taken, delivered, waiting, refused, givenUp, purged }]) => [
      PERIOD_WORDS[period as keyof typeof PERIOD_WORDS],
      ...[taken, delivered, waiting, refused, givenUp, purged],
    ]),
  ]),
  '',
];

const groupLines = ({ groups }: ProxyStatus): string[] => {
  // Pages that name no group have one row, which says the same as the sums.
  if (!groups.some(({ group }) => group !== NO_GROUP)) return [];
  const left = groups.length - MOST_GROUPS;
  return [
    ...table([
      ['group', ...FIGURE_NAMES],
      ...groups.slice(0, MOST_GROUPS).map((figures) => [figures.group, ...figuresOf(figures)]),
    ]),
    ...(left > 0 ? [`and ${left} more, which offersight funnel --by group shows`] : []),
    '',
  ];
};

/** The sum of all offers, and a page of those with the most events. */
const offerLines = ({ offers, all, page }: ProxyStatus, limit: number): string[] => {
  if (!all.offers) return ['no events yet', ''];
  const rows = offers.map((figures) => [figures.offerId, ...figuresOf(figures)]);
  const left = all.offers - (page - 1) * limit - offers.length;
  const how =
    (page + 1) * limit > LAST_OFFER
      ? '--json without --limit shows all'
      : `--page ${page + 1} shows the next ones`;
  return [
    'Offers, of events that are still remembered, most events first:',
    ...table([['offer', ...FIGURE_NAMES], [`all ${all.offers}`, ...figuresOf(all)], ...rows]),
    ...(left > 0 && offers.length ? [`and ${left} more: ${how}`] : []),
    '',
  ];
};

const worstLines = ({ worst }: ProxyStatus): string[] =>
  worst.length
    ? [
        'Offers that lose most events; offersight dead-letters list says why:',
        ...table([
          ['offer', 'taken', 'dead letters', 'share'],
          ...worst.map(({ offerId, taken, deadLetters }) => [
            ...[offerId, taken, deadLetters],
            `${Math.round((100 * deadLetters) / taken)} %`,
          ]),
        ]),
        '',
      ]
    : [];

/** A site that has never honoured a key may count an event twice whose answer was lost. */
const keyLine = ({ lanes }: ProxyStatus): string => {
  const { honouredKeys = 0 } = lanes.offer_events.note;
  const often = honouredKeys === 1 ? 'yes, once' : `yes, ${honouredKeys} times`;
  return `Chargebee has honoured an idempotency key: ${honouredKeys ? often : 'not seen so far'}`;
};

/** The whole status as text, a line each. */
const renderStatus = (status: ProxyStatus, now: number, limit: number): string => {
  const lines = Object.entries(status.lanes).map(([name, lane]) => lineOf(name, lane, now));
  const parts = [
    alertLines(status),
    sumLines(status),
    groupLines(status),
    offerLines(status, limit),
    worstLines(status),
    lines,
    keyLine(status),
  ];
  return `${parts.flat().join('\n')}\n`;
};

const BAR = 24;

/** Draws how a lane drains, until nothing waits or somebody stops it. */
export const follow = async (
  lane: Pick<Lane, 'status'>,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> => {
  const { now, after } = platformRuntime();
  let most = 0;
  while (!signal.aborted) {
    const { waiting, lastMinute, note } = await lane.status(now());
    most = Math.max(most, waiting);
    const done = Math.round(BAR * (most ? 1 - waiting / most : 1));
    // Attempts say nothing of the end while none of them succeeds.
    const isStuck = note.alert !== undefined || (note.pausedUntil ?? 0) > now();
    const left =
      waiting && lastMinute && !isStuck ? `, about ${inWords((waiting / lastMinute) * MINUTE_MS)} left` : '';
    const alert = note.alert === undefined ? '' : ` — ${note.alert}`;
    const line = `[${'█'.repeat(done)}${'·'.repeat(BAR - done)}] ${waiting} waiting, ${lastMinute} a minute${left}${alert}`;
    // A terminal shows one line that changes; a file gets them all.
    screen.write(screen.isTTY ? `\r\x1b[2K${line}` : `${line}\n`);
    if (!waiting) break;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        signal.removeEventListener('abort', end);
        stop();
        resolve();
      };
      const stop = after(ROUND_MS, end);
      signal.addEventListener('abort', end);
    });
  }
  if (screen.isTTY) screen.write('\n');
};

/** How many offers are named by default. */
export const DEFAULT_LIMIT = 20;

/** What is asked for of a status. */
export interface PrintOptions extends Omit<StatusQuery, 'limit'> {
  /** So many offers by name, those with the most events; by default 20, as JSON all of them. */
  readonly limit?: number | undefined;
  readonly json?: boolean | undefined;
}

/** Writes the status once. */
export const printStatus = async (
  intake: Intake,
  screen: Screen,
  { json = false, limit = json ? Infinity : DEFAULT_LIMIT, page, since }: PrintOptions = {},
): Promise<void> => {
  const at = platformRuntime().now();
  const status = await readStatus(intake, at, { limit, page, since });
  screen.write(json ? `${JSON.stringify(status)}\n` : renderStatus(status, at, limit));
};
