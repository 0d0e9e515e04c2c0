/** Whether the script file, and what lies beside it, is served. */
import type { Finding, Rule } from '../finding.js';
import type { Answer, FileRequest, Observed, ScriptTag } from '../observed.js';
import { showTag } from '../tags.js';
import { tagsOf } from './script-tag.js';
import { count, finding, headersOf, showAsked, startOf } from './wording.js';

const isScriptType = (type: string): boolean => /(?:java|ecma)script/i.test(type);

/** What became of a tag's request. An answer may have come, and have failed after its headers. */
export const requestOf = ({ browser }: Observed, { url }: ScriptTag): FileRequest | undefined => {
  const asked = browser?.files.filter((file) => file.url === url) ?? [];
  // A page that is left, or loaded again, aborts its requests.
  const whole = asked.filter(({ failure = '' }) => !failure.includes('ERR_ABORTED'));
  return whole.find(({ failure }) => failure !== undefined) ?? whole[0] ?? asked[0];
};

const SERVE =
  'Serve node_modules/offersight/dist/offersight.js at this address, as text/javascript and without a login. A catch-all route or a rewrite must not answer there.';

const GATEWAY =
  'Check that what serves the file runs, and the address and port that it is forwarded to. The standalone proxy serves the file and the endpoint.';

/** How the package's module begins, which only bundlers can load. */
const MODULE = /^\s*(?:import|export)\b/;

/** What is wrong with what was served; undefined if it is a script. */
export const wrongOf = ({ status, headers, text }: Answer): string | undefined => {
  const type = headers['content-type'] ?? '';
  if (status >= 300) return `The script file is not there: its address answers ${status}.`;
  if (MODULE.test(text)) return 'The file is the module for bundlers, and not the script file.';
  if (/html/i.test(type) || text.trimStart().startsWith('<'))
    return 'A page answers in the place of the script file.';
  return headers['x-content-type-options'] === 'nosniff' && !isScriptType(type)
    ? `The script file is served as ${type || 'nothing'}, and browsers do not run that.`
    : undefined;
};

/** A module needs a type of scripts, also where the script file itself does without (HTML, fetching a module script). */
const isTyped = ({ headers }: Answer): boolean => isScriptType(headers['content-type'] ?? '');

const findMissing = (observed: Observed, tag: ScriptTag): Finding[] => {
  const { script } = observed;
  const seen = requestOf(observed, tag);
  if (!script) return [];
  // A firewall may let browsers through, and not the doctor; what they got is a script of some kind.
  const isThere = seen?.status !== undefined && seen.status < 300 && isScriptType(seen.type ?? '');
  const isOther = script.kind === 'answered' && script.status < 300 && MODULE.test(script.text);
  if (isThere && !isOther) return [];
  const wrong = script.kind === 'failed' ? 'The script file cannot be reached.' : wrongOf(script);
  if (wrong === undefined) return [];
  const more = script.kind === 'failed' ? [] : [headersOf(script), startOf(script)];
  return [
    finding('error', 'script-missing', {
      title: wrong,
      evidence: [
        showAsked(script),
        ...more,
        seen?.failure && `the browser asked for ${seen.url}: ${seen.failure}`,
        showTag(tag),
      ],
      repair: script.kind === 'answered' && script.status >= 500 ? GATEWAY : SERVE,
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

const isMissing = ({ status = 0, type = '', failure }: FileRequest): boolean =>
  failure !== undefined || status >= 300 || !isScriptType(type);

const showRequest = ({ url, status, type, failure }: FileRequest): string =>
  `${url}: ${failure ?? `${status}, ${type}`}`;

/** Whether the file of the offer part is there. A page asks for it with its first offer. */
export const offersServed: Rule = {
  find(observed) {
    const { browser, offerPart } = observed;
    if (scriptServed.find(observed).length) return [];
    const asked = (browser?.files ?? []).filter(({ url }) => /-offers\.js/.test(url));
    const said = (browser?.console ?? []).filter((line) =>
      /OffersightError: load: offersight-offers/.test(line),
    );
    // Who got it needs no second opinion: a firewall may let browsers through, and not the doctor.
    const isServed = asked.length
      ? !asked.every(isMissing)
      : !offerPart ||
        (offerPart.kind === 'answered' && wrongOf(offerPart) === undefined && isTyped(offerPart));
    if (isServed && !said.length) return [];
    // A file that does not load fails with another kind of error.
    const isRewritten = isServed && said.some((line) => /ReferenceError/.test(line));
    const isCombined = !!browser?.tracker.hasScriptRun && !tagsOf(observed).length;
    return [
      finding('error', 'script-offers-missing', {
        title: isRewritten
          ? 'The script file was rewritten, and fails where it loads the offer part.'
          : 'The offer part of the tracker does not load: views wait in browsers, and closing is not noticed.',
        evidence: [
          ...said,
          ...asked.map(showRequest),
          ...(isServed ? [] : [offerPart && showAsked(offerPart)]),
          !isServed && offerPart?.kind === 'answered' ? headersOf(offerPart) : undefined,
        ],
        repair: isRewritten
          ? 'Serve dist/offersight.js of the package as it is, and exclude it from what bundles, transpiles or minifies: some make require() of import().'
          : isCombined
            ? 'The script runs out of another file than its own, and looks for this one beside that. Exclude offersight.js from what combines or inlines scripts, so that its tag stays as you wrote it, or set data-files of the tag to the folder of offersight-offers.js.'
            : 'Serve offersight-offers.js beside offersight.js, as text/javascript and of the same version. If the page has a policy, let that load both; an Integrity-Policy or a policy of hashes needs an import map. From another origin they need Access-Control-Allow-Origin. From npm, serve all chunks of one build.',
      }),
    ];
  },
};

/** Whether what the script file loads from beside itself for some pages is there. */
export const scriptBeside: Rule = {
  find({ browser }) {
    const missing = (browser?.files ?? []).filter(
      (file) => /-(?:more|debug)\.js/.test(file.url) && isMissing(file),
    );
    // A file of another version, or one that a policy blocks.
    const said = (browser?.console ?? []).filter((line) =>
      /(?:load: |Serve )offersight-(?:more|debug)/.test(line),
    );
    if (!missing.length && !said.length) return [];
    const files = new Set(
      [...missing.map(({ url }) => url), ...said].map((text) => /-(?:more|debug)\.js/.exec(text)?.[0]),
    );
    return [
      finding('error', 'script-parts-missing', {
        title: `The script asked for ${count(files.size, 'file')} beside itself and got none that it can use.`,
        evidence: [...said, ...missing.map(showRequest)],
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
          'The inspector’s file is not beside the script, so the inspector cannot be opened on this page.',
        evidence: [showAsked(inspector), inspector.kind === 'answered' ? headersOf(inspector) : undefined],
        repair:
          'Serve offersight-inspector.js beside offersight.js, of the same version. No visitor loads it.',
      }),
    ];
  },
};
