/** Examples of the documents that no guide's test applies, run as a reader would: in a page, or as a server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { blocksOf } from '../../test/support/markdown.js';
import { freePort } from '../fixtures/free-port.js';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';

/** The only block of a document that has these words. */
const blockWith = async (file: string, words: string): Promise<string> => {
  const found = blocksOf(await readFile(file, 'utf8')).filter(({ text }) => text.includes(words));
  const [block] = found;
  if (!block || found.length > 1) throw new Error(`${file} needs one block with ${words}`);
  return block.text;
};

test.describe('a page that asks for consent by the example', () => {
  const OFFER = '<div class="offer" data-offer-id="a52ge40b" data-offer-dwell="0">Two months on us</div>';

  const openPage = async (page: Parameters<Stack['open']>[0], stack: Stack): Promise<void> => {
    const asking = await blockWith('docs/tracker.md', 'count-offers');
    await stack.open(page, `${OFFER}${asking}`, {
      script: 'data-endpoint="/offer-events" data-consent="pending"',
    });
    await trackerStats(page);
  };

  test('counts what was seen before a yes, and does not ask on the next page', async ({ page, stack }) => {
    await openPage(page, stack);
    expect(stack.site.gateway.calls).toEqual([]);
    await page.click('text=Yes');
    await stack.expectRecorded(['viewed a52ge40b']);
    await openPage(page, stack);
    await stack.expectRecorded(['viewed a52ge40b', 'viewed a52ge40b']);
    await expect(page.locator('#ask')).toBeHidden();
  });

  test('sends nothing after a no, also on the next page', async ({ page, stack }) => {
    await openPage(page, stack);
    await page.click('text=No');
    await openPage(page, stack);
    await expect(page.locator('#ask')).toBeHidden();
    // A page that does not ask would also send what had been stored.
    await stack.open(page, '<div class="offer" data-offer-id="witness" data-offer-dwell="0"></div>');
    await stack.expectRecorded(['viewed witness']);
  });
});

test.describe('a page that is only a file, by the example', () => {
  const SECRET = 'canary-secret-0123456789-abcdefghijk';
  test.use({ proxyOptions: { requireSignedOffers: SECRET } });

  let folder = '';
  let server: ChildProcess | undefined;

  test.beforeEach(async () => {
    // Below the repository, so that the server finds the package by its name.
    folder = await mkdtemp(resolve('test-results', 'my-offer-'));
  });
  test.afterEach(async () => {
    const ended = server && server.exitCode === null ? once(server, 'exit') : undefined;
    server?.kill();
    await ended;
    await rm(folder, { recursive: true });
  });

  /** Starts the example's server. @param offers What Chargebee answers, as the source of an expression. */
  const startServer = async (stack: Stack, offers: string): Promise<void> => {
    const port = await freePort();
    const example = await blockWith('docs/before.md', 'customerOf(request)');
    await writeFile(join(folder, 'my-offer.mjs'), example.replace('8790', `${port}`));
    await writeFile(join(folder, 'sessions.mjs'), "export const customerOf = async () => 'ada';\n");
    await writeFile(
      join(folder, 'offers.mjs'),
      `export const personalizedOffersOf = async () => (${offers});\n`,
    );
    const answering = (): Promise<Response> => fetch(`http://127.0.0.1:${port}`);
    const env = { ...process.env, OFFERSIGHT_SIGNING_SECRET: SECRET };
    server = spawn(process.execPath, [join(folder, 'my-offer.mjs')], { env, stdio: 'ignore' });
    await expect
      .poll(() =>
        answering().then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    stack.site.serve('/my-offer', async (_, response) => {
      const answer = await answering();
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
  };

  const openPage = async (page: Parameters<Stack['open']>[0], stack: Stack): Promise<void> => {
    const script = await blockWith('docs/start/html.md', "fetch('/my-offer')");
    await stack.open(
      page,
      `<article class="card offer" data-offer-dwell="0">Two months on us</article>${script}`,
    );
  };

  test('gets its offer with a token that the proxy takes', async ({ page, stack }) => {
    await startServer(
      stack,
      "{ personalized_offers: [{ id: 'a52ge40b' }], expires_at: Math.floor(Date.now() / 1000) + 3600 }",
    );
    await openPage(page, stack);
    await stack.expectRecorded(['viewed a52ge40b']);
  });

  test('shows no card to a customer who has no offer, nor while Chargebee does not answer', async ({
    page,
    stack,
  }) => {
    for (const offers of ['{ personalized_offers: [] }', "Promise.reject(new Error('away'))"]) {
      await startServer(stack, offers);
      await openPage(page, stack);
      await expect(page.locator('.card')).toHaveCount(0);
      expect(server?.exitCode).toBe(null);
      server?.kill();
    }
    expect(stack.site.gateway.calls).toEqual([]);
  });
});
