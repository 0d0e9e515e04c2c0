/** Names that filter lists are about. */
import type { Rule } from '../finding.js';
import { offersOf } from './offers.js';
import { finding } from './wording.js';

/** Whether a blocker drops requests for the script or to the endpoint. */
export const namesBlocked: Rule = {
  fine: () => 'No filter that the doctor knows blocks the script’s or the endpoint’s address.',
  find: ({ filtered }) =>
    filtered.length
      ? [
          finding('warning', 'name-blocked', {
            title: 'Ad blockers drop requests of this deployment by their address.',
            evidence: filtered.map(({ name, filter, list }) => `${name} is blocked by ${filter} (${list})`),
            repair: 'Choose neutral names, such as /offersight.js and /offer-events, and no query.',
          }),
        ]
      : [],
};

/** Whether a blocker hides offers. */
export const offersFiltered: Rule = {
  fine: (observed) =>
    offersOf(observed).length ? 'No filter that the doctor knows hides an offer.' : undefined,
  find(observed) {
    const hidden = offersOf(observed).filter(({ filters }) => filters.length);
    if (!hidden.length) return [];
    return [
      finding('warning', 'offer-filtered', {
        title: 'Ad blockers hide an offer by its class or id, so their users neither see nor count it.',
        evidence: hidden.map(
          ({ markup, filters }) => `${markup} or an element around it: ${filters.slice(0, 3).join(', ')}`,
        ),
        repair:
          'Give the offer and what holds it other classes and ids, without ad, promo, banner or sponsored.',
      }),
    ];
  },
};
