import { randomBytes } from 'node:crypto';
import { signOffer } from 'offersight/proxy';
import { type OffersightWindow, trackerStats, untilWaiting } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const SECRET = randomBytes(32).toString('hex');
const HOUR_MS = 3_600_000;

const offer = (id: string, token?: string) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="0" ${token ? `data-offer-token="${token}"` : ''}>
     <button id="close-${id}" data-offer-dismiss>x</button></div>`;

test.describe('if the proxy requires signed offers', () => {
  test.use({ proxyOptions: { requireSignedOffers: SECRET } });

  test('offers that the server signed are viewed and closed, and made-up ones are refused (attack 43)', async ({
    page,
    stack,
  }) => {
    const expiresAt = Date.now() + HOUR_MS;
    const token = await signOffer({ id: 'signed', expiresAt }, SECRET);
    await stack.open(page, `${offer('signed', token)}${offer('unsigned')}${offer('borrowed', token)}`);
    await page.click('#close-signed');
    await page.click('#close-borrowed');
    await stack.expectRecorded(['viewed signed', 'dismissed signed']);
    await untilWaiting(page, 0);
    expect((await trackerStats(page)).discarded).toMatchObject({ refused: 3 });
    await stack.expectRecorded(['viewed signed', 'dismissed signed']);
  });

  test('a token that is given to observe() is accepted, even for an event that waited for the network', async ({
    page,
    stack,
  }) => {
    const token = await signOffer({ id: 'by-hand', expiresAt: Date.now() + HOUR_MS }, SECRET);
    stack.site.gateway.fault = 'off';
    await stack.open(page, '<div class="offer" id="card"></div>');
    await page.evaluate((given) => {
      const site = window as unknown as { offersight: { push(command: (tracker: never) => void): void } };
      site.offersight.push((tracker: { observe(element: Element | null, offer: object): void }) => {
        tracker.observe(document.querySelector('#card'), { id: 'by-hand', dwellMs: 0, token: given });
      });
    }, token);
    await untilWaiting(page, 1);
    stack.site.gateway.fault = undefined;
    await page.reload();
    await stack.expectRecorded(['viewed by-hand']);
  });

  test('an offer that is closed or accepted by its id has the token of the element that shows it, or did last', async ({
    page,
    stack,
  }) => {
    const ids = ['named', 'called', 'gone', 'taken', 'taken-named'];
    const expiresAt = Date.now() + HOUR_MS;
    const offers = await Promise.all(
      ids.map(async (id) => {
        const token = await signOffer({ id, expiresAt }, SECRET);
        // Only the decision can prove that the offer was displayed.
        return offer(id, token).replace('dwell="0"', 'dwell="60000"');
      }),
    );
    await stack.open(
      page,
      `${offers.join('')}<button id="outside" data-offer-dismiss="named">x</button>
       <button id="accept" data-offer-accept="taken-named">Yes</button>`,
    );
    await trackerStats(page);
    await page.click('#outside');
    await page.click('#accept');
    await page.evaluate(async () => {
      document.querySelector('[data-offer-id=gone]')?.remove();
      // The tracker notices the removal in the next frame, after callbacks that were requested earlier.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
      (window as unknown as OffersightWindow).offersight.push((tracker) => {
        tracker.dismiss('called');
        tracker.dismiss('gone');
        tracker.accept('taken');
      });
    });
    await stack.expectRecorded([
      ...['named', 'called', 'gone'].flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]),
      'viewed taken',
      'viewed taken-named',
    ]);
    await untilWaiting(page, 0);
    expect((await trackerStats(page)).discarded).toEqual({});
  });
});
