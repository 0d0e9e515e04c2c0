/**
 * The page about privacy lists everything that the product stores, sends and writes while it runs. Data that can be
 * about a person is only in the places that the page names.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOfferProxy, signOffer } from 'offersight/proxy';
import { createOfferServer, toNodeListener } from 'offersight/proxy/node';
import { sqliteIntake } from 'offersight/proxy/sqlite';
import { ask, bodyOf, eventOf, post } from './fixtures/post.js';
import {
  BROWSER,
  type Canaries,
  CHARGEBEE,
  FILE,
  LOG,
  METRICS,
  type Place,
  readPrivacyPage,
  WIRE,
} from './fixtures/privacy-page.js';
import {
  place,
  placesOfBrowser,
  placesOfChargebee,
  placesOfFile,
  placesOfLog,
  placesOfMetrics,
  placesOfWire,
} from './fixtures/privacy-places.js';
import { lookAround, NOTE_CHANNELS, startShop, startTaker } from './fixtures/private-shop.js';
import { trackerStats, untilWaiting } from './fixtures/ready.js';
import { type Bench, expect, test } from './fixtures/standalone.js';

const SECRET = 'a signing secret of at least thirty-two characters';
const REFUSED = 'offer-canary-refused';
const EXPIRES_AT = Date.UTC(2099, 0);
const canariesOf = async (subject?: string): Promise<Canaries & { readonly refusedToken: string }> => {
  const tokenOf = (id: string) => signOffer({ id, subject, expiresAt: EXPIRES_AT }, SECRET);
  return {
    address: '203.0.113.77',
    user: 'user-canary-8f14',
    offer: 'offer-canary-a52g',
    group: 'group-canary-autumn',
    token: await tokenOf('offer-canary-a52g'),
    refusedToken: await tokenOf(REFUSED),
  };
};

/** Expects that the page lists all places. Each seed adds a place that it does not list, and this must be noticed. */
const expectAllListed = async (
  places: readonly Place[],
  canaries: Canaries,
  seeds: readonly (readonly [seed: Place, missed: string])[],
): Promise<void> => {
  const page = await readPrivacyPage();
  expect(page.unlisted(places)).toEqual([]);
  expect(page.misplaced(places, canaries)).toEqual([]);
  for (const [seed, missed] of seeds)
    expect([...page.unlisted([...places, seed]), ...page.misplaced([...places, seed], canaries)]).toEqual([
      missed,
    ]);
};

/** A proxy with all options on that take data about a person. */
const startEndpoint = async ({ folder, apiKey }: Bench, baseUrl: string, canaries: Canaries) => {
  const file = join(folder, 'intake.db');
  const proxy = createOfferProxy({
    ...{ site: 'offersight-test', apiKey, baseUrl, trustedHops: 1, machines: 'count' },
    intake: sqliteIntake({ file }),
    requireSignedOffers: SECRET,
    subject: () => canaries.user,
    caller: () => ({ ip: canaries.address }),
    pace: { perMinute: 6_000 },
  });
  const server = createOfferServer(toNodeListener(proxy, { path: '/offer-events' }));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    file,
    async close() {
      server.close();
      server.closeAllConnections();
      await proxy.close();
    },
  };
};

test('the page lists all that a browser, the proxy, its file and Chargebee get, and nothing else is found', async ({
  bench,
  page,
  context,
}) => {
  const { refusedToken, ...canaries } = await canariesOf('user-canary-8f14');
  const chargebee = await startTaker(REFUSED);
  const endpoint = await startEndpoint(bench, chargebee.url, canaries);
  const tokens = { [canaries.offer]: canaries.token, [REFUSED]: refusedToken };
  const shop = await startShop(endpoint.url, { canaries, refused: REFUSED, tokens });
  await page.addInitScript(NOTE_CHANNELS);
  await page.goto(shop.url);
  await trackerStats(page);
  const whileWaiting = await lookAround(page);
  await page.click('button >> nth=0');
  await untilWaiting(page, 0);
  await page.click('button >> nth=1');
  await untilWaiting(page, 0);
  await page.evaluate(() => fetch('/plain', { method: 'POST', body: '{}' }));
  await expect.poll(() => chargebee.messages.length).toBeGreaterThanOrEqual(3);
  const left = await lookAround(page);
  const cookies = await context.cookies();
  await fetch(`${chargebee.url}/plain`, { method: 'POST', body: '{}' });
  await page.goto('about:blank');
  await endpoint.close();

  const [plain] = shop.messages.filter(({ path }) => path === '/plain');
  const plainCall = chargebee.messages.pop();
  if (!plain || !plainCall) throw new Error('There is nothing to compare with.');
  const posted = shop.messages.filter(({ path }) => path !== '/plain');
  const places = [
    ...placesOfBrowser(whileWaiting, cookies),
    ...placesOfBrowser(left, cookies),
    ...placesOfWire(posted, plain),
    ...placesOfChargebee(chargebee.messages, plainCall),
    ...placesOfFile(endpoint.file),
  ];
  // This shows that the test looked at the right places.
  const met = new Set(places.map(({ name }) => name));
  for (const name of ['offersight', 'seen', 'sent_at', 'token', 'status', 'authorization', 'offer_id'])
    expect([...met]).toContain(name);
  for (const secret of Object.values(canaries).filter((value) => value !== canaries.token))
    expect(places.some(({ value }) => value.includes(secret))).toBe(true);
  const bytes = await readFile(endpoint.file, 'latin1');
  expect(bytes.includes(canaries.token)).toBe(false);

  await expectAllListed(places, canaries, [
    [place(BROWSER, 'cookie', 'visitor'), `${BROWSER}: cookie visitor`],
    [place(BROWSER, 'localStorage', 'visitor'), `${BROWSER}: localStorage visitor`],
    [place(BROWSER, 'record', 'visitor'), `${BROWSER}: record visitor`],
    [place(BROWSER, 'field', 'visitor'), `${BROWSER}: field visitor`],
    [place(WIRE, 'header', 'x-visitor'), `${WIRE}: header x-visitor`],
    [place(WIRE, 'request field', 'visitor'), `${WIRE}: request field visitor`],
    [place(CHARGEBEE, 'header', 'chargebee-visitor'), `${CHARGEBEE}: header chargebee-visitor`],
    [place(FILE, 'column', 'visitor_name'), `${FILE}: column visitor_name`],
    [place(BROWSER, 'field', 'impressionId', canaries.user), `${BROWSER}: field impressionId holds the user`],
    [place(WIRE, 'reply field', 'code', canaries.offer), `${WIRE}: reply field code holds the offer`],
    [place(FILE, 'column', 'note', canaries.token), `${FILE}: column note holds the token`],
    [place(FILE, 'column', 'reason', canaries.offer), `${FILE}: column reason holds the offer`],
    [place(FILE, 'column', 'headers', canaries.offer), `${FILE}: column headers holds the offer`],
    [place(BROWSER, 'field', 'endpoint', canaries.user), `${BROWSER}: field endpoint holds the user`],
    [place(CHARGEBEE, 'field', 'type', canaries.group), `${CHARGEBEE}: field type holds the group`],
    [place(FILE, 'column', 'arrival', canaries.address), `${FILE}: column arrival holds the address`],
  ]);
  shop.close();
  chargebee.close();
});

test('the page lists every line of the log and every metric, and none of them identifies a person', async ({
  bench,
}) => {
  const { refusedToken, ...canaries } = await canariesOf();
  const taker = await startTaker(REFUSED);
  const env = { OFFERSIGHT_API_KEY: bench.apiKey, OFFERSIGHT_SIGNING_SECRET: SECRET };
  const args = [
    '--trusted-hops',
    '1',
    '--require-signed-offers',
    '--per-address',
    '3',
    '--base-url',
    taker.url,
  ];
  const proxy = await bench.start([...args, '--log-ids'], { env });
  const headers = { 'x-forwarded-for': canaries.address };
  const fields = {
    offer: canaries.offer,
    token: canaries.token,
    group: canaries.group,
    subject: canaries.user,
  };
  const events = [
    eventOf(1, fields),
    eventOf(2, { ...fields, offer: REFUSED, token: refusedToken }),
    eventOf(3, { ...fields, token: refusedToken }),
  ];
  expect((await post(proxy.url, bodyOf(...events), { headers })).status).toBe(200);
  expect((await post(proxy.url, bodyOf(eventOf(4, fields)), { headers })).status).toBe(429);
  await expect.poll(() => proxy.log.filter(({ message }) => message === 'forwarded').length).toBe(2);
  const metrics = (await ask(proxy.url, '/metrics')).text;
  proxy.kill('SIGTERM');
  expect((await proxy.ended).code).toBe(0);
  const places = [...placesOfLog(proxy.output()), ...placesOfMetrics(metrics)];
  const met = places.map(({ name }) => name);
  for (const name of ['listening', 'request', 'verdict', 'call', 'forwarded', 'event', 'stopped', 'lane'])
    expect(met).toContain(name);
  await expectAllListed(places, canaries, [
    [place(LOG, 'property', 'visitor'), `${LOG}: property visitor`],
    [place(LOG, 'line', 'visit'), `${LOG}: line visit`],
    [place(METRICS, 'metric', 'offersight_visitors'), `${METRICS}: metric offersight_visitors`],
    [place(METRICS, 'label', 'visitor'), `${METRICS}: label visitor`],
    [place(LOG, 'property', 'id', canaries.offer), `${LOG}: property id holds the offer`],
    [place(LOG, 'property', 'code', canaries.address), `${LOG}: property code holds the address`],
    [place(LOG, 'property', 'cause', canaries.user), `${LOG}: property cause holds the user`],
    [place(METRICS, 'label', 'code', canaries.offer), `${METRICS}: label code holds the offer`],
    [place(LOG, 'property', 'verdict', canaries.token), `${LOG}: property verdict holds the token`],
    [place(METRICS, 'label', 'lane', canaries.group), `${METRICS}: label lane holds the group`],
  ]);
  taker.close();
});
