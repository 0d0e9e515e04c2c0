import { HIDDEN, showWhenReady, trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';
import {
  addWitness,
  CLOCK,
  countsNever,
  countsOnce,
  countsOnly,
  find,
  it,
  offer,
  onViewed,
  type Row,
  run,
  TALL,
  witness,
} from './scene.js';

/** An offer of any size. */
const sized = (id: string, width: number, height: number, style = '') =>
  offer(id, `style="width: ${width}px; height: ${height}px; ${style}"`);

/** A picture of 130 × 80 px. */
const IMAGE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='130' height='80'/%3E";
/** An offer without a box of its own. */
const contents = (inside: string) => it('display: contents').replace('></div>', `>${inside}</div>`);
const child = (style = '') => `<div class="offer" style="${style}"></div>`;
/** Overflows an offer that has no size. */
const overflowing = (style: string) => it(style).replace('></div>', '>Deal</div>');

const HIDING = {
  'visibility: hidden': ['visibility', 'hidden', 'visible'],
  'opacity: 0': ['opacity', '0', '1'],
} as const;

/** The ways of hiding, of the offer and of its ancestor, at once and by a transition. */
const hiding = Object.entries(HIDING).flatMap(([way, [property, off, on]]) =>
  ['', 'transition: all 200ms'].flatMap((transition): [string, Row][] => [
    [`${way} ${transition}`, [it(`${property}: ${off}; ${transition}`), `offer.style.${property} = '${on}'`]],
    [
      `${way} of its ancestor ${transition}`,
      [
        `<section style="margin: 0; ${property}: ${off}; ${transition}">${it()}</section>`,
        `box.style.${property} = '${on}'`,
      ],
    ],
  ]),
);

const closed = (tag: string) =>
  `<${tag} style="margin: 0; padding: 0; border: 0">${contents(child())}</${tag}>`;

test.describe('an offer on a page at rest', () => {
  test(
    'counts once it can be seen, and not before (fault 49)',
    countsOnce({
      ...Object.fromEntries(hiding),
      'display: none': [it('display: none'), "offer.style.display = 'block'"],
      'display: none of its ancestor': [
        `<section style="display: none">${it()}</section>`,
        "box.style.display = 'block'",
      ],
      'content-visibility: hidden': [
        `<section style="content-visibility: hidden">${it()}</section>`,
        "box.style.contentVisibility = 'visible'",
      ],
      'hidden until it is found': [it('', 'hidden="until-found"'), "offer.removeAttribute('hidden')"],
      'hidden until what is around it is found': [
        `<section hidden="until-found">${it()}</section>`,
        "box.removeAttribute('hidden')",
      ],
      'a class': [
        `<style>.off { opacity: 0 }</style><section class="off">${it()}</section>`,
        "box.nextSibling.className = ''",
      ],
      'a style sheet': [
        `<style>.by-sheet { visibility: hidden }</style>${it('', '').replace('offer', 'offer by-sheet')}`,
        'box.remove()',
      ],
      'a query of its container’s size': [
        `<div style="container-type: inline-size; width: 150px"><style>#query { opacity: 0 } @container (width < 145px) { #query { opacity: 1 } }</style>
         <section id="query">${it()}</section></div><script>new ResizeObserver(() => undefined).observe(document.querySelector('#query'))</script>`,
        "box.style.width = '142px'",
      ],
      'no size': [it('width: 0; height: 0'), "offer.style = 'height: 90px'"],
      'no size, until its content comes': [
        it('height: auto'),
        `offer.innerHTML = '<p style="height: 80px; margin: 0">Deal</p>'`,
      ],
      'no size, until its picture comes': [
        it()
          .replaceAll('div', 'span')
          .replace('class="offer"', '')
          .replace('></span>', '><img alt=""></span>'),
        `offer.firstChild.src = "${IMAGE}"`,
      ],
      'no width, and content that overflows': [
        overflowing('width: 0; height: 80px'),
        "offer.style.width = '100px'",
      ],
      'an ancestor that hides what overflows': [
        `<section style="margin: 0; width: 140px; overflow: hidden">${it('margin-left: 100px')}</section>`,
        "offer.style.marginLeft = '60px'",
      ],
      'a clip-path of its ancestor': [
        `<section style="width: 140px; clip-path: inset(0 0 0 100%)">${it()}</section>`,
        "box.style.clipPath = 'inset(0 0 0 40%)'",
      ],
      'a transform': [it('transform: translateX(-1400px)'), "offer.style.transform = 'none'"],
      'a scale of 0': [it('transform: scale(0)'), "offer.style.transform = 'scale(0.5)'"],
      'a place from which a transition moves it': [
        it('transform: translateX(-1400px); transition: transform 500ms'),
        "offer.style.transform = 'none'",
      ],
      'a place from which a transition moves its ancestor': [
        `<section style="transform: translateX(-1400px); transition: transform 500ms">${it()}</section>`,
        "box.style.transform = 'none'",
      ],
      'an ancestor that a script’s animation shows, in a shadow tree': [
        `<div><template shadowrootmode="open"><style>.offer { width: 140px; height: 80px }</style><section style="opacity: 0">${it()}</section></template></div>`,
        "box.shadowRoot.querySelector('section').animate({ opacity: [0, 1] }, { duration: 200, fill: 'forwards' })",
      ],
      'no child, without a box of its own': [contents(''), `offer.innerHTML = '${child()}'`],
      'a child without a picture': [contents('<img alt="">'), `offer.firstChild.src = "${IMAGE}"`],
      'a child without a size': [contents('<p></p>'), "offer.firstChild.style.height = '80px'"],
      'a closed panel around its children': [closed('section hidden'), 'box.hidden = false'],
      'a closed dialog around its children': [closed('dialog'), 'box.show()'],
      'a closed popover around its children': [closed('aside popover'), 'box.showPopover()'],
      'the closed dialog in its own shadow tree': [
        `<shop-dialog style="display: contents" data-offer-id="it" data-offer-dwell="300"><template shadowrootmode="open"><dialog style="height: 60px">Half price</dialog></template></shop-dialog>`,
        'box.shadowRoot.firstChild.show()',
      ],
      'the closed dialog that shows its slotted content': [
        `<shop-drawer style="display: contents" data-offer-id="it" data-offer-dwell="300"><template shadowrootmode="open"><dialog><slot></slot></dialog></template><p class="offer"></p></shop-drawer>`,
        'box.shadowRoot.firstChild.show()',
      ],
      'a name that is no slot’s': [
        `<div><template shadowrootmode="open"><slot name="shown"></slot></template>${it()}</div>`,
        "offer.slot = 'shown'",
      ],
      'a small size, until it is larger than the viewport': [
        it('margin-left: -2000px'),
        "offer.style.width = '9000px'; offer.style.position = 'relative'",
      ],
    }),
  );

  test('counts once an animation that is driven by scrolling shows it', async ({ page, stack }) => {
    await stack.open(
      page,
      `<style>@keyframes in { from { opacity: 0 } to { opacity: 1 } }
         .driven { opacity: 0; animation: in linear both; animation-timeline: scroll(root); animation-range: 0 100px }</style>
       <p style="position: absolute; top: 0; height: 4000px"></p>
       <div class="driven" style="position: fixed; top: 300px">${offer('late')}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    const isShown = await page.evaluate(async () => {
      window.scrollTo({ top: 150, behavior: 'instant' });
      for (let frame = 0; frame < 10; frame++) await new Promise<number>(requestAnimationFrame);
      return getComputedStyle(document.querySelector('.driven') as Element).opacity === '1';
    });
    // While other browsers run, Chromium sometimes gives such an animation no time, and then nothing is shown.
    await stack.expectRecorded(isShown ? ['viewed witness', 'viewed late'] : ['viewed witness']);
  });

  test('counts once a media query of the window’s size shows it', async ({ page, stack }) => {
    await stack.open(
      page,
      `<style>main { opacity: 0 } @media (width < 700px) { main { opacity: 1 } }</style><main>${offer('late')}</main>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await page.setViewportSize({ width: 600, height: 800 });
    await stack.expectRecorded(['viewed witness', 'viewed late']);
  });

  test('counts in a modal dialog that fades in, or in what an animation brings in later', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<style>
         @keyframes appear { from { opacity: 0 } }
         #modal[open] { opacity: 1; transition: opacity 400ms; @starting-style { opacity: 0 } }
         #toast { animation: appear 400ms 200ms both }
         dialog::backdrop { background: none }
       </style>
       <dialog id="modal">${offer('in-modal')}</dialog><div id="toast" hidden>${offer('in-toast')}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, 'modal.showModal()');
    await stack.expectRecorded(['viewed witness', 'viewed in-modal']);
    await run(page, 'toast.hidden = false');
    await stack.expectRecorded(['viewed witness', 'viewed in-modal', 'viewed in-toast']);
  });
});

test.describe('an offer whose dwell has begun', () => {
  const leaving = Object.entries(HIDING).flatMap(([way, [property, off]]): [string, Row][] => [
    [way, [it(), `offer.style.${property} = '${off}'`]],
    [`${way} of its ancestor`, [`<section>${it()}</section>`, `box.style.${property} = '${off}'`]],
  ]);
  const KEYFRAMES = '<style>@keyframes leave { to { transform: translateX(-1600px) } }</style>';
  test(
    'does not count if something hides it before that is over',
    countsNever({
      ...Object.fromEntries(leaving),
      'an attribute of the page': [
        `<style>[data-shut] .by-page { opacity: 0 }</style><section class="by-page">${it()}</section>`,
        "document.body.dataset.shut = ''",
      ],
      'a size of which it shows nearly nothing': [
        `<section style="height: 40px; overflow: hidden">${it()}</section>`,
        "offer.style.height = '3000px'",
      ],
      'no child': [contents(child()), 'offer.firstChild.remove()'],
      'a transform': [it(), "offer.style.transform = 'translateY(2000px)'"],
      'a transition of itself': [
        it('transition: transform 4s linear'),
        "offer.style.transform = 'translateX(-1600px)'",
      ],
      'a transition of its ancestor': [
        `<section style="transition: transform 4s linear">${it()}</section>`,
        "box.style.transform = 'translateX(-1600px)'",
      ],
      'an animation of itself': [KEYFRAMES + it(), "offer.style.animation = 'leave 4s linear forwards'"],
      'an animation of its ancestor': [
        `<section>${it()}</section>`,
        "box.style.animation = 'leave 4s linear forwards'",
      ],
      'the transition of its dialog': [
        `<dialog open style="transition: opacity 100ms; padding: 0">${it()}</dialog>`,
        'box.style.opacity = 0',
      ],
      'the end of its shadow tree': [
        `<div><template shadowrootmode="open"><style>.offer { width: 140px; height: 80px }</style>${it()}</template></div>`,
        'box.remove()',
      ],
    }),
  );

  for (const owner of ['itself', 'its ancestor']) {
    /** An offer that moves itself, or that an ancestor moves. */
    const moving = (id: string, style: string, dwellMs: number) =>
      owner === 'itself'
        ? offer(id, `style="${style}"`, dwellMs)
        : `<section style="${style}">${offer(id, '', dwellMs)}</section>`;

    test(`counts with the next frame if an endless animation of ${owner} brings it in long after the page came to rest`, async ({
      page,
      stack,
    }) => {
      // The offer enters after two seconds, and leaves two seconds later.
      await stack.open(
        page,
        `<style>@keyframes pass { from { transform: translateX(-1600px) } to { transform: translateX(3200px) } }</style>
         ${moving('brought-in', 'animation: pass 6s linear infinite', 700)}${offer('resting')}`,
        { head: CLOCK },
      );
      // A page at rest would not notice the offer, and a busy machine may draw too few frames of one pass.
      await run(page, "while (!times['brought-in']) await noticed()");
      await stack.expectRecorded(['viewed resting', 'viewed brought-in']);
    });

    test(`does not count if an endless animation of ${owner} carries it past too fast`, async ({
      page,
      stack,
    }) => {
      // In each pass, the offer is in view for less than half a second.
      await stack.open(
        page,
        `<style>@keyframes pass { from { transform: translateX(-300px) } to { transform: translateX(2700px) } }</style>
         ${moving('fast', 'animation: pass 1s -33ms linear infinite', 2_500)}${witness('witness', 3_000)}`,
      );
      await stack.expectRecorded(['viewed witness']);
    });
  }
});

test.describe('an offer larger than the viewport', () => {
  test('counts once the user jumps into the middle of it, and not before', async ({ page, stack }) => {
    await stack.open(page, `${TALL}${sized('tall', 600, 20_000)}${TALL}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, "scrollTo({ top: 13_000, behavior: 'instant' })");
    await stack.expectRecorded(['viewed witness', 'viewed tall']);
  });

  test('counts if it is wider, and if it is wider and higher', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div style="display: flex; width: 12000px">${sized('first', 4_000, 220)}${sized('second', 5_000, 9_000)}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
    await run(page, "scrollTo({ left: 6_000, behavior: 'instant' })");
    await stack.expectRecorded(['viewed first', 'viewed witness', 'viewed second']);
  });

  test('does not count while it shows less than its share of the viewport, and does after smooth scrolling', async ({
    page,
    stack,
  }) => {
    // The offer needs 30 % of what the viewport can show: about 240 rows of 800. It shows 190 rows, then 290.
    await stack.open(page, `${TALL}${sized('edge', 600, 3_000)}${TALL}${witness('early', 0)}`);
    await stack.expectRecorded(['viewed early']);
    await run(page, `scrollTo({ top: ${3_000 - 800 + 190}, behavior: 'instant' })`);
    await addWitness(page, 'witness');
    await stack.expectRecorded(['viewed early', 'viewed witness']);
    await run(page, "scrollBy({ top: 100, behavior: 'smooth' })");
    await stack.expectRecorded(['viewed early', 'viewed witness', 'viewed edge']);
  });
});

/** A box that clips what it holds, and lies beside the others. */
const clip = (width: number, height: number, inside: string, style = 'overflow: auto') =>
  `<div style="float: left; margin: 2px; width: ${width}px; height: ${height}px; ${style}">${inside}</div>`;

test('an offer larger than what clips it counts with its share of what can show at once, and not with less', async ({
  page,
  stack,
}) => {
  const counting: Readonly<Record<string, string>> = {
    'high, in the box that scrolls it': clip(220, 250, sized('high', 200, 600)),
    'wide, in the box that scrolls it': clip(250, 100, sized('wide', 900, 60)),
    'in the inner of two boxes that scroll it': clip(280, 300, clip(240, 240, sized('nested', 200, 700))),
    'larger in both directions': clip(220, 220, sized('both', 1_000, 900)),
    'cut by a box that does not scroll': clip(220, 220, sized('cropped', 700, 100), 'overflow: hidden'),
    'in a sheet at the foot of the window': `<div style="position: fixed; bottom: 0; left: 0; width: 220px; height: 230px; overflow: auto">${sized('sheet', 200, 900)}</div>`,
    'without a box of its own': clip(
      220,
      220,
      `<div data-offer-id="spread" data-offer-dwell="300" style="display: contents"><p style="margin: 0; width: 200px; height: 700px; background: gold"></p></div>`,
    ),
  };
  const lacking: Readonly<Record<string, string>> = {
    'at the edge of the box that scrolls it': clip(
      220,
      250,
      `<div style="height: 150px"></div>${sized('edge', 200, 900)}`,
    ),
    'in a box that is folded': clip(220, 40, sized('folded', 200, 900), 'overflow: hidden'),
    'in a sheet of which only the edge is there': clip(220, 60, sized('peeking', 200, 900)),
    'that would fit the box': clip(
      220,
      250,
      `<div style="height: 150px"></div>${sized('fitting', 200, 240)}`,
    ),
  };
  await stack.open(page, [HIDDEN, ...Object.values(counting), ...Object.values(lacking), witness()].join(''));
  await showWhenReady(page);
  const counted = ['high', 'wide', 'nested', 'both', 'cropped', 'sheet', 'spread', 'witness'].map(
    (id) => `viewed ${id}`,
  );
  await stack.expectRecorded(counted);
  // Nearer by 60 px: then 160 of the 250 that could show are of the offer.
  await run(page, `${find('edge')}.parentElement.scrollTop = 60`);
  await stack.expectRecorded([...counted, 'viewed edge']);
});

test.describe('an offer in a scroll container', () => {
  test('counts as far as the container shows it, and what is around that', async ({ page, stack }) => {
    const slides = [1, 2, 3, 4].map((slide) => offer(`slide-${slide}`, 'style="flex: none"'));
    await stack.open(
      page,
      `<div id="list" style="height: 300px; width: 340px; overflow-y: auto">
         ${offer('top')}${offer('peeps', 'style="height: 280px"')}${offer('bottom', 'style="margin-top: 900px"')}</div>
       <div id="carousel" style="display: flex; width: 400px; overflow-x: auto">${slides.join('')}</div>
       <div id="outer" style="width: 250px; height: 220px; overflow: auto">
         <div style="width: 600px; display: flex; overflow: hidden">${offer('left')}${offer('right')}</div></div>${witness()}`,
    );
    // The second offer of the list shows 100 of its 280 rows. Beside the first slide, 100 px of the second are visible.
    const first = ['viewed top', 'viewed slide-1', 'viewed left', 'viewed witness'];
    await stack.expectRecorded(first);
    await run(page, "list.scrollTo(0, 5_000); outer.scrollTo({ left: 350, behavior: 'instant' })");
    await run(page, "carousel.scrollTo({ left: 600, behavior: 'instant' })");
    const second = [...first, 'viewed bottom', 'viewed slide-3', 'viewed right'];
    await stack.expectRecorded(second);
    await run(page, "carousel.scrollTo({ left: 300, behavior: 'smooth' })");
    await stack.expectRecorded([...second, 'viewed slide-2']);
  });

  test('does not count while the container, its children or its section are out of view', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `${TALL}<div style="height: 230px; overflow-y: auto">${offer('inside')}${TALL}</div>
       <div data-offer-id="child" data-offer-dwell="300" style="display: contents"><div class="offer"></div></div>
       <section style="content-visibility: auto; contain-intrinsic-size: auto 600px">${offer('far')}${'<p>text</p>'.repeat(20)}</section>
       ${TALL}${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, "scrollTo({ top: 3_000, behavior: 'instant' })");
    await stack.expectRecorded(['viewed witness', 'viewed inside', 'viewed child', 'viewed far']);
  });
});

test(
  'an offer of no size, or whose children do not show, does not count (fault 49)',
  countsOnly(
    {
      'two children': contents(child('height: 40px') + child('height: 40px')),
      'the children of a child': contents(`<div style="display: contents">${child()}</div>`),
    },
    {
      'no height': overflowing('height: 0'),
      'no size': overflowing('width: 0; height: 0; overflow: visible'),
      'no size and no share': it('width: 0; height: 0', 'data-offer-ratio="0"'),
      'no child': contents(''),
      'a hidden child': contents(child('visibility: hidden')),
      'a child that is not rendered': contents(child('display: none')),
      'a transparent child': contents(child('opacity: 0')),
      'a child that is cut off': `<div style="overflow: clip; width: 140px">${contents(child('margin-left: 100px'))}</div>`,
      'a box too low for it': `<div style="overflow: clip; height: 35px">${it()}</div>`,
    },
  ),
);

test.describe('an offer that something else covers', () => {
  const COVERED = `
    <div style="position: relative; width: 300px">${offer('covered')}
      <div id="cover" style="position: absolute; inset: 0; background: grey"></div></div>
    <div style="position: relative; width: 300px">${offer('touched')}
      <div style="position: absolute; inset: 190px 0 0; background: grey"></div></div>`;

  test('does not count until it is uncovered (fault 49)', async ({ page, stack }) => {
    await stack.open(page, `${HIDDEN}${COVERED}${witness()}`);
    await showWhenReady(page);
    // Most of the offer that is only touched is visible.
    await stack.expectRecorded(['viewed touched', 'viewed witness']);
    await run(page, 'cover.remove()');
    await stack.expectRecorded(['viewed touched', 'viewed witness', 'viewed covered']);
  });

  test('counts if the page turns hit testing off', async ({ page, stack }) => {
    await stack.open(page, COVERED, { script: 'data-endpoint="/offer-events" data-occlusion="false"' });
    await stack.expectRecorded(['viewed covered', 'viewed touched']);
  });

  for (const [what, style] of [
    ['the backdrop of a modal', 'inset: 0 0 auto auto; margin: 0; width: 500px'],
    ['a modal itself', 'inset: 0; margin: 0; width: 1000px; height: 780px'],
  ])
    test(`does not count until ${what} is closed`, async ({ page, stack }) => {
      await stack.open(
        page,
        `${what === 'a modal itself' ? '' : '<style>dialog::backdrop { background: black }</style>'}${offer('under')}
         <dialog id="modal" style="${style}">${witness()}</dialog><script>modal.showModal()</script>`,
      );
      await trackerStats(page);
      await stack.expectRecorded(['viewed witness']);
      await run(page, 'modal.close()');
      await stack.expectRecorded(['viewed witness', 'viewed under']);
    });
});

test('what an animation moves in counts when it is there, and not before', async ({ page, stack }) => {
  await stack.open(
    page,
    `<style>@keyframes enter { from { transform: translateY(1600px) } } .enter { animation: enter 500ms 2500ms both }</style>
     <main id="stage" hidden>${offer('alone').replace('offer', 'offer enter')}<section class="enter">${offer('within')}</section>
       ${witness()}</main>${onViewed('witness', 'times.before = Object.keys(times).join()')}`,
    { head: CLOCK },
  );
  // The animation begins only now, since otherwise it might end before the script has loaded.
  await trackerStats(page);
  await run(page, 'stage.hidden = false');
  await stack.expectRecorded(['viewed witness', 'viewed alone', 'viewed within']);
  expect(await page.evaluate('times.before')).toBe('witness');
});

test('an offer larger than the frame that shows it counts there', async ({ page, stack }) => {
  await page.route('**/frame.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><style>body { margin: 0 }</style>${sized('framed', 200, 900)}
        <script async src="/offersight.js" data-endpoint="/offer-events"></script>`,
    }),
  );
  await stack.open(page, '<iframe src="/frame.html" width="220" height="220"></iframe>');
  await stack.expectRecorded(['viewed framed']);
});
