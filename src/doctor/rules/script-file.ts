/** Whether the script file arrives and runs. */
import type { Finding, Rule } from '../finding.js';
import { isBlockedBy } from '../http/policy.js';
import type { Answer, FileRequest, Observed, ScriptTag } from '../observed.js';
import { isScriptUrl, showTag } from '../tags.js';
import { hostRepair, isMisdirected } from './page-refused.js';
import { hasTracker, tagsOf } from './script-tag.js';
import { count, finding, headersOf, showAsked, startOf } from './wording.js';

const isScriptType = (type: string): boolean => /(?:java|ecma)script/i.test(type);

const requestOf = ({ browser }: Observed, { url }: ScriptTag): FileRequest | undefined =>
  browser?.files.find((file) => file.url === url && file.frame === undefined);

const SERVE =
  'Serve node_modules/offersight/dist/offersight.js at this address, as text/javascript and without a login. A catch-all route or a rewrite must not answer there.';

/** How the package's module begins, which only bundlers can load. */
const MODULE = /^\s*(?:import|export)\b/;

/** What is wrong with what was served; undefined if it is a script. */
const wrongOf = ({ status, headers, text }: Answer): string | undefined => {
  const type = headers['content-type'] ?? '';
  if (isMisdirected({ text }))
    return 'The proxy has no site for the host that the script file is asked from.';
  if (status >= 300) return `The script file is not there: its address answers ${status}.`;
  if (MODULE.test(text)) return 'The file is the module for bundlers, and not the script file.';
  if (/html/i.test(type) || text.trimStart().startsWith('<'))
    return 'A page answers in the place of the script file.';
  return headers['x-content-type-options'] === 'nosniff' && !isScriptType(type)
    ? `The script file is served as ${type || 'nothing'}, and browsers do not run that.`
    : undefined;
};

const findMissing = (observed: Observed, tag: ScriptTag): Finding[] => {
  const { script } = observed;
  const seen = requestOf(observed, tag);
  if (!script) return [];
  // A firewall may let browsers through, and not the doctor; what they got is a script of some kind.
  const isThere = seen?.status !== undefined && seen.status < 300 && isScriptType(seen.type ?? '');
  const isModule = script.kind === 'answered' && script.status < 300 && MODULE.test(script.text);
  if (isThere && !isModule) return [];
  const wrong = script.kind === 'failed' ? 'The script file cannot be reached.' : wrongOf(script);
  if (wrong === undefined) return [];
  const more = script.kind === 'failed' ? [] : [headersOf(script), startOf(script)];
  return [
    finding('error', 'script-missing', {
      title: wrong,
      evidence: [showAsked(script), ...more, showTag(tag)],
      repair: script.kind === 'answered' && isMisdirected(script) ? hostRepair(tag.url) : SERVE,
    }),
  ];
};

/** Whether the file is there. */
export const scriptServed: Rule = {
  fine: ({ script }) =>
    script?.kind === 'answered' ? `The script file is served: ${script.url}.` : undefined,
  find: (observed) =>
    tagsOf(observed)
      .slice(0, 1)
      .flatMap((tag) => findMissing(observed, tag)),
};

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
        if (browser ? !seen.length : !blocking.length) return [];
        return [
          finding('error', 'script-blocked-by-policy', {
            title: 'The page’s Content-Security-Policy blocks the script.',
            evidence: [
              ...seen.map(({ directive, blocked }) => `the browser blocked ${blocked} by ${directive}`),
              ...(blocking.length ? blocking : policies).map(
                (policy) => `content-security-policy: ${policy}`,
              ),
              showTag(tag),
            ],
            repair:
              "Allow the script in script-src: by 'self', by the page’s nonce on the tag, or by its hash. See docs/recipes/policies.md.",
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
    /BLOCKED_BY_CLIENT/,
    'Something in the browser blocks it, such as an extension or a policy of its administrator.',
  ],
  [
    /SyntaxError/,
    'The file that arrives is cut off or was rewritten on its way. Compare it with dist/offersight.js, empty the cache that serves it, and exclude it from minifying.',
  ],
];

const HOLDING_OTHERWISE =
  'Look for what holds the tag back: an optimizer, a consent manager, or an error on the console.';

/** Whether a file that should run did not, for a reason that no other rule names. */
export const scriptRan: Rule = {
  fine: (observed) => (observed.browser?.tracker.hasScriptRun ? 'The script has run.' : undefined),
  find(observed) {
    const { browser } = observed;
    const [tag] = tagsOf(observed);
    if (!browser || !tag || hasTracker(observed)) return [];
    const seen = requestOf(observed, tag);
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
        repair:
          HOLDING.find(([pattern]) => pattern.test(`${seen?.failure} ${browser.console.join(' ')}`))?.[1] ??
          HOLDING_OTHERWISE,
      }),
    ];
  },
};

/** Whether the tracker takes its options. Another origin of the endpoint, which is one of them, is another rule's. */
export const scriptConfigured: Rule = {
  find({ browser, endpoint, page }) {
    // A mistaken offer is named by other rules, and leaves the tracker at work.
    const isOption = (line: string): boolean => /OffersightError: configuration: (?!No offer id)/.test(line);
    const lines = (browser?.console ?? []).filter(isOption);
    const isOtherOrigin = new URL(endpoint.url).origin !== new URL(page.url).origin;
    if (!lines.length || isOtherOrigin || browser?.tracker.endpoints.length) return [];
    return [
      finding('error', 'script-configuration', {
        title: 'The tracker does nothing, since an option is wrong.',
        evidence: lines,
        repair: 'Correct the attribute or the option that the line names. docs/errors.md explains each.',
      }),
    ];
  },
};

/** Whether what the script file loads from beside itself is there. */
export const scriptBeside: Rule = {
  find({ browser }) {
    const missing = (browser?.files ?? []).filter(
      ({ url, status, type = '', failure }) =>
        /-(?:more|debug)\.js/.test(url) &&
        (failure !== undefined || (status ?? 0) >= 300 || !isScriptType(type)),
    );
    if (!missing.length) return [];
    return [
      finding('error', 'script-parts-missing', {
        title: `The script asked for ${count(new Set(missing.map(({ url }) => url)).size, 'file')} beside itself and got none.`,
        evidence: missing.map(
          ({ url, status, type, failure }) => `${url}: ${failure ?? `${status}, ${type}`}`,
        ),
        repair:
          'Serve offersight-more.js and offersight-debug.js beside offersight.js, under these names and of the same version.',
      }),
    ];
  },
};

/** Whether the inspector can be opened: only who looks for a fault needs its file. */
export const inspectorServed: Rule = {
  find(observed) {
    const { inspector } = observed;
    if (!inspector || scriptServed.find(observed).length) return [];
    if (inspector.kind === 'answered' && wrongOf(inspector) === undefined) return [];
    return [
      finding('note', 'inspector-missing', {
        title:
          'The inspector’s file is not beside the script, so nobody can open the inspector on this page.',
        evidence: [showAsked(inspector), inspector.kind === 'answered' ? headersOf(inspector) : undefined],
        repair:
          'Serve offersight-inspector.js beside offersight.js, of the same version. No visitor loads it.',
      }),
    ];
  },
};
