/** What users close before the part is there that notices closing. */
import type { Page } from '@playwright/test';
import type { OfferTracker } from '../../src/index.js';
import { holdBack } from '../fixtures/ready.js';
import { expect, type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS } from '../fixtures/witness.js';
import {
  type Act,
  both,
  doAll,
  ESCAPE,
  expectOnly,
  gone,
  js,
  MARKED,
  offer as plainOffer,
  quoted,
  REMOVE,
} from './rows.js';

const offer = (id: string, inside = '') => plainOffer(id, inside, 'style="height: 90px"');

const CROSS = `<button class="close" aria-label="Close" ${REMOVE}>×</button>`;
const ASKED = '<button class="close">×</button>';

/** A dialog with two offers, one of which is scrolled out of it. */
const DIALOG = `<dialog id="box" style="width: 300px; height: 220px; overflow: auto">
    ${offer('shown')}<button id="x" aria-label="Close" onclick="this.closest('dialog').close()">×</button>
    <div style="height: 2000px"></div>${offer('clipped')}
  </dialog>
  <script>box.showModal()</script>`;

/** A tracker from npm. */
const IMPORTING = `<script type="module">
  import { createOfferTracker } from '/module/index.js';
  window.tracker = createOfferTracker({ endpoint: '/offer-events' });
</script>`;

/** Opens a page one part of which comes only when the result is called. */
const openWithout = async (
  page: Page,
  stack: Stack,
  body: string,
  part: 'offer' | 'closing' = 'offer',
): Promise<() => void> => {
  const address = `**/module/${part}-part.js`;
  const arrive = await holdBack(page, address);
  const asked = page.waitForRequest(address);
  await stack.open(page, `${offer('beside')}${body}`, { script: '', head: IMPORTING });
  if (part === 'offer') await asked;
  // It answers once the offer part is there.
  else await page.evaluate(() => (window as unknown as { tracker: OfferTracker }).tracker.stats());
  // Observers have reported by then what is in sight.
  await page.evaluate(async () => {
    for (let frame = 0; frame < 20; frame++) await new Promise(requestAnimationFrame);
  });
  return arrive;
};

/** A page, what its user does before the part is there, and what that closes; then what is done, and what is only viewed. */
type Row = readonly [body: string, acts: Act | readonly Act[], closed?: string, then?: Act, viewed?: string];

const idsIn = (ids: string) => ids.split(' ').filter(Boolean);
const undismissable = js("await tracker.stats(); tracker.dismiss('taken')");

test.describe('before the offer part is there', () => {
  const kept = (style: string): Row => [
    `<div data-offer-id="kept" style="${style}" data-offer-dwell="60000">${ASKED}</div>`,
    '.close',
  ];
  const taken = (body: string, ...presses: readonly string[]): Row => [
    body,
    presses,
    '',
    undismissable,
    'taken',
  ];
  const ROWS: Readonly<Record<string, Row>> = {
    'a cross that removes its offer counts': [offer('crossed', CROSS), '.close', 'crossed'],
    'a marked control counts, also one that names an offer from elsewhere': [
      `${offer('marked', MARKED.replace('button', 'button id="own"'))}${offer('named')}<button id="elsewhere" data-offer-dismiss="named">Hide</button>`,
      ['#own', '#elsewhere'],
      'marked named',
    ],
    'a cross in an open shadow root counts, also if it takes its offer out at once': [
      `<div id="host"></div><script>host.attachShadow({ mode: 'open' }).innerHTML = ${quoted(offer('shadowed', CROSS))}</script>`,
      ['.close', gone('[data-offer-id=shadowed]')],
      'shadowed',
    ],
    'an accepting link that is opened by the middle button accepts': [
      `${offer('taken', `<a id="go" href="#plan" data-offer-accept>Yes</a>${CROSS}`)}<script>go.addEventListener('auxclick', (event) => event.preventDefault())</script>`,
      (page) => page.click('#go', { button: 'middle' }),
      '',
      '.close',
      'taken',
    ],
    'a cross that is asked about and then closes nothing does not count': [offer('kept', ASKED), '.close'],
    'a cross that closes nothing does not count in an offer that is drawn by its children':
      kept('display: contents'),
    'a cross that closes nothing does not count in an offer that is transparent': kept('opacity: 0'),
    'crosses that are pressed one after the other all count': [
      `${offer('one', CROSS)}${offer('two', CROSS)}`,
      ['[data-offer-id=one] .close', '[data-offer-id=two] .close'],
      'one two',
    ],
    'a dialog that closes by its cross closes what could be seen in it': [
      DIALOG,
      ['#x', gone('#box')],
      'shown',
    ],
    'a dialog that leaves the page by its cross closes what could be seen in it': [
      DIALOG.replace('close()', 'remove()'),
      ['#x', gone('#box')],
      'shown',
    ],
    'a cross that names the dialog that it takes out breaks nothing': [
      `<dialog id="box">${offer('named')}<button id="x" command="close" commandfor="box" aria-label="Close">×</button></dialog>
       <script>
         box.showModal();
         box.addEventListener('close', () => box.remove());
         x.addEventListener('click', () => box.close());
       </script>${offer('crossed', CROSS)}`,
      ['#x', '.close'],
      'named crossed',
    ],
    'an offer says by its own path whom a control is about, though its inside was replaced': [
      `<dialog id="box">${offer('undone', '<button id="no" data-offer-dismiss>No</button>')}${offer('other')}</dialog>
       <script>box.showModal(); no.onclick = () => { no.parentElement.textContent = 'Hidden. Undo'; }</script>`,
      '#no',
      'undone',
    ],
    'Escape and a press outside close nothing, since what was open may have ended in any way': [
      `${DIALOG}<div role="dialog" id="sheet">${offer('sheet')}</div><p id="blank">Blank</p>
       <script>blank.addEventListener('click', () => sheet.remove())</script>`,
      [ESCAPE, '#blank'],
    ],
    'an offer that is accepted by a marked control behind a cross that only asked is not closed, also not later':
      taken(
        offer('taken', `${ASKED}<button data-offer-accept ${REMOVE}>Yes</button>`),
        '.close',
        '[data-offer-accept]',
      ),
    'an offer that is accepted by a form that also closes its dialog is not closed, also not later': taken(
      `<dialog id="box">${offer('taken')}<form method="dialog" data-offer-accept="taken"><button>Yes</button></form></dialog>
       <script>box.showModal()</script>`,
      'form button',
    ),
    'an offer that is accepted by a call in a button that closes its dialog is not closed, also not later':
      taken(
        `<div role="dialog" class="modal">${offer('taken')}
         <button data-bs-dismiss="modal" onclick="tracker.accept('taken'); this.parentElement.remove()">Yes</button></div>`,
        '.modal > button',
      ),
    'a page that only renders the offer again closes nothing': [
      `<div id="list"><div>${offer('again', ASKED)}</div></div>
       <script>document.querySelector('.close').onclick = () => { list.innerHTML = list.innerHTML; }</script>`,
      '.close',
    ],
    'what a script presses counts only on a marked control': [
      `${offer('pressed', CROSS)}${offer('marked', '<button id="own" data-offer-dismiss>No</button>')}`,
      js("for (const button of document.querySelectorAll('.close, #own')) button.click()"),
      'marked',
    ],
  };
  for (const [name, [body, acts, closed = '', then = [], viewed = '']] of Object.entries(ROWS))
    test(name, async ({ page, stack }) => {
      const arrive = await openWithout(page, stack, body);
      await doAll(page, acts);
      arrive();
      await doAll(page, then);
      const seen = idsIn(viewed).map((id) => `viewed ${id}`);
      await expectOnly(page, stack, [...both(...idsIn(closed)), ...seen], CONSEQUENCE_MS);
    });

  test('a cross counts, however long ago it was pressed', async ({ page, stack }) => {
    await page.clock.install();
    const arrive = await openWithout(page, stack, offer('crossed', CROSS));
    await page.click('.close');
    await page.clock.runFor(20_000);
    arrive();
    await page.clock.resume();
    await expectOnly(page, stack, both('crossed'));
  });

  test('events keep what the page may ask of them while they happen', async ({ page, stack }) => {
    const arrive = await openWithout(page, stack, offer('asked', CROSS));
    await page.evaluate(
      "addEventListener('click', (event) => { ownPath = Object.hasOwn(event, 'composedPath') })",
    );
    await page.click('.close');
    expect(await page.evaluate('ownPath')).toBe(false);
    arrive();
    await expectOnly(page, stack, both('asked'));
  });
});

test.describe('before the closing part is there', () => {
  const card = (inside: string) =>
    `<div class="offer" data-offer-id="card" data-offer-dwell="60000" data-offer-accept>${inside}</div>`;
  const cross = (act: string, inside = '') =>
    offer('crossed', `<button class="close" onclick="${act}">×</button>${inside}`);
  const OWN = "this.closest('.offer')";
  for (const [what, body, presses, closed, viewed = []] of [
    ['a cross closes an offer that it takes out', cross(`${OWN}.remove()`), ['.close'], ['crossed']],
    [
      'a cross closes an offer that it moves away',
      cross(`${OWN}.style.transform = 'translateX(-4000px)'`),
      ['.close'],
      ['crossed'],
    ],
    [
      'a cross closes an offer that it folds',
      cross(`Object.assign(${OWN}.style, { height: 0, overflow: 'hidden' })`),
      ['.close'],
      ['crossed'],
    ],
    ['a cross that closes nothing counts nothing', cross('void 0'), ['.close'], []],
    [
      'a cross in a card that accepts closes it',
      card(`<button class="close" onclick="${OWN}.remove()">×</button>`),
      ['.close'],
      ['card'],
    ],
    ['a card accepts by its text', card('<p>Text</p>'), ['p'], [], ['card']],
    [
      'an offer that is fading is closed though something else is pressed',
      `${cross(`${OWN}.style.transition = 'opacity 300ms'; ${OWN}.style.opacity = 0; setTimeout(() => ${OWN}.remove(), 600)`)}<p>Text</p>`,
      ['.close', 'p'],
      ['crossed'],
    ],
    [
      'an offer that is accepted behind a cross is not closed',
      cross('void 0', `<button data-offer-accept onclick="${OWN}.remove()">Yes</button>`),
      ['.close', '[data-offer-accept]'],
      [],
      ['crossed'],
    ],
    ['a dialog is closed by Escape', DIALOG, ['Escape'], ['shown']],
    [
      'a dialog whose view the page leaves at Escape is not closed',
      `<div role="dialog" id="box">${offer('kept')}</div>
      <script>addEventListener('keydown', () => { history.pushState(null, '', '/next'); box.remove(); })</script>`,
      ['Escape'],
      [],
    ],
  ] satisfies (readonly [string, string, readonly string[], readonly string[], (readonly string[])?])[])
    test(what, async ({ page, stack }) => {
      const arrive = await openWithout(page, stack, body, 'closing');
      for (const press of presses)
        await (press === 'Escape' ? page.keyboard.press(press) : page.click(press));
      arrive();
      const ids = viewed.map((id) => `viewed ${id}`);
      await expectOnly(page, stack, [...both(...closed), ...ids], CONSEQUENCE_MS);
    });

  test('a cross that asks closes an offer that its answer takes out', async ({ page, stack }) => {
    const body = `${cross('ask.hidden = false')}<div role="dialog" id="ask" hidden><button id="yes" onclick="ask.remove(); document.querySelectorAll('.offer')[1].remove()">Yes</button></div>`;
    const arrive = await openWithout(page, stack, body, 'closing');
    await page.click('.close');
    arrive();
    await page.click('#yes');
    await expectOnly(page, stack, both('crossed'));
  });
});

for (const [way, options] of [
  ['the script file', {}],
  ['npm', { script: '', head: IMPORTING }],
] as const)
  for (const afterMs of [50, 200, 450, 2_000])
    test(`a cross is pressed ${afterMs} ms after a start by ${way}, on a machine that is four times slower`, async ({
      page,
      stack,
    }) => {
      const session = await page.context().newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      // The press is the browser's own, and comes when the page's clock says so. The tracker may be at any point then.
      const head = `${'head' in options ? options.head : ''}<script>
        document.addEventListener('DOMContentLoaded', () => setTimeout(() => press('press'), ${afterMs}));
      </script>`;
      await page.exposeFunction('press', async () => {
        const cross = await page.locator('.close').boundingBox();
        if (cross) await page.mouse.click(cross.x + cross.width / 2, cross.y + cross.height / 2);
      });
      await stack.open(page, offer('crossed', CROSS), { ...options, head });
      await stack.expectRecorded(both('crossed'));
    });
