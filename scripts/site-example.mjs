// Plays with the running example of the built site, as a reader would: it has to count, and to store and send nothing.

/** @import { Page } from 'playwright' */

/** The page that has it. */
export const EXAMPLE = 'counts.html';

const LIMIT_MS = 60_000;

/**
 * The faults of the example, a sentence each.
 * @param {Page} page A page that shows it.
 */
export const faultsOfExample = async (page) => {
  /** @type {string[]} */
  const faults = [];
  /** @type {string[]} */
  const sent = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(`${request.method()} ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`${EXAMPLE}: ${error}`));
  /**
   * @param {string} selector
   * @param {string} words
   */
  const untilSaid = (selector, words) =>
    page
      .locator(selector, { hasText: words })
      .first()
      .waitFor({ timeout: LIMIT_MS })
      .catch(() => faults.push(`${EXAMPLE}: the example does not say “${words}”.`));
  await page.locator('.dwell').scrollIntoViewIfNeeded({ timeout: LIMIT_MS });
  await untilSaid('.dwell [role=status]', 'not in view');
  await page.locator('.dwell-shop').evaluate((shop) => shop.scrollTo(0, 250));
  await untilSaid('.dwell ol', 'viewed');
  await page.locator('.dwell-offer button').click({ timeout: LIMIT_MS });
  await untilSaid('.dwell ol', 'dismissed, reason control');
  const stored = await page.evaluate(async () => [
    ...(await indexedDB.databases()).map(({ name }) => name),
    ...(document.cookie ? [document.cookie] : []),
  ]);
  if (sent.length || stored.length)
    faults.push(`${EXAMPLE}: the example leaves ${[...sent, ...stored].join(', ')}.`);
  return faults;
};
