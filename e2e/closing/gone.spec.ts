/**
 * When an offer is gone: whoever moves or takes away what is around it, for good, and not because the page draws it
 * again, shows the next one, or is scrolled. Each row is a page, what its user does, and which offers are closed by that.
 */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

/** An offer whose own dwell is so long that only closing can prove its display. */
const offer = (id = 'a', inside = '') =>
  `<section class="offer" data-offer-id="${id}" id="${id}" data-offer-dwell="60000">Offer ${id} ${inside}</section>`;

const X = '<button class="x" aria-label="Close">×</button>';
const DRAWER =
  'role="dialog" aria-modal="true" style="position: fixed; right: 0; top: 0; bottom: 0; width: 500px; background: #fff"';

/** Runs when the first cross is pressed. */
const onCross = (act: string): string =>
  `<script>document.querySelector('.x').onclick = () => { ${act} }</script>`;

/** A page, what its user does, by default a press on the cross, and what that closes. */
interface Row {
  readonly body: string;
  readonly act?: (page: Page) => Promise<unknown>;
  readonly closed: readonly string[];
}

const pressCross = (page: Page): Promise<unknown> => page.click('.x');
const pressEscape = (page: Page): Promise<unknown> => page.keyboard.press('Escape');

/** Lets the page's own time pass. */
const pass = (page: Page, ms: number): Promise<unknown> =>
  page.evaluate((delay) => new Promise((resolve) => setTimeout(resolve, delay)), ms);

const check = (rows: Readonly<Record<string, Row>>): void => {
  for (const [name, { body, act = pressCross, closed }] of Object.entries(rows))
    test(name, async ({ page, stack }: { page: Page; stack: Stack }) => {
      await stack.open(page, body);
      await trackerStats(page);
      await page.evaluate(() => new Promise<number>(requestAnimationFrame));
      await act(page);
      const expected = closed.flatMap((id) => [`viewed ${id}`, `dismissed ${id}`]);
      if (closed[0]) await stack.expectRecorded(expected);
      await showWitness(page, CONSEQUENCE_MS);
      await stack.expectRecorded([...expected, 'viewed witness']);
    });
};

/** The offer inside two boxes, of which the outer one leaves. */
const around = (style: string, close = "w.className = 'c'"): string =>
  `<style>${style}</style><div id="w"><div id="i">${offer('a', X)}</div></div><p>The rest of the page</p>${onCross(close)}`;

/** A dialog that stays in the page, and its panel, which leaves. */
const panel = (style: string, inside = `${X}${offer()}`): string =>
  `<style>#h { position: fixed; inset: 0 } #p { position: absolute; bottom: 0; left: 0; right: 0; background: #fff; transition: transform .3s }
     #h.c { pointer-events: none } ${style}</style>
   <div id="h" role="dialog" aria-modal="true"><div id="p">${inside}</div></div>${onCross("h.className = 'c'")}
   <script>addEventListener('keydown', ({ key }) => { if (key === 'Escape') h.className = 'c' })</script>`;
const SLIDES = '#h.c #p { transform: translateY(100%) }';

test.describe('an offer is closed if what is around it leaves:', () => {
  check({
    'a box folds to no height': {
      body: around(
        '#w { max-height: 300px; overflow: hidden; transition: max-height .3s } #w.c { max-height: 0 }',
      ),
      closed: ['a'],
    },
    'a row of a grid folds': {
      body: around(
        '#w { display: grid; grid-template-rows: 1fr; transition: grid-template-rows .3s } #w.c { grid-template-rows: 0fr } #i { overflow: hidden; min-height: 0 }',
      ),
      closed: ['a'],
    },
    'a box folds that has a padding': {
      body: around(
        '#w { height: 260px; overflow: hidden; padding: 8px; transition: height .3s } #w.c { height: 0 } #i { padding-top: 20px }',
      ),
      closed: ['a'],
    },
    'a script folds a box': {
      body: around(
        '#w { overflow: hidden }',
        'let h = w.offsetHeight; const fold = () => { w.style.height = Math.max(0, h -= 20) + "px"; if (h > 0) requestAnimationFrame(fold) }; fold()',
      ),
      closed: ['a'],
    },
    'a fixed bar slides up': {
      body: around(
        '#w { position: fixed; inset: 0 0 auto 0; transition: transform .3s } #w.c { transform: translateY(-100%) }',
      ),
      closed: ['a'],
    },
    'a fixed bar leaves by its inset': {
      body: around('#w { position: fixed; bottom: 0; transition: bottom .3s } #w.c { bottom: -400px }'),
      closed: ['a'],
    },
    'a bar leaves by a negative margin': {
      body: around('#w { transition: margin .3s } #w.c { margin-top: -300px }'),
      closed: ['a'],
    },
    'a class of the body moves it out': {
      body: around('.shut #w { position: absolute; left: -9999px }', "document.body.className = 'shut'"),
      closed: ['a'],
    },
    'a drawer leaves a tab of itself in view': {
      body: around(
        '#w { position: fixed; right: 0; top: 100px; padding-left: 40px; transition: transform .3s } #w.c { transform: translateX(300px) }',
      ),
      closed: ['a'],
    },
    'the panel of a dialog that stays slides out, after its cross': { body: panel(SLIDES), closed: ['a'] },
    'the panel of a dialog that stays slides out, after Escape': {
      body: panel(SLIDES),
      act: pressEscape,
      closed: ['a'],
    },
    'the panel of a dialog that stays is hidden by its style, after Escape': {
      body: panel('#h.c #p { visibility: hidden }'),
      act: pressEscape,
      closed: ['a'],
    },
    'the panel of a dialog that stays is taken out of the page': {
      body: `${panel('')}${onCross('p.remove()')}`,
      closed: ['a'],
    },
    'a bar that holds the offer and the cross beside it is removed': {
      body: `<div id="bar">${offer()}${X}</div>${onCross('bar.remove()')}`,
      closed: ['a'],
    },
    'a box that was scrolled is hidden when the server has answered': {
      body: `<div id="w" style="height: 100px; overflow: auto"><p style="height: 300px">Earlier</p>${offer('a', X)}</div>
        <script>w.scrollTop = 250</script>${onCross("setTimeout(() => { w.style.display = 'none' }, 300)")}`,
      closed: ['a'],
    },
    'a dialog closes by the second Escape, 800 ms after it, since the first one closed a menu in it': {
      body: `<div ${DRAWER} id="box">${offer()}</div><script>
        let keys = 0;
        onkeydown = ({ key }) => { if (key === 'Escape' && ++keys === 2) setTimeout(() => box.remove(), 800) };
      </script>`,
      async act(page) {
        await pressEscape(page);
        await pass(page, 400);
        await pressEscape(page);
      },
      closed: ['a'],
    },
    'a box around a dialog slides out with it': {
      body: `<style>#w { position: fixed; inset: auto 0 0; transition: translate .3s } #w.c { translate: 0 120% }</style>
        <div id="w"><div role="dialog">${X}${offer()}</div></div>${onCross("w.className = 'c'")}`,
      closed: ['a'],
    },
  });
});

test.describe('an offer is closed in a modal dialog that is a view of its own:', () => {
  const routed = (attributes: string): string => `<h1>Shop</h1><script>
    history.pushState({}, '', '/offer');
    const d = document.createElement('div');
    d.style = 'position: fixed; inset: 0; background: #0008';
    d.innerHTML = ${JSON.stringify(`<div ${attributes} style="margin: 80px; width: 500px; background: #fff">${offer()}${X}</div>`).replaceAll('</', '<\\/')};
    document.body.append(d);
    onpopstate = () => d.remove();
    d.onclick = ({ target }) => { if (target === d) history.back() };
    d.querySelector('.x').onclick = () => history.back();
    onkeydown = ({ key }) => { if (key === 'Escape') history.back() };
  </script>`;
  const MODAL = routed('role="dialog" aria-modal="true"');
  check({
    'Escape goes back': { body: MODAL, act: pressEscape, closed: ['a'] },
    'its cross goes back': { body: MODAL, closed: ['a'] },
    'a press on its overlay goes back': {
      body: MODAL,
      act: (page) => page.mouse.click(20, 700),
      closed: ['a'],
    },
    'Escape goes back out of a dialog of the browser': {
      body: `<h1>Shop</h1><dialog id="d">${offer()}</dialog><script>
        history.pushState({}, '', '/offer');
        d.showModal();
        d.oncancel = (event) => { event.preventDefault(); history.back() };
        onpopstate = () => d.remove();
      </script>`,
      act: pressEscape,
      closed: ['a'],
    },
  });
});

/** Shows what is drawn anew, after nothing was there for a while. */
const redrawn = (ms: number, skeleton = '<p>Loading</p>'): string =>
  `<script>
    const again = box.innerHTML;
    const load = () => { box.innerHTML = ${JSON.stringify(skeleton)}; setTimeout(() => { box.innerHTML = again; wire() }, ${ms}) };
    const wire = () => { box.querySelector('.x').onclick = load };
    wire();
  </script>`;

test.describe('an offer is not closed by a cross that closes something else:', () => {
  const CHIP = '<p><span class="chip">SPRING10 <button class="x" aria-label="Close">×</button></span></p>';
  check({
    'a coupon in the offer, which loads for 700 ms': {
      body: `<div id="box">${offer('a', CHIP)}</div>${redrawn(700)}`,
      closed: [],
    },
    'a coupon in the offer’s dialog, which loads for 700 ms': {
      body: `<div id="box" ${DRAWER}>${CHIP}${offer()}</div>${redrawn(700)}`,
      closed: [],
    },
    'a coupon in the offer’s dialog, which loads for 2 s': {
      body: `<div id="box" ${DRAWER}>${CHIP}${offer()}</div>${redrawn(2_000)}`,
      closed: [],
    },
    'a coupon, and what suspends the page hides the offer for 600 ms': {
      body: `<div id="box">${offer('a', CHIP)}</div>${onCross("document.querySelector('.chip').remove(); box.style.display = 'none'; setTimeout(() => { box.style.display = '' }, 600)")}`,
      closed: [],
    },
    'a coupon, and another offer takes the place of the first when the page has loaded': {
      body: `<div id="box" ${DRAWER}>${CHIP}<div id="up">${offer()}</div></div>${onCross(`document.querySelector('.chip').remove(); setTimeout(() => { up.innerHTML = ${JSON.stringify(offer('b')).replaceAll('"', "'")} }, 400)`)}`,
      closed: [],
    },
    'a line of the cart whose rows have no keys, and another offer comes': {
      body: `<div ${DRAWER}><ul id="l"></ul><div id="up"></div></div><script>
        let lines = ['shoe', 'sock', 'hat'], next = ${JSON.stringify(offer())};
        const rows = () => {
          while (l.children.length > lines.length) l.lastChild.remove();
          lines.forEach((line, at) => {
            let li = l.children[at];
            if (!li) {
              li = document.createElement('li');
              li.innerHTML = '<span></span><button class="x">×</button>';
              l.append(li);
              li.lastChild.onclick = () => { lines.splice([...l.children].indexOf(li), 1); rows(); setTimeout(() => { next = ${JSON.stringify(offer('b'))}; draw() }, 400) };
            }
            li.firstChild.textContent = line;
          });
        };
        const draw = () => { up.innerHTML = next };
        rows(); draw();
      </script>`,
      closed: [],
    },
    'a line of a cart without lists, and all of the drawer is drawn anew with another offer': {
      body: `<div ${DRAWER} id="box"></div><script>
        let lines = ['shoe', 'sock', 'hat'], next = ${JSON.stringify(offer())};
        const draw = () => {
          box.innerHTML = lines.map((line) => '<div class="line"><span>' + line + '</span><button class="x">×</button></div>').join('') + next;
          [...box.querySelectorAll('.x')].forEach((x, at) => { x.onclick = () => { lines.splice(at, 1); next = ${JSON.stringify(offer('b'))}; draw() } });
        };
        draw();
      </script>`,
      closed: [],
    },
    'a search field, and the results are others': {
      body: `<div ${DRAWER}><form><input type="search" id="q" value="shoe"><button type="button" class="x" aria-label="Close">×</button></form><div id="up">${offer()}</div></div>
        ${onCross(`q.value = ''; up.innerHTML = ${JSON.stringify(offer('b')).replaceAll('"', "'")}`)}`,
      closed: [],
    },
    'a hint in an offer of a carousel that moves on then': {
      body: `<div style="overflow: hidden; width: 300px"><div id="track" style="display: flex; width: 900px">${offer('a', '<span class="hint">Hint <button class="x">×</button></span>')}${offer('b')}</div></div>
        ${onCross("document.querySelector('.hint').remove(); setTimeout(() => { track.style.transform = 'translateX(-300px)' }, 500)")}`,
      closed: [],
    },
  });
});

test.describe('an offer is not closed by a cross that does nothing:', () => {
  // The first turn comes at the same time after the press, however long a busy machine takes to press.
  const rotating = (turn: string, inside: string, ms: number): string =>
    `${inside}<script>let at = 0; const next = () => { at++; ${turn} };
       addEventListener('click', () => setTimeout(() => { next(); setInterval(next, ${ms}) }, ${ms / 2}), { once: true })</script>`;
  const slides = ['a', 'b', 'c'].map((id) => `<div class="slide">${offer(id, X)}</div>`).join('');
  check({
    'offers of a dialog rotate in one element': {
      body: rotating(
        "a.dataset.offerId = 'abcdefgh'[at % 8]",
        `<div ${DRAWER}><header><b>For you</b>${X}</header>${offer()}</div>`,
        1_500,
      ),
      closed: [],
    },
    'offers of a dialog are drawn one after the other': {
      body: rotating(
        "up.innerHTML = first.replaceAll('\"a\"', JSON.stringify('abcdefgh'[at % 8]))",
        `<div ${DRAWER}><header><b>For you</b>${X}</header><div id="up">${offer()}</div></div><script>const first = up.innerHTML</script>`,
        1_500,
      ),
      closed: [],
    },
    'slides of a carousel are shown and hidden': {
      body: `<style>.slide { display: none } .slide.on { display: block }</style>${rotating(
        "[...document.querySelectorAll('.slide')].forEach((slide, each) => slide.classList.toggle('on', each === at % 3))",
        slides.replace('class="slide"', 'class="slide on"'),
        1_500,
      )}`,
      closed: [],
    },
    'the track of a carousel moves on': {
      body: rotating(
        "track.style.transform = 'translateX(' + -300 * (at % 3) + 'px)'",
        `<div style="overflow: hidden; width: 300px"><div id="track" style="display: flex; width: 900px; transition: transform .3s">${slides}</div></div>`,
        1_500,
      ),
      closed: [],
    },
    'something above pushes the offer out of the viewport': {
      body: `<div id="above"></div><p style="height: 500px"></p><div id="w">${offer('a', X)}</div>
        ${onCross("setTimeout(() => { above.style.height = '900px' }, 300)")}`,
      closed: [],
    },
    'the user scrolls, and a bar hides meanwhile': {
      body: `<style>#w { position: fixed; inset: 0 0 auto; transition: transform .2s } #w.c { transform: translateY(-100%) }</style>
        <div id="w">${offer('a', X)}</div><p style="height: 4000px"></p><script>addEventListener('scroll', () => { w.className = 'c' })</script>`,
      async act(page) {
        await page.click('.x');
        await pass(page, 50);
        await page.mouse.move(600, 500);
        await page.mouse.wheel(0, 300);
        await page.waitForFunction('w.className === "c"');
      },
      closed: [],
    },
  });
});

test.describe('an offer is closed if its cross shows another one:', () => {
  const swap = (later: string): string =>
    `<div ${DRAWER} id="box"></div><script>
      const html = ${JSON.stringify(`<header><b>For you</b>${X}</header>${offer('ID')}`).replaceAll('</', '<\\/')};
      const draw = (id) => { box.innerHTML = html.replaceAll('ID', id); box.querySelector('.x').onclick = () => { ${later} } };
      draw('a');
    </script>`;
  check({
    'all of the dialog is drawn anew with a cheaper one': { body: swap("draw('b')"), closed: ['a'] },
    'all of the dialog is drawn anew after a skeleton': {
      body: swap("box.innerHTML = 'Loading'; setTimeout(() => draw('b'), 500)"),
      closed: ['a'],
    },
    'only the offer is replaced, when the server has answered': {
      body: `<div ${DRAWER}><header><b>For you</b>${X}</header><div id="up">${offer()}</div></div>
        ${onCross(`setTimeout(() => { up.innerHTML = ${JSON.stringify(offer('b')).replaceAll('"', "'")} }, 400)`)}`,
      closed: ['a'],
    },
    'the dialog itself is another one': {
      body: `<script>
        const show = (id, then) => {
          const d = document.createElement('dialog');
          d.innerHTML = ${JSON.stringify(`${X}${offer('ID')}`).replaceAll('</', '<\\/')}.replaceAll('ID', id);
          document.body.append(d);
          d.showModal();
          d.querySelector('.x').onclick = () => { d.remove(); then() };
        };
        show('a', () => show('b', () => 0));
      </script>`,
      closed: ['a'],
    },
  });
});

test.describe('a cross that asks first', () => {
  /** Answers after longer than any close control is given. */
  const answer =
    (selector: string) =>
    async (page: Page): Promise<void> => {
      await page.click('.x');
      await page.locator(selector).waitFor();
      await pass(page, 3_600);
      await page.click(selector);
    };
  const ASK =
    '<dialog id="sure">Are you sure? <button id="yes">Yes</button><button id="no">Keep it</button></dialog>';
  const asking = (inside: string, close: string): string =>
    `${inside}${ASK}${onCross('sure.showModal()')}<script>
      yes.onclick = () => { sure.close(); ${close} };
      no.onclick = () => { sure.close() };
    </script>`;
  const card = asking(offer('a', X), 'a.remove()');
  const inDialog = asking(
    `<div ${DRAWER} id="box"><header><b>For you</b>${X}</header>${offer()}</div>`,
    'box.remove()',
  );
  /** The question takes the place of the offer in its own dialog. */
  const inPlace = `<div ${DRAWER} id="box"><header><b>For you</b>${X}</header><div id="up">${offer()}</div></div>
    ${onCross("const first = up.innerHTML; up.innerHTML = '<p>Are you sure?</p><button id=yes>Yes</button><button id=no>Keep it</button>'; yes.onclick = () => box.remove(); no.onclick = () => { up.innerHTML = first }")}`;
  check({
    'closes the offer by the answer Yes, seconds later': { body: card, act: answer('#yes'), closed: ['a'] },
    'closes the dialog by the answer Yes, seconds later': {
      body: inDialog,
      act: answer('#yes'),
      closed: ['a'],
    },
    'closes the offer by the answer Yes to a question in its place': {
      body: inPlace,
      act: answer('#yes'),
      closed: ['a'],
    },
    'closes nothing by another answer': { body: card, act: answer('#no'), closed: [] },
    'closes nothing by another answer, though the page removes the offer later': {
      body: card,
      async act(page) {
        await answer('#no')(page);
        await page.mouse.click(900, 700);
        await page.evaluate(() => document.querySelector('#a')?.remove());
      },
      closed: [],
    },
    'closes nothing by another answer to a question in its place': {
      body: inPlace,
      act: answer('#no'),
      closed: [],
    },
    'asks nothing by a dialog that shows another offer': {
      body: `${offer('a', X)}<dialog id="other">${offer('b')}<button id="add">Add</button></dialog>
        ${onCross('other.showModal(); add.onclick = () => { other.close(); a.remove() }')}`,
      act: answer('#add'),
      closed: [],
    },
    'asks nothing by a new button in a dialog that still shows its offer, and leaves by itself later': {
      body: `<div ${DRAWER} id="box"><header><b>For you</b>${X}</header>${offer()}</div>
        ${onCross("box.insertAdjacentHTML('beforeend', '<button>Add</button>'); setTimeout(() => box.remove(), 3600)")}`,
      async act(page) {
        await page.click('.x');
        await page.locator('#box').waitFor({ state: 'detached' });
      },
      closed: [],
    },
  });
});

test('what is gone when the page is left is closed, though it might have come back', async ({
  page,
  stack,
}) => {
  await stack.open(
    page,
    `${offer('a', X)}${onCross("a.remove(); setTimeout(() => { location = '/elsewhere' }, 50)")}`,
  );
  await trackerStats(page);
  await page.click('.x');
  await page.waitForURL('**/elsewhere');
  await stack.open(page, '<p>Imprint</p>');
  await stack.expectRecorded(['viewed a', 'dismissed a']);
  expect(stack.recorded()).toEqual(['viewed a', 'dismissed a']);
});
