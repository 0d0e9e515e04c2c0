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
    const { markup, forMs, replaced, hasTimers } = silent;
    const said = {
      evidence: [
        `${markup} was in view for ${(forMs / 1000).toFixed(1)} s`,
        ...(replaced ? [`it was replaced ${replaced} times meanwhile`] : []),
        ...(browser.replaced.length
          ? [`scripts of the page have replaced ${browser.replaced.join(', ')}`]
          : []),
      ],
    };
    if (!hasTimers)
      return [
        finding('error', 'offer-silent', {
          title: 'A script of the page clears the timers of others, so the second of an offer never ends.',
          evidence: [...said.evidence, 'a timer that the doctor set in the page did not run'],
          repair:
            'Look for a loop that calls clearTimeout with all numbers. Let it clear only the timers that it has set itself.',
        }),
      ];
    return [
      replaced > 1
        ? finding('error', 'offer-replaced', {
            ...said,
            title: 'An offer is replaced again and again, so its second never completes.',
            repair:
              'Change the text in the element, such as a countdown, and keep the element that has data-offer-id.',
          })
        : finding('warning', 'offer-silent', {
            ...said,
            title: 'An offer was in view, and the tracker reported nothing.',
            repair:
              'Open the inspector on this page: it says what the offer lacks. If the evidence names parts of the browser that a script has replaced, look at that script first. Nothing, if your code keeps the offer from being recorded.',
          }),
    ];
  },
};
