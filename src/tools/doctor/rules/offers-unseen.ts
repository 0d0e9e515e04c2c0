/** Offers that no tracker of the page sees: in a frame, in a closed tree, taken out again, or none at all. */
import type { Rule } from '../finding.js';
import type { Observed, ShownOffer } from '../observed.js';
import { isNamed, offersOf } from './offers.js';
import { finding } from './wording.js';

const isOfOthers = (frame: string): boolean => frame.includes('another origin');

/** Whether offers are in frames that no tracker looks into. */
export const offersFramed: Rule = {
  find: ({ browser }) =>
    browser?.frames.length
      ? [
          // Others may use an attribute of this name for something else.
          finding(browser.frames.every(isOfOthers) ? 'warning' : 'error', 'offer-in-frame', {
            title: 'Offers are in a frame that no tracker sees.',
            evidence: browser.frames,
            repair: browser.frames.every(isOfOthers)
              ? 'If the frame is yours, put the script’s tag into its page as well. Its endpoint has to be of the frame’s own origin, and a frame that is sandboxed needs allow-same-origin.'
              : browser.frames.some((frame) => frame.includes(' srcdoc'))
                ? 'Give the frame’s document to tracker.observe() of this page: tracker.observe(frame.contentDocument). A page in srcdoc has no address, so no tracker of its own.'
                : 'Put the script’s tag into the page of the frame as well, or give the frame’s document to tracker.observe().',
          }),
        ]
      : [],
};

/** Whether offers are in trees that no script of the page can look into. */
export const offersClosed: Rule = {
  find({ browser }) {
    const closed = browser?.closed ?? [];
    const watched = browser?.tracker.inClosedTrees;
    if (closed.length <= (watched ?? 0)) return [];
    return [
      // Without a tracker at work nothing shows whether the component hands its tree over.
      finding(watched === undefined ? 'note' : 'warning', 'offer-in-closed-tree', {
        title: 'Offers are in a closed shadow tree, which a tracker sees only if it is given to it.',
        evidence: closed,
        repair:
          'Let the component call tracker.observe() with its shadow root, or with the offer’s element and id. Or attach the tree with mode: "open".',
      }),
    ];
  },
};

/** What was served, and no browser shows any more. */
const goneOf = ({ offers, browser }: Observed): readonly ShownOffer[] =>
  browser ? offers.filter(isNamed) : [];

/** Whether there are any. */
export const offersThere: Rule = {
  find: (observed) =>
    offersOf(observed).length ||
    observed.browser?.misspelt.length ||
    observed.browser?.frames.length ||
    observed.browser?.closed.length
      ? []
      : goneOf(observed).length
        ? [
            finding('note', 'offer-gone', {
              title: 'The page is served with an offer, and a script has taken it out, or its data-offer-id.',
              evidence: [
                ...goneOf(observed).map(({ markup }) => markup),
                `a browser shows none at ${observed.page.url}`,
              ],
              repair:
                'If something else is shown in its place, such as a variation of a test or what a framework has drawn, let that keep data-offer-id. If this visitor gets no offer, do nothing, or better serve none.',
            }),
          ]
        : [
            finding('note', 'offer-none', {
              title: 'The page shows no element with data-offer-id.',
              evidence: [`${observed.page.url}, opened as a new visitor without a login`],
              repair: `Nothing, if this visitor gets no offer, or if your code gives offers to observe().${observed.browser ? '' : ' Scripts may also add some: only a browser can tell.'}`,
            }),
          ],
};
