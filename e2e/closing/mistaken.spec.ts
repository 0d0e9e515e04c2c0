/**
 * Actions that only look as if they close an offer: controls of something else, offers that move by themselves, and
 * offers that are drawn again.
 */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { type Stack, test } from '../fixtures/stack.js';
import { showWitness } from '../fixtures/witness.js';

const offer = (id: string, inside = '') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="60000">${id} ${inside}</div>`;

const DRAWER = 'role="dialog" style="position: fixed; right: 0; top: 0; width: 400px; background: silver"';

const HINT = '<span id="hint">Hint <button onclick="hint.remove()">×</button></span>';

const SPA = `<script>
  const leave = () => { history.pushState({}, '', '/next'); document.querySelector('main').innerHTML = '<h1>Next</h1>' };
</script>`;

interface Mistake {
  readonly body: string;
  readonly act: (page: Page) => Promise<unknown>;
  /** The offers that are really closed. */
  readonly closed?: readonly string[];
}

const later = (page: Page, ms: number): Promise<unknown> =>
  page.evaluate((delay) => new Promise((resolve) => setTimeout(resolve, delay)), ms);

const MISTAKES: Readonly<Record<string, Mistake>> = {
  'a control that folds a part of the offer, and then a link of it': {
    body: `<main>${offer('card', `<p id="terms">Terms <button onclick="terms.remove()">Close</button></p><a href="#" onclick="event.preventDefault(); leave()">Shop</a>`)}</main>`,
    async act(page) {
      await page.click('button');
      await page.click('a');
    },
  },
  'a line of the cart that is removed, and then the way to pay': {
    body: `<main><div ${DRAWER}><p id="line">Coffee <button onclick="line.remove()">×</button></p>${offer('card')}
      <a href="#" onclick="event.preventDefault(); leave()">Pay</a></div></main>`,
    async act(page) {
      await page.click('button');
      await page.click('a');
    },
  },
  'a hint that is closed, the wheel, and then a link elsewhere': {
    body: `<main style="height: 3000px">${offer('card', HINT)}<a href="#" style="position: fixed; right: 0; top: 300px" onclick="event.preventDefault(); leave()">Shop</a></main>`,
    async act(page) {
      await page.click('button');
      await page.mouse.wheel(0, 60);
      await page.click('a');
    },
  },
  'a drawer beside which a blank spot is pressed, and whose list is scrolled then': {
    body: `<div ${DRAWER}><div style="overflow: auto; height: 500px">${offer('card')}<p style="height: 2000px"></p></div></div>`,
    async act(page) {
      await page.mouse.click(200, 500);
      await page.mouse.move(1_100, 300);
      await page.mouse.wheel(0, 900);
    },
  },
  'a list that is drawn by its places, whose first offer is closed': {
    body: `<div ${DRAWER} id="list"></div><script>
      const ids = ['a', 'b', 'c'];
      const draw = () => {
        while (list.children.length > ids.length) list.lastChild.remove();
        ids.forEach((id, at) => {
          const card = list.children[at] ?? list.appendChild(document.createElement('div'));
          card.className = 'offer';
          card.dataset.offerDwell = 60000;
          card.dataset.offerId = id;
          card.innerHTML = '<button aria-label="Close">x</button>' + id;
          card.firstChild.onclick = () => { ids.splice(at, 1); draw() };
        });
      };
      draw();
    </script>`,
    act: (page) => page.click('button >> nth=0'),
    closed: ['a'],
  },
  'a multiplication sign in a link': {
    body: `<main>${offer('card', `<a href="#" onclick="event.preventDefault(); leave()"><span>2</span> <span class="part">×</span> <span>Coffee</span></a>`)}</main>`,
    act: (page) => page.click('.part'),
  },
  'a brand whose name is a close word in another language': {
    body: `<main>${offer('card', `<a href="#" onclick="event.preventDefault(); leave()"><span class="part">LuK</span> clutches</a>`)}</main>`,
    act: (page) => page.click('.part'),
  },
  'a menu that a button in the offer opens': {
    body: `<main>${offer('card', '<button popovertarget="menu">More</button>')}</main><div popover id="menu">Menu</div>
      <script>document.querySelector('button').addEventListener('click', () => setTimeout(leave, 500))</script>`,
    act: (page) => page.click('button'),
  },
  'a row of a virtual list that is scrolled away after a hint in it was closed': {
    body: `<div id="list" style="height: 300px; overflow: auto">${offer('card', HINT)}<p style="height: 3000px"></p></div>
      <script>list.onscroll = () => { list.onscroll = null; list.firstElementChild.style.visibility = 'hidden'; setTimeout(() => list.firstElementChild.remove(), 100) }</script>`,
    async act(page) {
      await page.click('button');
      await later(page, 100);
      await page.mouse.move(100, 150);
      await page.mouse.wheel(0, 600);
    },
  },
  'a form in a dialog whose other button has an answer': {
    body: `<dialog id="box"><button type="button" aria-label="Close">×</button>${offer('card')}<form method="dialog"><button value="add" class="part">Add</button></form></dialog>
      <script>box.showModal()</script>`,
    act: (page) => page.click('.part'),
  },
  'a dialog above another one, in which something is pressed that closes both': {
    body: `<dialog id="below">${offer('card')}</dialog><dialog id="over"><button type="button" class="part" onclick="over.close(); below.close()">Add</button></dialog>
      <script>below.showModal(); over.showModal()</script>`,
    act: (page) => page.click('.part'),
  },
  'a finger beside a dialog that scrolls the page, and a dialog that hides then': {
    body: `<div ${DRAWER} id="box">${offer('card')}</div><p style="height: 3000px"></p>
      <script>addEventListener('scroll', () => box.remove(), { once: true })</script>`,
    async act(page) {
      const cdp = await page.context().newCDPSession(page);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...ys: readonly number[]) =>
        cdp.send('Input.dispatchTouchEvent', { type, touchPoints: ys.map((y) => ({ x: 200, y })) });
      await touch('touchStart', 500);
      for (let y = 480; y > 300; y -= 20) await touch('touchMove', y);
      await touch('touchEnd');
      await page.locator('#box').waitFor({ state: 'detached' });
    },
  },
  'a press on a cross that leaves it before it ends, and an offer that the page takes away': {
    body: `${offer('card', '<button aria-label="Close" style="width: 60px">x</button> <b>Half price</b>')}
      <script>addEventListener('click', () => setTimeout(() => document.querySelector('[data-offer-id=card]').remove(), 300))</script>`,
    async act(page) {
      await page.hover('[aria-label=Close]');
      await page.mouse.down();
      await page.hover('b');
      await page.mouse.up();
      await page.locator('[data-offer-id=card]').waitFor({ state: 'detached' });
    },
  },
  'a choice whose value is called cancel': {
    body: `<main>${offer('card', `<input type="radio" value="cancel" onclick="setTimeout(leave, 300)">`)}</main>`,
    act: (page) => page.click('input'),
  },
};

test.describe('only offers that were closed are recorded as dismissed', () => {
  for (const [name, { body, act, closed = [] }] of Object.entries(MISTAKES)) {
    test(name, async ({ page, stack }: { page: Page; stack: Stack }) => {
      await stack.open(page, `${SPA}${body}`);
      await trackerStats(page);
      await page.evaluate(() => new Promise<number>(requestAnimationFrame));
      await act(page);
      await showWitness(page);
      await stack.expectRecorded([
        ...closed.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]),
        'viewed witness',
      ]);
    });
  }
});

test('a cancel button of a form that accepts does not accept', async ({ page, stack }) => {
  await stack.open(
    page,
    `<dialog id="box">${offer('card')}<form method="dialog" data-offer-accept="card"><button value="cancel">No</button><button value="yes">Yes</button></form></dialog>
     <script>box.showModal()</script>`,
  );
  await trackerStats(page);
  await page.click('[value=cancel]');
  await stack.expectRecorded(['viewed card', 'dismissed card']);
});

test('a form whose fields have the names of its own properties is closed like any other', async ({
  page,
  stack,
}) => {
  await stack.open(
    page,
    `<form onsubmit="return false" data-offer-id="card" data-offer-dwell="60000" class="offer"><input name="children"><input name="matches">
       <button type="button" aria-label="Close" onclick="document.querySelector('[data-offer-id]').remove()">x</button></form>`,
  );
  await trackerStats(page);
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  await page.click('button');
  await stack.expectRecorded(['viewed card', 'dismissed card']);
  if (errors[0]) throw errors[0];
});

test('the cross of a toast that is drawn around the offer closes it', async ({ page, stack }) => {
  await stack.open(
    page,
    `<ol><li role="status">${offer('card')}<button aria-label="Close" onclick="this.parentElement.remove()">x</button></li></ol>`,
  );
  await trackerStats(page);
  await page.click('button');
  await stack.expectRecorded(['viewed card', 'dismissed card']);
});
