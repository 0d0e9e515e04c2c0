/** Actions that only look as if they close an offer: controls of something else, and presses that mean something else. */
import { holdTimers, trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import {
  at,
  both,
  closing,
  DRAWER,
  expectOnly,
  gone,
  MARKED,
  modal,
  offer,
  openReady,
  pass,
  type Row,
  X,
} from './rows.js';

const HINT = '<span id="hint">Hint <button onclick="hint.remove()">×</button></span>';

const SPA = `<script>
  const leave = () => { history.pushState({}, '', '/next'); document.querySelector('main').innerHTML = '<h1>Next</h1>' };
</script>`;
const link = (inside: string) => `<a href="#" onclick="event.preventDefault(); leave()">${inside}</a>`;
const inMain = (inside: string, attributes = '') => `<main ${attributes}>${offer('card', inside)}</main>`;

test.describe('no offer is recorded as dismissed after', () => {
  const ROWS: Readonly<Record<string, Row>> = {
    'a control that folds a part of the offer, and then a link of it': [
      inMain(`<p id="terms">Terms <button onclick="terms.remove()">Close</button></p>${link('Shop')}`),
      ['button', 'main a'],
    ],
    'a line of the cart that is removed, and then the way to pay': [
      `<main><div ${DRAWER}><p id="line">Coffee <button onclick="line.remove()">×</button></p>${offer('card')}${link('Pay')}</div></main>`,
      ['button', 'main a'],
    ],
    'a hint that is closed, the wheel, and then a link elsewhere': [
      `${inMain(HINT, 'style="height: 3000px"')}<p style="position: fixed; right: 0; top: 300px">${link('Shop')}</p>`,
      ['button', (page) => page.mouse.wheel(0, 60), 'p a'],
    ],
    'a press beside a drawer, whose list is scrolled then': [
      `<div ${DRAWER}><div style="overflow: auto; height: 500px">${offer('card')}<p style="height: 2000px"></p></div></div>`,
      [at(200, 500), (page) => page.mouse.move(1_100, 300), (page) => page.mouse.wheel(0, 900)],
    ],
    'a multiplication sign in a link': [
      inMain(link('<span>2</span> <span class="part">×</span> <span>Coffee</span>')),
      '.part',
    ],
    'a brand whose name is a close word in another language': [
      inMain(link('<span class="part">LuK</span> clutches')),
      '.part',
    ],
    'a menu that a button in the offer opens': [
      `${inMain('<button popovertarget="menu">More</button>')}<div popover id="menu">Menu</div>
       <script>document.querySelector('button').addEventListener('click', () => setTimeout(leave, 500))</script>`,
      'button',
    ],
    'a hint in a row of a virtual list, which is scrolled away then': [
      `<div id="list" style="position: fixed; top: 0; height: 300px; overflow: auto">${offer('card', HINT)}<p style="height: 3000px"></p></div>
       <script>list.onscroll = () => { list.onscroll = null; list.firstElementChild.style.visibility = 'hidden'; setTimeout(() => list.firstElementChild.remove(), 100) }</script>`,
      ['button', pass(100), (page) => page.mouse.move(100, 150), (page) => page.mouse.wheel(0, 600)],
    ],
    'a form in a dialog whose other button has an answer': [
      modal(
        `<button type="button" aria-label="Close">×</button>${offer('card')}<form method="dialog"><button value="add" class="part">Add</button></form>`,
      ),
      '.part',
    ],
    'a press in a dialog above another one that closes both': [
      `<dialog id="below">${offer('card')}</dialog><dialog id="over"><button type="button" class="part" onclick="over.close(); below.close()">Add</button></dialog>
       <script>below.showModal(); over.showModal()</script>`,
      '.part',
    ],
    'a button beside a panel of role=dialog that leads to another view': [
      `<div role="dialog" id="aside">${offer('card')}</div><button onclick="aside.remove()">Next</button>`,
      'button',
    ],
    'a finger beside a dialog that scrolls the page, and a dialog that hides then': [
      `<div ${DRAWER} id="box">${offer('card')}</div><p style="height: 3000px"></p>
       <script>addEventListener('scroll', () => box.remove(), { once: true })</script>`,
      async (page) => {
        const cdp = await page.context().newCDPSession(page);
        const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...ys: readonly number[]) =>
          cdp.send('Input.dispatchTouchEvent', { type, touchPoints: ys.map((y) => ({ x: 200, y })) });
        await touch('touchStart', 500);
        for (let y = 480; y > 300; y -= 20) await touch('touchMove', y);
        await touch('touchEnd');
        await page.locator('#box').waitFor({ state: 'detached' });
      },
    ],
    'a press on a cross that leaves it before it ends, and an offer that the page takes away': [
      `${offer('card', `${X} <b>Half price</b>`, 'id="card"')}<script>addEventListener('click', () => setTimeout(() => card.remove(), 300))</script>`,
      [
        async (page) => {
          await page.hover('.x');
          await page.mouse.down();
          await page.hover('b');
          await page.mouse.up();
        },
        gone('#card'),
      ],
    ],
    'a choice whose value is called cancel': [
      inMain('<input type="radio" value="cancel" onclick="setTimeout(leave, 300)">'),
      'input',
    ],
  };
  for (const [name, [body, acts]] of Object.entries(ROWS)) test(name, closing([SPA + body, acts]));
});

test.describe('an offer is closed', () => {
  const ROWS: Readonly<Record<string, Row>> = {
    'by the cancel button of a form that accepts': [
      modal(
        `${offer('card')}<form method="dialog" data-offer-accept="card"><button value="cancel">No</button><button value="yes">Yes</button></form>`,
      ),
      '[value=cancel]',
      'card',
    ],
    'though it is a form whose fields have the names of its own properties': [
      `<form id="card" onsubmit="return false" data-offer-id="card" data-offer-dwell="60000" class="offer"><input name="children"><input name="matches">
         <button type="button" aria-label="Close" onclick="card.remove()">x</button></form>`,
      'button',
      'card',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));

  test('though another one is closed while it fades', async ({ page, stack }) => {
    const fading = `<button aria-label="Close" onclick="const card = this.parentElement; card.style.transition = 'opacity 400ms'; card.style.opacity = 0;
      card.ontransitionend = () => card.remove()">×</button>`;
    await page.clock.install();
    await openReady(page, stack, offer('first', fading) + offer('second', fading));
    const goOn = await holdTimers(page);
    for (const id of ['first', 'second']) await page.click(`[data-offer-id=${id}] button`);
    for (const id of ['first', 'second'])
      await page.locator(`[data-offer-id=${id}]`).waitFor({ state: 'detached' });
    await goOn();
    await expectOnly(page, stack, both('first', 'second'));
  });

  test('though storage is slow to open', async ({ page, stack }) => {
    await stack.open(page, offer('slow', MARKED), {
      head: `<script>
        const open = IDBFactory.prototype.open;
        IDBFactory.prototype.open = function (...names) {
          const request = open.apply(this, names);
          let heard;
          Object.defineProperty(request, 'onsuccess', { set(listener) { heard = listener; } });
          request.addEventListener('success', (event) => { window.isClosable = true; addEventListener('storage-ready', () => heard.call(request, event)); });
          return request;
        };
      </script>`,
    });
    await page.waitForFunction('window.isClosable');
    await page.click('button');
    await page.evaluate('dispatchEvent(new Event("storage-ready"))');
    await expectOnly(page, stack, both('slow'));
  });

  test('though the page gave observe() wrong arguments, which does not throw', async ({ page, stack }) => {
    await openReady(page, stack, offer('right', MARKED));
    const thrown = await page.evaluate(`new Promise((resolve) => offersight.push((tracker) => {
      try {
        for (const wrong of ['#x', {}, document.querySelectorAll('*'), window, new Text('')]) tracker.observe(wrong)();
        tracker.observe(document)();
        tracker.observe(document.createElement('p'), null)();
        resolve('nothing');
      } catch (cause) {
        resolve(String(cause));
      }
    }))`);
    expect(thrown).toBe('nothing');
    await page.click('button');
    await expectOnly(page, stack, both('right'));
  });

  for (const [name, veto, expected] of [
    ['by a listener of its view, after that', '', both('quick')],
    ['and not even viewed if that listener vetoes the view', 'event.preventDefault();', []],
  ] as const)
    test(name, async ({ page, stack }) => {
      await stack.open(
        page,
        `<script>addEventListener('offersight:viewed', (event) => {
           if (event.detail.offerId === 'quick') { ${veto} document.querySelector('button').click(); }
         }, { once: true })</script>${offer('quick', MARKED).replace('60000', '200')}`,
      );
      await trackerStats(page);
      await expectOnly(page, stack, expected, 1_000);
    });
});

test('an offer that the visitor touched before its dwell was over, or inside of which, is not ignored', async ({
  page,
  stack,
}) => {
  const out = "for (const { style } of document.querySelectorAll('.offer')) style.marginLeft = '-9999px'";
  await openReady(
    page,
    stack,
    `<div class="offer" data-offer-id="early" data-offer-dwell="1500"><i>Details</i></div>
     <div class="offer" data-offer-id="outer" data-offer-dwell="0"><div data-offer-id="inner" data-offer-dwell="0" style="height: 90px"><b>Details</b></div></div>`,
    { script: 'data-endpoint="/offer-events" data-ignore="300"' },
  );
  await page.click('i');
  await page.click('b');
  const seen = ['viewed early', 'viewed outer', 'viewed inner'];
  await stack.expectRecorded(seen);
  await page.evaluate(out);
  await expectOnly(page, stack, seen, 1_000);
});
