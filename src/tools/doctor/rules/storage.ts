/** Whether the page can keep what it records until it is delivered, and what it sends along. */
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
            evidence: [
              `indexedDB.open: ${browser.storage}`,
              browser.replaced.includes('indexedDB.open')
                ? 'a script of the page has replaced it'
                : undefined,
            ],
            repair:
              'Look for a script that removes or replaces indexedDB, for a sandbox without allow-same-origin, and for a policy of the browser.',
          }),
        ]
      : [],
};

/** Web servers take about 8,000 bytes in a header, and Node 16,384 in all of them. */
const MOST_COOKIE_BYTES = 7_000;

/** Whether the page's cookies may be too long for a request. */
export const cookiesShort: Rule = {
  find: ({ browser, endpoint }) =>
    browser && browser.cookieBytes > MOST_COOKIE_BYTES
      ? [
          finding('warning', 'endpoint-cookies', {
            title: 'The page’s cookies are so long that servers may refuse its requests.',
            evidence: [
              `each request to ${endpoint.url} carries ${browser.cookieBytes} bytes of cookies, and those of users who come back may be longer`,
            ],
            repair:
              'Look which scripts set so many, and let them end or belong to another path. nginx and Apache refuse more than about 8,000 bytes, Node more than 16,000 in all headers.',
          }),
        ]
      : [],
};
