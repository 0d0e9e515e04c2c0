/**
 * When an offer is gone: whoever moves or takes away what is around it, for good, and not because the page draws it
 * again, shows the next one, or is scrolled.
 */
import type { Page } from '@playwright/test';
import { untilPart } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import {
  at,
  BLANK,
  both,
  closing,
  DRAWER,
  doAll,
  ESCAPE,
  expectOnly,
  gone,
  js,
  offer,
  onCross,
  openReady,
  pass,
  quoted,
  type Row,
  X,
} from './rows.js';

/** The offer inside two boxes, of which the outer one leaves. */
const around = (style: string, close = "w.className = 'c'"): Row => [
  `<style>${style}</style><div id="w"><div id="i">${offer('a', X)}</div></div><p>The rest of the page</p>${onCross(close)}`,
  '.x',
  'a',
];

/** A dialog that stays in the page, and its panel, which leaves. */
const panel = (style: string, inside = `${X}${offer('a')}`): string =>
  `<style>#h { position: fixed; inset: 0 } #p { position: absolute; bottom: 0; left: 0; right: 0; background: #fff; transition: transform .3s }
     #h.c { pointer-events: none } ${style}</style>
   <div id="h" role="dialog" aria-modal="true"><div id="p">${inside}</div></div>${onCross("h.className = 'c'")}
   <script>addEventListener('keydown', ({ key }) => { if (key === 'Escape') h.className = 'c' })</script>`;
const SLIDES = '#h.c #p { transform: translateY(100%) }';

/** A card whose cross does this with it. */
const card = (act: string): Row => [`${offer('a', X, 'id="card"')}${onCross(act)}`, '.x', 'a'];

test.describe('an offer is closed if it or what is around it leaves:', () => {
  const ROWS: Readonly<Record<string, Row>> = {
    'a box folds to no height': around(
      '#w { max-height: 300px; overflow: hidden; transition: max-height .3s } #w.c { max-height: 0 }',
    ),
    'a row of a grid folds': around(
      '#w { display: grid; grid-template-rows: 1fr; transition: grid-template-rows .3s } #w.c { grid-template-rows: 0fr } #i { overflow: hidden; min-height: 0 }',
    ),
    'a box folds that has a padding': around(
      '#w { height: 260px; overflow: hidden; padding: 8px; transition: height .3s } #w.c { height: 0 } #i { padding-top: 20px }',
    ),
    'a script folds a box': around(
      '#w { overflow: hidden }',
      'let h = w.offsetHeight; const fold = () => { w.style.height = Math.max(0, h -= 20) + "px"; if (h > 0) requestAnimationFrame(fold) }; fold()',
    ),
    'a fixed bar slides up': around(
      '#w { position: fixed; inset: 0 0 auto 0; transition: transform .3s } #w.c { transform: translateY(-100%) }',
    ),
    'a bar leaves by a negative margin': around('#w { transition: margin .3s } #w.c { margin-top: -300px }'),
    'a class of the body moves it out': around(
      '.shut #w { position: absolute; left: -9999px }',
      "document.body.className = 'shut'",
    ),
    'a drawer leaves a tab of itself in view': around(
      '#w { position: fixed; right: 0; top: 100px; padding-left: 40px; transition: transform .3s } #w.c { transform: translateX(300px) }',
    ),
    'the panel of a dialog that stays slides out, after its cross': [panel(SLIDES), '.x', 'a'],
    'the panel of a dialog that stays slides out, after Escape': [panel(SLIDES), ESCAPE, 'a'],
    'the panel of a dialog that stays is hidden by its style': [
      panel('#h.c #p { visibility: hidden }'),
      ESCAPE,
      'a',
    ],
    'the panel of a dialog that stays is taken out of the page': [
      `${panel('')}${onCross('p.remove()')}`,
      '.x',
      'a',
    ],
    'a bar that holds the offer and the cross beside it is removed': [
      `<div id="bar">${offer('a')}${X}</div>${onCross('bar.remove()')}`,
      '.x',
      'a',
    ],
    'a toast that is drawn around the offer and its cross is removed': [
      `<ol><li role="status" id="it">${offer('a')}${X}</li></ol>${onCross('it.remove()')}`,
      '.x',
      'a',
    ],
    'a box that was scrolled is hidden when the server has answered': [
      `<div id="w" style="height: 100px; overflow: auto"><p style="height: 300px">Earlier</p>${offer('a', X)}</div>
       <script>w.scrollTop = 250</script>${onCross("setTimeout(() => { w.style.display = 'none' }, 300)")}`,
      '.x',
      'a',
    ],
    'a dialog closes by the second Escape, 800 ms after it, since the first one closed a menu in it': [
      `<div ${DRAWER} id="box">${offer('a')}</div><script>
        let keys = 0;
        onkeydown = ({ key }) => { if (key === 'Escape' && ++keys === 2) setTimeout(() => box.remove(), 800) };
      </script>`,
      [ESCAPE, pass(400), ESCAPE],
      'a',
    ],
    'a box around a dialog slides out with it': [
      `<style>#w { position: fixed; inset: auto 0 0; transition: translate .3s } #w.c { translate: 0 120% }</style>
       <div id="w"><div role="dialog">${X}${offer('a')}</div></div>${onCross("w.className = 'c'")}`,
      '.x',
      'a',
    ],
    'an animation of exactly a second': card(
      "card.style.transition = 'opacity 1s'; card.style.opacity = 0; card.ontransitionend = () => card.remove()",
    ),
    'an answer of the server, and then a fade': card(
      "setTimeout(() => { card.style.transition = 'opacity .4s'; card.style.opacity = 0; card.ontransitionend = () => card.remove() }, 1300)",
    ),
    'a handler that keeps a slow phone busy, and a timer': card(
      'for (const end = performance.now() + 800; performance.now() < end; ); setTimeout(() => card.remove(), 400)',
    ),
    'a scale to nothing': card("card.style.transition = 'scale .3s'; card.style.scale = 0"),
    'an animation of a script': card(
      "card.animate({ translate: ['0', '-2000px 0'] }, { duration: 300, fill: 'forwards' })",
    ),
    'a slow fade, and another view of the page at its end': card(
      "card.style.transition = 'opacity 1.5s'; card.style.opacity = 0.1; card.ontransitionend = () => { history.pushState({}, '', '/next'); card.remove() }",
    ),
    'a fade by a script, while something else is pressed': [
      `${offer('a', X, 'id="card"')}${onCross('card.style.opacity = 0.5')}<button id="other" onclick="card.remove()">other</button>`,
      ['.x', '#other'],
      'a',
    ],
    'its popover, as soon as the browser has closed it, though its end is animated': [
      `<style>#pop { transition: opacity 20s, display 20s allow-discrete, overlay 20s allow-discrete }
         #pop:not(:popover-open) { opacity: .9 }</style>
       <div id="pop" popover="manual">${offer('a', '<button popovertarget="pop" popovertargetaction="hide">Later</button>')}</div>
       <script>pop.showPopover()</script>`,
      '[popovertarget]',
      'a',
    ],
    'its dialog, by a cross beside that': [
      `<section><div role="dialog" id="it">${offer('a')}</div>${X}</section>${onCross('it.remove()')}`,
      '.x',
      'a',
    ],
    'its popover, by a button elsewhere that names it': [
      `<div id="it" popover="manual">${offer('a')}</div><nav><button popovertarget="it" popovertargetaction="hide">Later</button></nav>
       <script>it.showPopover()</script>`,
      'button',
      'a',
    ],
    'its dialog, by a button elsewhere that names it': [
      `<dialog id="it" open>${offer('a')}</dialog><nav><button command="close" commandfor="it">Later</button></nav>`,
      'button',
      'a',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));

  /** Its button begins a fade, at whose end it is gone. It knows whether a press came in time. */
  const FADING = `<script>
    let isPressedInTime = false;
    document.querySelector('button').onclick = () => {
      card.style.transition = 'opacity 2.5s linear';
      card.style.opacity = 0;
      card.ontransitionend = () => card.remove();
      addEventListener('pointerdown', () => (isPressedInTime = card.isConnected), { once: true });
    };
  </script>`;
  for (const [name, other, seen] of [
    ['something else is pressed', '<main style="height: 50px">Text</main>', []],
    [
      'another one is accepted',
      offer('taken', '<main data-offer-accept style="height: 40px">Yes</main>'),
      ['viewed taken'],
    ],
  ] as const)
    test(`a fade, during which ${name}`, async ({ page, stack }) => {
      await openReady(page, stack, `${offer('shut', X, 'id="card"')}${other}${FADING}`);
      // Both presses are sent before either is answered.
      const boxes = await Promise.all(['.x', 'main'].map((one) => page.locator(one).boundingBox()));
      await Promise.all(boxes.map((box) => page.mouse.click((box?.x ?? 0) + 5, (box?.y ?? 0) + 5)));
      expect(await page.evaluate('isPressedInTime')).toBe(true);
      await expectOnly(page, stack, [...both('shut'), ...seen]);
    });
});

test.describe('an offer is closed in a modal dialog that is a view of its own:', () => {
  const MODAL = `<h1>Shop</h1><script>
    history.pushState({}, '', '/offer');
    const d = document.createElement('div');
    d.style = 'position: fixed; inset: 0; background: #0008';
    d.innerHTML = ${quoted(`<div role="dialog" aria-modal="true" style="margin: 80px; width: 500px; background: #fff">${offer('a')}${X}</div>`)};
    document.body.append(d);
    onpopstate = () => d.remove();
    d.onclick = ({ target }) => { if (target === d) history.back() };
    d.querySelector('.x').onclick = () => history.back();
    onkeydown = ({ key }) => { if (key === 'Escape') history.back() };
  </script>`;
  const ROWS: Readonly<Record<string, Row>> = {
    'Escape goes back': [MODAL, ESCAPE, 'a'],
    'its cross goes back': [MODAL, '.x', 'a'],
    'a press on its overlay goes back': [MODAL, at(20, 700), 'a'],
    'Escape goes back out of a dialog of the browser': [
      `<h1>Shop</h1><dialog id="d">${offer('a')}</dialog><script>
        history.pushState({}, '', '/offer');
        d.showModal();
        d.oncancel = (event) => { event.preventDefault(); history.back() };
        onpopstate = () => d.remove();
      </script>`,
      ESCAPE,
      'a',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test.describe('an offer is not closed by a cross that closes something else:', () => {
  const CHIP = '<p><span class="chip">SPRING10 <button class="x" aria-label="Close">×</button></span></p>';
  /** Shows what is drawn again, after nothing was there for a while. */
  const redrawn = (ms: number): string => `<script>
    const again = box.innerHTML;
    const load = () => { box.innerHTML = '<p>Loading</p>'; setTimeout(() => { box.innerHTML = again; wire() }, ${ms}) };
    const wire = () => { box.querySelector('.x').onclick = load };
    wire();
  </script>`;
  const other = quoted(offer('b')).replaceAll('"', "'");
  const ROWS: Readonly<Record<string, Row>> = {
    'a coupon in the offer, which loads for 700 ms': [
      `<div id="box">${offer('a', CHIP)}</div>${redrawn(700)}`,
      '.x',
    ],
    'a coupon in the offer’s dialog, which loads for 2 s': [
      `<div id="box" ${DRAWER}>${CHIP}${offer('a')}</div>${redrawn(2_000)}`,
      '.x',
    ],
    'a coupon, and what suspends the page hides the offer for 600 ms': [
      `<div id="box">${offer('a', CHIP)}</div>${onCross("document.querySelector('.chip').remove(); box.style.display = 'none'; setTimeout(() => { box.style.display = '' }, 600)")}`,
      '.x',
    ],
    'a coupon, and another offer takes the place of the first when the page has loaded': [
      `<div id="box" ${DRAWER}>${CHIP}<div id="up">${offer('a')}</div></div>${onCross(`document.querySelector('.chip').remove(); setTimeout(() => { up.innerHTML = ${other} }, 400)`)}`,
      '.x',
    ],
    'a line of the cart whose rows have no keys, and another offer comes': [
      `<div ${DRAWER}><ul id="l"></ul><div id="up"></div></div><script>
        let lines = ['shoe', 'sock', 'hat'], next = ${quoted(offer('a'))};
        const rows = () => {
          while (l.children.length > lines.length) l.lastChild.remove();
          lines.forEach((line, at) => {
            let li = l.children[at];
            if (!li) {
              li = document.createElement('li');
              li.innerHTML = '<span></span><button class="x">×</button>';
              l.append(li);
              li.lastChild.onclick = () => { lines.splice([...l.children].indexOf(li), 1); rows(); setTimeout(() => { next = ${quoted(offer('b'))}; draw() }, 400) };
            }
            li.firstChild.textContent = line;
          });
        };
        const draw = () => { up.innerHTML = next };
        rows(); draw();
      </script>`,
      '.x',
    ],
    'a line of a cart without lists, and all of the drawer is drawn again with another offer': [
      `<div ${DRAWER} id="box"></div><script>
        let lines = ['shoe', 'sock', 'hat'], next = ${quoted(offer('a'))};
        const draw = () => {
          box.innerHTML = lines.map((line) => '<div class="line"><span>' + line + '</span><button class="x">×</button></div>').join('') + next;
          [...box.querySelectorAll('.x')].forEach((x, at) => { x.onclick = () => { lines.splice(at, 1); next = ${quoted(offer('b'))}; draw() } });
        };
        draw();
      </script>`,
      '.x',
    ],
    'a search field, and the results are others': [
      `<div ${DRAWER}><form><input type="search" id="q" value="shoe"><button type="button" class="x" aria-label="Close">×</button></form>
         <div id="up">${offer('a')}</div></div>${onCross(`q.value = ''; up.innerHTML = ${other}`)}`,
      '.x',
    ],
    'a hint in an offer of a carousel that moves on then': [
      `<div style="overflow: hidden; width: 300px"><div id="track" style="display: flex; width: 900px">${offer('a', '<span class="hint">Hint <button class="x">×</button></span>')}${offer('b')}</div></div>
       ${onCross("document.querySelector('.hint').remove(); setTimeout(() => { track.style.transform = 'translateX(-300px)' }, 500)")}`,
      '.x',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test.describe('an offer is not closed by a cross that does nothing:', () => {
  // The first turn comes at the same time after the press, however long a busy machine takes to press.
  const rotating = (turn: string, inside: string): Row => [
    `${inside}<script>let at = 0; const next = () => { at++; ${turn} };
       addEventListener('click', () => setTimeout(() => { next(); setInterval(next, 1500) }, 750), { once: true })</script>`,
    '.x',
  ];
  const slides = ['a', 'b', 'c'].map((id) => `<div class="slide">${offer(id, X)}</div>`).join('');
  const ROWS: Readonly<Record<string, Row>> = {
    'offers of a dialog rotate in one element': rotating(
      "document.querySelector('#up > div').dataset.offerId = 'abcdefgh'[at % 8]",
      `<div ${DRAWER}><header><b>For you</b>${X}</header><div id="up">${offer('a')}</div></div>`,
    ),
    'offers of a dialog are drawn one after the other': rotating(
      "up.innerHTML = first.replaceAll('\"a\"', JSON.stringify('abcdefgh'[at % 8]))",
      `<div ${DRAWER}><header><b>For you</b>${X}</header><div id="up">${offer('a')}</div></div><script>const first = up.innerHTML</script>`,
    ),
    'slides of a carousel are shown and hidden': rotating(
      "[...document.querySelectorAll('.slide')].forEach((slide, each) => { slide.hidden = each !== at % 3 })",
      slides.replaceAll('"slide"', '"slide" hidden').replace(' hidden', ''),
    ),
    'the track of a carousel moves on': rotating(
      "track.style.transform = 'translateX(' + -300 * (at % 3) + 'px)'",
      `<div style="overflow: hidden; width: 300px"><div id="track" style="display: flex; width: 900px; transition: transform .3s">${slides}</div></div>`,
    ),
    'something above pushes the offer out of the viewport': [
      `<div id="above"></div><p style="height: 400px"></p><div id="w">${offer('a', X)}</div>
       ${onCross("setTimeout(() => { above.style.height = '900px' }, 300)")}`,
      '.x',
    ],
    'the user scrolls, and a bar hides meanwhile': [
      `<style>#w { position: fixed; inset: 0 0 auto; transition: transform .2s } #w.c { transform: translateY(-100%) }</style>
       <div id="w">${offer('a', X)}</div><p style="height: 4000px"></p><script>addEventListener('scroll', () => { w.className = 'c' })</script>`,
      async (page) => {
        await page.click('.x');
        await page.mouse.move(600, 500);
        await page.mouse.wheel(0, 300);
        await page.waitForFunction('w.className === "c"');
      },
    ],
    'a scroller moves the offer away': [
      `<main style="height: 400px; overflow: auto">${offer('a', X)}<p style="height: 4000px"></p></main>${onCross("document.querySelector('main').scrollTo(0, 2000)")}`,
      '.x',
    ],
    'the offer is drawn again': [card("card.outerHTML = card.outerHTML.replace('Close', 'Closed')")[0], '.x'],
    'the offer is drawn again in another place': [
      card(
        "const text = card.outerHTML; card.remove(); document.body.insertAdjacentHTML('afterbegin', text)",
      )[0],
      '.x',
    ],
    'the page goes to another view after more than a second': [
      card("setTimeout(() => { history.pushState({}, '', '/next'); card.remove() }, 1500)")[0],
      '.x',
    ],
    'its dialog refuses, and a link removes the dialog later': [
      `<div role="dialog" id="flyout">${offer('a')}${X}</div><a href="#next" onclick="flyout.remove()">Next</a>`,
      ['.x', 'a'],
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test.describe('an offer is closed if its cross shows another one:', () => {
  const swap = (later: string): Row => [
    `<div ${DRAWER} id="box"></div><script>
      const html = ${quoted(`<header><b>For you</b>${X}</header>${offer('ID')}`)};
      const draw = (id) => { box.innerHTML = html.replaceAll('ID', id); box.querySelector('.x').onclick = () => { ${later} } };
      draw('a');
    </script>`,
    '.x',
    'a',
  ];
  const inDialog = (act: string): Row => [
    `<div ${DRAWER}><header><b>For you</b>${X}</header><div id="up">${offer('a')}</div></div>${onCross(act)}`,
    '.x',
    'a',
  ];
  const ROWS: Readonly<Record<string, Row>> = {
    'all of the dialog is drawn again with a cheaper one': swap("draw('b')"),
    'all of the dialog is drawn again after a skeleton': swap(
      "box.innerHTML = 'Loading'; setTimeout(() => draw('b'), 500)",
    ),
    'only the offer is replaced, when the server has answered': inDialog(
      `setTimeout(() => { up.innerHTML = ${quoted(offer('b')).replaceAll('"', "'")} }, 400)`,
    ),
    'its element shows the next one': inDialog("document.querySelector('#up div').dataset.offerId = 'b'"),
    'the dialog itself is another one': [
      `<script>
        const show = (id, then) => {
          const d = document.createElement('dialog');
          d.innerHTML = ${quoted(`${X}${offer('ID')}`)}.replaceAll('ID', id);
          document.body.append(d);
          d.showModal();
          d.querySelector('.x').onclick = () => { d.remove(); then() };
        };
        show('a', () => show('b', () => 0));
      </script>`,
      '.x',
      'a',
    ],
    'a list is drawn by its places, and its first offer is closed': [
      `<div ${DRAWER} id="list"></div><script>
        const ids = ['a', 'b', 'c'];
        const draw = () => {
          while (list.children.length > ids.length) list.lastChild.remove();
          ids.forEach((id, at) => {
            const card = list.children[at] ?? list.appendChild(document.createElement('div'));
            card.className = 'offer';
            card.dataset.offerDwell = 60000;
            card.dataset.offerId = id;
            card.innerHTML = '<button class="x" aria-label="Close">x</button>' + id;
            card.firstChild.onclick = () => { ids.splice(at, 1); draw() };
          });
        };
        draw();
      </script>`,
      '.x >> nth=0',
      'a',
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test.describe('a cross that asks first', () => {
  /** Answers after longer than any close control is given. */
  const answer = (selector: string) => [
    '.x',
    (page: Page) => page.locator(selector).waitFor(),
    pass(3_600),
    selector,
  ];
  const asking = (inside: string, close: string): string =>
    `${inside}<dialog id="sure">Are you sure? <button id="yes">Yes</button><button id="no">Keep it</button></dialog>
     ${onCross('sure.showModal()')}<script>yes.onclick = () => { sure.close(); ${close} }; no.onclick = () => { sure.close() }</script>`;
  const CARD = asking(offer('a', X, 'id="card"'), 'card.remove()');
  const drawer = (close: string) =>
    `<div ${DRAWER} id="box"><header><b>For you</b>${X}</header><div id="up">${offer('a')}</div></div>${close}`;
  /** The question takes the place of the offer in its own dialog. */
  const IN_PLACE = drawer(
    onCross(
      "const first = up.innerHTML; up.innerHTML = '<p>Are you sure?</p><button id=yes>Yes</button><button id=no>Keep it</button>'; yes.onclick = () => box.remove(); no.onclick = () => { up.innerHTML = first }",
    ),
  );
  const ROWS: Readonly<Record<string, Row>> = {
    'closes the offer by the answer Yes, seconds later': [CARD, answer('#yes'), 'a'],
    'closes the dialog by the answer Yes, seconds later': [
      asking(drawer(''), 'box.remove()'),
      answer('#yes'),
      'a',
    ],
    'closes the offer by the answer Yes to a question in its place': [IN_PLACE, answer('#yes'), 'a'],
    'closes nothing by another answer, though the page removes the offer later': [
      CARD,
      [...answer('#no'), BLANK, js('card.remove()')],
    ],
    'closes nothing by another answer to a question in its place': [IN_PLACE, answer('#no')],
    'asks nothing by a dialog that shows another offer': [
      `${offer('a', X, 'id="card"')}<dialog id="other">${offer('b')}<button id="add">Add</button></dialog>
       ${onCross('other.showModal(); add.onclick = () => { other.close(); card.remove() }')}`,
      answer('#add'),
    ],
    'asks nothing by a new button in a dialog that still shows its offer, and leaves by itself later': [
      drawer(
        onCross(
          "box.insertAdjacentHTML('beforeend', '<button>Add</button>'); setTimeout(() => box.remove(), 3600)",
        ),
      ),
      ['.x', gone('#box')],
    ],
  };
  for (const [name, row] of Object.entries(ROWS)) test(name, closing(row));
});

test('what is gone when the page is left is closed, though it might have come back', async ({
  page,
  stack,
}) => {
  await openReady(page, stack, card("card.remove(); setTimeout(() => { location = '/elsewhere' }, 50)")[0]);
  // Until the closing part is there, a page that is left forgets what was pressed.
  await doAll(page, BLANK);
  await untilPart(page, 'closing');
  await page.click('.x');
  await page.waitForURL('**/elsewhere');
  await stack.open(page, '<p>Imprint</p>');
  await stack.expectRecorded(both('a'));
  expect(stack.recorded()).toEqual(both('a'));
});
