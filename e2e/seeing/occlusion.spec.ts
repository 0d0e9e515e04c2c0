/** What covers an offer: only elements that draw something, and only as far as they reach. */
import type { Tab } from '../engines/engine.js';
import { append } from '../engines/offers.js';
import { ENGINES, test } from '../engines/test.js';
import { HIDDEN, showWhenReady } from '../fixtures/ready.js';
import type { Stack } from '../fixtures/stack.js';

const offer = (attributes = '', id = 'a') =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="300" ${attributes}>Ten per cent off</div>`;
const WITNESS = `<div class="offer" data-offer-id="witness" data-offer-dwell="900" style="position: fixed; right: 0; bottom: 0"></div>`;

/** An offer in a box of its own size, with something above it. */
const under = (above: string, inside = offer()) =>
  `<div style="position: relative; width: 300px; height: 200px">${inside}${above}</div>`;
const layer = (style: string, text = '') =>
  `<div class="above" style="position: absolute; inset: 0; ${style}">${text}</div>`;
/** A script that gives a host a shadow tree with this markup. */
const shadow = (host: string, markup: string) =>
  `<script>document.querySelector('${host}').attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(markup)}</script>`;
const STYLE = '<style>.offer { width: 300px; height: 200px; background: gold }</style>';
const PIXEL =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Crect width='9' height='9'/%3E%3C/svg%3E";

const COVERED: Readonly<Record<string, string>> = {
  'a background': under(layer('background: grey')),
  'a background that lets light through': under(layer('background: rgb(0 0 0 / 0.2)')),
  'a picture as a background': under(layer(`background: url(&quot;${PIXEL}&quot;)`)),
  'a gradient': under(layer('background: linear-gradient(white, black)')),
  'an image': under(
    `<img src="${PIXEL}" alt="" class="above" style="position: absolute; inset: 0; width: 300px; height: 200px">`,
  ),
  'a drawing': under(
    '<svg class="above" style="position: absolute; inset: 0" width="300" height="200"><rect width="300" height="200"/></svg>',
  ),
  'an element that blurs what is behind it': under(layer('backdrop-filter: blur(9px)')),
  'a picture that a script draws': under(
    '<canvas class="above" width="300" height="200" style="position: absolute; inset: 0"></canvas>',
  ),
  'most of it': under(layer('top: 60px; background: grey')),
  'a pseudo element that draws': `<style>.drawn::before { content: ''; position: absolute; inset: 0; background: grey }</style>${under('<div class="above drawn" style="position: absolute; inset: 0"></div>')}`,
  'large text': under(
    layer('font: 70px/70px monospace; overflow: hidden; word-break: break-all', 'WWWWWWWWWWWWWWWWWWWWWWWWWW'),
  ),
  'an ancestor that draws over its content': `<style>.above.loading { display: none } .loading + section { position: relative; width: 300px } .loading + section::after { content: ''; position: absolute; inset: 0; background: white; z-index: 2 }</style><i class="above loading"></i><section>${offer()}</section>`,
  'the picture of a link, whose own box is the strip below it': under(
    layer('bottom: 20px; background: grey'),
    `<a href="#x" data-offer-id="a" data-offer-dwell="300"><img src="${PIXEL}" alt="" width="300" height="200"></a>`,
  ),
  'a fixed bar of the page': `${offer('style="position: absolute; top: 0"')}<div class="above" style="position: fixed; inset: 0 0 auto; height: 250px; background: grey"></div>`,
  'an element over the host of its shadow tree': under(
    layer('background: grey'),
    `<div id="host"></div>${shadow('#host', STYLE + offer())}`,
  ),
  'what a shadow tree above it draws, such as a cookie wall': under(
    `<div class="above" style="position: absolute; inset: 0"></div>${shadow('.above', '<div style="position: absolute; inset: 0; background: grey"></div>')}`,
  ),
  'an element in its own shadow tree': `<div id="host"></div>${shadow('#host', STYLE + under(layer('background: grey')))}`,
  // As Radix does while a modal is open.
  'a layer of a page that takes presses nowhere else': `<style>body { pointer-events: none }</style>${under(layer('background: grey; pointer-events: auto'))}`,
};

const CLEAR: Readonly<Record<string, string>> = {
  'nothing at all': offer(),
  'a layer that draws nothing': under(layer('')),
  'what shows only under a pointer': `<style>.card { position: relative; width: 300px } .card::after { content: ''; position: absolute; inset: 0; background: grey; opacity: 0 } .card:hover::after { opacity: 1 }</style><div class="card">${offer()}</div>`,
  'what a pseudo element would draw if it were visible': `<style>.unseen::after { content: ''; position: absolute; inset: 0; background: grey; visibility: hidden }</style>${under('<div class="unseen" style="position: absolute; inset: 0"></div>')}`,
  'a background without opacity': under(layer('background: rgb(255 0 0 / 0)')),
  'a layer whose opacity is 0': under(layer('background: grey; opacity: 0')),
  'a layer without pointer events': under(layer('background: grey; pointer-events: none')),
  'a shadow tree that draws nothing': under(
    `<div class="above" style="position: absolute; inset: 0"></div>${shadow('.above', '<div style="position: absolute; inset: 0"></div>')}`,
  ),
  'a picture of one pixel that shields it from copying': under(
    `<img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7" alt="" style="position: absolute; inset: 0; width: 300px; height: 200px">`,
  ),
  'a picture that did not load': under(
    '<img src="/nothing.png" alt="" style="position: absolute; inset: 0; width: 300px; height: 200px">',
  ),
  'less than what it needs to show': under(layer('top: 150px; background: grey')),
  'exactly what it can spare': under(layer('top: 100px; background: grey')),
  'a line of text in a large layer': under(layer('', 'Sale')),
  'a small mark of a link that is stretched over it': `<style>.stretched::before { content: ''; position: absolute; width: 8px; height: 8px; background: red }</style>${under('<a class="stretched" href="#x" style="position: absolute; inset: 0"></a>')}`,
  'an ancestor that would clip it if it were not fixed': `<div style="overflow: hidden; width: 0; height: 0">${offer('style="position: fixed; top: 0; left: 0; opacity: .95"')}</div>`,
  'its own parts': offer().replace(
    'Ten per cent off',
    `<img src="${PIXEL}" alt="" style="width: 300px; height: 200px">`,
  ),
  'its own round corners': offer('style="border-radius: 100px"'),
  'an effect on an ancestor': `<div style="opacity: .99; filter: blur(0)">${offer()}</div>`,
  'itself, without pointer events': `<div style="pointer-events: none">${offer()}</div>`,
  'itself, on a page that takes presses nowhere': `<style>body { pointer-events: none }</style>${under('')}${offer()}`,
  'itself, inert': `<div inert style="opacity: .99">${offer()}</div>`,
  'content that is given to a slot': `<div id="host"><div>Ten per cent off</div></div>${shadow('#host', `${STYLE}<div class="offer" data-offer-id="a" data-offer-dwell="300"><slot></slot></div>`)}`,
  'a box that its children draw': `<div style="display: contents" data-offer-id="a" data-offer-dwell="300"><div class="offer"></div></div>`,
};

/** The same page with ids that no earlier page had. */
const numbered = (markup: string, number: number): string =>
  markup
    .replaceAll('data-offer-id="a"', `data-offer-id="a${number}"`)
    .replaceAll('data-offer-id=\\"a\\"', `data-offer-id=\\"a${number}\\"`);

for (const name of ENGINES)
  test.describe(`in ${name}`, () => {
    test.describe.configure({ mode: 'default', timeout: 400_000 });

    /** Opens all pages in one tab, since an engine takes long to open a tab. */
    const openEach = async (
      { stack, tab }: { stack: Stack; tab: Tab },
      pages: Readonly<Record<string, string>>,
      look: (number: number) => Promise<void>,
    ): Promise<void> => {
      for (const [number, [what, markup]] of Object.entries(pages).entries())
        await test.step(what, async () => {
          stack.site.show(HIDDEN + numbered(markup, number));
          await tab.goto(`${stack.site.url}/page.html`);
          await showWhenReady(tab);
          await look(number);
        });
    };

    test('an offer that is covered counts once it is uncovered', async ({ stack, visitorOf }) => {
      const tab = await (await visitorOf(name)).open(`${stack.site.url}/elsewhere`);
      const expected: string[] = [];
      await openEach({ stack, tab }, COVERED, async (number) => {
        await append(tab, WITNESS.replace('witness', `witness${number}`));
        expected.push(`viewed witness${number}`);
        await stack.expectRecorded(expected);
        await tab.evaluate(() => {
          const trees = [document, document.querySelector('#host')?.shadowRoot];
          for (const tree of trees) tree?.querySelector('.above')?.remove();
        });
        expected.push(`viewed a${number}`);
        await stack.expectRecorded(expected);
      });
    });

    test('an offer that nothing covers counts', async ({ stack, visitorOf }) => {
      const tab = await (await visitorOf(name)).open(`${stack.site.url}/elsewhere`);
      const expected: string[] = [];
      await openEach({ stack, tab }, CLEAR, async (number) => {
        expected.push(`viewed a${number}`);
        await stack.expectRecorded(expected);
      });
    });
  });
