/** What is wrong with the page itself, so that no script on it could report. */
import type { Rule } from '../finding.js';
import { isTrustworthy, problemOf } from '../http/endpoint.js';
import { directiveOf, policiesOf } from '../http/policy.js';
import type { Observed, ScriptTag } from '../observed.js';
import { isQuoted, showTag } from '../tags.js';
import { offersOf } from './offers.js';
import { tagsOf } from './script-tag.js';
import { finding, showPolicy } from './wording.js';

/** Whether a request of the page itself has reached the proxy. */
const isReached = ({ endpoint: { asked, by } }: Pick<Observed, 'endpoint'>): boolean =>
  by === 'page' && asked.kind === 'answered' && problemOf(asked) !== undefined;

const NEEDED = ['allow-scripts', 'allow-same-origin'];

/** Whether a policy takes the page's origin or its scripts away (HTML, sandboxing). A `<meta>` cannot. */
export const pageSandboxed: Rule = {
  find(observed) {
    const { page } = observed;
    const blocking = policiesOf(page.headers['content-security-policy']).filter((policy) => {
      const words = directiveOf(policy, 'sandbox')?.map((word) => word.toLowerCase());
      return words && !NEEDED.every((word) => words.includes(word));
    });
    if (!blocking.length || isReached(observed)) return [];
    return [
      finding('error', 'page-sandboxed', {
        title:
          'The page’s policy puts it into a sandbox, in which it has no scripts, or no origin and no storage.',
        evidence: blocking.map(showPolicy),
        repair: `Leave sandbox out of the policy of pages that show offers, or add ${NEEDED.join(' and ')} to it. Previews of a CMS often have such a policy: then examine the public page.`,
      }),
    ];
  },
};

/** Whether a policy makes requests by https out of those of a page on plain http (Upgrade Insecure Requests, W3C). */
export const pageUpgraded: Rule = {
  find(observed) {
    const { page, policies } = observed;
    const upgrading = policies.filter((policy) => directiveOf(policy, 'upgrade-insecure-requests'));
    if (isTrustworthy(page.url) || !upgrading.length || isReached(observed)) return [];
    return [
      finding('error', 'page-upgraded', {
        title:
          'The page is on plain http, and its policy makes browsers ask for everything by https, also for the script and the endpoint.',
        evidence: [page.url, ...upgrading.map(showPolicy)],
        repair:
          'Serve the page by https, or leave upgrade-insecure-requests out where the host has no certificate, as on a staging machine.',
      }),
    ];
  },
};

type OfTags = Pick<Observed, 'tags' | 'browser'>;

const quotedIn = (observed: OfTags, nameOf: (tag: ScriptTag) => string): readonly ScriptTag[] =>
  tagsOf(observed).filter((tag) => isQuoted(tag.attributes[nameOf(tag)] ?? ''));

/** Whether a tag names its file in such marks. */
export const hasQuotedSource = (observed: OfTags): boolean => quotedIn(observed, ({ by }) => by).length > 0;

/** Whether a tag names its endpoint in such marks. */
export const hasQuotedEndpoint = (observed: OfTags): boolean =>
  quotedIn(observed, () => 'data-endpoint').length > 0;

/** Whether an editor has replaced the quotation marks of attributes. Texts, such as labels, may well have them. */
export const pageQuotes: Rule = {
  find(observed) {
    const tags = [...quotedIn(observed, ({ by }) => by), ...quotedIn(observed, () => 'data-endpoint')];
    const offers = offersOf(observed).filter(({ id }) => isQuoted(id));
    if (!tags.length && !offers.length) return [];
    return [
      finding('error', 'page-quotes', {
        title:
          'An editor has replaced the quotation marks around attributes, so browsers take the marks for a part of each value.',
        evidence: [...tags.map(showTag), ...offers.map(({ markup }) => markup)],
        repair:
          'Paste the markup again, with plain quotation marks ("), in a place that takes HTML as it is: a block for HTML, or the template.',
      }),
    ];
  },
};
