import { describe, expect, it } from 'vitest';
import type { AttributeSeen, BrowserSeen } from '../../src/tools/doctor/observed.js';
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
  tag,
} from './seen.js';

const withBrowser = (given: Partial<BrowserSeen>) => seen({ browser: browser(given) });

describe('what a page stores', () => {
  it.each(['"storage"', '"cache", "*"'])(
    'is deleted by Clear-Site-Data: %s of the page or the endpoint',
    (value) => {
      const headers = { 'content-type': 'text/html', 'clear-site-data': value };
      expect(found(seen({ page: answer({ url: PAGE, headers }) }))).toEqual(['error page-clears-storage']);
      const asked = problem('batch', 400, headers);
      expect(found(seen({ endpoint: { ...seen().endpoint, asked } }))).toEqual(['error page-clears-storage']);
    },
  );

  it('stays if Clear-Site-Data names only cookies', () => {
    const headers = { 'content-type': 'text/html', 'clear-site-data': '"cookies"' };
    expect(found(seen({ page: answer({ url: PAGE, headers }) }))).toEqual([]);
  });

  it('is nothing where the database does not open, which is only a doubt where that takes long', () => {
    const refused = withBrowser({ storage: 'TypeError: no', replaced: ['indexedDB.open'] });
    expect(found(refused)).toEqual(['error page-storage-blocked']);
    expect(evidenceOf(refused)).toBe('indexedDB.open: TypeError: no\na script of the page has replaced it');
    expect(found(withBrowser({ storage: 'no answer in time' }))).toEqual(['warning page-storage-blocked']);
  });
});

describe('cookies', () => {
  it('that come near to the limit of web servers are doubtful, and shorter ones are not', () => {
    expect(found(withBrowser({ cookieBytes: 7_001 }))).toEqual(['warning endpoint-cookies']);
    expect(found(withBrowser({ cookieBytes: 7_000 }))).toEqual([]);
  });

  it.each([
    [431, ''],
    [400, '<h1>400 Bad Request</h1>Request Header Or Cookie Too Large'],
  ])('that a web server refuses with %s are named once', (status, text) => {
    const asked = answer({ url: ENDPOINT, status, text, headers: { 'content-type': 'text/html' } });
    const observed = seen({
      browser: browser({ cookieBytes: 18_000 }),
      endpoint: { ...seen().endpoint, asked },
    });
    expect(found(observed)).toEqual(['error endpoint-cookies']);
  });
});

describe('an attribute', () => {
  const withAttribute = (name: string, value: string): BrowserSeen['attributes'] => [
    { name, value, markup: `<p ${name}="${value}">` } satisfies AttributeSeen,
  ];

  it.each([
    ['data-offer-dwel', '500', 'Did you mean data-offer-dwell?'],
    ['data-offer-expires', 'tomorrow', 'is not a time'],
    ['data-offer-ratio', '50', 'is not a share'],
    ['data-ofer-id', 'a52ge40b', 'Did you mean data-offer-id?'],
  ])('like %s="%s" of an offer is named with what is wrong', (name, value, words) => {
    const observed = withBrowser({ attributes: withAttribute(name, value) });
    expect(found(observed)).toEqual(['warning offer-attribute']);
    expect(evidenceOf(observed)).toContain(words);
  });

  it.each([
    ['data-offer-dwell', '500'],
    ['data-offer-id', '{{ id }}'],
    ['data-offset', '1'],
  ])('such as %s="%s" is right, somebody else’s, or another finding’s', (name, value) => {
    expect(found(withBrowser({ attributes: withAttribute(name, value) }))).toEqual([]);
  });

  it('of the tag is named if it is misspelt, or has a value that says nothing', () => {
    const misspelt = tag({ 'data-endpont': '/events' });
    const observed = seen({ tags: [misspelt], browser: browser({ tags: [misspelt] }) });
    expect(found(observed)).toEqual(['warning script-attribute']);
    expect(evidenceOf(observed)).toContain('data-endpont is unknown. Did you mean data-endpoint?');
    const startedBy = tag({ 'data-repeat': 'once' }).attributes;
    const tracker = { ...browser().tracker, startedBy };
    expect(found(withBrowser({ tracker }))).toEqual(['warning script-attribute']);
  });

  it('that asks for ten seconds in view is noted', () => {
    const startedBy = tag({ 'data-dwell': '60000' }).attributes;
    expect(found(withBrowser({ tracker: { ...browser().tracker, startedBy } }))).toEqual([
      'note offer-needs-long',
    ]);
    expect(found(withBrowser({ attributes: withAttribute('data-offer-dwell', '10000') }))).toEqual([
      'note offer-needs-long',
    ]);
    expect(found(withBrowser({ attributes: withAttribute('data-offer-dwell', '9999') }))).toEqual([]);
  });
});

describe('window.offersight', () => {
  it.each(['queue', 'other'] as const)(
    'that is a %s while a tracker runs loses what the page says',
    (commands) => {
      expect(found(withBrowser({ commands }))).toEqual(['warning script-commands-lost']);
    },
  );

  it('that is somebody else’s before the script keeps it from starting', () => {
    const observed = seen({ browser: idle({ commands: 'other' }) });
    expect(found(observed)).toEqual(['error script-did-not-run']);
    expect(judge(observed).findings[0]?.title).toContain('something else under the name window.offersight');
  });

  it('fails if it gets something else than a function, or one that throws', () => {
    const thrown = 'error: TypeError: t is not a function\n    at r (https://shop.example/offersight.js:1:9)';
    const observed = withBrowser({ console: [thrown] });
    expect(found(observed)).toEqual(['error script-commands-lost']);
    expect(evidenceOf(observed)).toBe(thrown);
    const told = 'error: OffersightError: network: … (https://shop.example/offersight.js)';
    expect(found(withBrowser({ console: [told] }))).toEqual([]);
  });

  it('that is not there is no fault', () => {
    expect(found(withBrowser({ commands: 'none' }))).toEqual([]);
  });
});

describe('an answer that arrives', () => {
  it('is wrong if a script of the page has read it before the page can', () => {
    const endpoint = { ...seen().endpoint, by: 'page' as const, unread: 'body stream already read' };
    expect(found(seen({ endpoint }))).toEqual(['error endpoint-answer-read']);
    expect(judge(seen({ endpoint })).fine.join()).not.toContain('The proxy answers');
  });
});

describe('an offer with data-offer-dismiss itself', () => {
  const withMarkup = (markup: string) => withBrowser({ offers: [offer('a52ge40b', {}, { markup })] });
  it('closes at any press, unless it is a control or the mark is off', () => {
    expect(found(withMarkup('<p data-offer-id="a" data-offer-dismiss>'))).toEqual([
      'warning offer-dismiss-itself',
    ]);
    expect(found(withMarkup('<button data-offer-id="a" data-offer-dismiss>'))).toEqual([]);
    expect(found(withMarkup('<p data-offer-id="a" data-offer-dismiss="false">'))).toEqual([]);
  });
});

describe('the script file', () => {
  it('is not text if it is compressed and no header says so', () => {
    const observed = seen({ script: answer({ text: '\uFFFD\u0001\uFFFD' }) });
    expect(found(observed)).toEqual(['error script-missing']);
    expect(judge(observed).findings[0]?.repair).toContain('Correct the header');
    // A browser only says that it cannot read the syntax.
    const files = [{ url: SCRIPT, status: 200, type: 'text/javascript' }];
    const garbled = answer({ text: '\u001F\uFFFD\u0008' });
    expect(found(seen({ script: garbled, browser: browser({ files }) }))).toEqual(['error script-missing']);
  });
});

describe('the offer part', () => {
  it('is looked for in the wrong place by a script that an optimizer has combined', () => {
    const files = [
      { url: 'https://shop.example/cache/offersight-offers.js', status: 404, type: 'text/html' },
    ];
    const observed = seen({ tags: [], browser: browser({ tags: [], files }) });
    const { findings } = judge(observed);
    const missing = findings.find(({ id }) => id === 'script-offers-missing');
    expect(missing?.repair).toContain('from what combines or inlines scripts');
  });

  it('fails with an error of the script itself if that was rewritten', () => {
    const line =
      'error: OffersightError: load: offersight-offers.js did not load: ReferenceError: require is not defined';
    const { findings } = judge(seen({ offerPart: answer(), browser: browser({ console: [line] }) }));
    expect(findings.map(({ id }) => id)).toEqual(['script-offers-missing']);
    expect(findings[0]?.title).toContain('The script file was rewritten');
    expect(findings[0]?.repair).toContain('some make require() of import()');
  });

  it('needs a type of scripts though the script file itself would run without', () => {
    const plain = answer({ headers: { 'content-type': 'text/plain' } });
    expect(found(seen({ script: plain, offerPart: plain }))).toEqual(['error script-offers-missing']);
    expect(found(seen({ script: plain, offerPart: answer() }))).toEqual([]);
  });
});

describe('the address of the script', () => {
  it('that <base> has moved shows that', () => {
    const moved = tag({}, { url: 'https://cdn.example/app/offersight.js' });
    const script = answer({ url: moved.url, status: 404, text: '' });
    const given = { tags: [moved], script, base: 'https://cdn.example/app/' };
    const observed = seen({ ...given, browser: idle({ tags: [moved] }) });
    expect(found(observed)).toEqual(['error script-missing']);
    expect(evidenceOf(observed)).toContain(
      '<base> makes addresses of the page relative to https://cdn.example/app/',
    );
  });

  it.each([
    [`error: Access to script at '${SCRIPT}' has been blocked by CORS policy`, 'Access-Control-Allow-Origin'],
    [`error: Mixed Content: the page requested an insecure script '${SCRIPT}'`, 'by https'],
  ])('that a browser blocks is explained by its message', (line, words) => {
    const observed = seen({ browser: idle({ console: [line] }) });
    expect(found(observed)).toEqual(['error script-did-not-run']);
    expect(judge(observed).findings[0]?.repair).toContain(words);
  });
});

describe('an answer of the endpoint', () => {
  const answered = (asked: Parameters<typeof answer>[0]) =>
    seen({ endpoint: { ...seen().endpoint, asked: answer({ url: ENDPOINT, ...asked }) } });

  it('that is not compressed as its header says is named by that', () => {
    expect(found(answered({ status: 400, headers: { 'content-encoding': 'zstd' }, text: '' }))).toEqual([
      'error endpoint-encoded',
    ]);
    const failed = { kind: 'failed', url: ENDPOINT, reason: 'Z_DATA_ERROR' } as const;
    expect(found(seen({ endpoint: { ...seen().endpoint, asked: failed } }))).toEqual([
      'error endpoint-encoded',
    ]);
  });

  it('that a gateway gives by itself is not called a page', () => {
    const observed = answered({
      status: 202,
      headers: { 'content-type': 'application/json' },
      text: '{"status":"queued"}',
    });
    expect(found(observed)).toEqual(['error endpoint-not-proxy']);
    expect(judge(observed).findings[0]?.title).toContain('answers by itself');
  });

  it('that does not come in time is slow, and one that cannot come is not', () => {
    const failing = (reason: string) =>
      found(seen({ endpoint: { ...seen().endpoint, asked: { kind: 'failed', url: ENDPOINT, reason } } }));
    expect(failing('no answer in time')).toEqual(['error endpoint-slow']);
    expect(failing('ECONNREFUSED')).toEqual(['error endpoint-unreachable']);
  });
});

it('an offer whose side is turned away counts unseen, and one that something hides does not', () => {
  expect(found(withBrowser({ offers: [offer('a52ge40b', { isTurned: true })] }))).toEqual([
    'warning offer-turned',
  ]);
  const hidden = offer('a52ge40b', { isTurned: true, hiddenBy: '<div> by visibility: hidden' });
  expect(found(withBrowser({ offers: [hidden] }))).toEqual(['note offer-hidden']);
});

it('a control that seems to close an offer is doubted with its name, or with that it has none', () => {
  const idleControl = (name: string) => withBrowser({ idle: [{ markup: '<a href="#" class="x">', name }] });
  expect(found(idleControl(''))).toEqual(['warning offer-close-unknown']);
  expect(evidenceOf(idleControl(''))).toBe('<a href="#" class="x"> has no name');
  expect(evidenceOf(idleControl('No thanks'))).toContain('is called “No thanks”');
});

it('a silent offer shows what scripts have replaced of the browser', () => {
  const silent = { markup: '<p data-offer-id="a52ge40b">', forMs: 3_000, replaced: 0, hasTimers: true };
  const observed = withBrowser({ silent, replaced: ['IntersectionObserver'] });
  expect(found(observed)).toEqual(['warning offer-silent']);
  expect(evidenceOf(observed)).toContain('scripts of the page have replaced IntersectionObserver');
  expect(found(withBrowser({ replaced: ['fetch', 'setTimeout'] }))).toEqual([]);
});
