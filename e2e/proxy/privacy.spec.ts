/**
 * The page about privacy lists everything that the product stores, sends and writes while it runs. Data that can be
 * about a person is only in the places that the page names.
 */
import { readFile } from 'node:fs/promises';
import { inspectLink } from 'offersight/proxy';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { FILE, METRICS, readPrivacyPage } from '../fixtures/privacy-page.js';
import {
  placesOfAnswer,
  placesOfBrowser,
  placesOfChargebee,
  placesOfFile,
  placesOfLog,
  placesOfMetrics,
  placesOfWire,
} from '../fixtures/privacy-places.js';
import { canariesOf, expectAllListed, REFUSED, SECRET, startWholeWay } from '../fixtures/private-endpoint.js';
import { type LeftBehind, lookAround, NOTE_CHANNELS, startTaker } from '../fixtures/private-shop.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/standalone.js';

/** The page says that nothing is here. */
const EMPTY = { localStorage: {}, sessionStorage: {}, caches: [] } satisfies Partial<LeftBehind>;

test('the page lists all that a browser, the proxy, its file and Chargebee get, and nothing else is found', async ({
  bench,
  page,
  context,
}) => {
  const { canaries, chargebee, endpoint, shop } = await startWholeWay(bench);
  await page.addInitScript(NOTE_CHANNELS);
  await page.goto(shop.url);
  await trackerStats(page);
  const whileWaiting = await lookAround(page);
  await page.click('button >> nth=0');
  await untilWaiting(page, 0);
  await page.click('button >> nth=1');
  await untilWaiting(page, 0);
  await page.evaluate(() => fetch('/plain', { method: 'POST', body: '{}' }));
  const called = (isOfUsage: boolean) =>
    chargebee.messages.filter(({ path }) => path.includes('usage') === isOfUsage);
  await expect.poll(() => called(false).length).toBe(3);
  // All four, since one that waits has its caller in the file. The last dismissal is refused only as an offer event.
  const metered = () =>
    called(true).flatMap(({ body }) => (JSON.parse(body) as { readonly events: readonly unknown[] }).events);
  await expect.poll(() => metered()).toHaveLength(4);
  const left = await lookAround(page);
  expect(left).toMatchObject(EMPTY);
  expect(await context.cookies()).toEqual([]);
  await fetch(`${chargebee.url}/plain`, { method: 'POST', body: '{}' });
  await page.goto('about:blank');
  await endpoint.close();

  const [plain] = shop.messages.filter(({ path }) => path === '/plain');
  const plainCall = chargebee.messages.pop();
  if (!plain || !plainCall) throw new Error('There is nothing to compare with.');
  const ofFile = placesOfFile(endpoint.file);
  const places = [
    ...placesOfBrowser(whileWaiting),
    ...placesOfBrowser(left),
    ...placesOfWire(
      shop.messages.filter(({ path }) => path !== '/plain'),
      plain,
    ),
    ...placesOfChargebee(chargebee.messages, plainCall),
    ...ofFile,
  ];
  // This shows that the test looked at the right places.
  const met = new Set(places.map(({ name }) => name));
  for (const name of ['offersight', 'seen', 'sent_at', 'token', 'status', 'authorization', 'offer_id'])
    expect([...met]).toContain(name);
  for (const secret of Object.values(canaries).filter((value) => value !== canaries.token))
    expect(places.some(({ value }) => value.includes(secret))).toBe(true);
  expect((await readFile(endpoint.file, 'latin1')).includes(canaries.token)).toBe(false);
  await expectAllListed(places, canaries);
  // Columns also the other way round: the page lists none that is not there.
  const columns = new Set(ofFile.map(({ of, name }) => `${of}.${name}`));
  expect((await readPrivacyPage()).rows(FILE).sort()).toEqual([...columns].sort());
  shop.close();
  chargebee.close();
});

test('the page lists all of an answer, the log and the metrics, and none of them identifies a person', async ({
  bench,
}) => {
  const { refusedToken, ...canaries } = await canariesOf();
  const taker = await startTaker(REFUSED);
  const env = { OFFERSIGHT_API_KEY: bench.apiKey, OFFERSIGHT_SIGNING_SECRET: SECRET };
  const start = (...args: readonly string[]) =>
    bench.start(['--trusted-hops', '1', '--per-address', '3', ...args], { env });
  const proxy = await start('--base-url', taker.url, '--log-ids');
  const { offer, token, group, user: subject } = canaries;
  const headers = { 'x-forwarded-for': canaries.address, cookie: `visitor=${subject}`, referer: offer };
  const event = eventOf(1, { offer, token, group, subject });
  const send = (change: Record<string, string>, sent = bodyOf(event)) =>
    post(proxy.url, sent, { headers: { ...headers, ...change } });
  const answers = [
    await ask(proxy.url, `/offer-events?offer=${offer}`, { headers }),
    await send({ 'sec-fetch-site': 'cross-site', origin: `https://${subject}.example` }),
    await send({ 'content-type': `text/plain; offer=${offer}` }),
    await send({ 'content-encoding': 'gzip' }),
    await send({}, bodyOf(event).padEnd(500_001)),
    await send({}, `{"v":1,"sent_at":1,"events":[{"personalized_offer_id":"${offer}"`),
    await send({}, JSON.stringify({ v: 1, sent_at: 1, events: [{ ...event, [subject]: token }] })),
    await send({}, JSON.stringify({ v: offer, sent_at: 1, events: [] })),
    await send({}, JSON.stringify({ v: 1, inspect: `${token}${subject}`, path: `/${offer}` })),
    // Taken, and then too many.
    await send(
      {},
      bodyOf(
        event,
        eventOf(2, { offer: REFUSED, token: refusedToken, group, subject }),
        eventOf(3, { offer, token: refusedToken, group, subject }),
      ),
    ),
    await send({}, bodyOf(eventOf(4, { offer, token, group, subject }))),
  ];
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([200, 400, 403, 405, 413, 415, 429]);
  await expect.poll(() => proxy.log.filter(({ message }) => message === 'forwarded').length).toBe(2);
  const metrics = placesOfMetrics((await ask(proxy.url, '/metrics')).text);
  proxy.kill('SIGTERM');
  expect((await proxy.ended).code).toBe(0);
  const log = placesOfLog(proxy.output());
  const met = [...log, ...metrics].map(({ name }) => name);
  for (const name of ['listening', 'request', 'verdict', 'call', 'forwarded', 'event', 'stopped', 'lane'])
    expect(met).toContain(name);
  const answered = answers.flatMap((answer) => placesOfAnswer(answer.headers, answer.text));
  // An answer repeats nothing of its request, not even what it may hold otherwise.
  for (const secret of Object.values(canaries))
    expect(answered.filter(({ value }) => value.includes(secret))).toEqual([]);
  await expectAllListed([...answered, ...log, ...metrics], canaries);
  // Every metric has a type, also one that has counted nothing yet.
  const scraped = new Set(metrics.filter(({ of, name }) => !of && name !== 'le').map(({ name }) => name));
  expect((await readPrivacyPage()).heads(METRICS).sort()).toEqual([...scraped].sort());
  taker.close();
});

test('the inspector leaves nothing more in a browser, and the page lists what it asks the proxy', async ({
  bench,
  page,
  context,
}) => {
  const { canaries, chargebee, endpoint, shop } = await startWholeWay(bench);
  await page.addInitScript(NOTE_CHANNELS);
  await page.goto(await inspectLink(`${shop.url}/offers`, { secret: SECRET }));
  await trackerStats(page);
  await expect(page.locator('offersight-inspector')).toBeAttached();
  await page.click('button[data-offer-dismiss] >> nth=0');
  await untilWaiting(page, 0);
  await expect(page.locator('offersight-inspector')).toContainText('counted');
  await page.evaluate(() => fetch('/plain', { method: 'POST', body: '{}' }));
  const left = await lookAround(page);
  expect(left).toMatchObject(EMPTY);
  expect(await context.cookies()).toEqual([]);
  await page.goto('about:blank');
  await endpoint.close();

  const [plain] = shop.messages.filter(({ path }) => path === '/plain');
  if (!plain) throw new Error('There is nothing to compare with.');
  const posted = shop.messages.filter(({ path }) => path !== '/plain');
  const places = [...placesOfBrowser(left), ...placesOfWire(posted, plain)];
  const met = places.map(({ name }) => name);
  for (const name of ['inspect', 'path', 'seen', 'offersight']) expect(met).toContain(name);
  await expectAllListed(places, canaries);
  shop.close();
  chargebee.close();
});
