/** How a proxy stands, for people. */
import type { LaneStatus } from '../intake/intake.js';
import { NO_GROUP } from '../intake/ledger.js';
import { firstLines } from '../operator/door-lines.js';
import type { OfferFigures, ProxyStatus } from '../operator/listing.js';
import { table } from './table.js';

const MINUTE_MS = 60_000;
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
  { door, sums, groups, offers, all, worst, lanes }: ProxyStatus,
  now: number,
): string => {
  // Pages that name no group have one row, which says the same as the sums.
  const named = groups.some(({ group }) => group !== NO_GROUP) ? groups : [];
  const otherGroups = named.length - MOST_GROUPS;
  const otherOffers = all.offers - offers.length;
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
          ...(otherOffers > 0 ? [`and ${otherOffers} more, which --json names`] : []),
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
