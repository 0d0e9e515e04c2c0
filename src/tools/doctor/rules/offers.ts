/** Whether offers are named right, and can be seen. */
import { isOfferId } from '../../../protocol/event.js';
import type { Finding, Rule } from '../finding.js';
import type { Observed, ShownOffer } from '../observed.js';
import { count, finding, headersOf } from './wording.js';

const LONGEST_ID = 50;

/** What a template writes if it does not run, or has nothing to write. */
const PLACEHOLDER =
  /\{\{|\}\}|\$\{|<%|%>|%7B%7B|\[\[|\[object |^\{.*\}$|^(?:undefined|null|nan|true|false|none|nil|put-.*-here)$/i;

/** What people write before they know better. */
const CODE =
  /^(?:(?:(?:this|props|data|item)\.|\w*offer\w*\.)+(?:offer_?)?id|offer[_-]?id|(?:your|my)[_-]?offer.*)$/i;

const PROBLEMS: readonly {
  readonly id: string;
  /** Left out if it is certain. */
  readonly severity?: 'warning';
  readonly title: string;
  readonly repair: string;
  readonly isSo: (id: string) => boolean;
}[] = [
  {
    id: 'offer-without-id',
    title: 'An offer has no id, so it does not count.',
    repair:
      'Write the personalized offer’s id into data-offer-id. Leave the element out if there is no offer.',
    isSo: (id) => id === '',
  },
  {
    id: 'offer-placeholder',
    title: 'An offer has a template’s placeholder in the place of its id.',
    repair: 'Look at the template: the expression is not evaluated, or it names the offer and not its id.',
    isSo: (id) => PLACEHOLDER.test(id),
  },
  {
    id: 'offer-id-too-long',
    title: `An offer has an id of more than ${LONGEST_ID} characters, which Chargebee does not take.`,
    repair: 'Write the personalized offer’s id, such as a52ge40b, and nothing else.',
    isSo: (id) => id.length > LONGEST_ID,
  },
  {
    id: 'offer-id-unusable',
    title: 'An offer has an id with characters that none of Chargebee’s has.',
    repair: 'Write the personalized offer’s id, such as a52ge40b: letters, digits and _ . : ~ -',
    isSo: (id) => !isOfferId(id),
  },
  {
    ...{ id: 'offer-id-doubtful', severity: 'warning' },
    title: 'An offer has an id that reads like code or like an example, and not like Chargebee’s.',
    repair:
      'If a template should fill it in, mark it as an expression: :data-offer-id="offer.id" in Vue, data-offer-id={offer.id} in JSX.',
    isSo: (id) => CODE.test(id),
  },
];

/** Offers as the browser has them, or else as they were served. */
export const offersOf = ({ browser, offers }: Pick<Observed, 'browser' | 'offers'>): readonly ShownOffer[] =>
  browser?.offers ?? offers;

const problemOf = ({ id }: ShownOffer) => PROBLEMS.find(({ isSo }) => isSo(id.trim()));

/** Whether an offer is named as Chargebee's are. */
export const isNamed = (offer: ShownOffer): boolean => !problemOf(offer);

/** Whether each offer has an id. */
export const offerIds: Rule = {
  fine: (observed) => {
    const ids = offersOf(observed).map(({ id }) => id);
    const { size } = new Set(ids);
    const where = ids.length > size ? `, in ${ids.length} elements` : '';
    return size
      ? `${count(size, 'offer has', 'offers have')} an id that Chargebee can take${where}.`
      : undefined;
  },
  find: (observed) =>
    PROBLEMS.flatMap((problem): Finding[] => {
      const found = offersOf(observed).filter((offer) => problemOf(offer) === problem);
      return found.length
        ? [
            finding(
              // Without a browser the page's own scripts have not filled it in yet.
              observed.browser ? (problem.severity ?? 'error') : 'warning',
              problem.id,
              { title: problem.title, evidence: found.map(({ markup }) => markup), repair: problem.repair },
            ),
          ]
        : [];
    }),
};

/** Whether each offer is named by the attribute that names offers. */
export const offerNames: Rule = {
  find: ({ browser }) =>
    browser?.misspelt.length
      ? [
          finding('warning', 'offer-misspelt', {
            title: 'An attribute looks like data-offer-id and is not.',
            evidence: browser.misspelt,
            repair: 'Write data-offer-id, in JSX with dashes as well.',
          }),
        ]
      : [],
};

const isTooSmall = ({ drawn }: ShownOffer): boolean =>
  drawn !== undefined &&
  (drawn.display === 'empty contents' ||
    (drawn.hiddenBy === undefined && drawn.display !== 'contents' && drawn.width * drawn.height === 0));

/** Whether each offer has a box that can be seen. */
export const offerBoxes: Rule = {
  fine: ({ browser }) =>
    browser?.offers.some(({ drawn }) => drawn && drawn.hiddenBy === undefined)
      ? 'Each offer that shows has a size.'
      : undefined,
  find({ browser }) {
    const small = (browser?.offers ?? []).filter(isTooSmall);
    if (!small.length) return [];
    return [
      finding('error', 'offer-too-small', {
        title: 'An offer has no size, so it can never be seen.',
        evidence: small.map(
          ({ markup, drawn }) =>
            `${markup} is ${drawn?.width} × ${drawn?.height} px (display: ${drawn?.display})`,
        ),
        repair:
          'Put data-offer-id on the element that draws the offer: a wrapper of what floats, is fixed or is absolute has no size of its own.',
      }),
    ];
  },
};

/** Above this a number is milliseconds, as the tracker reads it. */
const MOST_SECONDS = 1e11;

/** Epoch milliseconds. Missing if the text is not a time; then the offer never ends. */
const endOf = ({ expires = '' }: ShownOffer): number => {
  const number = Number(expires);
  return (number < MOST_SECONDS ? number * 1_000 : number) || Date.parse(expires);
};

const DAY_MS = 86_400_000;

/** Whether it is meant to last until the end of that day. */
const isDay = ({ expires = '' }: ShownOffer): boolean => /^\s*\d{4}-\d\d-\d\d\s*$/.test(expires);

/** Whether offers have ended already. */
export const offersEnded: Rule = {
  find(observed) {
    const ended = offersOf(observed).filter((offer) => endOf(offer) <= observed.at);
    if (!ended.length) return [];
    return [
      finding('warning', 'offer-ended', {
        title: 'An offer has ended, so its events do not count.',
        evidence: [
          ...ended.map((offer) => `${offer.markup} ended at ${new Date(endOf(offer)).toISOString()}`),
          `now it is ${new Date(observed.at).toISOString()}, by this machine’s clock`,
          headersOf(observed.page, ['date', 'age', 'cache-control']),
        ],
        repair: ended.some((offer) => isDay(offer) && observed.at - endOf(offer) < 2 * DAY_MS)
          ? 'A date without a time ends as the day begins, at 00:00 UTC. Write the time as well, such as 2026-11-28T00:00:00+01:00, or the API’s number of seconds.'
          : 'Leave offers that have ended out of the page. If the page comes out of a cache, let it be kept no longer than its offers last.',
      }),
    ];
  },
};

/** What the page does not show at the moment; most such offers are in a dialog or a menu that is closed. */
export const offersHidden: Rule = {
  find({ browser }) {
    const hidden = (browser?.offers ?? []).filter(
      ({ drawn, filters }) => drawn?.hiddenBy !== undefined && !filters.length,
    );
    if (!hidden.length) return [];
    return [
      finding('note', 'offer-hidden', {
        title: `${count(hidden.length, 'offer is', 'offers are')} not shown while the page is as it was opened.`,
        evidence: hidden.map(({ markup, drawn }) => `${markup}: ${drawn?.hiddenBy} hides it`),
        repair: 'Nothing, if it shows later, such as in a dialog that opens.',
      }),
    ];
  },
};
