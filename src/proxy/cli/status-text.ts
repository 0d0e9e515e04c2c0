/** How a proxy stands, for people: figures, and a progress display while a lane drains. */
import { platformRuntime, type Stop } from '../../runtime.js';
import type { Lane, LaneStatus } from '../intake/intake.js';
import { NO_GROUP } from '../intake/ledger.js';
import { firstLines } from '../operator/door-lines.js';
import { LAST_OFFER, type OfferFigures, type ProxyStatus } from '../operator/listing.js';
import { table } from './table.js';

/** Where a display goes. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const MINUTE_MS = 60_000;
const ROUND_MS = 1_000;
/** More groups than this are what `offersight funnel` is for. */
const MOST_GROUPS = 10;

const SUMS = {
  ...{ taken: 'taken', delivered: 'delivered', waiting: 'waiting' },
  ...{ refused: 'refused by Chargebee', givenUp: 'given up', purged: 'purged' },
};
const FIGURES = {
  ...{ viewed: 'viewed', dismissed: 'dismissed', taken: 'taken' },
  // The last one also has what was given up or purged.
  ...{ delivered: 'delivered', waiting: 'waiting', deadLetters: 'dead letters' },
};
const LOSSES = { offerId: 'offer', taken: 'taken', deadLetters: 'dead letters', share: 'share' };

const inWords = (ms: number): string => {
  if (ms < MINUTE_MS) return `${Math.ceil(ms / 1_000)} s`;
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

const shareOf = ({ taken, deadLetters }: OfferFigures): string =>
  `${Math.round((100 * deadLetters) / taken)} %`;

/** The whole status as text. */
export const statusText = (
  { door, sums, groups, offers, all, page, worst, lanes }: ProxyStatus,
  now: number,
  limit: number,
): string => {
  // Pages that name no group have one row, which says the same as the sums.
  const named = groups.some(({ group }) => group !== NO_GROUP) ? groups : [];
  const otherGroups = named.length - MOST_GROUPS;
  const otherOffers = offers.length && all.offers - (page - 1) * limit - offers.length;
  const how =
    (page + 1) * limit > LAST_OFFER
      ? '--json without --limit shows all'
      : `--page ${page + 1} shows the next ones`;
  const { honouredKeys = 0 } = lanes.offer_events.note;
  const often = honouredKeys === 1 ? 'yes, once' : `yes, ${honouredKeys} times`;
  const sections: readonly (readonly string[])[] = [
    firstLines(Object.values(lanes), door),
    table({ period: 'events', ...SUMS }, [
      { period: 'today (UTC)', ...sums.today },
      { period: 'last 7 days', ...sums.last7Days },
      { period: 'last 30 days', ...sums.last30Days },
    ]),
    named.length
      ? [
          ...table({ group: 'group', ...FIGURES }, named.slice(0, MOST_GROUPS)),
          ...(otherGroups > 0 ? [`and ${otherGroups} more, which offersight funnel --by group shows`] : []),
        ]
      : [],
    all.offers
      ? [
          'Offers, of events that are still remembered, most events first:',
          ...table({ offerId: 'offer', ...FIGURES }, [{ offerId: `all ${all.offers}`, ...all }, ...offers]),
          ...(otherOffers > 0 ? [`and ${otherOffers} more: ${how}`] : []),
        ]
      : ['no events yet'],
    worst.length
      ? [
          'Offers that lose most events; offersight dead-letters list says why:',
          ...table(
            LOSSES,
            worst.map((offer) => ({ ...offer, share: shareOf(offer) })),
          ),
        ]
      : [],
    [
      ...Object.entries(lanes).map(([name, lane]) => lineOf(name, lane, now)),
      // A site that has never honoured a key may count an event twice whose answer was lost.
      `Chargebee has honoured an idempotency key: ${honouredKeys ? often : 'not seen so far'}`,
    ],
  ];
  const texts = sections.filter(({ length }) => length).map((lines) => `${lines.join('\n')}\n`);
  return texts.join('\n');
};

const BAR = 24;

/** Draws how a lane drains, until nothing waits or somebody stops it. */
export const follow = async (
  lane: Pick<Lane, 'status'>,
  screen: Screen,
  signal: AbortSignal,
): Promise<void> => {
  const { now, after } = platformRuntime();
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
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
    let stop: Stop | undefined;
    const round = new Promise<void>((resolve) => {
      stop = after(ROUND_MS, resolve);
    });
    await Promise.race([stopped, round]);
    stop?.();
  }
  if (screen.isTTY) screen.write('\n');
};
