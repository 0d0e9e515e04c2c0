/**
 * The page about privacy lists everything that the product stores, sends and writes while it runs. Data that can be
 * about a person is only in the places that the page names.
 */
import { readFile } from 'node:fs/promises';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { BROWSER, CHARGEBEE, FILE, LOG, METRICS, place, WIRE } from '../fixtures/privacy-headings.js';
import {
  placesOfBrowser,
  placesOfChargebee,
  placesOfFile,
  placesOfLog,
  placesOfMetrics,
  placesOfWire,
} from '../fixtures/privacy-places.js';
import { canariesOf, expectAllListed, REFUSED, SECRET, startWholeWay } from '../fixtures/private-endpoint.js';
import { lookAround, NOTE_CHANNELS, startTaker } from '../fixtures/private-shop.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/standalone.js';

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
    // Other tables and lists of the same part have these names.
    [place(BROWSER, 'record', 'subject'), `${BROWSER}: record subject`],
    [place(BROWSER, 'field', 'subject', '', 'seen'), `${BROWSER}: field seen.subject`],
    [place(WIRE, 'request header', 'x-visitor'), `${WIRE}: request header x-visitor`],
    [place(WIRE, 'answer header', 'allow'), `${WIRE}: answer header allow`],
    [place(WIRE, 'request field', 'subject'), `${WIRE}: request field subject`],
    [place(CHARGEBEE, 'header', 'chargebee-visitor'), `${CHARGEBEE}: header chargebee-visitor`],
    [place(CHARGEBEE, 'field', 'properties'), `${CHARGEBEE}: field properties`],
    [place(FILE, 'column', 'visitor_name', '', 'events'), `${FILE}: column events.visitor_name`],
    [place(FILE, 'column', 'visitor', '', 'ledger'), `${FILE}: column ledger.visitor`],
    [
      place(BROWSER, 'event field', 'impressionId', canaries.user),
      `${BROWSER}: event field impressionId holds the user`,
    ],
    [place(WIRE, 'reply field', 'code', canaries.offer), `${WIRE}: reply field code holds the offer`],
    [
      place(FILE, 'column', 'note', canaries.token, 'lane_notes'),
      `${FILE}: column lane_notes.note holds the token`,
    ],
    [
      place(FILE, 'column', 'reason', canaries.offer, 'events'),
      `${FILE}: column events.reason holds the offer`,
    ],
    [
      place(FILE, 'column', 'headers', canaries.offer, 'events'),
      `${FILE}: column events.headers holds the offer`,
    ],
    [
      place(FILE, 'column', 'content', canaries.offer, 'accepted'),
      `${FILE}: column accepted.content holds the offer`,
    ],
    [
      place(BROWSER, 'field', 'endpoint', canaries.user, 'entry'),
      `${BROWSER}: field entry.endpoint holds the user`,
    ],
    [place(CHARGEBEE, 'field', 'type', canaries.group), `${CHARGEBEE}: field type holds the group`],
    [
      place(CHARGEBEE, 'usage field', 'properties', canaries.user),
      `${CHARGEBEE}: usage field properties holds the user`,
    ],
    [
      place(FILE, 'column', 'arrival', canaries.address, 'events'),
      `${FILE}: column events.arrival holds the address`,
    ],
    [
      place(FILE, 'column', 'usage', canaries.address, 'usage'),
      `${FILE}: column usage.usage holds the address`,
    ],
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
    [place(LOG, 'property of each line', 'visitor'), `${LOG}: property of each line visitor`],
    [place(LOG, 'line', 'visit'), `${LOG}: line visit`],
    // Other rows have these names.
    [place(LOG, 'property', 'offer_id', '', 'alert'), `${LOG}: property alert.offer_id`],
    [place(METRICS, 'label', 'code', '', 'offersight_waiting'), `${METRICS}: label offersight_waiting.code`],
    [place(METRICS, 'metric', 'offersight_visitors'), `${METRICS}: metric offersight_visitors`],
    [place(METRICS, 'metric', 'visitors'), `${METRICS}: metric visitors`],
    [place(METRICS, 'label of each metric', 'visitor'), `${METRICS}: label of each metric visitor`],
    [place(LOG, 'property', 'id', canaries.offer, 'event'), `${LOG}: property event.id holds the offer`],
    [
      place(LOG, 'property', 'code', canaries.address, 'request'),
      `${LOG}: property request.code holds the address`,
    ],
    [place(LOG, 'property', 'cause', canaries.user, 'alert'), `${LOG}: property alert.cause holds the user`],
    [
      place(LOG, 'property', 'verdict', canaries.token, 'event'),
      `${LOG}: property event.verdict holds the token`,
    ],
    [
      place(METRICS, 'label', 'code', canaries.offer, 'offersight_events_total'),
      `${METRICS}: label offersight_events_total.code holds the offer`,
    ],
    [
      place(METRICS, 'label', 'lane', canaries.group, 'offersight_waiting'),
      `${METRICS}: label offersight_waiting.lane holds the group`,
    ],
  ]);
  taker.close();
});
