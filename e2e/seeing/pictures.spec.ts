/** Offers that are pictures: what an inline element holds stands for it, and a picture counts once it is drawn. */
import type { Page } from '@playwright/test';
import { HIDDEN, holdBack, showWhenReady } from '../fixtures/ready.js';
import { test } from '../fixtures/stack.js';
import { addWitness, witness } from './scene.js';

/** A drawn picture of that address, in any size. */
const DRAWN =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E%3Crect width='9' height='9'/%3E%3C/svg%3E";

const marked = (id: string) => `data-offer-id="${id}" data-offer-dwell="300"`;
/** Keeps pictures of such an address from the page, until the result is called. */
const holdPictures = async (page: Page, address: string): Promise<() => void> => {
  await page.route(address, (route) =>
    route.fulfill({ contentType: 'image/svg+xml', body: decodeURIComponent(DRAWN.split(',')[1] ?? '') }),
  );
  return holdBack(page, address);
};

test.describe('an inline offer', () => {
  const picture = `<img src="${DRAWN}" alt="" width="150" height="400">`;
  /** A picture of 400 px by its markup: of all but the last 20 px are in view, of none the last 30. */
  const ROWS: readonly (readonly [what: string, markup: (marks: string) => string])[] = [
    ['a link around a picture', (marks) => `<a href="#x" ${marks}>${picture}</a>`],
    [
      'a link around responsive pictures',
      (marks) =>
        `<a href="#x" ${marks}><picture><source srcset="${DRAWN}" media="(min-width: 1px)">${picture}</picture></a>`,
    ],
    ['a link around other inline elements', (marks) => `<a href="#x" ${marks}><b><i>${picture}</i></b></a>`],
    ['a link around a box', (marks) => `<a href="#x" ${marks}><div style="height: 400px">Sale</div></a>`],
    [
      'a link around a box that floats',
      (marks) => `<a href="#x" ${marks}><span style="float: left; height: 400px">Sale</span></a>`,
    ],
    ['a link with a picture and words', (marks) => `<a href="#x" ${marks}>Sale ${picture}</a>`],
    ['an element of the page’s own', (marks) => `<x-banner ${marks}></x-banner>`],
  ];
  const DEFINED = `<script>customElements.define('x-banner', class extends HTMLElement {
    connectedCallback() { this.attachShadow({ mode: 'open' }).innerHTML = ${JSON.stringify(picture)} } })</script>`;

  const columns = (edge: string, prefix: string) =>
    ROWS.map(
      ([, markup], at) =>
        `<div style="position: absolute; ${edge}; left: ${at * 160}px; width: 150px; height: 400px; line-height: 0">${markup(marked(`${prefix}-${at}`))}</div>`,
    ).join('');

  test('counts by what it holds, though its own box is out of view', async ({ page, stack }) => {
    await stack.open(page, `${columns('top: 420px', 'cut')}${DEFINED}`);
    await stack.expectRecorded(ROWS.map((_, at) => `viewed cut-${at}`));
  });

  test('does not count while only its own box is in view, the foot of what it holds', async ({
    page,
    stack,
  }) => {
    await stack.open(page, `${columns('top: -370px', 'foot')}${DEFINED}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await addWitness(page, 'second');
    await stack.expectRecorded(['viewed witness', 'viewed second']);
  });

  test('counts by its own box if it holds only words, and by its size once it is inline no more', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<style>.block { display: block; position: absolute; top: 0; left: 300px }</style>
       <a href="#x" ${marked('words')}>Ten per cent off</a>
       <div style="position: absolute; top: -370px; left: 300px"><a href="#x" id="turned" ${marked('turned')}>${picture}</a></div>
       ${witness()}`,
    );
    await stack.expectRecorded(['viewed words', 'viewed witness']);
    await page.evaluate("turned.parentElement.style.position = 'static'; turned.className = 'block'");
    await stack.expectRecorded(['viewed words', 'viewed witness', 'viewed turned']);
  });

  test('counts where its picture is larger than the window', async ({ page, stack }) => {
    await stack.open(
      page,
      `<a href="#x" ${marked('tall')}><img src="${DRAWN}" alt="" width="300" height="1500"></a>`,
    );
    await stack.expectRecorded(['viewed tall']);
  });
});

test.describe('an offer that shows nothing but a picture', () => {
  const sized = (source: string, more = '') =>
    `<img ${source} alt="" width="100" height="100" style="background: grey" ${more}>`;
  const box = (id: string, content: string, tag = 'div') =>
    `<${tag} ${marked(id)} style="position: relative; float: left">${content}</${tag}>`;

  const COMING = 'src="/coming.svg"';
  /** They wait for the picture at that address. */
  const WAITING = [
    sized(COMING, marked('itself')),
    sized(`srcset="/coming.svg 1x, /coming.svg?2x 2x"`, marked('choosing')),
    sized(`loading="lazy" ${COMING}`, marked('lazy')),
    `<a href="#x" ${marked('linked')}>${sized(COMING)}</a>`,
    box('boxed', sized(COMING)),
    box('unsized', `<img src="/coming.svg" alt="" style="background: grey">`, 'p style="padding: 30px"'),
    box('closable', `${sized(COMING)}<button data-offer-dismiss aria-label="Close">×</button>`),
    box('flagged', `${sized(COMING)}<img src="${DRAWN}" alt="" width="20" height="20">`),
    box('late', sized('data-source="/coming.svg"')),
  ];
  const NEVER = [
    sized('src="/broken.png"', marked('broken')),
    `<a href="#x" ${marked('broken-link')}>${sized('src="/broken.png"')}</a>`,
    sized('', marked('empty')),
    box('unwritten', `${sized('src="/broken.png"')}<noscript><img src="/broken.png"></noscript>`),
    box('styled', `<style>.none { color: red }</style>${sized('src="/broken.png"')}`),
    box('unshown', `${sized('src="/broken.png"')}<span style="display: none">Ten per cent off</span>`),
  ];
  const AT_ONCE = [
    sized(`src="${DRAWN}"`, marked('inside')),
    box('worded', `${sized('src="/broken.png"')}Ten per cent off`),
    box(
      'counted',
      `${sized(`src="${DRAWN}"`)}<img src="/broken.png" alt="" width="1" height="1"><img src="/broken.png" alt="" width="500" height="500" style="display: none">`,
    ),
    box('moving', `${sized('src="/broken.png"')}<video width="100" height="100"></video>`),
    `<div ${marked('painted')} style="width: 100px; height: 100px; background: gold"></div>`,
  ];
  const idsOf = (rows: readonly string[]) =>
    rows.map((row) => `viewed ${/data-offer-id="([^"]+)"/.exec(row)?.[1]}`);

  test('counts once the picture is drawn, and never if it does not come', async ({ page, stack }) => {
    const arrive = await holdPictures(page, '**/coming.svg*');
    await page.route('**/broken.png', (route) => route.fulfill({ status: 404, body: '' }));
    stack.site.show([HIDDEN, ...WAITING, ...NEVER, ...AT_ONCE, witness()].join(''));
    await page.goto(`${stack.site.url}/page.html`, { waitUntil: 'commit' });
    const atOnce = [...idsOf(AT_ONCE), 'viewed witness'];
    await showWhenReady(page);
    await stack.expectRecorded(atOnce);
    arrive();
    await page.evaluate(() => {
      for (const late of document.querySelectorAll('[data-source]'))
        late.setAttribute('src', '/coming.svg?late');
    });
    const drawn = [...atOnce, ...idsOf(WAITING)];
    await stack.expectRecorded(drawn);
    await addWitness(page, 'second');
    await stack.expectRecorded([...drawn, 'viewed second']);
  });

  test('waits again if another picture takes its place', async ({ page, stack }) => {
    const arrive = await holdPictures(page, '**/next.svg');
    await stack.open(page, sized(`src="${DRAWN}"`, `id="turning" ${marked('one')}`));
    await stack.expectRecorded(['viewed one']);
    await page.evaluate("turning.src = '/next.svg'; turning.setAttribute('data-offer-id', 'two')");
    await addWitness(page, 'witness');
    await stack.expectRecorded(['viewed one', 'viewed witness']);
    arrive();
    await stack.expectRecorded(['viewed one', 'viewed witness', 'viewed two']);
  });
});
