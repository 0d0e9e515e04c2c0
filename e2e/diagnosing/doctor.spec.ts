/** `offersight doctor`: real broken deployments, each named by the real command, and never an event. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeTests } from '@playwright/test';
import { test as clinicTest, type Deployed, expect, OFFER, TAG } from '../fixtures/doctor.js';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { API_KEY } from '../fixtures/stack.js';
import { test as benchTest } from '../fixtures/standalone.js';

const test = mergeTests(clinicTest, benchTest);

const tagOf = (attributes: string): string => `<script async src="/offersight.js" ${attributes}></script>`;

/** Users run it with such a browser, which has more of its own in a profile and behind a page. */
const WHOLE = { tag: '@whole' };

// As long as two runs of the doctor may take.
test.describe.configure({ timeout: 200_000 });

test(
  'a healthy page has no findings, also without a browser, and none of its events is counted',
  WHOLE,
  async ({ clinic }) => {
    const url = clinic.deploy('/healthy', {});
    const [seen, bare] = await Promise.all([
      clinic.examine([url]),
      clinic.examine([url, '--no-browser', '--json']),
    ]);
    expect(seen.stderr).toBe('');
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain('fine    The script has run.');
    expect(seen.stdout).toContain(
      `The proxy answers at ${clinic.site.url}/offer-events, asked by the page itself.`,
    );
    expect(seen.stdout).toContain('The page wanted to report an event. The doctor stopped that');
    expect(seen.stdout).toContain('Nothing is wrong in what was checked.');
    expect([bare.code, bare.ids()]).toEqual([0, []]);
    expect(bare.report().leftOut[0]).toContain('--no-browser was given');
    await clinic.expectNoEvent();
  },
);

test.describe('a page that sends in every possible way', () => {
  test.use({ proxyOptions: { machines: 'count' } });

  test(
    'delivers no event to the proxy, though machines count in page and proxy',
    WHOLE,
    async ({ clinic }) => {
      const send = (id: number): string =>
        `JSON.stringify({ v: 1, sent_at: Date.now(), events: [{ id: '019aa02f-3c00-7000-8000-00000000000${id}', type: 'viewed', personalized_offer_id: 'sent${id}', occurred_at: Date.now() }] })`;
      const post = (id: number): string =>
        `fetch('/offer-events', { method: 'POST', keepalive: true, headers: { 'content-type': 'application/json' }, body: ${send(id)} })`;
      clinic.site.serveWorker(`${post(1)}; addEventListener('fetch', () => undefined);`);
      clinic.deploy('/next', {});
      const frame = clinic.deploy('/frame', {
        tag: '',
        body: `<script>${post(2)}.then(() => parent.postMessage('answered'))</script>`,
      });
      const url = clinic.deploy('/sending', {
        head: `<script>
        const loaded = new Promise((done) => addEventListener('load', done));
        const framed = new Promise((done) => addEventListener('message', done));
        const posted = ${post(7)};
        navigator.serviceWorker.register('/worker.js');
        new Worker(URL.createObjectURL(new Blob([${JSON.stringify(`fetch('${clinic.site.url}/offer-events', { method: 'POST', headers: { 'content-type': 'application/json' }, body: `)} + JSON.stringify(${send(3)}) + ' })'])));
        navigator.sendBeacon('/offer-events', new Blob([${send(4)}], { type: 'application/json' }));
        addEventListener('pagehide', () => { ${post(5)}; navigator.sendBeacon('/offer-events', new Blob([${send(6)}], { type: 'application/json' })); });
        Promise.all([loaded, framed, posted]).then(() => { location.href = '/next'; });
      </script>`,
        body: `${OFFER}<iframe src="${frame}"></iframe>`,
      });
      const { code, report } = await clinic.examine([url, '--json']);
      expect([code, report().url]).toEqual([0, `${clinic.site.url}/next`]);
      await clinic.expectNoEvent();
      // The page waits for the answers to these two: its own post, and that of its frame.
      expect(report().stoppedEvents).toBeGreaterThan(1);
    },
  );
});

interface Case {
  readonly name: string;
  readonly page: Deployed;
  readonly ids: readonly string[];
  /** Matches the evidence. */
  readonly seen: RegExp;
}

/** Pages that are broken by their own markup or headers. */
const PAGES: readonly Case[] = [
  { name: 'without a script', page: { tag: '' }, ids: ['script-not-found'], seen: /no <script>/ },
  {
    name: 'with a script that is not there and an endpoint on another origin',
    page: {
      tag: TAG.replace('/offersight.js', '/assets/offersight.js').replace('"/o', '"https://events.example/o'),
    },
    ids: ['script-missing', 'endpoint-other-origin'],
    seen: /assets\/offersight\.js answered 404.*the endpoint is https:\/\/events\.example\/offer-events/s,
  },
  {
    name: 'whose policy blocks both the script and the endpoint',
    page: {
      headers: { 'content-security-policy': "script-src 'nonce-abc'; connect-src https://api.example" },
    },
    ids: ['script-blocked-by-policy', 'endpoint-blocked-by-policy'],
    seen: /blocked .*offersight\.js by script-src.*blocked .*\/offer-events by connect-src/s,
  },
  {
    name: 'that pins another version of the script',
    page: { tag: tagOf(`data-endpoint="/offer-events" integrity="sha384-${'A'.repeat(64)}"`) },
    ids: ['script-blocked-by-integrity'],
    seen: /offersight\.js has sha384-/,
  },
  {
    name: 'with the script as a module, and a second time',
    page: {
      tag: '<script type="module" src="/offersight.js" data-endpoint="/offer-events"></script>',
      head: '<script async src="/offersight.js?v=2" data-endpoint="/offer-events"></script>',
    },
    ids: ['script-module', 'script-twice'],
    seen: /type="module".*offersight\.js\?v=2/s,
  },
  {
    name: 'whose tag manager dropped the attributes',
    page: {
      tag: '<script type="text/template">{"tag": "/offersight.js"}</script>',
      head: `<script>document.head.append(Object.assign(document.createElement('script'), { src: '/offersight.js' }));
        const { fetch } = window; window.fetch = (url, init) => fetch(String(url).endsWith('/offer-events') ? '/gone' : url, init);</script>`,
    },
    ids: ['script-stripped', 'endpoint-request-changed'],
    seen: /<script src=/,
  },
  {
    name: 'with an offer that has ended, and others in a frame and in a closed shadow tree',
    page: {
      body: `<p data-offer-id="old" data-offer-expires="2020-01-01">Old</p><iframe srcdoc="<p data-offer-id=new>New</p>"></iframe>
        <shop-card></shop-card><script>customElements.define('shop-card', class extends HTMLElement {
          connectedCallback() { this.attachShadow({ mode: 'closed' }).innerHTML = '<p data-offer-id="a52ge40b">Two months on us</p>'; }
        });</script>`,
    },
    ids: ['offer-in-frame', 'offer-ended', 'offer-in-closed-tree'],
    seen: /<iframe .* holds 1 with data-offer-id.*data-offer-expires="2020-01-01"> ended at 2020-01-01T00.*<p data-offer-id="a52ge40b"> in <shop-card>/s,
  },
  {
    name: 'whose code keeps its offer from being recorded',
    page: {
      head: '<script>addEventListener("offersight:viewed", (event) => event.preventDefault());</script>',
      body: '<article data-offer-id="a52ge40b" style="height: 200px">One month</article>',
    },
    ids: ['offer-silent'],
    seen: /<article data-offer-id="a52ge40b" style="height: 200px"> was in view/,
  },
  {
    name: 'with a consent that is none, and a loop that writes one id',
    page: {
      tag: tagOf('data-endpoint="/offer-events" data-consent="pending"'),
      head: '<script>(window.offersight ||= []).push((tracker) => tracker.consent(true));</script>',
      body: ['One', 'Two', 'Three'].map((words) => `<p data-offer-id="a52ge40b">${words}</p>`).join(''),
    },
    ids: ['script-misused', 'offer-repeated'],
    seen: /consent is true: give granted.*reads “Two”/s,
  },
  {
    name: 'whose editor inserts the tag as text',
    page: {
      tag: '<div id="slot"></div>',
      head: `<script>addEventListener('DOMContentLoaded', () => {
        document.querySelector('#slot').innerHTML = ${JSON.stringify(TAG).replaceAll('<', '\\u003c')};
      })</script>`,
    },
    ids: ['script-did-not-run'],
    seen: /the browser never asked for .*\/offersight\.js/,
  },
  {
    name: 'with a script that takes the database away',
    page: {
      head: "<script>IDBFactory.prototype.open = () => { throw new Error('no database here'); };</script>",
    },
    ids: ['page-storage-blocked'],
    seen: /indexedDB\.open: Error: no database here/,
  },
  {
    name: 'with misspelt attributes of the tag and of an offer',
    page: {
      tag: tagOf('data-endpoint="/offer-events" data-machine="count" data-concent="pending"'),
      body: OFFER.replace('data-offer-dwell="0"', 'data-offer-dwell="0" data-offer-expire="2099-01-01"'),
    },
    ids: ['script-attribute', 'offer-attribute'],
    seen: /data-concent is unknown\. Did you mean data-consent\?.*data-offer-expire is unknown/s,
  },
];

test.describe('the doctor finds what is wrong with a page', () => {
  for (const { name, page, ids, seen } of PAGES)
    test(name, async ({ clinic }) => {
      const { code, report, ids: found } = await clinic.examine([clinic.deploy('/', page), '--json']);
      expect([code, found()]).toEqual([1, ids]);
      const evidence = report().findings.flatMap(({ evidence }) => evidence);
      expect(evidence.join('\n')).toMatch(seen);
      await clinic.expectNoEvent();
    });
});

interface Behind {
  readonly name: string;
  /** Makes the listener that answers at the endpoint out of the proxy's own. */
  readonly answer: (proxy: RequestListener) => RequestListener;
  readonly ids: readonly string[];
  readonly seen: RegExp;
}

const answering =
  (
    status: number,
    headers: Readonly<Record<string, string>> = {},
    body = '<h1>Shop</h1>',
  ): Behind['answer'] =>
  () =>
  (request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body);
  };

/** Endpoints that are broken by a machine before the proxy. */
const ENDPOINTS: readonly Behind[] = [
  {
    name: 'a password that a browser would ask for',
    answer: answering(401, { 'www-authenticate': 'Basic realm="staging"' }),
    ids: ['endpoint-not-proxy'],
    seen: /answered 401/,
  },
  {
    name: 'a machine that drops Sec-Fetch-Site',
    answer: (proxy) => (request, response) => {
      const at = request.rawHeaders.findIndex((name) => name.toLowerCase() === 'sec-fetch-site');
      request.rawHeaders.splice(at, 2);
      proxy(request, response);
    },
    ids: ['endpoint-origin-refused'],
    seen: /answered 403.*code: origin/s,
  },
  {
    name: 'a body parser',
    answer: (proxy) => (request, response) => {
      request.once('readable', () => {
        request.read();
        proxy(request, response);
      });
    },
    ids: ['endpoint-unavailable'],
    seen: /answered 503.*code: unavailable/s,
  },
  {
    name: 'a limit of long bodies',
    answer: (proxy) => (request, response) => {
      const isLong = Number(request.headers['content-length']) > 1_000;
      (isLong ? answering(413)(proxy) : proxy)(request, response);
    },
    ids: ['endpoint-body-limit'],
    seen: /the body had more than 60,000 bytes.*answered 413/s,
  },
  {
    name: 'a gateway that refuses what events contain',
    answer: (proxy) => (request, response) => {
      // A batch without events is shorter. Who reads a body takes it from the proxy.
      const hasEvents = Number(request.headers['content-length']) > 100;
      const refusing = answering(400, {}, 'additional property: group');
      (hasEvents ? refusing(proxy) : proxy)(request, response);
    },
    ids: ['endpoint-events-refused'],
    seen: /a viewed and a dismissed event.*additional property: group/s,
  },
  {
    name: 'a redirect',
    answer: answering(301, { location: '/offer-events/' }),
    ids: ['endpoint-redirected'],
    seen: /answered 301.*location: \/offer-events\//s,
  },
];

test('the doctor asks again if a machine failed once, and does not complain', async ({ clinic }) => {
  const asked: string[] = [];
  clinic.site.serve('/offer-events', (request, response) => {
    const bytes = Number(request.headers['content-length']);
    // The one with two events.
    const isFull = bytes > 100 && bytes < 1_000;
    if (isFull) asked.push('full');
    (isFull && asked.length === 1
      ? answering(502)(clinic.site.gateway.listener)
      : clinic.site.gateway.listener)(request, response);
  });
  const { code, ids } = await clinic.examine([clinic.deploy('/', {}), '--json']);
  expect([code, ids(), asked]).toEqual([0, [], ['full', 'full']]);
  await clinic.expectNoEvent();
});

test('the doctor notes that consent is missing, and not once it is given', async ({ clinic }) => {
  const tag = TAG.replace('<script', '<script data-consent="pending"');
  const given = "<script>(window.offersight ??= []).push((tracker) => tracker.consent('granted'))</script>";
  const [pending, granted] = await Promise.all([
    clinic.examine([clinic.deploy('/pending', { tag }), '--json']),
    clinic.examine([clinic.deploy('/granted', { tag, head: given }), '--json']),
  ]);
  expect([pending.code, pending.ids()]).toEqual([0, ['consent-missing']]);
  expect([granted.code, granted.ids()]).toEqual([0, []]);
});

test('the doctor does not doubt an offer that is still hidden, that needs longer, or that has a field named innerText', async ({
  clinic,
}) => {
  const offer = '<article data-offer-id="a52ge40b" style="height: 200px">One month</article>';
  const hidden = clinic.deploy('/hidden', {
    body: `<aside style="position: fixed; right: 0; width: 300px; transform: translateX(100%)">${offer}</aside>
      <div style="height: 0; overflow: hidden">${offer.replace('a52ge40b', 'folded')}</div>`,
  });
  const slow = clinic.deploy('/slow', {
    tag: TAG.replace('<script', '<script data-dwell="60000"'),
    body: offer.replace('style', 'data-offer-token="t" style'),
  });
  const form = clinic.deploy('/form', {
    body: '<form data-offer-id="a52ge40b" data-offer-dwell="0">One month<input name="innerText"></form>',
  });
  for (const url of [hidden, slow, form]) {
    const { code, report, ids } = await clinic.examine([url, '--json']);
    expect([code, ids(), report().isBrowserUsed]).toEqual([
      0,
      url === slow ? ['offer-needs-long'] : [],
      true,
    ]);
    expect(/Tokens of offers were not verified/.test(report().leftOut.join())).toBe(url === slow);
  }
});

test('the doctor leaves no file behind', WHOLE, async ({ clinic }) => {
  const folder = await mkdtemp(join(tmpdir(), 'offersight-left-'));
  const { code } = await clinic.examine([clinic.deploy('/', {})], { TMPDIR: folder });
  const left = await readdir(folder);
  await rm(folder, { recursive: true });
  expect([code, left]).toEqual([0, []]);
});

test.describe('the doctor finds what is in the way of the endpoint', () => {
  for (const { name, answer, ids, seen } of ENDPOINTS)
    test(name, async ({ clinic }) => {
      clinic.site.serve('/offer-events', answer(clinic.site.gateway.listener));
      const { code, report, ids: found } = await clinic.examine([clinic.deploy('/', {}), '--json']);
      expect([code, found()]).toEqual([1, ids]);
      expect(
        report()
          .findings.flatMap(({ evidence }) => evidence)
          .join('\n'),
      ).toMatch(seen);
      await clinic.expectNoEvent();
    });
});

const NAMED = '<article style="height: 9px" data-offer-id';

test('the doctor names each offer that can never count, and each that a blocker hides', async ({
  clinic,
}) => {
  const url = clinic.deploy('/', {
    body: `${NAMED}="">a</article>${NAMED}="{{ offer.id }}">b</article>${NAMED}="[object Object]">c</article>
      ${NAMED}="${'x'.repeat(51)}">d</article>${NAMED}="two words">e</article>
      <span data-offer-id="boxless"><b style="position: absolute">f</b></span>
      <div class="promoAdTop"><p data-offer-id="promoted">g</p></div>
      <div hidden class="drawer"><p data-offer-id="later">h</p></div><p data-offerid="i">i</p>`,
  });
  const { code, report, ids } = await clinic.examine([url, '--json']);
  expect([code, ids()]).toEqual([
    1,
    [
      'offer-without-id',
      'offer-placeholder',
      'offer-id-too-long',
      'offer-id-unusable',
      'offer-too-small',
      'offer-misspelt',
      'offer-filtered',
      'offer-hidden',
    ],
  ]);
  const evidence = report().findings.map(({ evidence }) => evidence.join('\n'));
  expect(evidence[1]).toContain('{{ offer.id }}');
  expect(evidence[4]).toContain('0 × 0 px');
  expect(evidence[6]).toContain('[class~="promoAdTop"]');
  expect(evidence[7]).toContain('<div.drawer> by display: none hides it');
});

test('the doctor names addresses that filter lists block, by its own list and by those of a folder', async ({
  clinic,
}) => {
  clinic.site.serve('/track/offer-events', clinic.site.gateway.listener);
  for (const name of [
    'offersight.js',
    'offersight-offers.js',
    'offersight-closing.js',
    'offersight-inspector.js',
  ])
    clinic.site.serve(`/shown/${name}`, async (_, response) => {
      response.writeHead(302, { location: `/${name}` }).end();
    });
  const folder = await mkdtemp(join(tmpdir(), 'offersight-lists-'));
  await writeFile(
    join(folder, 'mine.txt'),
    '[Adblock Plus 2.0]\n/shown/offersight.js\n##.teaser > article\n',
  );
  const tag = '<script async src="/shown/offersight.js" data-endpoint="/track/offer-events"></script>';
  const url = clinic.deploy('/', { tag, body: `<div class="teaser">${OFFER}</div>` });
  const { code, report, ids } = await clinic.examine([url, '--lists', folder, '--json']);
  await rm(folder, { recursive: true });
  expect([code, ids()]).toEqual([1, ['offer-filtered', 'name-blocked']]);
  expect(report().findings[0]?.evidence[0]).toContain('.teaser > article');
  expect(report().findings[1]?.evidence).toEqual([
    `${clinic.site.url}/shown/offersight.js is blocked by /shown/offersight.js (mine.txt)`,
    `${clinic.site.url}/track/offer-events is blocked by /track^ (the small list of the doctor)`,
  ]);
});

test('the doctor asks the proxy for its alert, and sends the token nowhere else', async ({
  clinic,
  bench,
}) => {
  const token = 'an operator bears this token of 40 chars';
  bench.upstream.addFaults({ kind: 'status', status: 401, code: 'api_authentication_failed' });
  const proxy = await bench.start([], { env: { OFFERSIGHT_ADMIN_TOKEN: token } });
  await post(proxy.url, bodyOf(eventOf(1)));
  const headers = { authorization: `Bearer ${token}` };
  await expect
    .poll(async () => (await ask(proxy.url, '/admin/status', { headers })).text)
    .toContain('"alert"');
  const url = clinic.deploy('/', {});
  const heard: unknown[] = [];
  clinic.site.serve('/status', ({ headers }, response) => {
    heard.push(headers.authorization);
    response.end();
  });
  clinic.site.serve('/admin/status', (_, response) => {
    response.writeHead(302, { location: '/status' }).end();
  });
  const examine = (admin: string, bearer: string) =>
    clinic.examine([url, '--no-browser', '--json', '--admin', admin], { OFFERSIGHT_ADMIN_TOKEN: bearer });
  const [alerted, refused, redirected] = await Promise.all([
    examine(`${proxy.url}/admin/`, token),
    examine(`${proxy.url}/admin`, 'somebody else bears this token of 40 chr'),
    examine(`${clinic.site.url}/admin/`, token),
  ]);
  expect([alerted.code, alerted.ids()]).toEqual([1, ['proxy-alert']]);
  expect(alerted.report().findings[0]?.evidence.join()).toContain('Chargebee does not accept the API key');
  expect(refused.ids()).toEqual(['admin-refused']);
  expect(redirected.ids()).toEqual(['admin-unanswered']);
  expect(heard).toEqual([]);
  expect(alerted.stdout + refused.stdout + redirected.stdout).not.toContain(token);
});

test('the doctor checks the key only on request, by a call that records nothing', async ({ clinic }) => {
  const url = clinic.deploy('/', {});
  const args = [url, '--no-browser', '--site', 'offersight-test'];
  const envOf = (key: string) => ({ OFFERSIGHT_API_KEY: key, OFFERSIGHT_BASE_URL: clinic.upstream.url });
  const [right, wrong] = await Promise.all([
    clinic.examine(args, envOf(API_KEY)),
    clinic.examine([...args, '--json'], envOf('test_wrong')),
  ]);
  expect([right.code, right.stdout]).toEqual([
    0,
    expect.stringContaining('Chargebee takes the API key (inferred'),
  ]);
  expect([wrong.code, wrong.ids()]).toEqual([1, ['key-refused']]);
  clinic.upstream.setEnabled({ offer_events: 'api_restricted' });
  const restricted = await clinic.examine([...args, '--json'], envOf(API_KEY));
  expect([restricted.code, restricted.ids()]).toEqual([1, ['key-not-enabled']]);
  expect(right.stdout + right.stderr + wrong.stdout + restricted.stdout).not.toContain(API_KEY);
  await clinic.expectNoEvent();
});

test('the doctor ends with code 2 and a message if there is nothing to look at', async ({ clinic }) => {
  const runs = await Promise.all([
    clinic.examine([`${clinic.site.url}/nowhere`, '--no-browser']),
    clinic.examine(['http://127.0.0.1:1/', '--no-browser']),
    clinic.examine(['file:///etc/passwd']),
    clinic.examine(['https://name:word@shop.example/']),
    clinic.examine([clinic.site.url, '--admin', 'http://proxy.example/admin/'], {
      OFFERSIGHT_ADMIN_TOKEN: 'x',
    }),
    clinic.examine([clinic.site.url, '--max-seconds', '5']),
    clinic.examine([clinic.site.url, '--max-seconds', '601']),
  ]);
  expect(runs.map(({ code, stdout }) => [code, stdout])).toEqual(runs.map(() => [2, '']));
  const [gone, refused, file, named, plain, short, long] = runs.map(({ stderr }) => stderr);
  expect(gone).toContain('/nowhere answered 404, so there is no page to look at.');
  expect(refused).toContain('http://127.0.0.1:1/ cannot be opened');
  expect(file).toContain('must be an http or https URL');
  expect(named).toContain('must not hold a name or a password');
  expect(plain).toContain('--admin must be https');
  expect(short).toContain('Set --max-seconds to a number from 10 to 600.');
  expect(long).toBe(short);
});
