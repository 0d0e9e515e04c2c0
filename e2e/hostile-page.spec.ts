/** Pages whose markup or scripts took the names and prototypes that others build on, by accident or on purpose. */
import { offer } from './fixtures/faults.js';
import { trackerStats } from './fixtures/ready.js';
import { expect, test } from './fixtures/stack.js';

const BODY = offer('seen');

test.describe('what the page named like something of ours changes nothing', () => {
  const globals = ['offerTracker', 'tracker', 'dataLayer', 'ky', 'navigation', 'scheduler'];
  const elements: Readonly<Record<string, (name: string) => string>> = {
    forms: (name) => `<form name="${name}" id="${name}"><input name="push"><input name="endpoint"></form>`,
    'pairs of links': (name) =>
      `<a id="${name}"></a><a id="${name}" name="push" href="https://evil.example"></a>`,
    frames: (name) => `<iframe name="${name}" srcdoc="<a id=push></a>"></iframe>`,
  };
  for (const [kind, markup] of Object.entries(elements)) {
    test(`${kind} with the names of globals (attack 67)`, async ({ page, stack }) => {
      await stack.open(page, BODY, { head: `</head><body>${globals.map(markup).join('')}` });
      await stack.expectRecorded(['viewed seen']);
    });
  }

  test('a form with the name of our own global, and with fields named as what that has (attack 67)', async ({
    page,
    stack,
  }) => {
    await stack.open(page, BODY, { head: `</head><body>${elements.forms?.('offersight')}` });
    await stack.expectRecorded(['viewed seen']);
    // It is ours now.
    expect((await trackerStats(page)).discarded).toEqual({});
  });

  test('an image with the name of the script that runs sets no option (attack 67)', async ({
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

  test('images with the names of what a document has (attack 67)', async ({ page, stack }) => {
    const thrown: string[] = [];
    page.on('pageerror', (error) => thrown.push(error.message));
    const names = ['body', 'head', 'documentElement', 'hidden', 'readyState', 'cookie', 'createElement'];
    const images = [...names, 'getAnimations'].map((name) => `<img name="${name}" src="data:,">`);
    await stack.open(page, `${images.join('')}${BODY}`);
    await stack.expectRecorded(['viewed seen']);
    expect(thrown).toEqual([]);
  });

  test('fields with the names of what a form that is an offer has (attack 67)', async ({ page, stack }) => {
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
      'isConnected',
      'hidden',
    ];
    const fields = names.map((name) => `<input name="${name}" type="hidden">`).join('');
    await stack.open(
      page,
      `<form class="offer" data-offer-id="seen" data-offer-dwell="0">${fields}<button type="button" data-offer-dismiss>x</button></form>`,
    );
    await stack.expectRecorded(['viewed seen']);
    // By its place: Playwright's own way to an element trips over those names.
    await page.mouse.click(10, 10);
    await stack.expectRecorded(['viewed seen', 'dismissed seen']);
  });
});

test('what a page put on Object.prototype is no part of an event or of where it goes (attack 67)', async ({
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
      ratio: 1,
      keepalive: false,
      credentials: 'omit',
      toJSON: null,
      once: true,
      capture: true,
    },
  };
  await stack.open(page, BODY, {
    head: `<script>Object.assign(Object.prototype, ${JSON.stringify(fields)})</script>`,
  });
  await stack.expectRecorded(['viewed seen']);
  expect(posted.length).toBeGreaterThan(0);
  expect(posted.filter((post) => !post.startsWith('/offer-events {') || post.includes('evil'))).toEqual([]);
});

test('what attributes say is never taken for markup or script (attack 67)', async ({ page, stack }) => {
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
