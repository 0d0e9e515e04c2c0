import { inspectLink } from 'offersight/proxy';
import { ask, bodyOf, eventOf, post } from '../fixtures/post.js';
import { BROWSER, place, WIRE } from '../fixtures/privacy-headings.js';
import { placesOfAnswer, placesOfBrowser, placesOfLog, placesOfWire } from '../fixtures/privacy-places.js';
import { canariesOf, expectAllListed, SECRET, startWholeWay } from '../fixtures/private-endpoint.js';
import { lookAround, NOTE_CHANNELS } from '../fixtures/private-shop.js';
import { trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/standalone.js';

test('the page lists all that an answer to a refused request has, and nothing of the request is in it', async ({
  bench,
}) => {
  const { refusedToken, ...canaries } = await canariesOf();
  const env = { OFFERSIGHT_API_KEY: bench.apiKey, OFFERSIGHT_SIGNING_SECRET: SECRET };
  const proxy = await bench.start(['--trusted-hops', '1', '--require-signed-offers', '--per-address', '3'], {
    env,
  });
  const { offer, token, group, user: subject } = canaries;
  const headers = { 'x-forwarded-for': canaries.address, cookie: `visitor=${subject}`, referer: offer };
  const event = eventOf(1, { offer, token, group, subject });
  const body = bodyOf(event);
  const send = (change: Record<string, string>, sent = body) =>
    post(proxy.url, sent, { headers: { ...headers, ...change } });
  const answers = [
    await ask(proxy.url, `/offer-events?offer=${offer}`, { headers }),
    await send({ 'sec-fetch-site': 'cross-site', origin: `https://${subject}.example` }),
    await send({ 'content-type': `text/plain; offer=${offer}` }),
    await send({ 'content-encoding': 'gzip' }),
    await send({}, body.padEnd(500_001)),
    await send({}, `{"v":1,"sent_at":1,"events":[{"personalized_offer_id":"${offer}"`),
    await send({}, JSON.stringify({ v: 1, sent_at: 1, events: [{ ...event, [subject]: token }] })),
    await send({}, JSON.stringify({ v: offer, sent_at: 1, events: [] })),
    await send({}, JSON.stringify({ v: 1, inspect: `${token}${subject}`, path: `/${offer}` })),
    // Taken, and then too many.
    await send({}, bodyOf(event, eventOf(2, { offer, token: refusedToken }), eventOf(3, { offer, subject }))),
    await send({}, bodyOf(eventOf(4, { offer, token, group, subject }))),
  ];
  const statuses = new Set(answers.map(({ status }) => status));
  expect([...statuses].sort()).toEqual([200, 400, 403, 405, 413, 415, 429]);
  proxy.kill('SIGTERM');
  await proxy.ended;
  const places = [
    ...answers.flatMap((answer) => placesOfAnswer(answer.headers, answer.text)),
    ...placesOfLog(proxy.output()),
  ];
  const met = places.map(({ kind, name }) => `${kind} ${name}`);
  for (const each of ['problem field title', 'problem header allow', 'reply field code', 'property code'])
    expect(met).toContain(each);
  await expectAllListed(places, canaries, [
    [place(WIRE, 'problem field', 'address'), `${WIRE}: problem field address`],
    // Another answer has it.
    [place(WIRE, 'problem field', 'results'), `${WIRE}: problem field results`],
    [place(WIRE, 'problem field', 'title', canaries.offer), `${WIRE}: problem field title holds the offer`],
    [place(WIRE, 'problem field', 'type', canaries.user), `${WIRE}: problem field type holds the user`],
    [place(WIRE, 'problem header', 'allow', canaries.token), `${WIRE}: problem header allow holds the token`],
  ]);
});

test('the page lists all that the inspector leaves in a browser and asks the proxy', async ({
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
  const cookies = await context.cookies();
  await page.goto('about:blank');
  await endpoint.close();

  const [plain] = shop.messages.filter(({ path }) => path === '/plain');
  if (!plain) throw new Error('There is nothing to compare with.');
  const posted = shop.messages.filter(({ path }) => path !== '/plain');
  const places = [...placesOfBrowser(left, cookies), ...placesOfWire(posted, plain)];
  const met = places.map(({ kind, name }) => `${kind} ${name}`);
  for (const each of [
    'inspection field inspect',
    'inspection field path',
    'record seen',
    'channel offersight',
  ])
    expect(met).toContain(each);
  await expectAllListed(places, canaries, [
    [place(BROWSER, 'localStorage', 'inspector'), `${BROWSER}: localStorage inspector`],
    [place(BROWSER, 'sessionStorage', 'inspector'), `${BROWSER}: sessionStorage inspector`],
    [place(BROWSER, 'database', 'inspector'), `${BROWSER}: database inspector`],
    [place(BROWSER, 'cache', 'inspector'), `${BROWSER}: cache inspector`],
    [place(BROWSER, 'global', 'inspector'), `${BROWSER}: global inspector`],
    [place(WIRE, 'inspection field', 'events'), `${WIRE}: inspection field events`],
    [
      place(WIRE, 'inspection field', 'path', canaries.offer),
      `${WIRE}: inspection field path holds the offer`,
    ],
  ]);
  shop.close();
  chargebee.close();
});
