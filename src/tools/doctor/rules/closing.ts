/** Whether closing an offer can be noticed, and whether users see what counts. */
import type { Rule } from '../finding.js';
import { offersOf } from './offers.js';
import { finding } from './wording.js';

/** Whether each control that seems to close an offer is one that the tracker knows. */
export const controlsKnown: Rule = {
  find: ({ browser }) =>
    browser?.idle.length
      ? [
          finding('warning', 'offer-close-unknown', {
            title:
              'A control of an offer seems to close it, and the tracker does not know that: closing it there does not count as dismissed.',
            evidence: browser.idle.map(({ markup, name }) =>
              name ? `${markup} is called “${name}”` : `${markup} has no name`,
            ),
            repair:
              'If it closes the offer, give it data-offer-dismiss, or a name such as aria-label="Close". Names of your own go into the option dismissal.labels (data-labels).',
          }),
        ]
      : [],
};

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

/** Whether an offer shows its back, which browsers do not draw and observers do not notice. */
export const offersFacing: Rule = {
  find({ browser }) {
    const turned = (browser?.offers ?? []).filter(({ drawn }) => drawn?.isTurned && !drawn.hiddenBy);
    return turned.length
      ? [
          finding('warning', 'offer-turned', {
            title: 'An offer lies on a side that is turned away, so it counts unseen.',
            evidence: turned.map(({ markup }) => `${markup}: backface-visibility hides its side`),
            repair: 'Give that side visibility: hidden until it is turned to the front.',
          }),
        ]
      : [];
  },
};
