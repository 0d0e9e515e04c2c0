/** `offersight status`: figures for people, and a progress display while a lane drains. */
import { platformRuntime } from '../../runtime.js';
import type { Intake, LaneStatus } from '../intake/intake.js';
import { type Figures, type ProxyStatus, readStatus } from '../operator/listing.js';
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

const lineOf = (name: string, { waiting, oldestAt, lastMinute, note }: LaneStatus, now: number): string[] => {
  const parts = [`${waiting} waiting`, `${lastMinute} sent in the last minute`];
  if (oldestAt !== undefined) parts.push(`oldest for ${inWords(Math.max(0, now - oldestAt))}`);
  if (note.pausedUntil !== undefined && note.pausedUntil > now)
    parts.push(`paused by the upstream for ${inWords(note.pausedUntil - now)}`);
  return [`${name}: ${parts.join(', ')}`, ...(note.alert === undefined ? [] : [`  ALERT ${note.alert}`])];
};

const FIGURES = ['viewed', 'dismissed', 'waiting', 'refused'] as const;

const figuresOf = (figures: Figures): number[] => FIGURES.map((name) => figures[name]);

const COLUMNS = ['taken', 'delivered', 'waiting', 'refused', 'given up', 'purged'] as const;

const PERIOD_WORDS = { today: 'today (UTC)', last7Days: 'last 7 days', last30Days: 'last 30 days' } as const;

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

/** The sum of all offers, and those with the most events. */
const offerLines = ({ offers, all }: ProxyStatus): string[] => {
  if (!all.offers) return ['no events yet', ''];
  const rows = offers.map((figures) => [figures.offerId, ...figuresOf(figures)]);
  const left = all.offers - offers.length;
  return [
    'Offers, of events that are still remembered; viewed and dismissed are what Chargebee has:',
    ...table([['offer', ...FIGURES], [`all ${all.offers}`, ...figuresOf(all)], ...rows]),
    ...(left ? [`and ${left} more, which --limit ${all.offers} shows`] : []),
    '',
  ];
};

/** The whole status as text, a line each. */
const renderStatus = (status: ProxyStatus, now: number): string => {
  const lines = Object.entries(status.lanes).flatMap(([name, lane]) => lineOf(name, lane, now));
  return `${[...sumLines(status), ...offerLines(status), ...lines].join('\n')}\n`;
};

const BAR = 24;

/** Draws how an intake drains, until nothing waits or somebody stops it. */
export const follow = async (intake: Intake, screen: Screen, signal: AbortSignal): Promise<void> => {
  const { now, after } = platformRuntime();
  let most = 0;
  while (!signal.aborted) {
    const { waiting, lastMinute, note } = await intake.status(now());
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
      const stop = after(ROUND_MS, resolve);
      signal.addEventListener('abort', () => {
        stop();
        resolve();
      });
    });
  }
  if (screen.isTTY) screen.write('\n');
};

/**
 * Writes the status once.
 * @param limit So many offers by name, those with the most events; by default 20, as JSON all of them.
 */
export const printStatus = async (
  intake: Intake,
  screen: Screen,
  {
    json = false,
    limit = json ? Infinity : 20,
  }: { readonly limit?: number | undefined; readonly json?: boolean | undefined } = {},
): Promise<void> => {
  const at = platformRuntime().now();
  const status = await readStatus(intake, at, limit);
  screen.write(json ? `${JSON.stringify(status)}\n` : renderStatus(status, at));
};
