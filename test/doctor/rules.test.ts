/** What each rule of the doctor finds in what was seen, as plain data. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replyNothing } from '../../src/proxy/cli/routes.js';
import type {
  Answer,
  Asked,
  BrowserSeen,
  FileRequest,
  KeySeen,
  Observed,
  OperatorSeen,
} from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';
import {
  answer,
  asked,
  ENDPOINT,
  idle,
  offer,
  PAGE,
  page,
  problem,
  SCRIPT,
  seen,
  served,
  tag,
  tracked,
} from './seen.js';

/** What was seen, and parts of what is said. */
type Case = readonly [title: string, observed: Observed, ...words: string[]];

/** Examines cases under `severity id` of what is found, or under `nothing`. */
const examine = (cases: Readonly<Record<string, readonly Case[]>>): void => {
  for (const [finding, rows] of Object.entries(cases))
    for (const [title, observed, ...words] of rows)
      it(`${finding} ${title}`, () => {
        const { findings } = judge(observed);
        expect(findings.map(({ severity, id }) => `${severity} ${id}`).join() || 'nothing').toBe(finding);
        const said = findings
          .flatMap(({ title, evidence, repair }) => [title, ...evidence, repair])
          .join('\n');
        for (const each of words) expect(said).toContain(each);
      });
};

const failed = (reason: string, url = ENDPOINT): Asked => ({ kind: 'failed', url, reason });
const files = (...given: readonly Partial<FileRequest>[]) => ({
  files: given.map((each) => ({ url: SCRIPT, ...each })),
});
const GOT = { status: 200, type: 'text/javascript' };
const HTML = { 'content-type': 'text/html' };
const lines = (line: string): Pick<BrowserSeen, 'console'> => ({ console: [line] });
const withTag = (...given: Parameters<typeof tag>): Partial<BrowserSeen> => ({ tags: [tag(...given)] });
const withOffers = (...offers: Observed['offers']): Observed => seen({}, { offers });
const started = (attributes: Readonly<Record<string, string>>) => ({ startedBy: tag(attributes).attributes });
const bare = { src: '/offersight.js' };
const { endpoint } = seen();
const wrong = 'error: OffersightError: configuration:';
const badConsent = lines(`${wrong} consent is true: give granted.`);

describe('the script’s tag', () => {
  const typed = (type: string): Observed => idle({}, withTag({ type }));
  const unnamed: Partial<Observed> = { endpoint: { ...endpoint, namedBy: 'default' } };
  const anonymous = { startedBy: bare, endpoints: [] };
  const gtm = tag({ type: 'text/gtmscript' }, { by: 'data-gtmsrc' });
  const gone = (inert: readonly string[] = []): Observed => idle({ tags: [], inert }, { tags: [] });
  const misspelt = tag({ 'data-endpont': '/x' });
  examine({
    nothing: [
      ['is in order', seen()],
      ['is in order without a browser', served()],
      [
        'is not needed from npm',
        seen({ tags: [] }, { tags: [], tracker: { hasScriptRun: false, endpoints: [ENDPOINT] } }),
      ],
      [
        'needs no endpoint at the default one',
        tracked(anonymous, { tags: [tag({}, { attributes: bare })], ...unnamed }),
      ],
      ['may be in <noscript> besides', seen({ inert: ['<noscript> holds x'] })],
    ],
    'error script-not-found': [['in a browser', gone()]],
    'note script-not-found': [['without a browser', served({ tags: [] })]],
    'error script-inert': [['in <noscript>', gone(['<noscript> holds x']), '<noscript> holds x']],
    'warning script-inert': [['in a comment', gone(['a comment holds x'])]],
    'error script-rewritten': [
      ['by Partytown', typed('text/partytown'), 'Partytown'],
      ['by Rocket Loader', typed('1f2e3d4c5b6a-text/javascript'), 'data-cfasync'],
      ['by WP Rocket', idle({}, withTag({}, { by: 'data-rocket-src' })), 'WP Rocket'],
      ['by LiteSpeed', typed('litespeed/javascript'), 'LiteSpeed'],
      ['by something else', typed('text/lazy'), 'optimizer'],
      ['with nomodule', idle({}, withTag({ nomodule: '' })), 'nomodule'],
    ],
    'warning script-rewritten': [
      ['and has run in the end', seen({}, withTag({ type: 'text/lazy' })), 'for a while'],
      ['and waits for consent', typed('text/plain'), 'as your consent manager writes it'],
    ],
    'warning script-module': [['as a module', seen({}, withTag({ type: 'module' }))]],
    'warning script-twice': [
      ['as two tags', seen({}, { tags: [tag(), tag()] })],
      [
        'as two trackers',
        tracked({ endpoints: [ENDPOINT, `${PAGE}others`] }),
        'two trackers',
        `a tracker for ${PAGE}others`,
      ],
    ],
    'error script-stripped': [
      [
        'beside what was written',
        tracked({ ...anonymous, startedBy: { src: '/all.js' } }),
        'source has <script src',
        'ran <script src="/all.js">',
      ],
      [
        'beside what a tag manager has left',
        tracked(anonymous, { tags: [gtm], ...unnamed }),
        'text/gtmscript',
      ],
    ],
    'warning script-attribute': [
      [
        'with a wrong letter',
        seen({ tags: [misspelt] }, { tags: [misspelt] }),
        'Did you mean data-endpoint?',
      ],
      ['with a value that says nothing', tracked(started({ 'data-repeat': 'once' }))],
    ],
    'note offer-needs-long': [['by the tag', tracked(started({ 'data-dwell': '60000' }))]],
  });
});

describe('the script file', () => {
  const missing = (given: Partial<Answer>): Observed => idle({ script: answer(given) });
  const plain = { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' };
  const policies = ["script-src 'none'"];
  const blocked = (url: string) => ({ violations: [{ directive: 'script-src-elem', blocked: url }] });
  const pinned = (integrity: string, url = SCRIPT): Observed => idle({}, withTag({ integrity }, { url }));
  const nonce = (written: string, policy = "script-src 'nonce-now'"): Observed =>
    served({ policies: [policy], tags: [tag({ nonce: written })] });
  const hidden = { policies: ["script-src 'nonce-now'"], tags: [tag({ nonce: 'then' })] };
  const byNonce = 'by the page’s nonce on the tag';
  const unused = {
    ...lines(`${wrong} viewability.ratio is 50: give x.`),
    tracker: { ...started({}), hasScriptRun: true, endpoints: [] },
  };
  examine({
    nothing: [
      [
        'that the browser got, and a firewall keeps from the doctor',
        seen({ script: answer({ status: 403 }) }, files({ failure: 'net::ERR_ABORTED' }, GOT)),
      ],
      ['that a policy blocks by its text, and not in the browser', seen({ policies })],
      ['beside another one that is blocked', seen({}, blocked('https://other.example/x.js'))],
      ['that is as a strong pin says', seen({}, withTag({ integrity: 'sha256-x sha384-b' }))],
      ['that meets an offer without an id', seen({}, lines(`${wrong} No offer id.`))],
    ],
    'error script-missing': [
      ['by 404', missing({ status: 404 }), 'answers 404', 'Serve node_modules'],
      ['by 502', missing({ status: 502 }), 'Check that what serves the file runs'],
      ['behind a page', missing({ headers: HTML, text: '<!doctype html>' }), 'A page answers'],
      ['by its type', missing({ headers: plain }), 'text/plain'],
      ['behind the module', missing({ text: "import { x } from './x.js';" }), 'module for bundlers'],
      ['without an answer', idle({ script: failed('ENOTFOUND', SCRIPT) }), 'cannot be reached'],
    ],
    'error script-blocked-by-policy': [
      ['as the browser says', idle({ policies }, blocked(SCRIPT)), 'blocks the script.'],
      ['as the policy says', served({ policies })],
      [
        'in a part of its own',
        seen({}, blocked(SCRIPT.replace('.js', '-offers.js'))),
        'blocks a file that it loads.',
      ],
      ['by an old nonce', nonce('then'), 'The tag’s nonce is not the policy’s.', 'nonce="then"'],
      ['by no nonce', nonce(''), byNonce],
      [
        'by another directive’s nonce',
        nonce('then', "style-src 'nonce-now'; script-src https://x.example"),
        byNonce,
      ],
      [
        'by a nonce that the browser hides',
        idle(hidden, { ...withTag({ nonce: '' }), ...blocked(SCRIPT) }),
        'nonce="then"',
      ],
    ],
    'error script-blocked-by-integrity': [
      ['though a weaker pin is right', pinned('sha256-a sha384-x'), 'has sha384-b'],
      ['without crossorigin', pinned('sha384-b', 'https://cdn.example/offersight.js'), 'without crossorigin'],
    ],
    'error script-did-not-run': [
      [
        'with an error of its syntax',
        idle({}, lines('SyntaxError: x')),
        'SyntaxError: x',
        'is cut off or was rewritten',
      ],
      [
        'under an embedder policy',
        idle({}, files({ failure: 'net::ERR_BLOCKED_BY_RESPONSE' })),
        'Cross-Origin-Embedder-Policy',
      ],
      ['without a header of CORS', idle({}, lines('blocked by CORS policy')), 'Access-Control-Allow-Origin'],
      ['by plain http', idle({}, lines('Mixed Content: x')), 'by https'],
      ['for no known reason', idle({ script: answer({ status: 403 }) }, files(GOT)), 'innerHTML'],
    ],
    'error script-configuration': [['by its line', seen({}, unused), 'viewability.ratio is 50']],
    'warning script-misused': [
      ['by its line', seen({}, lines(`${wrong} subject is not opaque: give a hash.`))],
    ],
    'error script-misused': [
      ['in its consent', seen({}, badConsent), 'A value such as true is not one of them.'],
    ],
  });
});

describe('what lies beside the script', () => {
  const offerPart = answer({ status: 404, headers: HTML });
  const at = (name: string, given: Partial<FileRequest>) =>
    files({ url: `${PAGE}offersight-${name}.js`, ...given });
  const said = (name: string, why: string): Observed =>
    seen(
      { offerPart: answer() },
      lines(`error: OffersightError: load: offersight-${name}.js did not load: ${why}`),
    );
  const plain = answer({ headers: { 'content-type': 'text/plain' } });
  const page404 = { status: 404, type: 'text/html' };
  examine({
    nothing: [
      ['that is there', seen({ offerPart: answer(), inspector: answer() })],
      ['that the browser got', seen({ offerPart }, at('offers', GOT))],
      ['that has a type, if only the script lacks it', seen({ script: plain, offerPart: answer() })],
    ],
    'error script-offers-missing': [
      ['by the doctor’s answer', seen({ offerPart }), 'Serve offersight-offers.js beside'],
      ['by the browser’s', seen({ offerPart: answer() }, at('offers', { failure: 'csp' }))],
      ['by its version', said('offers', 'Error: Version is 0.1.9')],
      ['by its type', seen({ script: plain, offerPart: plain })],
      [
        'beside a combined script',
        seen({ tags: [] }, { tags: [], ...at('offers', page404) }),
        'from what combines or inlines',
      ],
      [
        'beside a rewritten script',
        said('offers', 'ReferenceError: require'),
        'The script file was rewritten',
      ],
    ],
    'error script-missing': [
      ['with the script', served({ offerPart, inspector: offerPart, script: offerPart })],
    ],
    'note inspector-missing': [['by the doctor’s answer', seen({ inspector: offerPart })]],
    'error script-parts-missing': [
      ['by the browser’s answer', seen({}, at('more', page404))],
      ['by its version', said('debug', 'Error: Version is 0.1.9, not 0.2.0.')],
    ],
  });
});

describe('what a page stores and may send', () => {
  const clearing = (value: string) => ({ 'clear-site-data': value });
  const stored = (value: string): Observed => seen({ page: answer({ url: PAGE, headers: clearing(value) }) });
  const pending = started({ 'data-consent': 'pending' });
  examine({
    nothing: [
      ['beside cookies that are deleted', stored('"cookies"')],
      ['by the consent that was given', tracked({ consent: 'granted', ...pending })],
    ],
    'error page-clears-storage': [
      ['by the page', stored('"storage"')],
      ['by the endpoint', asked(problem('batch', 400, clearing('"cache", "*"')))],
    ],
    'error page-storage-blocked': [
      ['by an error', seen({}, { storage: 'TypeError: no' }), 'indexedDB.open: TypeError: no'],
    ],
    'warning page-storage-blocked': [['by no answer', seen({}, { storage: 'no answer in time' })]],
    'note worker-left-out': [
      ['by its address', seen({}, { workers: [`${PAGE}sw.js`] }), `register('${PAGE}sw.js')`],
    ],
    'note consent-missing': [
      ['as the tracker says', tracked({ consent: 'pending' }), 'pending'],
      ['as it is denied', tracked({ consent: 'denied' }), 'denied'],
      ['as the tag says, if no tracker works', tracked({ ...pending, endpoints: [] })],
    ],
  });
});

describe('the endpoint', () => {
  const http = 'http://shop.test:3000/';
  const overHttp = {
    url: `${http}offer-events`,
    asked: { ...problem('origin', 403), url: `${http}offer-events` },
  };
  const cached = (headers: Answer['headers']): Observed => asked(problem('batch', 400, headers));
  const violations = [{ directive: 'connect-src', blocked: ENDPOINT }];
  const wrapped = '{"data":{"type":"urn:offersight:problem:batch"}}';
  const like = '{"code":"batch","type":"about:blank"}';
  const byStatus = (...statuses: readonly number[]): Case[] =>
    statuses.map((status) => [
      `by another’s ${status}`,
      asked(page(status)),
      `answered ${status}`,
      'it says: Shop',
    ]);
  const byCode = (...codes: readonly string[]): Case[] =>
    codes.map((code) => [
      `by the proxy’s ${code}`,
      asked(problem(code, 444)),
      'answered 444',
      `code: ${code}`,
    ]);
  examine({
    nothing: [
      ['that a cache let through', cached({ 'x-cache': 'Error from cloudfront', age: '0' })],
      ['whose clock is 4 minutes ahead', cached({ date: 'Tue, 24 Nov 2026 00:04:00 GMT' })],
    ],
    'error endpoint-other-origin': [
      [
        'whatever it answers',
        seen({ endpoint: { ...endpoint, url: 'https://x.example/', asked: page(404) } }),
        `the page is on ${PAGE.slice(0, -1)}\n`,
      ],
    ],
    'error endpoint-blocked-by-policy': [
      [
        'as the browser says',
        seen({ endpoint: { ...endpoint, asked: failed('Failed to fetch') } }, { violations }),
      ],
      ['as the policy says', served({ policies: ["default-src 'none'; script-src 'self'"] })],
    ],
    'error endpoint-unreachable': [['by a failure', asked(failed('ECONNREFUSED'))]],
    'error endpoint-slow': [['by no answer', asked(failed('no answer in time'))]],
    'error endpoint-path': byCode('path'),
    'error endpoint-method': byCode('method'),
    'error endpoint-origin-refused': [
      ...byCode('origin'),
      ['for lack of a header', asked(problem('origin', 403)), 'Sec-Fetch-Site'],
      [
        'on plain http',
        seen({ page: answer({ url: http }), endpoint: { ...endpoint, ...overHttp } }),
        '--origins http://shop.test:3000',
      ],
    ],
    'error endpoint-budget': byCode('budget'),
    'error endpoint-unavailable': byCode('unavailable'),
    'error endpoint-body-changed': [
      ...byCode('type', 'json', 'incomplete', 'headers', 'size', 'unsupported', 'many', 'late'),
      ['by a parser of bodies', asked(problem('late', 408)), 'waits for it in vain', 'express.json()'],
    ],
    'error endpoint-not-proxy': [
      ...byCode('moon', '__proto__', 'constructor'),
      ...byStatus(200, 400, 401, 413, 415, 418, 429),
      [
        'by a wrapper of answers',
        asked(answer({ url: ENDPOINT, text: wrapped })),
        'wraps the proxy’s answers',
      ],
      ['by a gateway', asked(page(202, { 'content-type': 'application/json' }, '{}')), 'answers by itself'],
      ['by nothing', asked(page(204, {}, '')), 'answers nothing'],
      ['by what is like a problem of the proxy’s', asked(answer({ url: ENDPOINT, status: 400, text: like }))],
    ],
    'error endpoint-redirected': [
      ...byStatus(301),
      ['to a login', asked(page(307, { location: '/login?next=/' })), 'to a login'],
      ['to another path', asked(page(308, { location: '/offer-events/' })), 'follows no redirect'],
    ],
    'error endpoint-request-changed': [
      ['by a script', asked(answer({ url: `${PAGE}v2`, status: 404 })), `POST ${PAGE}v2 answered 404`],
    ],
    'error endpoint-forbidden': byStatus(403, 419),
    'warning endpoint-forbidden': [
      ['by Cloudflare', asked(page(202, { 'cf-mitigated': 'challenge' }))],
      ['by DataDome', asked(page(403, { 'x-datadome': 'protected' }))],
    ],
    'error endpoint-not-found': [
      ...byStatus(404),
      ['past DataDome', asked(page(404, { 'x-datadome': 'protected' }))],
    ],
    'error endpoint-method-not-allowed': byStatus(405),
    'error endpoint-gateway': byStatus(502),
    'error endpoint-cached': [
      ['by its age', cached({ age: '3' })],
      ['by a hit', cached({ 'cf-cache-status': 'HIT' })],
      ['and so by an old date', cached({ date: 'Mon, 23 Nov 2026 23:00:00 GMT', age: '3600' })],
    ],
    'warning endpoint-cached': [['by its cache-control', cached({ 'cache-control': 'max-age=60' })]],
    'warning endpoint-clock': [
      ['6 minutes ahead', cached({ date: 'Tue, 24 Nov 2026 00:06:00 GMT' })],
      ['an hour behind', cached({ date: 'Mon, 23 Nov 2026 23:00:00 GMT' })],
    ],
  });

  it('that the standalone proxy answers at another path than its own is named like any path of a proxy', () => {
    const nothing = { url: ENDPOINT, status: 0, headers: {}, text: '' };
    const outgoing = {
      writeHead(status: number, headers: Readonly<Record<string, string>>) {
        Object.assign(nothing, { status, headers });
        return { end: (text: string) => Object.assign(nothing, { text }) };
      },
    };
    void replyNothing({} as never, outgoing as never);
    expect(judge(asked(answer(nothing))).findings.map(({ id }) => id)).toEqual(['endpoint-path']);
  });
});

describe('a batch with events', () => {
  const refusing = page(400, {}, '{"message":"invalid"}');
  examine({
    nothing: [
      ['that the proxy refuses like one without', seen({ full: problem('batch'), long: problem('batch') })],
      ['that its budget refuses', seen({ full: problem('budget', 429) })],
      ['that a limit refuses', seen({ full: page(429), long: page(503) })],
      ['that is challenged', seen({ full: page(403, { 'cf-mitigated': 'challenge' }) })],
    ],
    'error endpoint-events-refused': [
      ['whatever its length', seen({ full: refusing, long: refusing }), '{"message":"invalid"}'],
    ],
    'warning endpoint-events-refused': [
      ['by no answer', seen({ full: failed('ECONNRESET') })],
      ['by a machine that fails', seen({ full: page(502) })],
      ['by a guard', seen({ full: page(403) })],
    ],
    'error endpoint-not-proxy': [
      ['without events as well', seen({ full: refusing, endpoint: { ...endpoint, asked: refusing } })],
    ],
    'error endpoint-body-limit': [['by its length', seen({ long: page(413) }), 'answered 413']],
    'warning endpoint-body-limit': [['by no answer', seen({ long: failed('ECONNRESET') })]],
  });
});

describe('an offer', () => {
  const named = (...ids: readonly string[]): Case[] =>
    ids.map((id) => [`as “${id}”`, withOffers(offer('a52ge40b'), offer(id))]);
  const ended = (expires: string): Observed => withOffers(offer('a', {}, { expires }));
  const worded = (text: string, given = {}) => offer('a', {}, { text, ...given });
  const attribute = (name: string, value: string): Observed =>
    seen({}, { attributes: [{ name, value, markup: '<p>' }] });
  const marked = (markup: string): Observed => withOffers(offer('a', {}, { markup }));
  const frame = (markup: string): Observed => seen({}, { offers: [], frames: [`${markup} holds 2`] });
  const closed = ['<article data-offer-id="a"> in <shop-card>'];
  const inTrees = (inClosedTrees: number, more: readonly string[] = []): Observed => {
    const { browser } = tracked({ inClosedTrees });
    return seen({}, { ...browser, closed: [...closed, ...more] });
  };
  const silent = { markup: '<p data-offer-id="a">', forMs: 3_012 };
  const hidden = { width: 0, hiddenBy: '<div.modal> by display: none' };
  examine({
    nothing: [
      ...named('a52ge40b', ' a52ge40b ', 'x'.repeat(50), 'summer.2026', 'paid', 'offer-1', 'cid'),
      ...named('com.example.id', 'your_savings', 'my-bundle'),
      ['that what it holds stands for', withOffers(offer('a', { width: 0, display: 'contents' }))],
      ['that ends tomorrow', ended('2026-11-25')],
      ['that ends at no time', ended('soon')],
      [
        'of which there are copies',
        withOffers(worded('One'), worded('One'), worded('On', { isInner: true }), worded('')),
      ],
      ['that was in view and reported', seen({}, { silent, stopped: [{ url: ENDPOINT, ids: ['1'] }] })],
      ['in a closed tree that was given', inTrees(1)],
      ['with a right attribute', attribute('data-offer-dwell', '9999')],
      ['with somebody else’s attribute', attribute('data-offset', '1')],
      ['with an id that is another finding’s', attribute('data-offer-id', '{{ id }}')],
      ['that is a control and closes itself', marked('<button data-offer-id="a" data-offer-dismiss>')],
      ['whose mark is off', marked('<p data-offer-id="a" data-offer-dismiss="false">')],
    ],
    'error offer-without-id': [
      ...named('', ' '),
      ['though it is silent', seen({}, { silent, offers: [offer('')] })],
    ],
    'error offer-placeholder': [
      ...named('{{ offer.id }}', `\${offer.id}`, '{offer.id}', 'undefined', 'null', '[object Object]'),
      ...named('<%= offer.id %>', 'PUT-THE-PRINTED-ID-HERE'),
    ],
    'warning offer-placeholder': [['as it was served', served({ offers: [offer('{{ offer.id }}')] })]],
    'error offer-id-too-long': named('x'.repeat(51)),
    'error offer-id-unusable': named('somebody@shop.example'),
    'warning offer-id-doubtful': [
      ...named('offer.id', 'props.offer.id', 'item.offerId', 'offerId', 'offer_id', 'YOUR_OFFER_ID'),
      ['as it was served', served({ offers: [offer('offer.id')] })],
    ],
    'error offer-too-small': [
      ['by its height', withOffers(offer('a', { height: 0 }))],
      ['with nothing to stand for it', withOffers(offer('a', { width: 0, display: 'empty contents' }))],
    ],
    'note offer-hidden': [['by what is around it', withOffers(offer('a', hidden)), hidden.hiddenBy]],
    'warning offer-filtered': [
      ['by its filter', withOffers(offer('a', {}, { filters: ['.promoAd'] })), '.promoAd'],
    ],
    'warning offer-misspelt': [['by its attribute', seen({}, { offers: [], misspelt: ['data-offerid'] })]],
    'note offer-none': [['in a browser', seen({}, { offers: [] })]],
    'warning offer-ended': [
      [
        'by a time',
        ended('2026-11-20T00:00:00Z'),
        'ended at 2026-11-20T00',
        'now it is 2026-11-24T00',
        'Leave offers that have',
      ],
      ['by the date of today', ended('2026-11-24'), 'ends as the day begins, at 00:00 UTC'],
      ['by seconds', ended(String(Date.UTC(2026, 10, 23) / 1_000))],
      ['as it was served', served({ offers: [offer('a', {}, { expires: '2026-11-23' })] })],
      ['though it is silent', seen({}, { silent, offers: [offer('a', {}, { expires: '2020-01-01' })] })],
    ],
    'warning offer-repeated': [
      ['by a loop', withOffers(worded('One'), worded('Two'), worded('Three')), 'reads “Two”'],
    ],
    'note offer-repeated': [
      ['twice', withOffers(worded('One'), worded('Two'))],
      [
        'in three kinds of element',
        withOffers(worded('One'), worded('Two'), worded('Three', { markup: '<aside>' })),
      ],
    ],
    'warning offer-silent': [
      ['in view', seen({}, { silent }), '<p data-offer-id="a"> was in view for 3.0 s'],
    ],
    'error script-misused': [['which explains its silence', seen({}, { silent, ...badConsent })]],
    'error offer-in-frame': [
      [
        'that has an address',
        frame('<iframe src="/x">'),
        '<iframe src="/x"> holds 2',
        'Put the script’s tag into the page',
      ],
      ['that has none', frame('<iframe srcdoc="x">'), 'Give the frame’s document to tracker.observe'],
    ],
    'warning offer-in-closed-tree': [
      ['that was not given', inTrees(0)],
      ['of which one was given', inTrees(1, ['<p>'])],
    ],
    'note offer-in-closed-tree': [['as far as is known', seen({}, { offers: [], closed })]],
    'warning offer-attribute': [
      ['with a wrong letter', attribute('data-offer-dwel', '500'), 'Did you mean data-offer-dwell?'],
      ['with a value that says nothing', attribute('data-offer-ratio', '50'), 'is not a share'],
    ],
    'note offer-needs-long': [['by its own attribute', attribute('data-offer-dwell', '10000')]],
    'warning offer-dismiss-itself': [['at any press', marked('<p data-offer-id="a" data-offer-dismiss>')]],
  });

  it('is counted once however many elements it has, of which few are shown', () => {
    const { fine } = judge(withOffers(offer('a'), offer('a'), offer('a')));
    expect(fine).toContain('1 offer has an id that Chargebee can take, in 3 elements.');
    const nine = Array.from({ length: 9 }, (_, at) => offer('null', {}, { markup: `<p id="${at}">` }));
    const [finding] = judge(withOffers(...nine)).findings;
    expect([finding?.evidence.length, finding?.evidence.at(-1)]).toEqual([6, 'and 4 more']);
  });
});

describe('a page that was served with an offer', () => {
  const from = (headers: Answer['headers']): Case => [
    JSON.stringify(headers),
    served({ page: answer({ url: PAGE, headers: { ...HTML, ...headers } }) }),
  ];
  const kept = (value: string, more = {}): Case => from({ 'cache-control': value, ...more });
  const stored = { page: answer({ url: PAGE, headers: { age: '1' } }) };
  examine({
    nothing: [
      ...[
        from({ age: '0' }),
        from({ 'x-cache': 'Miss from cloudfront' }),
        kept('s-maxage=60', { vary: 'Cookie' }),
      ],
      ...[
        'public, no-store, max-age=9',
        'public, max-age=0',
        'private, max-age=600',
        's-maxage=0',
        'max-age=600',
      ].map((value) => kept(value)),
      ['whose offers scripts have replaced', seen(stored, { offers: [offer('b63hf51c')] })],
    ],
    'warning offer-shared': [
      ...[
        from({ age: '4711' }),
        from({ 'x-cache': 'TCP_HIT from a192' }),
        from({ 'cache-status': 'edge; hit' }),
      ],
      ...[from({ 'x-vercel-cache': 'STALE' }), kept('s-maxage=60'), kept('public, max-age=600')],
      ['that came out of a cache', served(stored), 'came out of a cache', 'age: 1'],
      ['that may yet', kept('s-maxage=60')[1], 'may keep the page'],
    ],
    'warning offer-placeholder': [
      ['that scripts fill in', served({ ...stored, offers: [offer('{{ id }}')] })],
    ],
    'warning name-blocked': [
      [
        'at addresses that a list blocks',
        seen({ filtered: [{ name: `${PAGE}x`, filter: '/x^', list: 'a.txt' }] }),
        `${PAGE}x is blocked by /x^ (a.txt)`,
      ],
    ],
  });
});

describe('the proxy itself', () => {
  const lane = { name: 'offer_events', waiting: 3 };
  const quiet = { alerts: [], requests: {}, refused: {} };
  const operator = (given: Partial<OperatorSeen>): Observed => {
    const url = 'http://127.0.0.1:8788/admin/';
    return seen({
      operator: { url, asked: answer(), lanes: [lane], refused: 0, at: 1e7, door: quiet, ...given },
    });
  };
  const silent = (status: number): Observed => operator({ lanes: [], asked: answer({ status }) });
  examine({
    nothing: [['is ready', operator({ ready: 200 })]],
    'error proxy-alert': [
      ['of its lane', operator({ lanes: [{ ...lane, alert: 'Check the key.' }] }), 'Check the key.'],
      ['of its door', operator({ door: { ...quiet, alerts: ['Sign them.'] } }), 'Sign them.'],
    ],
    'warning proxy-refuses-events': [
      ['by code', operator({ door: { ...quiet, refused: { a: 12 } } }), 'a: 12'],
    ],
    'note proxy-rejects-requests': [
      ['by code', operator({ door: { ...quiet, requests: { b: 3 } } }), 'b: 3'],
    ],
    'error proxy-not-ready': [['by 503', operator({ ready: 503 })]],
    'warning proxy-behind': [['by its oldest event', operator({ lanes: [{ ...lane, oldestAt: 1 }] })]],
    'note proxy-dead-letters': [['by what Chargebee refused', operator({ refused: 2 })]],
    'warning admin-refused': [['by 401', silent(401)]],
    'warning admin-unanswered': [['by 404', silent(404)]],
  });
});

describe('the key', () => {
  const key = (status: number, given: Partial<KeySeen> = {}): Observed =>
    seen({ key: { asked: answer({ status }), ...given } });
  const restricted = (status: number, given: Partial<KeySeen>): Case => [
    `by ${status} ${JSON.stringify(given)}`,
    key(status, given),
    'Ask Chargebee’s support to enable offer events for this site',
    given.errorCode ?? given.code ?? '',
  ];
  examine({
    nothing: [['that Chargebee has come past', key(400, { code: 'param_wrong_value', param: 'type' })]],
    'error key-not-enabled': [
      restricted(400, { code: 'configuration_incompatible', errorCode: 'api_restricted' }),
      restricted(400, { code: 'invalid_request', errorCode: 'offer_events_feature_not_enabled' }),
      restricted(400, {
        code: 'configuration_incompatible',
        message: 'This type of operation is not enabled.',
      }),
      restricted(403, { errorCode: 'api_restricted' }),
      restricted(422, { code: 'resource_limit_exhausted', param: 'type' }),
    ],
    'error key-refused': [
      ['by 401', key(401), 'inferred'],
      ['by 403', key(403)],
    ],
    'error key-site-unknown': [['by 404', key(404)]],
    'warning key-unclear': [
      ['by 204', key(204)],
      ['by 400 alone', key(400)],
    ],
  });
});

it('findings are reported worst first', () => {
  const observed = seen(
    { endpoint: asked(problem('path', 404)).endpoint },
    { tags: [tag({ type: 'module' })], offers: [offer('a', { hiddenBy: '<div>' })] },
  );
  expect(judge(observed).findings.map(({ severity }) => severity)).toEqual(['error', 'warning', 'note']);
});

it('what is in order is said: the script, the endpoint, and that the key’s meaning is inferred', () => {
  const { fine } = judge(seen({ key: { asked: answer({ status: 400 }), param: 'type' } }));
  expect(fine).toContain('The script has run.');
  expect(fine).toContain(`The proxy answers at ${ENDPOINT}, asked by the page itself.`);
  expect(fine.at(-1)).toContain('inferred');
});

it('each finding has a heading in the document, and each heading is a finding', () => {
  const sources = readdirSync('src/tools/doctor/rules').map((room) =>
    readFileSync(`src/tools/doctor/rules/${room}`, 'utf8'),
  );
  const NAME = /'((?:page|script|inspector|consent|worker|endpoint|offer|name|proxy|admin|key)-[a-z-]+)'/g;
  const ids = new Set([...sources.join('\n').matchAll(NAME)].map(([, id]) => id));
  // The name of a directive is written like these.
  ids.delete('script-src');
  const headings = [...readFileSync('docs/doctor.md', 'utf8').matchAll(/^### ([a-z-]+)$/gm)].map(
    ([, id]) => id,
  );
  expect(headings.toSorted()).toEqual([...ids].toSorted());
});

describe('the text of a page', () => {
  const saysOf = (text: string): string =>
    judge(asked(page(418, {}, text))).findings[0]?.evidence.join('\n') ?? '';

  it('is what people read of it', () => {
    const html = `<!doctype html><style>p { color: red }</style><script-loader src="a"></script-loader>
      <!-- hidden --><script>call()</script ><svg><SCRIPT>more()</SCRIPT></svg><h1>Blocked</h1><p class="a">4711`;
    expect(saysOf(html)).toContain('it says: Blocked 4711');
    expect(saysOf('<script>only()')).toContain('it begins: <script>only()');
    expect(saysOf('1 < 2')).toContain('it begins: 1 < 2');
    expect(saysOf(`<p>${'x'.repeat(400)}`)).toMatch(/it says: x{300}$/m);
  });

  it('is read in one go, however much of it looks like tags', () => {
    for (const part of ['<', '<a ', '<!-', '<script>'])
      expect(saysOf(part.repeat(300_000))).toMatch(/it (?:says|begins): /);
  });
});
