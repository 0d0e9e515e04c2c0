/** Whether the page can keep what it records until it is delivered. */
import type { Rule } from '../finding.js';
import { finding, headersOf, showAsked } from './wording.js';

const CLEARING = /"(?:storage|\*)"/;

/** Whether an answer deletes what the site has stored (Clear Site Data, W3C). */
export const storageKept: Rule = {
  find({ page, endpoint, script, offerPart }) {
    const clearing = [page, endpoint.asked, script, offerPart].filter(
      (asked) => asked?.kind === 'answered' && CLEARING.test(asked.headers['clear-site-data'] ?? ''),
    );
    if (!clearing.length) return [];
    return [
      finding('error', 'page-clears-storage', {
        title: 'An answer deletes what the site has stored, so events that wait are lost.',
        evidence: clearing.flatMap((asked) =>
          asked?.kind === 'answered' ? [`${showAsked(asked)}, ${headersOf(asked, ['clear-site-data'])}`] : [],
        ),
        repair:
          'Send Clear-Site-Data only where a user signs out, or leave "storage" and "*" out of it. Offers that count once a browser would also count again.',
      }),
    ];
  },
};

/** Whether the page has a database. */
export const storageThere: Rule = {
  find: ({ browser }) =>
    browser?.storage
      ? [
          finding(/no answer in time/.test(browser.storage) ? 'warning' : 'error', 'page-storage-blocked', {
            title:
              'The page cannot open a database, so events are only in its memory, and lost when it is left.',
            evidence: [`indexedDB.open: ${browser.storage}`],
            repair:
              'Look for a script that removes or replaces indexedDB, for a sandbox without allow-same-origin, and for a policy of the browser.',
          }),
        ]
      : [],
};
