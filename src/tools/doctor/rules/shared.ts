/** Whether a page that is made for one visitor is, or may be, given to others out of a cache. */
import type { Rule } from '../finding.js';
import type { Answer } from '../observed.js';
import { isNamed } from './offers.js';
import { finding, headersOf } from './wording.js';

/** Where caches say what they did: RFC 9211, and CDNs' own. */
const STORES = ['cache-status', 'x-cache', 'x-cache-status', 'cf-cache-status', 'x-vercel-cache'];

/** Whether an answer came out of a cache on the way (RFC 9111, § 5.1). */
const isStored = ({ headers }: Answer): boolean =>
  Number(headers.age) > 0 ||
  STORES.some((name) => /hit|stale|revalidated|updating/i.test(headers[name] ?? ''));

/** Whether caches on the way may keep an answer (RFC 9111, § 5.2.2). */
const isStorable = ({ headers }: Answer): boolean => {
  const words = headers['cache-control']?.toLowerCase() ?? '';
  const isPrivate = /\b(?:private|no-store|no-cache)\b/.test(words);
  const isLong =
    /\bs-maxage=[1-9]/.test(words) || (/\bpublic\b/.test(words) && /\bmax-age=[1-9]/.test(words));
  return isLong && !isPrivate && !/cookie|\*/i.test(headers.vary ?? '');
};

/** Whether offers that were served with the page may be another visitor's. What scripts add later is the visitor's own. */
export const offersShared: Rule = {
  find({ page, offers, browser }) {
    // Scripts may fill in what a template leaves open.
    const named = offers.filter(
      (offer) => isNamed(offer) && (!browser || browser.offers.some(({ id }) => id === offer.id)),
    );
    const hasCome = isStored(page);
    if (!named.length || !(hasCome || isStorable(page))) return [];
    return [
      finding('warning', 'offer-shared', {
        title: hasCome
          ? 'The page came out of a cache with an offer in it, so many visitors may get the offer of one.'
          : 'Caches may keep the page with the offer in it, and many visitors then get the offer of one.',
        evidence: [
          headersOf(page, ['age', ...STORES, 'cache-control', 'vary']),
          ...named.map(({ markup }) => markup),
        ],
        repair:
          'Answer pages that have personalized offers with Cache-Control: private, no-store. Or let a script ask for the offers.',
      }),
    ];
  },
};
