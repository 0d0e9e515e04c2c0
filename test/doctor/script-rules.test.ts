import { describe, expect, it } from 'vitest';
import type { Observed } from '../../src/tools/doctor/observed.js';
import { judge } from '../../src/tools/doctor/rules/rules.js';
import {
  answer,
  browser,
  ENDPOINT,
  evidenceOf,
  found,
  idle,
  offer,
  PAGE,
  problem,
  SCRIPT,
  seen,
  served,
  tag,
} from './seen.js';

const bare = { attributes: { src: '/offersight.js' } };

describe('a healthy deployment', () => {
  it.each([
    ['with a browser', seen()],
    ['without one', served()],
    [
      'whose tracker comes from npm',
      seen({
        tags: [],
        browser: browser({ tags: [], tracker: { hasScriptRun: false, endpoints: [ENDPOINT] } }),
      }),
    ],
    [
      'whose tag names no endpoint, since the proxy is at the default one',
      seen({
        tags: [tag({}, bare)],
        browser: browser({
          tags: [tag({}, bare)],
          tracker: { hasScriptRun: true, startedBy: bare.attributes, endpoints: [] },
        }),
        endpoint: { ...seen().endpoint, namedBy: 'default' },
      }),
    ],
    ['that pins its script', seen({ browser: browser({ tags: [tag({ integrity: 'sha256-x sha384-b' })] }) })],
  ])('%s gets no complaint', (_, observed) => {
    expect(found(observed)).toEqual([]);
    expect(judge(observed).fine.length).toBeGreaterThan(3);
  });
});

describe('the script’s tag', () => {
  it('is missed where no tracker runs, and only noted without a browser', () => {
    expect(found(seen({ tags: [], browser: idle({ tags: [] }) }))).toEqual(['error script-not-found']);
    expect(found(served({ tags: [] }))).toEqual(['note script-not-found']);
  });

  it('is named by its place if browsers do not run it there', () => {
    const inert = ['<noscript> holds <script src="/offersight.js">'];
    expect(found(seen({ tags: [], inert, browser: idle({ tags: [] }) }))).toEqual(['error script-inert']);
    const left = ['a comment holds <script src="/offersight.js">'];
    expect(found(seen({ tags: [], inert: left, browser: idle({ tags: [] }) }))).toEqual([
      'warning script-inert',
    ]);
    expect(found(served({ tags: [], inert }))).toEqual(['warning script-inert']);
    expect(found(seen({ inert }))).toEqual([]);
  });

  it('is missed on the page that phones get, if the other page has it', () => {
    const url = 'https://m.shop.example/';
    const html = { 'content-type': 'text/html' };
    const page = answer({ url, headers: { ...html, vary: 'User-Agent' }, text: '<!doctype html>' });
    const phone = { page, tags: [], inert: [], offers: [offer('a')] };
    const observed = seen({ phone });
    expect(found(observed)).toEqual(['error script-not-on-phones']);
    expect(evidenceOf(observed)).toContain('the server gave https://m.shop.example/\nvary: User-Agent');
    // It may be another page than one of the shop.
    expect(found(seen({ phone: { ...phone, offers: [] } }))).toEqual(['warning script-not-on-phones']);
    const guards = [
      { headers: { ...html, 'cf-mitigated': 'challenge' } },
      { text: '<p>Request unsuccessful. Incapsula incident ID: 4711</p>' },
      { status: 503 },
      { headers: { 'content-type': 'application/json' } },
    ];
    for (const guard of guards)
      expect(found(seen({ phone: { ...phone, page: { ...page, ...guard } } }))).toEqual([]);
    expect(found(seen({ phone: { ...phone, tags: [tag()] } }))).toEqual([]);
    expect(found(seen({ phone, tags: [] }))).toEqual([]);
  });

  it('is missed on the page that a script led on to', () => {
    const observed = seen({ tags: [], ledFrom: PAGE, browser: idle({ tags: [] }) });
    expect(found(observed)).toEqual(['error script-not-found']);
    expect(evidenceOf(observed)).toContain(`a script of ${PAGE} led on to this page`);
  });

  it('is named with the frame if the script runs in one', () => {
    const files = [
      { url: SCRIPT, status: 200, type: 'text/javascript', frame: 'https://pixels.example/sandbox' },
    ];
    const observed = seen({ tags: [], browser: idle({ tags: [], files }) });
    expect(found(observed)).toEqual(['error script-in-frame']);
    expect(evidenceOf(observed)).toContain('https://pixels.example/sandbox');
  });

  it.each([
    ['Partytown', tag({ type: 'text/partytown' }), 'Partytown'],
    ['Rocket Loader', tag({ type: '1f2e3d4c5b6a-text/javascript' }), 'data-cfasync'],
    ['WP Rocket', tag({}, { by: 'data-rocket-src' }), 'WP Rocket'],
    ['LiteSpeed', tag({ type: 'litespeed/javascript' }), 'LiteSpeed'],
    ['something else', tag({ type: 'text/lazy' }), 'optimizer'],
  ])('that %s has rewritten is named, with whom to ask', (_, rewritten, words) => {
    const observed = seen({ browser: idle({ tags: [rewritten] }) });
    expect(found(observed)).toEqual(['error script-rewritten']);
    expect(judge(observed).findings[0]?.repair).toContain(words);
    expect(found(seen({ browser: browser({ tags: [rewritten] }) }))).toEqual(['warning script-rewritten']);
  });

  it('that a consent manager holds back is a doubt, since the doctor does not consent', () => {
    const held = tag({ type: 'text/plain', 'data-category': 'statistics' });
    const observed = seen({ browser: idle({ tags: [held] }) });
    expect(found(observed)).toEqual(['warning script-rewritten']);
    expect(judge(observed).findings[0]?.repair).toContain('as your consent manager writes it');
    expect(found(seen({ browser: browser({ tags: [held] }) }))).toEqual(['warning script-rewritten']);
  });

  it('that has nomodule is named by that attribute', () => {
    const observed = seen({ browser: idle({ tags: [tag({ nomodule: '' })] }) });
    expect(found(observed)).toEqual(['error script-rewritten']);
    expect(judge(observed).findings[0]?.title).toContain('nomodule');
  });

  it('is doubted as a module, and if there are two', () => {
    expect(found(seen({ browser: browser({ tags: [tag({ type: 'module' })] }) }))).toEqual([
      'warning script-module',
    ]);
    expect(found(seen({ browser: browser({ tags: [tag(), tag()] }) }))).toEqual(['warning script-twice']);
    const endpoints = [ENDPOINT, 'https://shop.example/others'];
    const two = seen({ browser: browser({ tracker: { ...browser().tracker, endpoints } }) });
    expect(found(two)).toEqual(['warning script-twice']);
    expect(evidenceOf(two)).toContain('a tracker for https://shop.example/others');
  });

  it('that a tag manager left behind does not count as a second one, and shows what was written', () => {
    const left = tag({ type: 'text/gtmscript', 'data-gtmsrc': '/offersight.js' }, { by: 'data-gtmsrc' });
    const ran = tag({}, bare);
    const tracker = { hasScriptRun: true, startedBy: bare.attributes, endpoints: [] };
    const observed = seen({
      ...{ tags: [left], browser: browser({ tags: [left, ran], tracker }) },
      endpoint: { ...seen().endpoint, namedBy: 'default' },
    });
    expect(found(observed)).toEqual(['error script-stripped']);
    expect(evidenceOf(observed)).toContain('text/gtmscript');
  });

  it('that lost its attributes is named, beside what stood in the source', () => {
    const tracker = { hasScriptRun: true, startedBy: { src: '/cache/all.js' }, endpoints: [] };
    const observed = seen({ browser: browser({ tags: [], tracker }) });
    expect(found(observed)).toEqual(['error script-stripped']);
    expect(evidenceOf(observed)).toMatch(/source has .*data-endpoint.*ran <script src="\/cache\/all\.js">/s);
  });
});

describe('the script file', () => {
  it.each([
    ['404', answer({ status: 404 }), 'answers 404'],
    [
      'a page',
      answer({ headers: { 'content-type': 'text/html' }, text: '<!doctype html>' }),
      'A page answers',
    ],
    [
      'text that browsers do not run',
      answer({ headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' } }),
      'text/plain',
    ],
    ['the module for bundlers', answer({ text: "import { x } from './x.js';" }), 'module for bundlers'],
    ['no answer', { kind: 'failed', url: SCRIPT, reason: 'ENOTFOUND' } as const, 'cannot be reached'],
  ])('is missed if there is %s', (_, script, words) => {
    const observed = seen({ script, browser: idle() });
    expect(found(observed)).toEqual(['error script-missing']);
    expect(judge(observed).findings[0]?.title).toContain(words);
  });

  it('that cannot be decoded is named by that, with a browser and without one', () => {
    const files = [
      { url: SCRIPT, status: 200, type: 'text/javascript' },
      { url: SCRIPT, failure: 'net::ERR_CONTENT_DECODING_FAILED' },
    ];
    const script = { kind: 'failed', url: SCRIPT, reason: 'Z_DATA_ERROR' } as const;
    for (const observed of [
      seen({ browser: idle({ files }) }),
      seen({ script, browser: idle() }),
      served({ script }),
    ]) {
      expect(found(observed)).toEqual(['error script-missing']);
      expect(judge(observed).findings[0]?.title).toContain('Content-Encoding');
    }
  });

  it('that a web server cannot get is missed with what to start', () => {
    const { findings } = judge(seen({ script: answer({ status: 502 }), browser: idle() }));
    expect(findings[0]?.repair).toContain('Check that what serves the file runs');
  });

  it('is there if the browser got it, though a firewall keeps the doctor out', () => {
    const files = [{ url: SCRIPT, status: 200, type: 'text/javascript' }];
    expect(found(seen({ script: answer({ status: 403 }), browser: browser({ files }) }))).toEqual([]);
    const again = [{ url: SCRIPT, failure: 'net::ERR_ABORTED' }, ...files];
    expect(found(seen({ script: answer({ status: 403 }), browser: browser({ files: again }) }))).toEqual([]);
  });

  it('is blocked by a policy that the browser names, or that is read without one', () => {
    const violations = [{ directive: 'script-src-elem', blocked: SCRIPT }];
    const policies = ["script-src 'none'"];
    expect(found(seen({ browser: idle({ violations }) }))).toEqual(['error script-blocked-by-policy']);
    expect(found(served({ policies }))).toEqual(['error script-blocked-by-policy']);
    const beside = SCRIPT.replace('.js', '-offers.js');
    for (const [blocked, words] of [
      [SCRIPT, 'blocks the script.'],
      [beside, 'lets the script run, and blocks a file that it loads.'],
    ] as const) {
      const observed = seen({
        browser: browser({ violations: [{ directive: 'script-src-elem', blocked }] }),
      });
      expect(judge(observed).findings[0]?.title).toContain(words);
    }
    expect(found(seen({ policies }))).toEqual([]);
    const others = [{ directive: 'script-src-elem', blocked: 'https://other.example/x.js' }];
    expect(found(seen({ browser: browser({ violations: others }) }))).toEqual([]);
  });

  it('is blocked by a pin that is another one’s, also if a weaker pin is right', () => {
    const observed = seen({ browser: idle({ tags: [tag({ integrity: 'sha256-a sha384-x' })] }) });
    expect(found(observed)).toEqual(['error script-blocked-by-integrity']);
    expect(evidenceOf(observed)).toContain('has sha384-b');
    const elsewhere = tag({ integrity: 'sha384-b' }, { url: 'https://cdn.example/offersight.js' });
    expect(found(seen({ browser: idle({ tags: [elsewhere] }) }))).toEqual([
      'error script-blocked-by-integrity',
    ]);
  });

  it('that is served and did not run is named if nothing else says why', () => {
    const lines = ['error: offersight.js: Unexpected token'];
    const observed = seen({ browser: idle({ console: lines }) });
    expect(found(observed)).toEqual(['error script-did-not-run']);
    expect(evidenceOf(observed)).toContain('Unexpected token');
  });

  it('that did not run is never passed over, even if the browser says something else', () => {
    const coep = [{ url: SCRIPT, failure: 'net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin' }];
    const blocked = seen({ browser: idle({ files: coep }) });
    expect(found(blocked)).toEqual(['error script-did-not-run']);
    expect(judge(blocked).findings[0]?.repair).toContain('Cross-Origin-Embedder-Policy');
    const csp = [{ url: SCRIPT, failure: 'csp' }];
    expect(found(seen({ browser: idle({ files: csp }) }))).toEqual(['error script-did-not-run']);
    const got = [{ url: SCRIPT, status: 200, type: 'text/javascript' }];
    const kept = seen({ script: answer({ status: 403 }), browser: idle({ files: got }) });
    expect(found(kept)).toEqual(['error script-did-not-run']);
  });

  it('whose tracker has a wrong option is named by what it says', () => {
    const lines = [
      'error: OffersightError: configuration: viewability.ratio is 50: give a share from 0 to 1.',
    ];
    const tracker = { hasScriptRun: true, startedBy: tag().attributes, endpoints: [] };
    const observed = seen({ browser: browser({ console: lines, tracker }) });
    expect(found(observed)).toEqual(['error script-configuration']);
    expect(evidenceOf(observed)).toContain('viewability.ratio is 50');
  });

  it('whose tracker works is doubted if code gives it an option that it cannot use, and wrong if that is the consent', () => {
    const withLine = (line: string) => seen({ browser: browser({ console: [line] }) });
    expect(
      found(withLine('error: OffersightError: configuration: subject is not opaque: give a hash.')),
    ).toEqual(['warning script-misused']);
    const consent = withLine(
      'error: OffersightError: configuration: consent is true: give granted, pending or denied.',
    );
    expect(found(consent)).toEqual(['error script-misused']);
    expect(judge(consent).findings[0]?.repair).toContain('A value such as true is not one of them.');
    expect(found(withLine('error: OffersightError: configuration: No offer id.'))).toEqual([]);
  });

  it('beside a service worker is noted, unless the file of that shows what it does', () => {
    const url = `${PAGE}sw.js`;
    const page = browser({ workers: [url] });
    const withFile = (text: string) => found(seen({ browser: page, workers: [answer({ url, text })] }));
    expect(found(seen({ browser: page }))).toEqual(['note worker-left-out']);
    expect(
      withFile('onfetch = (e) => e.respondWith(caches.match(e.request.url) || fetch(e.request.url))'),
    ).toEqual(['warning worker-answers']);
    expect(
      withFile("onfetch = (e) => { if (e.request.method === 'GET') e.respondWith(fetch(e.request)); }"),
    ).toEqual(['note worker-left-out']);
    expect(
      withFile("onfetch = (e) => { if (e.request.mode === 'navigate') e.respondWith(fetch(e.request)); }"),
    ).toEqual(['note worker-left-out']);
    expect(
      withFile('onfetch = (e) => { if (e.request.url.startsWith(HERE)) e.respondWith(fetch(e.request)); }'),
    ).toEqual(['note worker-left-out']);
    expect(withFile("importScripts('/workbox.js')")).toEqual(['note worker-left-out']);
    expect(withFile('onpush = () => undefined;')).toEqual([]);
  });

  it('that is cut off on its way says so', () => {
    const lines = ['uncaught: SyntaxError: Unexpected end of input (https://shop.example/offersight.js)'];
    const { findings } = judge(seen({ browser: idle({ console: lines }) }));
    expect(findings[0]?.id).toBe('script-did-not-run');
    expect(findings[0]?.repair).toMatch(/^The file that arrives is cut off or was rewritten on its way\./);
  });

  it('has the offer part beside it, as the browser got it or else as the doctor did', () => {
    const offerPart = answer({ status: 404, headers: { 'content-type': 'text/html' } });
    const asked = (given: object) => [{ url: 'https://shop.example/offersight-offers.js', ...given }];
    const got = browser({ files: asked({ status: 200, type: 'text/javascript' }) });
    expect(found(seen({ offerPart: answer() }))).toEqual([]);
    expect(found(seen({ offerPart, browser: got }))).toEqual([]);
    expect(found(seen({ offerPart }))).toEqual(['error script-offers-missing']);
    const blocked = browser({ files: asked({ failure: 'csp' }) });
    expect(found(seen({ offerPart: answer(), browser: blocked }))).toEqual(['error script-offers-missing']);
    expect(found(served({ offerPart, script: answer({ status: 404 }) }))).toEqual(['error script-missing']);
    const said = (line: string) =>
      found(seen({ offerPart: answer(), browser: browser({ console: [line] }) }));
    expect(
      said('error: OffersightError: load: offersight-offers.js did not load: Error: Version is 0.1.9'),
    ).toEqual(['error script-offers-missing']);
  });

  it('has the inspector’s file beside it, or that is noted', () => {
    const inspector = answer({ status: 404, headers: { 'content-type': 'text/html' } });
    expect(found(seen({ inspector: answer() }))).toEqual([]);
    expect(found(seen({ inspector }))).toEqual(['note inspector-missing']);
    const page = answer({ text: '<!doctype html>', headers: { 'content-type': 'text/html' } });
    expect(found(seen({ inspector: page }))).toEqual(['note inspector-missing']);
    expect(found(served({ inspector, script: answer({ status: 404 }) }))).toEqual(['error script-missing']);
  });

  it('is named if a file beside it is missing', () => {
    const files = [{ url: 'https://shop.example/offersight-more.js', status: 404, type: 'text/html' }];
    expect(found(seen({ browser: browser({ files }) }))).toEqual(['error script-parts-missing']);
    for (const line of [
      'error: OffersightError: configuration: Serve offersight-more.js of this version.',
      'error: OffersightError: load: offersight-debug.js did not load: Error: Version is 0.1.9, not 0.2.0.',
    ])
      expect(found(seen({ browser: browser({ console: [line] }) }))).toEqual(['error script-parts-missing']);
  });
});

it('findings are reported worst first', () => {
  const observed = seen({
    browser: browser({
      tags: [tag({ type: 'module' })],
      offers: [offer('a', { hiddenBy: '<div> by display: none' })],
    }),
    endpoint: { ...seen().endpoint, asked: problem('path', 404) },
  });
  expect(found(observed)).toEqual(['error endpoint-path', 'warning script-module', 'note offer-hidden']);
});

describe('a tag whose file is served and does not run', () => {
  const titleOf = (observed: Observed): string => judge(observed).findings[0]?.title ?? '';
  const asked = [{ url: SCRIPT, status: 200, type: 'text/javascript' }];

  it('was taken out of the page if only the source has it', () => {
    const observed = seen({ browser: idle({ tags: [], files: asked }) });
    expect(found(observed)).toEqual(['error script-did-not-run']);
    expect(titleOf(observed)).toContain('something may have taken it out');
  });

  it('was inserted as text if only the page has it, and nothing asked for its file', () => {
    const observed = seen({ tags: [], browser: idle({ files: [] }) });
    expect(found(observed)).toEqual(['error script-did-not-run']);
    expect(titleOf(observed)).toContain('perhaps in a way in which browsers do not run it');
    expect(titleOf(seen({ tags: [], browser: idle({ files: asked }) }))).toContain(
      'is served, but it did not run',
    );
    expect(titleOf(seen({ browser: idle({ files: [] }) }))).toContain('is served, but it did not run');
  });

  it('has run if it has thrown', () => {
    const console = ['uncaught: ReferenceError: require is not defined'];
    expect(titleOf(seen({ browser: idle({ tags: [], files: asked, console }) }))).toContain('is served, but');
  });

  it('is held by what the console says, even if the tag is gone', () => {
    const observed = seen({ browser: idle({ tags: [], files: asked, console: ['SyntaxError: x'] }) });
    expect(judge(observed).findings[0]?.repair).toContain('cut off');
  });
});

describe('a tag with a nonce', () => {
  const repairOf = (nonce: string, policy = "script-src 'nonce-now'"): string | undefined => {
    const policies = [policy];
    return judge(served({ policies, tags: [tag({ nonce })] })).findings[0]?.repair;
  };

  it('that is not the policy’s is said to be an old one', () => {
    expect(repairOf('then')).toContain('The tag’s nonce is not the policy’s.');
    expect(repairOf('now')).toBeUndefined();
    expect(repairOf('', "script-src 'nonce-now'")).toContain('by the page’s nonce on the tag');
    expect(repairOf('then', "style-src 'nonce-now'; script-src https://other.example")).toContain(
      'by the page’s nonce on the tag',
    );
    expect(repairOf('then', 'script-src https://other.example')).toContain('by the page’s nonce on the tag');
  });

  it('is shown as it was written, since a browser hides it', () => {
    const violations = [{ directive: 'script-src-elem', blocked: SCRIPT }];
    const observed = seen({
      ...{ policies: ["script-src 'nonce-now'"], tags: [tag({ nonce: 'then' })] },
      browser: idle({ tags: [tag({ nonce: '' })], violations }),
    });
    expect(evidenceOf(observed)).toContain('nonce="then"');
  });
});

it('a file that is missing under a name with a hash is that of another version', () => {
  const url = 'https://shop.example/offersight-0a1b2c3d.js';
  const missing = (name: string) =>
    judge(served({ tags: [tag({ src: name }, { url: name })], script: answer({ url: name, status: 404 }) }));
  expect(missing(url).findings[0]?.repair).toContain('it is that of one version');
  expect(missing(url.replace('0a1b2c3d', 'BkXz91aQ')).findings[0]?.repair).toContain(
    'it is that of one version',
  );
  expect(missing(url.replace('0a1b2c3d', 'tracking')).findings[0]?.repair).toContain('Serve node_modules');
  const closed = answer({ url, status: 401 });
  const login = served({ tags: [tag({ src: url }, { url })], script: closed });
  expect(judge(login).findings[0]?.repair).toContain('without a login');
  expect(missing(SCRIPT).findings[0]?.repair).toContain('Serve node_modules');
});
