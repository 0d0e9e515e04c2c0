/** Whether closing an offer is told from any other press in it. */
import type { Rule } from '../finding.js';
import { offersOf } from './offers.js';
import { finding } from './wording.js';

/** Whether a press anywhere in an offer closes it. A control may be an offer and close itself. */
export const offersClosing: Rule = {
  find(observed) {
    const marked = offersOf(observed).filter(
      ({ markup }) => /\sdata-offer-dismiss(?!=["']?false)/.test(markup) && !/^<(?:button|a)\b/.test(markup),
    );
    return marked.length
      ? [
          finding('warning', 'offer-dismiss-itself', {
            title: 'An offer has data-offer-dismiss itself, so a press anywhere in it counts as dismissed.',
            evidence: marked.map(({ markup }) => markup),
            repair: 'Put data-offer-dismiss on the control that closes the offer.',
          }),
        ]
      : [];
  },
};
