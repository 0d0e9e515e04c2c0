/** Whether a page that is made for one visitor is, or may be, given to others out of a cache. */
import type { Rule } from '../finding.js';
import type { Answer } from '../observed.js';
import { finding, headersOf } from './wording.js';

/** Whether an answer came out of a cache on the way (RFC 9111, § 5.1; the others are CDNs' own). */
const isStored = ({ headers }: Answer): boolean =>
  Number(headers.age) > 0 || /\bhit\b/i.test(`${headers['x-cache']} ${headers['cf-cache-status']}`);

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
  find({ page, offers }) {
    const named = offers.filter(({ id }) => id.trim());
    const hasCome = isStored(page);
    if (!named.length || !(hasCome || isStorable(page))) return [];
    return [
      finding('warning', 'offer-shared', {
        title: hasCome
          ? 'The page came out of a cache with an offer in it, so many visitors may get the offer of one.'
          : 'Caches may keep the page with the offer in it, and many visitors then get the offer of one.',
        evidence: [
          headersOf(page, ['age', 'x-cache', 'cf-cache-status', 'cache-control', 'vary']),
          ...named.map(({ markup }) => markup),
        ],
        repair:
          'Answer pages that have personalized offers with Cache-Control: private, no-store. Or let a script ask for the offers.',
      }),
    ];
  },
};
