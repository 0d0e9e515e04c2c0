/**
 * `offersight dev`: a developer's own page without an account, from the first event to faults that are made on purpose.
 */
import { once } from 'node:events';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Page } from '@playwright/test';
import { createServer as createVite } from 'vite';
import { arrived, type DevProcess, expect, test } from '../fixtures/dev.js';
import { ask, bodyOf, eventOf, PAGE_HEADERS, post } from '../fixtures/post.js';
import { holdBack } from '../fixtures/ready.js';

/** The rows of the live page's table, without times. */
const rowsOf = (live: Page): Promise<string[]> =>
  live.locator('#events tr').evaluateAll((rows) =>
    rows.map((row) =>
      [...row.querySelectorAll('td')]
        .slice(1, 6)
        .map((cell) => (cell.querySelector('span') ?? cell).textContent)
        .filter(Boolean)
        .join(' '),
    ),
  );

const openLive = async (page: Page, { url }: DevProcess): Promise<Page> => {
  const live = await page.context().newPage();
  await live.goto(`${url}/_offersight/`);
  await expect(live.locator('#connection')).toHaveText('');
  return live;
};

/** Sets a switch of the live page, and waits until the command has taken it over. */
const switchTo = async (live: Page, label: string, isOn = true): Promise<void> => {
  await live.getByLabel(label).setChecked(isOn);
  await expect(live.locator('#commands')).toHaveAttribute('aria-busy', 'false');
};

test.describe('for a folder with one page', () => {
  test('the live page and the terminal show the first event of the offer that the command printed', async ({
    desk,
    page,
  }) => {
    const dev = await desk.start();
    const live = await openLive(page, dev);
    await expect(live.locator('#empty')).toBeVisible();
    await desk.page('index.html', dev.offerId);
    await page.goto(`${dev.url}/`);
    await expect.poll(() => rowsOf(live)).toEqual([`${dev.offerId} viewed delivered /`]);
    await page.getByRole('button', { name: 'No, thanks' }).click();
    await expect
      .poll(() => rowsOf(live))
      .toEqual([`${dev.offerId} dismissed: control delivered /`, `${dev.offerId} viewed delivered /`]);
    await expect(live.locator('#figures')).toHaveText('viewed1dismissed1delivered2waiting0refused0');
    await expect(live.locator('#empty')).toBeHidden();
    await expect.poll(dev.output).toMatch(new RegExp(`dismissed {2}${dev.offerId} {2}delivered\n`));
    expect(await dev.stop()).toBe(0);
    await expect(live.locator('#connection')).toContainText('has ended');
    // The command keeps no files.
    expect(await readdir(desk.folder)).toEqual(['index.html']);
  });

  test('the inspector is one link away, shows the last step of each event, and leads to the operator’s page', async ({
    desk,
    page,
    request,
  }) => {
    const dev = await desk.start();
    await desk.page('index.html', dev.offerId);
    await page.goto(`${dev.url}/_offersight/`);
    await page.getByRole('link', { name: 'with the inspector', exact: true }).click();
    await expect(page.getByRole('region', { name: 'Offersight inspector' })).toBeVisible();
    // The inspector cannot follow events that counted before it was there.
    await page.evaluate(() => document.querySelector('article')?.remove());
    await page.evaluate(
      (id) =>
        document.body.insertAdjacentHTML(
          'beforeend',
          `<article data-offer-id="${id}" data-offer-repeat="mount" style="width: 300px; height: 200px"></article>`,
        ),
      dev.offerId,
    );
    await expect(page.locator('.steps').first().locator('.done')).toHaveText([
      'recorded',
      'left the page',
      'taken by the proxy',
      'delivered to Chargebee',
    ]);
    const [operators] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('link', { name: 'at the proxy' }).first().click(),
    ]);
    await operators.getByLabel('Admin token').fill(/token (\S+)\)/.exec(dev.output())?.[1] ?? '');
    await operators.getByRole('button', { name: 'Sign in' }).click();
    await expect(operators).toHaveURL(/\/admin\/events\?find=/);
    await expect(operators.getByRole('main')).toContainText(dev.offerId);
    // A page of another site cannot open it, and the link leads to no other site.
    const ask = async (path: string, site?: string) => {
      const headers = site === undefined ? {} : { 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
      const response = await request.get(`${dev.url}/_offersight/inspect?path=${path}`, {
        headers,
        maxRedirects: 0,
      });
      return [response.status(), response.headers().location?.replace(/=.*/, '')];
    };
    expect(await ask('/cart?a=1')).toEqual([302, '/cart?a']);
    expect(await ask('/', 'cross-site')).toEqual([403, undefined]);
    for (const path of [
      '//evil.example/',
      '%2F%09%2Fevil.example%2F',
      '/.//evil.example/',
      '/x/..//evil.example/',
      '/\\\\evil.example/',
    ])
      expect([path, ...(await ask(path))]).toEqual([path, 403, undefined]);
    expect(await ask('https://evil.example/')).toEqual([403, undefined]);
  });

  test('the operator’s page has the same events by group, and none after everything was forgotten', async ({
    desk,
    page,
  }) => {
    const dev = await desk.start();
    await desk.page('index.html', `${dev.offerId}" data-offer-group="autumn-sale`);
    const live = await openLive(page, dev);
    await page.goto(`${dev.url}/`);
    await expect.poll(() => rowsOf(live)).toEqual([`${dev.offerId} autumn-sale viewed delivered /`]);
    const [, address = '', token = ''] = /operator's +(\S+) +\(token (\S+)\)/.exec(dev.output()) ?? [];
    // It is on another port than pages, since their scripts could act on it otherwise.
    expect(new URL(address).port).not.toBe(new URL(dev.url).port);
    const operator = await page.context().newPage();
    await operator.goto(`${address}funnel?by=group`);
    await operator.getByLabel('Admin token').fill(token);
    await operator.getByRole('button', { name: 'Sign in' }).click();
    await expect(operator.getByRole('row', { name: /^autumn-sale 1 0/ })).toBeVisible();
    await live.getByRole('button', { name: 'Forget everything' }).click();
    await expect.poll(() => rowsOf(live)).toEqual([]);
    await operator.reload();
    await expect(operator.getByText('Nothing happened on these days.')).toBeVisible();
  });

  test('an offer that the mock API never made is refused with advice, and counts once any id is accepted', async ({
    desk,
    page,
  }) => {
    await desk.page('index.html', 'summer');
    const dev = await desk.start();
    const live = await openLive(page, dev);
    await page.goto(`${dev.url}/`);
    await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: refused resource_not_found']);
    await expect(live.locator('#events')).toContainText('The mock API never made this offer.');
    expect(dev.output().match(/The mock API never made this offer\./g)).toHaveLength(1);
    await switchTo(live, 'Take events of any id');
    await expect
      .poll(async () => {
        await page.reload();
        return arrived(dev.url);
      })
      .toContain('viewed summer: delivered');
  });

  test('faults that are switched on in the live page hold events back, and they arrive once all is well', async ({
    desk,
    page,
  }) => {
    await desk.page('index.html', 'summer');
    const dev = await desk.start(['--any-id']);
    const live = await openLive(page, dev);
    await switchTo(live, 'answers 503');
    await expect(live.getByLabel('answers 503')).toBeChecked();
    await page.goto(`${dev.url}/`);
    await expect
      .poll(() => arrived(dev.url))
      .toEqual(['viewed summer: waiting 503 internal_temporary_error']);
    await switchTo(live, 'is well');
    await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: delivered']);
    await switchTo(live, 'cannot reach the endpoint');
    const failed = page.waitForEvent('requestfailed');
    await page.getByRole('button', { name: 'No, thanks' }).click();
    await failed;
    expect(await arrived(dev.url)).toHaveLength(1);
    await switchTo(live, 'cannot reach the endpoint', false);
    await expect
      .poll(() => arrived(dev.url))
      .toEqual(['viewed summer: delivered', 'dismissed summer: delivered']);
  });

  test('a switch keeps its new position though older states arrive in the meantime', async ({
    desk,
    page,
  }) => {
    await desk.page('index.html', 'summer');
    const dev = await desk.start(['--any-id']);
    const live = await openLive(page, dev);
    const release = await holdBack(live, '**/_offersight/network');
    const off = live.getByLabel('cannot reach the endpoint');
    await off.check();
    await page.goto(`${dev.url}/`);
    await expect(live.getByRole('cell', { name: 'delivered' })).toBeVisible();
    await expect(off).toBeChecked();
    release();
    const state = async () =>
      (await (await fetch(`${dev.url}/_offersight/state`)).json()) as { readonly isNetworkOff: boolean };
    await expect.poll(async () => (await state()).isNetworkOff).toBe(true);
    await expect(off).toBeChecked();
  });

  test('beginning again leaves nothing: no event, no pause, no fault, no memory', async ({ desk, page }) => {
    await desk.page('index.html', 'summer');
    const dev = await desk.start(['--any-id']);
    const send = (path: string, body: object) =>
      fetch(`${dev.url}/_offersight/${path}`, { method: 'POST', body: JSON.stringify(body) });
    await send('upstream/faults', { kind: 'status', status: 401 });
    await page.goto(`${dev.url}/`);
    await expect
      .poll(() => arrived(dev.url))
      .toEqual(['viewed summer: waiting 401 api_authentication_failed']);
    await send('network', { off: true });
    await send('reset', {});
    const state = (await (await fetch(`${dev.url}/_offersight/state`)).json()) as object;
    expect(state).toMatchObject({ events: [], problems: [], faults: [], isNetworkOff: false, isAnyId: true });
    // A new visitor comes, and nothing is left of the earlier one.
    const context = await page.context().browser()?.newContext();
    await (await context?.newPage())?.goto(`${dev.url}/`);
    await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: delivered']);
    await context?.close();
  });

  test('an event counts as delivered only if the mock API has recorded it', async ({ desk, page }) => {
    await desk.page('index.html', 'summer');
    const dev = await desk.start(['--any-id']);
    const fault = { kind: 'html', status: 200, count: 2, match: { path: '/offer_events' } };
    await fetch(`${dev.url}/_offersight/upstream/faults`, { method: 'POST', body: JSON.stringify(fault) });
    await page.goto(`${dev.url}/`);
    await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: waiting 200']);
    await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: delivered']);
    const history = await fetch(`${dev.upstreamUrl}/history`);
    expect(await history.json()).toHaveLength(1);
  });

  test('a dismissal is refused together with its view, and the terminal says what an operator would do', async ({
    desk,
    page,
  }) => {
    const dev = await desk.start();
    const live = await openLive(page, dev);
    await post(dev.url, bodyOf(eventOf(1), eventOf(2, { type: 'dismissed', offer: 'a52ge1' })));
    await expect
      .poll(() => arrived(dev.url))
      .toEqual(['viewed a52ge1: refused resource_not_found', 'dismissed a52ge1: refused viewed_dead']);
    await expect(live.locator('#figures')).toHaveText('viewed1dismissed1delivered0waiting0refused2');
    await switchTo(live, 'Take events of any id');
    await switchTo(live, 'refuses the key');
    await post(dev.url, bodyOf(...[3, 4, 5].map((number) => eventOf(number))));
    await expect.poll(() => rowsOf(live)).toHaveLength(5);
    await expect.poll(dev.output).toContain('Chargebee does not accept the API key');
  });

  test('the mock API understands each fault that the live page offers', async ({ desk, page }) => {
    const dev = await desk.start();
    const live = await openLive(page, dev);
    const faults = live.getByRole('group', { name: 'Chargebee' }).getByRole('radio');
    expect(await faults.count()).toBeGreaterThan(5);
    const [well, ...others] = await faults.all();
    for (const fault of [...others, well ?? faults]) {
      await fault.check();
      await expect(live.locator('#commands')).toHaveAttribute('aria-busy', 'false');
      await live.reload();
      await expect(fault).toBeChecked();
    }
  });

  test('the live page makes offers, names requests that were refused, and begins again', async ({
    desk,
    page,
  }) => {
    const dev = await desk.start();
    const live = await openLive(page, dev);
    await live.getByLabel('Customer').fill('somebody else');
    await live.getByRole('button', { name: 'Make an offer' }).click();
    await expect(live.locator('#made')).toContainText('data-offer-id="');
    const [, id = ''] = /data-offer-id="(\w+)"/.exec(await live.locator('#made').innerHTML()) ?? [];
    await desk.page('index.html', id);
    await page.goto(`${dev.url}/`);
    await expect.poll(() => arrived(dev.url)).toEqual([`viewed ${id}: delivered`]);
    await fetch(`${dev.url}/offer-events`, { method: 'POST', body: '{}' });
    await expect(live.locator('#problems')).toContainText(
      /403 origin: The request does not come from a page/,
    );
    await live.getByRole('button', { name: 'Forget everything' }).click();
    await expect(live.locator('#empty')).toBeVisible();
    await expect(live.locator('#problems')).toBeHidden();
  });

  test('the live page shows values that pages make up as plain text', async ({ desk, page }) => {
    const dev = await desk.start(['--any-id']);
    const live = await openLive(page, dev);
    const hostile = '<img src=x onerror="document.title = 1">\u001b[2J\n\u202e';
    const id = '01939e5c-0000-7000-8000-000000000001';
    const event = { id, type: 'viewed', personalized_offer_id: hostile, occurred_at: Date.now() };
    await page.goto(`${dev.url}/`);
    await page.evaluate(
      (body) =>
        fetch('/offer-events', { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
      JSON.stringify({ v: 1, sent_at: Date.now(), events: [event] }),
    );
    const harmless = hostile.replaceAll(/\p{Cc}|\p{Cf}/gu, '\ufffd');
    await expect.poll(() => rowsOf(live)).toEqual([`${harmless} viewed refused: invalid_event /`]);
    expect(dev.output()).toContain(`viewed     ${harmless}  refused`);
    expect(await live.locator('#events img').count()).toBe(0);
  });

  test('files come as they are saved, in parts if a player asks, and folders redirect to their slash', async ({
    desk,
  }) => {
    await mkdir(join(desk.folder, 'sub'));
    await desk.page('sub/index.html', 'summer');
    await writeFile(join(desk.folder, 'film.mp4'), '0123456789');
    const dev = await desk.start();
    const get = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`${dev.url}${path}`, { headers, redirect: 'manual' });
      return [answer.status, answer.headers.get('content-type'), await answer.text()];
    };
    const { status, headers } = await fetch(`${dev.url}/sub?from=mail`, { redirect: 'manual' });
    expect([status, headers.get('location')]).toEqual([308, '/sub/?from=mail']);
    expect((await fetch(`${dev.url}//sub`, { redirect: 'manual' })).headers.get('location')).toBe('/sub/');
    expect(await get('/sub/')).toEqual([200, 'text/html; charset=utf-8', expect.stringContaining('summer')]);
    expect(await get('/film.mp4')).toEqual([200, 'video/mp4', '0123456789']);
    expect(await get('/film.mp4', { range: 'bytes=2-4' })).toEqual([206, 'video/mp4', '234']);
    expect(await get('/film.mp4', { range: 'bytes=-3' })).toEqual([206, 'video/mp4', '789']);
    expect(await get('/film.mp4', { range: 'bytes=7-' })).toEqual([206, 'video/mp4', '789']);
    expect(await get('/film.mp4', { range: 'bytes=12-' })).toEqual([200, 'video/mp4', '0123456789']);
    expect((await get('/_offersight'))[0]).toBe(308);
    // Each answer is complete, even while the file is being saved.
    let isSaving = true;
    const saving = (async () => {
      for (let size = 1; isSaving; size = (size * 7) % 100_003) {
        await writeFile(join(desk.folder, 'page.html'), `<title>${'x'.repeat(size)}</title>`);
      }
    })();
    for (let round = 0; round < 100; round++) {
      const [code, , text] = await get('/page.html');
      expect([200, 404]).toContain(code);
      if (code === 200 && text !== '') expect(text).toMatch(/^<title>x*/);
    }
    isSaving = false;
    await saving;
  });

  test('files are read each time, hidden ones are not served, and a folder without an index lists its pages', async ({
    desk,
    page,
  }) => {
    await desk.page('shop.html', 'summer');
    await writeFile(join(desk.folder, '.env'), 'KEY=secret');
    await symlink('/etc', join(desk.folder, 'etc'));
    const dev = await desk.start();
    expect(dev.output()).toContain(`${dev.url}/shop.html`);
    const addresses = Object.values(networkInterfaces()).flatMap((found) =>
      found?.map(({ address }) => address),
    );
    for (const host of ['127.0.0.1', ...(addresses.includes('::1') ? ['[::1]'] : [])])
      expect((await fetch(`${dev.url.replace('localhost', host)}/shop.html`)).status, host).toBe(200);
    for (const path of [
      '/.env',
      '/%2eenv',
      '/etc/passwd',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/nothing',
      '/%',
      '/%00',
      '/shop.html%00',
    ])
      expect((await fetch(`${dev.url}${path}`)).status, path).toBe(404);
    await page.goto(`${dev.url}/`);
    await page.getByRole('link', { name: 'shop.html' }).click();
    await expect(page).toHaveTitle('Shop');
    await writeFile(join(desk.folder, 'shop.html'), '<title>Anew</title>');
    await page.reload();
    await expect(page).toHaveTitle('Anew');
    await rm(join(desk.folder, 'shop.html'));
    expect((await fetch(`${dev.url}/shop.html`)).status).toBe(404);
  });
});

test.describe('for an application that already runs', () => {
  test('pages, events and hot reload pass through', async ({ desk, page }) => {
    await desk.page('index.html', 'summer');
    await writeFile(join(desk.folder, 'words.js'), "document.title = 'first'; import.meta.hot.accept();");
    const html = join(desk.folder, 'more.html');
    await writeFile(html, '<!doctype html><title>x</title><script type="module" src="/words.js"></script>');
    const vite = await createVite({
      root: desk.folder,
      configFile: false,
      logLevel: 'silent',
      server: { port: 0 },
    });
    try {
      await vite.listen();
      const dev = await desk.start([vite.resolvedUrls?.local[0] ?? '', '--any-id']);
      await page.goto(`${dev.url}/`);
      await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: delivered']);
      const socket = page.waitForEvent('websocket');
      await page.goto(`${dev.url}/more.html`);
      // Vite's client would ask the application itself if this socket did not answer.
      expect(new URL((await socket).url()).port).toBe(new URL(dev.url).port);
      await expect(page).toHaveTitle('first');
      await page.evaluate(() => Object.assign(window, { isSame: true }));
      await expect
        .poll(async () => {
          await writeFile(
            join(desk.folder, 'words.js'),
            "document.title = 'second'; import.meta.hot.accept();",
          );
          return page.title();
        })
        .toBe('second');
      expect(await page.evaluate(() => 'isSame' in window)).toBe(true);
    } finally {
      await vite.close();
    }
  });

  test('forms, redirects and answers that break off are as at the application itself', async ({
    desk,
    page,
  }) => {
    const asked: (string | undefined)[] = [];
    const application = createServer((incoming, outgoing) => {
      asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.host} ${incoming.headers.origin}`);
      switch (incoming.url) {
        case '/form':
          outgoing.end(
            '<!doctype html><title>Form</title><form method="post" action="/buy"><button>Buy</button></form>',
          );
          break;
        case '/buy':
          // Many frameworks redirect so, with their own address.
          outgoing.writeHead(303, { location: `http://localhost:${port}/thanks` }).end();
          break;
        case '/broken':
          outgoing.writeHead(200, { 'content-length': '9' }).write('1234', () => outgoing.destroy());
          break;
        case '/dumb':
          outgoing.destroy();
          break;
        default:
          outgoing.end('<!doctype html><title>Thanks</title>');
      }
    }).listen(0, 'localhost');
    await once(application, 'listening');
    const { port } = application.address() as AddressInfo;
    try {
      const dev = await desk.start([`http://localhost:${port}`]);
      await page.goto(`${dev.url}/form`);
      await page.getByRole('button', { name: 'Buy' }).click();
      await expect(page).toHaveTitle('Thanks');
      expect(page.url()).toBe(`${dev.url}/thanks`);
      const { host } = new URL(dev.url);
      expect(asked).toContain(`POST /buy ${host} ${dev.url}`);
      await expect(fetch(`${dev.url}/broken`).then((answer) => answer.text())).rejects.toThrow();
      const dumb = await fetch(`${dev.url}/dumb`);
      expect([dumb.status, await dumb.text()]).toEqual([502, expect.stringContaining('ECONNRESET')]);
      expect((await fetch(`${dev.url}/after`)).status).toBe(200);
    } finally {
      application.closeAllConnections();
      application.close();
    }
  });

  test('the page says so if the application is not there yet, and shows it once it is', async ({
    desk,
    page,
  }) => {
    const application = createServer((_, outgoing) => outgoing.end('<!doctype html><title>There</title>'));
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    const { port } = application.address() as AddressInfo;
    application.close();
    await once(application, 'close');
    const dev = await desk.start([`http://127.0.0.1:${port}`]);
    await page.goto(`${dev.url}/`);
    await expect(page.getByText(`Nothing answers at http://127.0.0.1:${port}.`)).toBeVisible();
    application.listen(port, '127.0.0.1');
    await expect(page).toHaveTitle('There');
    application.closeAllConnections();
    application.close();
  });
});

test.describe('other machines and other sites', () => {
  /** Sends a request with headers that fetch cannot set. */
  const statusOf = async (
    url: string,
    headers: Readonly<Record<string, string>>,
    method = 'GET',
  ): Promise<number | undefined> => {
    const asking = request(url, { method, headers });
    asking.end(method === 'POST' ? '{"off":true}' : undefined);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  };

  test('cannot reach the command by another name or from a page of another origin (attack 61)', async ({
    desk,
  }) => {
    await desk.page('index.html', 'summer');
    const dev = await desk.start();
    for (const path of ['/', '/offer-events', '/offersight.js', '/_offersight/', '/_offersight/state'])
      expect(await statusOf(`${dev.url}${path}`, { host: 'rebound.example' }), path).toBe(421);
    const foreign = { origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' };
    for (const path of ['network', 'reset', 'any-id', 'offers', 'upstream/faults'])
      for (const headers of [foreign, { origin: foreign.origin }, { 'sec-fetch-site': 'same-site' }])
        expect(await statusOf(`${dev.url}/_offersight/${path}`, headers, 'POST'), path).toBe(403);
    expect(await statusOf(`${dev.url}/_offersight/state`, foreign)).toBe(403);
    const opening = { ...foreign, 'sec-fetch-mode': 'navigate' };
    expect(await statusOf(`${dev.url}/_offersight/network`, opening, 'POST')).toBe(403);
    expect(await statusOf(`${dev.url}/_offersight/network`, { 'sec-fetch-site': 'none' }, 'POST')).toBe(403);
    for (const path of ['upstream/reset', 'constructor', '__proto__', 'nothing'])
      expect(await statusOf(`${dev.url}/_offersight/${path}`, {}, 'POST'), path).toBe(404);
    expect(await statusOf(`${dev.url}/_offersight/constructor`, {})).toBe(404);
    // A link to the live page may be followed, but it changes nothing, and no frame shows the page.
    expect(await statusOf(`${dev.url}/_offersight/`, { ...foreign, 'sec-fetch-mode': 'navigate' })).toBe(200);
    const state = await fetch(`${dev.url}/_offersight/state`);
    expect(await state.json()).toMatchObject({ isNetworkOff: false, faults: [] });
    expect(state.headers.get('content-security-policy')).toMatch(
      /default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
    );
    expect(state.headers.get('cache-control')).toBe('no-store');
    expect(state.headers.get('access-control-allow-origin')).toBeNull();
    expect(await statusOf(`${dev.upstreamUrl}/faults`, foreign, 'POST')).toBe(403);
  });

  test('reach only pages and endpoint at the address that was given, as a phone does, and no switch (attack 61)', async ({
    desk,
    page,
  }) => {
    const [lan] = Object.values(networkInterfaces())
      .flat()
      .filter((found) => found?.family === 'IPv4' && !found.internal);
    test.skip(!lan, 'this machine has only its loopback address');
    // Outside localhost, a browser that a script drives counts only if the page asks for it.
    await desk.page('index.html', 'summer', 'data-machines="count"');
    const dev = await desk.start(['--any-id', '--lan', lan?.address ?? '']);
    const url = dev.url.replace('localhost', lan?.address ?? '');
    await page.goto(`${url}/`);
    await expect.poll(() => arrived(dev.url)).toEqual(['viewed summer: delivered']);
    for (const path of ['', 'state', 'stream', 'upstream/state'])
      expect((await fetch(`${url}/_offersight/${path}`)).status, path).toBe(404);
    await expect(fetch(dev.upstreamUrl.replace('127.0.0.1', lan?.address ?? ''))).rejects.toThrow();
  });
});

test.describe('the command', () => {
  test('ends at once and leaves no files, even with open sockets and calls under way', async ({
    desk,
    page,
  }) => {
    const sockets = new Set<Duplex>();
    const application = createServer((_, outgoing) => outgoing.end('<!doctype html><title>x</title>'));
    application.on('upgrade', (_incoming, socket) => {
      sockets.add(socket);
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    });
    application.listen(0, '127.0.0.1');
    await once(application, 'listening');
    try {
      const { port } = application.address() as AddressInfo;
      const dev = await desk.start([`http://127.0.0.1:${port}`, '--any-id', '--path', '/elsewhere']);
      await openLive(page, dev);
      const asking = request(`${dev.url}/socket`, {
        headers: { connection: 'Upgrade', upgrade: 'websocket' },
      });
      asking.end();
      const [, socket] = (await once(asking, 'upgrade')) as [IncomingMessage, Duplex];
      socket.on('error', () => undefined);
      const hang = { kind: 'hang', match: { path: '/offer_events' } };
      await fetch(`${dev.upstreamUrl}/faults`, { method: 'POST', body: JSON.stringify(hang) });
      const answer = await ask(dev.url, '/elsewhere', {
        method: 'POST',
        headers: PAGE_HEADERS,
        body: bodyOf(eventOf(1)),
      });
      expect(answer.status).toBe(200);
      await expect.poll(() => arrived(dev.url)).toEqual(['viewed a52ge1: waiting no answer']);
      expect(await dev.stop()).toBe(0);
      expect((await readdir(desk.folder)).filter((name) => name.startsWith('offersight-dev'))).toEqual([]);
    } finally {
      for (const socket of sockets) socket.destroy();
      application.close();
    }
  });

  test('starts only the mock API, for a proxy of another make', async ({ desk }) => {
    const { child, said } = desk.begin(['dev', '--upstream-only', '--port', '0']);
    while (!said.stdout.includes('Ctrl+C')) await once(child.stdout, 'data');
    const [, url = '', key = ''] = /base URL (\S+), API key (\S+)/.exec(said.stdout) ?? [];
    const send = async (path: string, body: object): Promise<Response> =>
      fetch(`${url}${path}`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${key}:`)}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const event = { personalized_offer_id: 'summer', type: 'viewed' };
    expect((await send('/api/v2/offer_events', event)).status).toBe(404);
    await send('/reset', {});
    expect((await send('/api/v2/offer_events', event)).status).toBe(404);
    const made = (await (await send('/api/v2/personalized_offers', { customer_id: 'somebody' })).json()) as {
      readonly personalized_offers: readonly { readonly id: string }[];
    };
    const id = made.personalized_offers[0]?.id;
    expect((await send('/api/v2/offer_events', { ...event, personalized_offer_id: id })).status).toBe(204);
    await expect
      .poll(() => said.stdout.split('Ctrl+C ends it.\n')[1]?.split('\n'))
      .toEqual(
        [
          'POST  /api/v2/offer_events  viewed  summer  404 resource_not_found',
          '          The mock API never made this offer. Take an id that it made, or all with --any-id or on the live page.',
          'POST  /api/v2/offer_events  viewed  summer  404 resource_not_found',
          'POST  /api/v2/personalized_offers  200 recorded',
          `POST  /api/v2/offer_events  viewed  ${id}  204 recorded`,
          '',
        ].map((line) =>
          line.startsWith('POST')
            ? expect.stringMatching(new RegExp(`^\\d\\d:\\d\\d:\\d\\d  ${line}$`))
            : line,
        ),
      );
  });

  const wrong: Readonly<Record<string, readonly [args: readonly string[], words: RegExp]>> = {
    'a folder that is not there': [['nowhere'], /There is no folder nowhere\./],
    'an application elsewhere': [['https://shop.example'], /an origin on this machine/],
    'two places': [['one', 'two'], /Too many arguments/],
    'a misspelt flag': [['--any-ids'], /Unknown option --any-ids\. Did you mean --any-id\?/],
    'a path without its slash': [['--path', 'offer-events'], /Set --path to a path/],
    'the path of every page': [['--path', '/'], /Set --path to a path of its own/],
    'the path of the live page': [['--path', '/_offersight/'], /Set --path to a path of its own/],
    'an application without its scheme': [['localhost:5173'], /Did you mean http:\/\/localhost:5173\?/],
    'the port of an application': [['5173'], /Did you mean http:\/\/localhost:5173\?/],
    'a page of an application': [
      ['http://localhost:5173/app/'],
      /only the origin of your application: http:\/\/localhost:5173\./,
    ],
    'the address of the command itself': [
      ['http://localhost:4400'],
      /the port that your pages will be opened at/,
    ],
    'a file': [['offersight.txt'], /offersight\.txt is a file: give its folder\./],
    'an address that is always served': [['--lan', '127.0.0.1'], /Set --lan to an address of this machine/],
    'all addresses': [['--lan', '0.0.0.0'], /Set --lan to an address of this machine/],
    'an invalid address': [['--port', '0', '--lan', 'phone'], /Set --lan to an address/],
    'an address of another machine': [
      ['--port', '0', '--lan', '203.0.113.7'],
      /Set --lan to an address of this machine/,
    ],
    'pages for the mock API alone': [['--upstream-only', 'shop'], /With --upstream-only there are no pages/],
  };
  for (const [what, [args, words]] of Object.entries(wrong))
    test(`refuses ${what}, and says why`, async ({ desk }) => {
      await writeFile(join(desk.folder, 'offersight.txt'), '');
      const { code, stderr } = await desk.run(['dev', ...args]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
      expect(stderr.trim().split('\n')).toHaveLength(1);
    });

  test('says which port is taken', async ({ desk }) => {
    const dev = await desk.start();
    const { port } = new URL(dev.url);
    const { code, stderr } = await desk.run(['dev', '--port', port]);
    expect([code, stderr]).toEqual([
      1,
      `offersight: Port ${port} is taken: choose another one for your pages (--port, port).\n`,
    ]);
    const upstream = new URL(dev.upstreamUrl).port;
    expect((await desk.run(['dev', '--port', `${Number(upstream) - 1}`])).stderr).toMatch(
      `Port ${upstream} is taken. If offersight dev does not run already, choose another port`,
    );
  });
});
