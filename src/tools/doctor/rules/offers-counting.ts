/** Whether the offers that a page shows count: each as an offer of its own, and after a second. */
import type { Finding, Rule } from '../finding.js';
import type { ShownOffer } from '../observed.js';
import { isNamed } from './offers.js';
import { finding } from './wording.js';

const isShown = ({ drawn }: ShownOffer): boolean => drawn?.hiddenBy === undefined;

const isLoop = (offers: ReadonlyMap<string, ShownOffer>): boolean =>
  new Set([...offers.values()].map(({ markup }) => markup)).size === 1;

/** Whether different offers have one id, as in a loop that prints that of its first offer. Copies in a slider read the same. */
export const offersRepeated: Rule = {
  find({ browser }) {
    const texts = new Map<string, Map<string, ShownOffer>>();
    for (const offer of browser?.offers ?? []) {
      const { id, text, isInner } = offer;
      if (!text || isInner || !isNamed(offer) || !isShown(offer)) continue;
      texts.set(id, (texts.get(id) ?? new Map<string, ShownOffer>()).set(text, offer));
    }
    return [...texts.values()].flatMap((same): Finding[] =>
      same.size > 1
        ? [
            // One offer may have a line, a card and a footer, which differ; a loop writes the same element.
            finding(same.size > 2 && isLoop(same) ? 'warning' : 'note', 'offer-repeated', {
              title: `${same.size} elements with different texts have one id, so they count as one offer.`,
              evidence: [...same].map(([text, { markup }]) => `${markup} reads “${text}”`),
              repair:
                'If they are several offers, give each its own id: a template’s loop may write the first one’s for all.',
            }),
          ]
        : [],
    );
  },
};

/** Whether an offer that stays in view is reported. Only asked where the tracker works and nothing was reported. */
export const offersReported: Rule = {
  find({ browser }) {
    const silent = browser?.silent;
    if (!silent || browser.stopped.length) return [];
    return [
      finding('warning', 'offer-silent', {
        title: 'An offer was in view, and the tracker reported nothing.',
        evidence: [`${silent.markup} was in view for ${(silent.forMs / 1000).toFixed(1)} s`],
        repair:
          'Open the inspector on this page: it says what the offer lacks. Nothing, if your code keeps the offer from being recorded.',
      }),
    ];
  },
};
