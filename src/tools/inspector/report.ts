/** What the inspector shows, as text for a mail to somebody who helps. */
import { VERSION } from '../../version.js';
import type { Snapshot } from './looking.js';
import { STEPS } from './ways.js';
import { percent, timeOf } from './words.js';

/** As text; it says no more than the page itself can read, and names offers, never a user's subject beyond what is shown. */
export const reportOf = (
  {
    problem,
    endpoint,
    others,
    offers,
    offerCount,
    events,
    waiting,
    page,
    settings,
    mistakes,
    unseen,
    closings,
  }: Snapshot,
  now: number,
): string => {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length ? ['', title, ...lines.map((line) => `  ${line}`)] : [];
  return (
    [
      `Offersight inspector ${VERSION}, ${new Date(now).toISOString()}`,
      `${location.origin}${location.pathname}`,
      globalThis.navigator.userAgent,
      ...(endpoint === undefined ? [] : [`endpoint ${endpoint}`]),
      ...others.map((other) => `also tracked for ${other}`),
      ...(problem === undefined ? [] : [problem]),
      ...section(
        `Offers (${offerCount})`,
        offers.length === 0
          ? ['No element of this page has data-offer-id now.']
          : offers.map(({ offerId, words, hints, ratio, needed }) =>
              [
                `${offerId || '(no id)'}: ${words}`,
                ...(ratio === undefined || needed === undefined
                  ? []
                  : [`(visible ${percent(ratio)}, needed ${percent(needed)})`]),
                ...hints,
              ].join(' '),
            ),
      ),
      ...section('Offers in other places', unseen),
      ...section(
        'Events of this page, the latest first',
        events.map(
          ({ at, type, reason, offerId, steps, why }) =>
            `${timeOf(at)} ${type}${reason ? ` (${reason})` : ''} ${offerId}: ${[STEPS[steps - 1], why].filter((words) => words).join('; ')}`,
        ),
      ),
      ...section('Closed, and not counted as dismissed', closings),
      ...section(
        'What waits',
        waiting.map(({ label, words }) => `${label}: ${words}`),
      ),
      ...section(
        'This page',
        page.map(({ label, words }) => `${label}: ${words}`),
      ),
      ...section(
        'Options',
        settings.map(({ name, value, origin }) => `${name} = ${value} (${origin})`),
      ),
      ...section('Attributes', mistakes),
      '',
    ]
      .join('\n')
      // A value that cannot be a group, such as an e-mail address, never leaves the page.
      .replace(/data-offer-group="[^"]*"/g, 'data-offer-group')
  );
};
