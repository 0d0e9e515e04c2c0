/** Pages whose markup or scripts took the names and prototypes that others build on, by accident or on purpose. */
import { offer } from '../fixtures/faults.js';
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const BODY = offer('seen');

test.describe('a page may use the names that the product builds on', () => {
  const globals = ['offerTracker', 'tracker', 'dataLayer', 'ky', 'navigation', 'scheduler'];
  const elements: Readonly<Record<string, (name: string) => string>> = {
    forms: (name) => `<form name="${name}" id="${name}"><input name="push"><input name="endpoint"></form>`,
    'pairs of links': (name) =>
      `<a id="${name}"></a><a id="${name}" name="push" href="https://evil.example"></a>`,
    frames: (name) => `<iframe name="${name}" srcdoc="<a id=push></a>"></iframe>`,
  };
  for (const [kind, markup] of Object.entries(elements)) {
    test(`for ${kind} with the names of globals, and everything works (attack 67)`, async ({
      page,
      stack,
    }) => {
      await stack.open(page, BODY, { head: `</head><body>${globals.map(markup).join('')}` });
      await stack.expectRecorded(['viewed seen']);
    });
  }

  test('even for a form with the name of the product’s global, and fields named like its members (attack 67)', async ({
    page,
    stack,
  }) => {
    await stack.open(page, BODY, { head: `</head><body>${elements.forms?.('offersight')}` });
    await stack.expectRecorded(['viewed seen']);
    // The product has replaced the form.
    expect((await trackerStats(page)).discarded).toEqual({});
  });

  test('though an image has the name of the running script, which sets no option (attack 67)', async ({
    page,
    stack,
  }) => {
    const posted: (string | null)[] = [];
    page.on('request', (request) => request.method() === 'POST' && posted.push(request.postData()));
    const image = '<img name="currentScript" data-endpoint="/evil" data-subject="mallory" src="data:,">';
    await stack.open(page, BODY, { head: `</head><body>${image}` });
    await stack.expectRecorded(['viewed seen']);
    expect(posted.length).toBeGreaterThan(0);
    expect(posted.join()).not.toContain('mallory');
  });

  test('if images have the names of a document’s members, and nothing breaks (attack 67)', async ({
    page,
    stack,
  }) => {
    const thrown: string[] = [];
    page.on('pageerror', (error) => thrown.push(error.message));
    const names = ['body', 'head', 'documentElement', 'hidden', 'readyState', 'cookie', 'createElement'];
    const images = [...names, 'getAnimations'].map((name) => `<img name="${name}" src="data:,">`);
    await stack.open(page, `${images.join('')}${BODY}`);
    await stack.expectRecorded(['viewed seen']);
    expect(thrown).toEqual([]);
  });

  test('if an image, a link and a form have a `host`, which is not a shadow root’s, and closing is noticed (attack 67)', async ({
    page,
    stack,
  }) => {
    const thrown: string[] = [];
    page.on('pageerror', (error) => thrown.push(error.message));
    const cross = '<button type="button" aria-label="Close" onclick="this.parentElement.remove()">x</button>';
    const shown = (id: string) => `class="offer" data-offer-id="${id}" data-offer-dwell="60000"`;
    await stack.open(
      page,
      `<img name="host" src="data:,"><a ${shown('link')} href="/next" onclick="event.preventDefault()">${cross}</a>
       <form ${shown('form')}><input type="hidden" name="host">${cross}</form>`,
    );
    await trackerStats(page);
    for (const id of ['link', 'form']) await page.click(`[data-offer-id=${id}] button`);
    await stack.expectRecorded(['link', 'form'].flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]));
    expect(thrown).toEqual([]);
  });

  test('if fields have the names of members of their form, which is an offer (attack 67)', async ({
    page,
    stack,
  }) => {
    const names = [
      'id',
      'parentNode',
      'assignedSlot',
      'contains',
      'closest',
      'dataset',
      'children',
      'attributes',
      'nodeType',
      'localName',
      'isConnected',
      'hidden',
      // The form gives a list of several fields, which is no element.
      ...['shadowRoot', 'shadowRoot'],
    ];
    const thrown: string[] = [];
    page.on('pageerror', (error) => thrown.push(error.message));
    const fields = names.map((name) => `<input name="${name}" type="hidden">`).join('');
    await stack.open(
      page,
      `<form class="offer" data-offer-id="seen" data-offer-dwell="0">${fields}<button type="button" data-offer-dismiss>x</button></form>`,
    );
    await stack.expectRecorded(['viewed seen']);
    // It clicks at a place, since Playwright's own way to an element fails with those names.
    await page.mouse.click(10, 10);
    await stack.expectRecorded(['viewed seen', 'dismissed seen']);
    expect(thrown).toEqual([]);
  });
});

test('what a page put on the prototypes changes neither an event nor its destination (attack 67)', async ({
  page,
  stack,
}) => {
  const posted: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') posted.push(`${new URL(request.url()).pathname} ${request.postData()}`);
  });
  const fields = {
    ...{ endpoint: '/evil', id: 'evil', offerId: 'evil', type: 'evil', token: 'evil', v: 9, body: 'evil' },
    ...{ expiresAt: 1, lease: { until: 9e15 }, notBeforeAt: 9e15, isOnce: true, method: 'GET', name: 'evil' },
    ...{
      dwellMs: 1e9,
      ...{ ratio: 1, dwell: 1, isSeen: true, group: 'evil', reason: 'evil', repeat: 'evil' },
      keepalive: false,
      credentials: 'omit',
      once: true,
      capture: true,
    },
  };
  await stack.open(page, BODY, {
    head: `<script>
      Object.assign(Object.prototype, ${JSON.stringify(fields)});
      Array.prototype.toJSON = Object.prototype.toJSON = () => 'evil';
    </script>`,
  });
  await stack.expectRecorded(['viewed seen']);
  expect(posted.length).toBeGreaterThan(0);
  expect(posted.filter((post) => !post.startsWith('/offer-events {') || post.includes('evil'))).toEqual([]);
});

test('values of attributes never become markup or script (attack 67)', async ({ page, stack }) => {
  const alerts: string[] = [];
  page.on('dialog', (dialog) => {
    alerts.push(dialog.message());
    void dialog.dismiss();
  });
  const markup = '&quot;><img src=x onerror=alert(1)><script>alert(2)</script>';
  const all = ['id', 'expires', 'repeat', 'ignore', 'ratio', 'dismiss', 'accept', 'token']
    .map((name) => `data-offer-${name}="${markup}"`)
    .join(' ');
  await stack.open(page, `<div class="offer" ${all}></div>${BODY}`, {
    script: `data-endpoint="/offer-events" data-debug data-subject="${markup}" data-data-layer="javascript:alert(3)"`,
  });
  await expect.poll(() => stack.site.gateway.calls.length + stack.recorded().length).toBeGreaterThan(0);
  await page.click('.offer');
  expect(alerts).toEqual([]);
  expect(await page.locator('img').count()).toBe(0);
});
