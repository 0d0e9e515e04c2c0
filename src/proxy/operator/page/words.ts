/** What operators read of times, counts, states and codes. */
import type { DismissReason } from '../../../protocol/event.js';
import type { IntakeRow } from '../../intake/admitted.js';

import { PURGED } from '../../intake/ledger.js';

/** A count with its thousands apart. */
export const countOf = (count: number): string => count.toLocaleString('en');

/** A count and its noun. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${countOf(count)} ${count === 1 ? one : many}`;

/** A share in per cent. */
export const percentOf = (share: number | null): string =>
  share === null ? '' : `${(share * 100).toFixed(1)} %`;

/** A time of UTC to the second. */
export const timeOf = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

const UNITS = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
] as const;

const inUnits = (ms: number, whole: (units: number) => number): string => {
  const [unitMs, unit] = UNITS.find(([least]) => ms >= least) ?? [1_000, 'second'];
  return plural(Math.max(0, whole(ms / unitMs)), unit);
};

/** How long something has taken, in its largest unit. */
export const durationOf = (ms: number): string => inUnits(ms, Math.floor);

/** How long something will take, in its largest unit: rounded up, since it is not over before that. */
export const forecastOf = (ms: number): string => inUnits(ms, Math.ceil);

/** How an offer was closed. */
export const REASON_WORDS: Readonly<Record<DismissReason, string>> = {
  control: 'by a close button',
  escape: 'by Escape',
  backdrop: 'by a press outside',
  swipe: 'by a swipe',
  dialog: 'by the browser’s own close request',
  ignored: 'ignored',
  api: 'by the page’s code',
};

/** Where an event stands. */
export const stateOf = ({ state, code }: Pick<IntakeRow, 'state' | 'code'>): string => {
  switch (state) {
    case 'waiting':
      return 'waiting';
    case 'forwarding':
      return 'on its way';
    case 'done':
      return 'delivered';
    case 'dead':
      return code === PURGED ? 'given up by an operator' : `dead letter: ${code}`;
  }
};

const REMEDIES: Readonly<Record<string, string>> = {
  resource_not_found:
    'Chargebee does not know this offer. Let the page name the personalized offer’s id, not the offer_id of its campaign. ' +
    'Events that were sent with a wrong id stay refused: give them up. A retry helps only if Chargebee knows the offer by now.',
  expired: 'It waited for longer than the proxy keeps trying. A retry sends it after all.',
  viewed_dead: 'A dismissal whose view is a dead letter. Retry the view first, or give both up.',
  unknown_outcome: 'Nobody knows whether Chargebee has it. A retry may count it twice.',
  [PURGED]: 'An operator gave it up. Retry it by itself if that was a mistake.',
};

/** What to do about a dead letter. */
export const remedyOf = (code: string | undefined): string =>
  (code !== undefined && Object.hasOwn(REMEDIES, code) ? REMEDIES[code] : undefined) ??
  'Chargebee refused it by this code. Fix the cause, then retry.';
