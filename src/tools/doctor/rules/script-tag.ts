/** What became of the script file's tag: whether there is one, and whether it still is what was written. */
import type { Finding, Rule } from '../finding.js';
import { problemOf } from '../http/endpoint.js';
import { DEFAULT_ENDPOINT } from '../naming.js';
import type { Observed, ScriptTag } from '../observed.js';
import { isRunnable, showTag } from '../tags.js';
import { finding } from './wording.js';

/** Tags as the page has them, and those that only the source has. */
export const tagsOf = ({ tags, browser }: Pick<Observed, 'tags' | 'browser'>): readonly ScriptTag[] =>
  browser
    ? [...browser.tags, ...tags.filter(({ url }) => browser.tags.every((tag) => tag.url !== url))]
    : tags;

/** Whether any tracker is there, also one from npm. */
export const hasTracker = ({ browser }: Pick<Observed, 'browser'>): boolean =>
  browser !== undefined && (browser.tracker.hasScriptRun || browser.tracker.endpoints.length > 0);

const NO_TAG_REPAIR =
  'Put <script async src="/offersight.js" data-endpoint="/offer-events"></script> into the page, or create the tracker in your bundle. If a tag manager adds the tag, check that it fires on this page.';

const findInert = ({ inert, browser }: Observed): Finding[] =>
  inert.length
    ? [
        // A comment or an example may be left over where a bundle has the tracker.
        finding(
          browser && inert.some((line) => line.startsWith('<noscript>')) ? 'error' : 'warning',
          'script-inert',
          {
            title: 'The script’s tag stands where browsers do not run it.',
            evidence: inert,
            repair:
              'Take the tag out of there. <noscript> is only for browsers without scripts, comments and <template> never run, and an editor that escapes a tag makes text of it. If a bundle creates the tracker, look why it does not run.',
          },
        ),
      ]
    : [];

/** Whether there is a tag at all. */
export const scriptFound: Rule = {
  fine: (observed) =>
    hasTracker(observed)
      ? 'The page has a tracker.'
      : tagsOf(observed).length
        ? 'The page has the script’s tag.'
        : undefined,
  find(observed) {
    if (tagsOf(observed).length || hasTracker(observed)) return [];
    const inert = findInert(observed);
    if (inert.length) return inert;
    const seen = `${observed.page.url} has no <script> whose address names offersight or that has data-endpoint`;
    return observed.browser
      ? [
          finding('error', 'script-not-found', {
            title: 'No tracker runs in the page.',
            evidence: [seen, ...observed.browser.console],
            repair: NO_TAG_REPAIR,
          }),
        ]
      : [
          finding('note', 'script-not-found', {
            title:
              'The page’s source has no tag of the script. A bundle or a tag manager may add it; only a browser can tell.',
            evidence: [seen],
            repair: 'Install puppeteer-core and a Chromium, and run the doctor again.',
          }),
        ];
  },
};

/** Who rewrites a tag like this, and what to do there. */
const rewriterOf = (type: string, by: string): string => {
  const known: readonly (readonly [RegExp, string])[] = [
    [
      /partytown/i,
      'Partytown runs scripts in a worker, which has no page to look at. Take this tag out of it: leave the type out.',
    ],
    [
      /^[\da-f]{8,}-/i,
      'This is Cloudflare’s Rocket Loader. Add data-cfasync="false" to the tag, ahead of src.',
    ],
    [/^rocketlazyload|rocket/i, 'This is WP Rocket’s delayed JavaScript. Exclude offersight.js there.'],
    [/litespeed/i, 'This is LiteSpeed Cache’s delayed JavaScript. Exclude offersight.js there.'],
    [
      /^text\/plain$/i,
      'A consent manager holds the tag back. Give it no category, and use data-consent="pending" and tracker.consent() if you need consent.',
    ],
  ];
  const found = known.find(([pattern]) => pattern.test(type) || pattern.test(by));
  return found?.[1] ?? 'An optimizer or a consent manager changed the tag. Exclude offersight.js there.';
};

/** Whether something has changed the tag so that the browser does not run it as a script. */
export const scriptRewritten: Rule = {
  find: (observed) =>
    tagsOf(observed)
      .filter(
        (tag, _, all) =>
          !isRunnable(tag) &&
          !all.some(({ url, ...other }) => url === tag.url && isRunnable({ url, ...other })),
      )
      .map((tag) => {
        const { type = '', nomodule } = tag.attributes;
        const hasRun = observed.browser?.tracker.hasScriptRun;
        if (nomodule !== undefined)
          return finding('error', 'script-rewritten', {
            title: 'The tag has nomodule, so no browser of today runs it.',
            evidence: [showTag(tag)],
            repair: 'Remove that attribute. If a build adds it, exclude offersight.js there.',
          });
        if (/^text\/plain$/i.test(type) && !hasRun)
          return finding('warning', 'script-rewritten', {
            title:
              'A consent manager holds the tag back until the visitor consents. The doctor did not consent, so it does not see whether the script runs then.',
            evidence: [showTag(tag)],
            repair:
              'Check that the category of the tag is written as your consent manager writes it. Better give the tag no category, and use data-consent="pending" and tracker.consent(): then nothing is stored before, and no offer is missed.',
          });
        return finding(hasRun ? 'warning' : 'error', 'script-rewritten', {
          title: hasRun
            ? 'Something holds the script back for a while, so offers that are seen early are missed.'
            : 'The tag was rewritten, and the browser does not run it.',
          evidence: [showTag(tag)],
          repair: rewriterOf(type, tag.by),
        });
      }),
};

/** Whether the classic file is loaded as a module. */
export const scriptModule: Rule = {
  find: (observed) => {
    const modules = tagsOf(observed).filter(({ attributes }) => /^module$/i.test(attributes.type ?? ''));
    return modules.length
      ? [
          finding('warning', 'script-module', {
            title: 'The script file is loaded as a module, so it cannot tell which tag is its own.',
            evidence: [
              ...modules.map(showTag),
              ...(observed.browser?.console ?? []).filter((line) => /type=module/.test(line)),
            ],
            repair:
              'Remove type="module" from the tag and write async instead. If a build adds it, exclude offersight.js from the build.',
          }),
        ]
      : [];
  },
};

/** Whether more than one tracker runs. */
export const scriptTwice: Rule = {
  find({ tags, browser }) {
    const found = (browser?.tags ?? tags).filter(isRunnable);
    const endpoints = browser?.tracker.endpoints ?? [];
    if (found.length < 2 && endpoints.length < 2) return [];
    return [
      finding('warning', 'script-twice', {
        title:
          endpoints.length > 1
            ? 'The page has two trackers with different endpoints, and each of them counts.'
            : 'The page has the script’s tag more than once. Only the first one counts.',
        evidence: [...found.map(showTag), ...endpoints.map((url) => `a tracker for ${url}`)],
        repair: 'Keep one. Look in the template, in the tag manager and in the bundle.',
      }),
    ];
  },
};

const isAnonymous = (startedBy: Readonly<Record<string, string>> | undefined): boolean =>
  startedBy === undefined || !('data-endpoint' in startedBy);

/** Whether the tag has lost its attributes, or the file its tag. */
export const scriptStripped: Rule = {
  find(observed) {
    const { tags, browser, endpoint, page } = observed;
    const all = tagsOf(observed);
    const written = tags.find(({ attributes }) => 'data-endpoint' in attributes);
    const isRun = browser?.tracker.hasScriptRun ?? false;
    const isBare = isRun
      ? isAnonymous(browser?.tracker.startedBy)
      : all.length > 0 && all.every(({ attributes }) => !('data-endpoint' in attributes));
    if (!isBare) return [];
    // The default is right where a proxy answers there, and nothing else was written.
    const isTaken = endpoint.asked.kind === 'answered' && problemOf(endpoint.asked) !== undefined;
    if (!written && (isTaken || endpoint.namedBy === 'option')) return [];
    const startedBy = browser?.tracker.startedBy;
    return [
      finding('error', 'script-stripped', {
        title: 'The script runs without its attributes, so it reports to the default endpoint.',
        evidence: [
          written && `the page’s source has ${showTag(written)}`,
          startedBy
            ? `the browser ran ${showTag({ attributes: startedBy })}`
            : isRun
              ? 'the script was started without a tag of its own'
              : undefined,
          ...(startedBy || written ? [] : all.map(showTag)),
          `the default endpoint is ${new URL(DEFAULT_ENDPOINT, page.url).href}`,
        ],
        repair:
          'Serve the script file by itself, with its tag in the page’s template: optimizers that combine files and tag managers drop data-endpoint. Or mount the proxy at /offer-events.',
      }),
    ];
  },
};
