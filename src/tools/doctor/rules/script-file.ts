/** Whether the script file that is served may run, and does. */
import type { Rule } from '../finding.js';
import { isBlockedBy, sourcesOf } from '../http/policy.js';
import { isScriptUrl, showTag } from '../tags.js';
import { requestOf, wrongOf } from './script-served.js';
import { hasTracker, tagsOf } from './script-tag.js';
import { finding, headersOf, showPolicy } from './wording.js';

/** Whether a tag has a nonce, and the policies have only others. */
const hasOtherNonce = (nonce: string | undefined, policies: readonly string[]): boolean =>
  !!nonce &&
  policies.some((policy) => {
    const nonces = (sourcesOf(policy, 'script-src') ?? []).filter((source) => /^'nonce-/i.test(source));
    return nonces.length > 0 && !nonces.includes(`'nonce-${nonce}'`);
  });

/** Whether the page's policy lets the script run. */
export const scriptPolicy: Rule = {
  fine: ({ policies, script }) =>
    policies.length && script ? 'The page’s policy allows the script.' : undefined,
  find(observed) {
    const { policies, page, browser } = observed;
    return tagsOf(observed)
      .slice(0, 1)
      .flatMap((tag) => {
        const { url, attributes } = tag;
        const seen = (browser?.violations ?? []).filter(
          ({ directive, blocked }) =>
            directive.startsWith('script-src') && (blocked === url || isScriptUrl(blocked)),
        );
        const wanted = {
          ...({ directive: 'script-src', url, page: page.url } as const),
          nonce: attributes.nonce,
          integrity: attributes.integrity,
        };
        const blocking = policies.filter((policy) => isBlockedBy(policy, wanted));
        // A browser hides a tag's nonce from scripts.
        const written = observed.tags.find((each) => each.url === url);
        const isOther = hasOtherNonce(written?.attributes.nonce, policies);
        if (browser ? !seen.length : !blocking.length) return [];
        const isItself = !seen.length || seen.some(({ blocked }) => blocked === url);
        return [
          finding('error', 'script-blocked-by-policy', {
            title: isItself
              ? 'The page’s Content-Security-Policy blocks the script.'
              : 'The page’s Content-Security-Policy lets the script run, and blocks a file that it loads.',
            evidence: [
              ...seen.map(({ directive, blocked }) => `the browser blocked ${blocked} by ${directive}`),
              ...(blocking.length ? blocking : policies).map(showPolicy),
              showTag(written ?? tag),
            ],
            repair: isOther
              ? 'The tag’s nonce is not the policy’s. Write the same one into both for each answer, and keep pages that have one out of every cache.'
              : isItself
                ? "Allow the script in script-src: by 'self', by the page’s nonce on the tag, or by its hash. See docs/recipes/policies.md."
                : "Allow what the script loads in script-src as well: by 'self', by the page’s nonce with 'strict-dynamic', or by hashes with an import map. See docs/recipes/policies.md.",
          }),
        ];
      });
  },
};

const STRENGTH = ['sha256', 'sha384', 'sha512'];

/** Whether a file's hashes are what a tag pins; of several algorithms the strongest counts. */
const isPinned = (integrity: string, hashes: readonly string[]): boolean => {
  const pins = integrity.split(/\s+/).map((pin) => pin.split('?', 1)[0] ?? '');
  const strongest = STRENGTH.findLast((name) => pins.some((pin) => pin.startsWith(`${name}-`)));
  // A pin that no browser can read pins nothing.
  return (
    strongest === undefined || pins.some((pin) => pin.startsWith(`${strongest}-`) && hashes.includes(pin))
  );
};

/** Whether the file is what the tag pins. */
export const scriptIntegrity: Rule = {
  fine: (observed) =>
    tagsOf(observed)[0]?.attributes.integrity
      ? 'The script file is what the tag’s integrity pins.'
      : undefined,
  find(observed) {
    const { script, page, browser } = observed;
    const [tag] = tagsOf(observed);
    const integrity = tag?.attributes.integrity;
    if (!tag || !integrity || script?.kind !== 'answered' || wrongOf(script) !== undefined) return [];
    const isUncheckable =
      new URL(tag.url).origin !== new URL(page.url).origin && tag.attributes.crossorigin === undefined;
    if (!isUncheckable && isPinned(integrity, script.hashes ?? [integrity])) return [];
    const said = (browser?.console ?? []).filter((line) => /integrity/i.test(line));
    return [
      finding('error', 'script-blocked-by-integrity', {
        title: isUncheckable
          ? 'The tag pins a file of another origin without crossorigin, so browsers block it.'
          : 'The script file differs from the one that the tag’s integrity pins, so browsers block it.',
        evidence: [
          `integrity="${integrity}"`,
          `${script.url} has ${(script.hashes ?? [])[1]}`,
          headersOf(script),
          ...said,
        ],
        repair:
          'Take the hash from dist/offersight.js.sri of the version that you serve. If the hash is right, something minifies or rewrites the file on its way: switch that off for it.',
      }),
    ];
  },
};

/** What to do about a word of the browser's. */
const HOLDING: readonly (readonly [RegExp, string])[] = [
  [
    /BLOCKED_BY_RESPONSE/,
    'The page’s Cross-Origin-Embedder-Policy keeps files of other origins out. Serve the script from the page’s own origin, or with Cross-Origin-Resource-Policy: cross-origin.',
  ],
  [
    /CORS policy/,
    'The file is of another origin and its tag has crossorigin, so it has to be served with Access-Control-Allow-Origin. Serve it from the page’s own origin, or add that header; offersight-offers.js needs it as well.',
  ],
  [
    /Mixed Content/i,
    'The page is on https, and the tag names its file by http. Name it by https, or best by a path.',
  ],
  [
    /BLOCKED_BY_CLIENT/,
    'Something in the browser blocks it, such as an extension or a policy of its administrator.',
  ],
  [
    /SyntaxError/,
    'The file that arrives is cut off or was rewritten on its way. Compare it with dist/offersight.js, empty the cache that serves it, and exclude it from minifying.',
  ],
];

const HOLDING_OTHERWISE =
  'Look for what holds the tag back: an optimizer, a consent manager, an error on the console, or code that inserts the tag by innerHTML, from where browsers run no tags.';

/** Whether a file that should run did not, for a reason that no other rule names. */
export const scriptRan: Rule = {
  fine: (observed) => (observed.browser?.tracker.hasScriptRun ? 'The script has run.' : undefined),
  find(observed) {
    const { browser } = observed;
    const [tag] = tagsOf(observed);
    if (!browser || !tag || hasTracker(observed)) return [];
    const seen = requestOf(observed, tag);
    const words = `${seen?.failure} ${browser.console.join(' ')}`;
    return [
      finding('error', 'script-did-not-run', {
        title: 'The script file is served, but it did not run.',
        evidence: [
          showTag(tag),
          seen
            ? `the browser asked for ${seen.url}: ${seen.failure ?? seen.status}`
            : `the browser never asked for ${tag.url}`,
          ...browser.console,
        ],
        repair: HOLDING.find(([pattern]) => pattern.test(words))?.[1] ?? HOLDING_OTHERWISE,
      }),
    ];
  },
};

const EXPLAINED = 'docs/errors.md explains each.';

/** Whether the tracker takes its options. Another origin of the endpoint, which is one of them, is another rule's. */
export const scriptConfigured: Rule = {
  find({ browser, endpoint, page }) {
    // A mistaken offer is named by other rules, and leaves the tracker at work.
    const isOption = (line: string): boolean =>
      /OffersightError: configuration: (?!No offer id|Serve )/.test(line);
    const lines = (browser?.console ?? []).filter(isOption);
    if (!lines.length) return [];
    if (browser?.tracker.endpoints.length)
      return [
        finding(lines.some((line) => /consent/.test(line)) ? 'error' : 'warning', 'script-misused', {
          title: 'The page’s code gives the tracker a value that it cannot use.',
          evidence: lines,
          repair: lines.some((line) => /consent/.test(line))
            ? 'Consent is one of the words "granted", "denied" and "pending": call tracker.consent("granted"). A value such as true is not one of them.'
            : `Correct what the line names. ${EXPLAINED}`,
        }),
      ];
    if (new URL(endpoint.url).origin !== new URL(page.url).origin) return [];
    return [
      finding('error', 'script-configuration', {
        title: 'The tracker does nothing, since an option is wrong.',
        evidence: lines,
        repair: `Correct the attribute or the option that the line names. ${EXPLAINED}`,
      }),
    ];
  },
};
