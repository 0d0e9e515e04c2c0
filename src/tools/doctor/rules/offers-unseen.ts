/** Offers that no tracker of the page sees: in a frame, in a closed tree, or none at all. */
import type { Rule } from '../finding.js';
import { offersOf } from './offers.js';
import { finding } from './wording.js';

/** Whether offers are in frames that no tracker looks into. */
export const offersFramed: Rule = {
  find: ({ browser }) =>
    browser?.frames.length
      ? [
          finding('error', 'offer-in-frame', {
            title: 'Offers are in a frame that no tracker sees.',
            evidence: browser.frames,
            repair: browser.frames.some((frame) => frame.includes(' srcdoc'))
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

/** Whether there are any. */
export const offersThere: Rule = {
  find: (observed) =>
    offersOf(observed).length ||
    observed.browser?.misspelt.length ||
    observed.browser?.frames.length ||
    observed.browser?.closed.length
      ? []
      : [
          finding('note', 'offer-none', {
            title: 'The page shows no element with data-offer-id.',
            evidence: [`${observed.page.url}, opened as a new visitor without a login`],
            repair: `Nothing, if this visitor gets no offer, or if your code gives offers to observe().${observed.browser ? '' : ' Scripts may also add some: only a browser can tell.'}`,
          }),
        ],
};
