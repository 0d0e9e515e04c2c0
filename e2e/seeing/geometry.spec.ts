import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { expect, test } from '../fixtures/stack.js';

const TALL = '<div style="height: 3000px"></div>';

/** An offer of 300 × 200 px. Its dwell is short, since these tests are not about the full second. */
const offer = (id: string, style = '', dwellMs = 300) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}" style="${style}"></div>`;

/** An offer of any size. */
const sized = (id: string, width: number, height: number, style = '') =>
  offer(id, `width: ${width}px; height: ${height}px; ${style}`);

/**
 * An offer that certainly counts, and later than the others would: once it has arrived, every other that counts has
 * arrived as well. The first is there from the start; more can follow.
 */
const witness = (id = 'witness', dwellMs = 800) =>
  offer(id, 'position: fixed; top: 0; right: 0; z-index: 1', dwellMs);

const addWitness = (page: Page, id: string) =>
  page.evaluate((html) => document.body.insertAdjacentHTML('beforeend', html), witness(id));

/** A picture of 320 × 210 px. */
const IMAGE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='320' height='210'/%3E";

const find = (id: string) => `document.querySelector('[data-offer-id="${id}"]')`;

/** Runs a statement of the page, such as the style that a script sets. */
const run = (page: Page, statement: string) => page.evaluate(`void (() => { ${statement} })()`);

/**
 * Lets the page draw frames until this is true. A page at rest would not notice an offer that an animation brings in,
 * and a busy machine may draw too few frames of one pass.
 */
const drawUntil = (page: Page, condition: string) =>
  page.evaluate(`(async () => { while (!(${condition})) await new Promise(requestAnimationFrame) })()`);

/** Runs a script of the page at the moment when an offer counts. */
const onViewed = (id: string, act: string) => `<script>
  document.addEventListener('offersight:viewed', ({ detail }) => { if (detail.offerId === '${id}') { ${act} } });
</script>`;

test.describe('an offer larger than the viewport', () => {
  for (const height of [3_000, 20_000]) {
    const id = `tall-${height}`;

    test(`counts if the page opens with it and it is ${height} px high`, async ({ page, stack }) => {
      await stack.open(page, sized(id, 600, height));
      await stack.expectRecorded([`viewed ${id}`]);
    });

    test(`counts once the user jumps into the middle of it, and not before, if it is ${height} px high`, async ({
      page,
      stack,
    }) => {
      await stack.open(page, `${TALL}${sized(id, 600, height)}${TALL}${witness()}`);
      await stack.expectRecorded(['viewed witness']);
      await page.evaluate((top) => scrollTo({ top, behavior: 'instant' }), 3_000 + height / 2);
      await stack.expectRecorded(['viewed witness', `viewed ${id}`]);
    });

    test(`counts if it is scrolled in smoothly and is ${height} px high`, async ({ page, stack }) => {
      await stack.open(page, `${TALL}${sized(id, 600, height)}${TALL}${witness()}`);
      await stack.expectRecorded(['viewed witness']);
      await page.evaluate(
        () =>
          new Promise((resolve) => {
            document.addEventListener('scrollend', resolve, { once: true });
            scrollTo({ top: 2_900, behavior: 'smooth' });
          }),
      );
      await stack.expectRecorded(['viewed witness', `viewed ${id}`]);
    });
  }

  test('counts if it is wider', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div style="display: flex; width: 12000px">${sized('first', 4_000, 220)}
      ${sized('second', 5_000, 240)}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
    await page.evaluate(() => scrollTo({ left: 6_000, behavior: 'instant' }));
    await stack.expectRecorded(['viewed first', 'viewed witness', 'viewed second']);
  });

  test('counts if it is wider and higher', async ({ page, stack }) => {
    await stack.open(page, sized('huge', 4_000, 9_000));
    await stack.expectRecorded(['viewed huge']);
  });

  test('does not count while it shows less than its share of the viewport', async ({ page, stack }) => {
    // The offer needs 30 % of what the viewport can show: about 240 rows of 800. It shows 190 rows, then 290.
    await stack.open(page, `${TALL}${sized('edge', 600, 3_000)}${TALL}${witness()}`);
    await page.evaluate(() => scrollTo({ top: 3_000 - 800 + 190, behavior: 'instant' }));
    await stack.expectRecorded(['viewed witness']);
    await addWitness(page, 'second-witness');
    await stack.expectRecorded(['viewed witness', 'viewed second-witness']);
    await page.evaluate(() => scrollBy({ top: 100, behavior: 'instant' }));
    await stack.expectRecorded(['viewed witness', 'viewed second-witness', 'viewed edge']);
  });
});

test.describe('an offer that grows after it was found', () => {
  test('counts once it has grown from nothing to 3,000 px', async ({ page, stack }) => {
    await stack.open(page, `${sized('unfolds', 300, 0)}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('unfolds')}.style.height = '3000px'`);
    await stack.expectRecorded(['viewed witness', 'viewed unfolds']);
  });

  test('counts once its content comes, though it was in view all the time', async ({ page, stack }) => {
    await stack.open(page, `<div data-offer-id="filled" data-offer-dwell="300"></div>${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('filled')}.innerHTML = '<p style="height: 100px">Deal</p>'`);
    await stack.expectRecorded(['viewed witness', 'viewed filled']);
  });

  test('counts once its content makes it grow from nothing in both directions', async ({ page, stack }) => {
    await stack.open(
      page,
      `<span data-offer-id="loads" data-offer-dwell="300"><img id="image" alt=""></span>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `image.src = "${IMAGE}"`);
    await stack.expectRecorded(['viewed witness', 'viewed loads']);
  });

  test('counts by its new size once it is larger than the viewport', async ({ page, stack }) => {
    // A third of 300 px is too little. Of 4,000 px, the visible part is most of what the viewport can show.
    await stack.open(page, `${sized('widens', 300, 200, 'margin-left: -200px')}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('widens')}.style.width = '4000px'`);
    await stack.expectRecorded(['viewed witness', 'viewed widens']);
  });

  test('does not count by the share that it showed when it was small', async ({ page, stack }) => {
    // 100 of 200 rows are half of the offer, but 100 of 3,000 rows are nearly nothing.
    await stack.open(
      page,
      `${offer('outgrows', 'position: absolute; top: 700px', 3_000)}
       ${onViewed('first', `${find('outgrows')}.style.height = '3000px'`)}
       ${offer('first')}${witness('witness', 3_300)}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
  });
});

test.describe('an offer in a scroll container', () => {
  test('counts as far as the container shows it', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="list" style="height: 300px; width: 340px; overflow-y: auto">
         ${offer('top')}${offer('peeps', 'height: 280px')}${offer('bottom', 'margin-top: 900px')}</div>${witness()}`,
    );
    // The second offer shows 100 of its 280 rows.
    await stack.expectRecorded(['viewed top', 'viewed witness']);
    await page.evaluate(() => document.querySelector('#list')?.scrollTo(0, 5_000));
    await stack.expectRecorded(['viewed top', 'viewed witness', 'viewed bottom']);
  });

  test('does not count while the container itself is out of view', async ({ page, stack }) => {
    await stack.open(
      page,
      `${TALL}<div id="list" style="height: 300px; overflow-y: auto">${offer('inside')}${TALL}</div>${TALL}${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `list.scrollIntoView({ block: 'center', behavior: 'instant' })`);
    await stack.expectRecorded(['viewed witness', 'viewed inside']);
  });

  test('counts slide by slide in a carousel, but not the slides that are swiped past', async ({
    page,
    stack,
  }) => {
    const slides = ['slide-1', 'slide-2', 'slide-3', 'slide-4'].map((id) => offer(id, 'flex: none'));
    await stack.open(
      page,
      `<div id="carousel" style="display: flex; width: 400px; overflow-x: auto">${slides.join('')}</div>${witness()}`,
    );
    // Beside the first slide, 100 px of the second are visible.
    await stack.expectRecorded(['viewed slide-1', 'viewed witness']);
    await run(page, `carousel.scrollTo({ left: 600, behavior: 'instant' })`);
    await stack.expectRecorded(['viewed slide-1', 'viewed witness', 'viewed slide-3']);
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          const carousel = document.querySelector('#carousel');
          carousel?.addEventListener('scrollend', resolve, { once: true });
          carousel?.scrollTo({ left: 300, behavior: 'smooth' });
        }),
    );
    await stack.expectRecorded(['viewed slide-1', 'viewed witness', 'viewed slide-3', 'viewed slide-2']);
  });

  test('counts only as far as both show it, if another container clips the first', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<div id="outer" style="width: 250px; height: 400px; overflow: auto">
         <div style="width: 600px; display: flex; overflow: hidden">${offer('left')}${offer('right')}</div>
       </div>${witness()}`,
    );
    await stack.expectRecorded(['viewed left', 'viewed witness']);
    await run(page, `outer.scrollTo({ left: 350, behavior: 'instant' })`);
    await stack.expectRecorded(['viewed left', 'viewed witness', 'viewed right']);
  });
});

test.describe('an offer that is not rendered', () => {
  test('counts once display: none is lifted (fault 49)', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('none', 'display: none')}<div id="tab" style="display: none">${offer('in-tab')}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('none')}.style.display = 'block'`);
    await stack.expectRecorded(['viewed witness', 'viewed none']);
    await run(page, `tab.style.display = 'block'`);
    await stack.expectRecorded(['viewed witness', 'viewed none', 'viewed in-tab']);
  });

  test('counts once it is scrolled in under content-visibility: auto', async ({ page, stack }) => {
    const section = (id: string) =>
      `<section style="content-visibility: auto; contain-intrinsic-size: auto 600px">${offer(id)}${'<p>text</p>'.repeat(20)}</section>`;
    await stack.open(page, `${section('near')}${TALL}${section('far')}${TALL}${witness()}`);
    await stack.expectRecorded(['viewed near', 'viewed witness']);
    await page.evaluate(() => scrollTo({ top: 3_400, behavior: 'instant' }));
    await stack.expectRecorded(['viewed near', 'viewed witness', 'viewed far']);
  });

  test('counts once content-visibility: hidden is lifted', async ({ page, stack }) => {
    await stack.open(
      page,
      `<section id="panel" style="content-visibility: hidden">${offer('kept-back')}</section>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `panel.style.contentVisibility = 'visible'`);
    await stack.expectRecorded(['viewed witness', 'viewed kept-back']);
  });

  test('counts once it has a size of its own, and not by content that overflows it (fault 49)', async ({
    page,
    stack,
  }) => {
    const content = '<p style="width: 200px; height: 100px; background: gold">Deal</p>';
    const empty = (id: string, style: string) =>
      `<div data-offer-id="${id}" data-offer-dwell="0" style="${style}">${content}</div>`;
    await stack.open(
      page,
      `${empty('no-height', 'height: 0')}${empty('no-width', 'width: 0')}${empty('no-size', 'width: 0; height: 0')}
       <div data-offer-id="empty" data-offer-dwell="0" data-offer-ratio="0"></div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('no-width')}.style.width = '200px'`);
    await stack.expectRecorded(['viewed witness', 'viewed no-width']);
  });
});

test.describe('an offer with display: contents', () => {
  const contents = (id: string, children: string, dwellMs = 300) =>
    `<div data-offer-id="${id}" data-offer-dwell="${dwellMs}" style="display: contents">${children}</div>`;
  const child = (style = '') => `<div class="offer" style="${style}"></div>`;

  test('counts by its children', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div style="display: grid">${contents('stands', child() + child())}
       ${contents('nested', `<div style="display: contents">${child()}</div>`)}</div>`,
    );
    await stack.expectRecorded(['viewed stands', 'viewed nested']);
  });

  test('does not count while no child can be seen', async ({ page, stack }) => {
    await stack.open(
      page,
      `${contents('childless', '')}${contents('child-hidden', child('visibility: hidden'))}
       ${contents('child-none', child('display: none'))}${contents('child-clear', child('opacity: 0'))}
       ${contents('child-aside', child('margin-left: -200px'))}
       ${TALL}${contents('child-below', child())}${TALL}${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await page.evaluate(() => scrollTo({ top: 3_600, behavior: 'instant' }));
    await stack.expectRecorded(['viewed witness', 'viewed child-below']);
  });

  test('counts by a child that comes later', async ({ page, stack }) => {
    await stack.open(page, `${contents('fills', '')}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('fills')}.innerHTML = '${child()}'`);
    await stack.expectRecorded(['viewed witness', 'viewed fills']);
  });

  test('counts by a child that gets its size later', async ({ page, stack }) => {
    await stack.open(
      page,
      `${contents('loads-late', '<img id="late" alt="">')}${contents('grows-late', '<p id="grows"></p>')}${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `late.src = "${IMAGE}"`);
    await stack.expectRecorded(['viewed witness', 'viewed loads-late']);
    await run(page, `grows.style.height = '120px'`);
    await stack.expectRecorded(['viewed witness', 'viewed loads-late', 'viewed grows-late']);
  });

  test('does not count by a child that has left', async ({ page, stack }) => {
    await stack.open(
      page,
      `${contents('emptied', child(), 3_000)}
       ${onViewed('first', `${find('emptied')}.firstChild.remove()`)}
       ${offer('first')}${witness('witness', 3_300)}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
  });
});

test.describe('an offer that is there but not shown', () => {
  const HIDING = {
    'visibility: hidden': ['visibility', 'hidden', 'visible'],
    'opacity: 0': ['opacity', '0', '1'],
  } as const;

  for (const [way, [property, off, on]] of Object.entries(HIDING)) {
    for (const owner of ['itself', 'its ancestor']) {
      /**
       * An offer that it hides itself, or that an ancestor hides. The page's scripts know the hidden one as `owner`.
       */
      const owned = (id: string, style: string, dwellMs?: number) =>
        owner === 'itself'
          ? `${offer(id, style, dwellMs)}<script>var owner = ${find(id)}</script>`
          : `<section id="owner" style="${style}"><p>${offer(id, '', dwellMs)}</p></section>`;

      for (const transition of ['', `transition: ${property} 200ms`]) {
        test(`counts once ${way} on ${owner} is lifted ${transition ? 'by a transition' : 'at once'} (fault 49)`, async ({
          page,
          stack,
        }) => {
          await stack.open(page, `${owned('shown', `${property}: ${off}; ${transition}`)}${witness()}`);
          await stack.expectRecorded(['viewed witness']);
          await run(page, `owner.style.${property} = '${on}'`);
          await stack.expectRecorded(['viewed witness', 'viewed shown']);
        });
      }

      test(`does not count if ${way} on ${owner} comes before its dwell is over`, async ({ page, stack }) => {
        await stack.open(
          page,
          `${owned('fades', '', 3_000)}${onViewed('first', `owner.style.${property} = '${off}'`)}
           ${offer('first')}${witness('witness', 3_300)}`,
        );
        await stack.expectRecorded(['viewed first', 'viewed witness']);
      });
    }

    test(`counts once a class or a style sheet lifts ${way}`, async ({ page, stack }) => {
      await stack.open(
        page,
        `<style>.off { ${property}: ${off} }</style><div id="one" class="off">${offer('by-class')}</div>
         <style id="sheet">#two { ${property}: ${off} }</style><div id="two">${offer('by-sheet')}</div>${witness()}`,
      );
      await stack.expectRecorded(['viewed witness']);
      await run(page, `one.classList.remove('off')`);
      await stack.expectRecorded(['viewed witness', 'viewed by-class']);
      await run(page, 'sheet.remove()');
      await stack.expectRecorded(['viewed witness', 'viewed by-class', 'viewed by-sheet']);
    });
  }

  test('counts in a modal that fades in from nothing, once that is over', async ({ page, stack }) => {
    await stack.open(
      page,
      `<style>
         @keyframes appear { from { opacity: 0 } }
         #modal[open] { opacity: 1; transition: opacity 400ms; @starting-style { opacity: 0 } }
         #toast { animation: appear 400ms 200ms both }
         dialog::backdrop { background: none }
       </style>
       <dialog id="modal">${offer('in-modal')}</dialog>
       <div id="toast" hidden>${offer('in-toast')}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await page.evaluate(() => document.querySelector('dialog')?.showModal());
    await stack.expectRecorded(['viewed witness', 'viewed in-modal']);
    await run(page, 'toast.hidden = false');
    await stack.expectRecorded(['viewed witness', 'viewed in-modal', 'viewed in-toast']);
  });

  test('does not count in a modal that fades out before the dwell is over', async ({ page, stack }) => {
    await stack.open(
      page,
      `<style>dialog::backdrop { background: none }</style>
       <dialog id="modal" style="transition: opacity 100ms">${offer('fades-out', '', 3_000)}</dialog>
       <script>modal.showModal()</script>
       ${onViewed('first', `modal.style.opacity = 0`)}${offer('first')}${witness('witness', 3_300)}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
  });
});

test.describe('an offer that is cut off', () => {
  test('counts once it is inside the ancestor that hides what overflows (fault 49)', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<div style="width: 300px; height: 220px; overflow: hidden">${offer('pushed-out', 'margin-left: 200px')}</div>
       <div style="width: 300px; height: 90px; overflow: clip">${offer('cut-short')}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('pushed-out')}.style.marginLeft = '140px'`);
    await stack.expectRecorded(['viewed witness', 'viewed pushed-out']);
  });

  test('counts once the clip-path of an ancestor is wide enough', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div id="mask" style="width: 300px; clip-path: inset(0 0 0 100%)">${offer('masked')}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `mask.style.clipPath = 'inset(0 0 0 40%)'`);
    await stack.expectRecorded(['viewed witness', 'viewed masked']);
  });
});

test.describe('an offer that is moved by a transform', () => {
  test('counts where a script has put it', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('moved-in', 'transform: translateX(-280px)')}
       ${offer('moved-out', '', 3_000)}
       ${onViewed('first', `${find('moved-out')}.style.transform = 'translateY(2000px)'`)}
       ${offer('first')}${witness('witness', 3_300)}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
    await run(page, `${find('moved-in')}.style.transform = 'none'`);
    await stack.expectRecorded(['viewed first', 'viewed witness', 'viewed moved-in']);
  });

  test('counts by its size on the screen if it is scaled', async ({ page, stack }) => {
    await stack.open(page, `${offer('scaled', 'transform: scale(0)')}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('scaled')}.style.transform = 'scale(0.5)'`);
    await stack.expectRecorded(['viewed witness', 'viewed scaled']);
  });

  for (const owner of ['itself', 'its ancestor']) {
    /** An offer that moves itself, or that an ancestor moves. The page's scripts know the moved one as `owner`. */
    const moving = (id: string, style: string, dwellMs: number) =>
      owner === 'itself'
        ? `${offer(id, style, dwellMs)}<script>var owner = ${find(id)}</script>`
        : `<section id="owner" style="${style}">${offer(id, '', dwellMs)}</section>`;

    test(`counts if a transition on ${owner} moves it in`, async ({ page, stack }) => {
      await stack.open(
        page,
        `${moving('slides-in', 'transform: translateX(-1280px); transition: transform 500ms', 300)}${witness()}`,
      );
      await stack.expectRecorded(['viewed witness']);
      await run(page, `owner.style.transform = 'none'`);
      await stack.expectRecorded(['viewed witness', 'viewed slides-in']);
    });

    test(`does not count if a transition on ${owner} moves it out before its dwell is over`, async ({
      page,
      stack,
    }) => {
      // The offer leaves soon after the beginning of the transition, which lasts longer than the dwell.
      await stack.open(
        page,
        `${moving('slides-out', 'transition: transform 4s linear', 3_000)}
         ${onViewed('first', `owner.style.transform = 'translateX(-1200px)'`)}
         ${offer('first')}${witness('witness', 3_300)}`,
      );
      await stack.expectRecorded(['viewed first', 'viewed witness']);
    });

    test(`counts if an animation on ${owner} moves it in`, async ({ page, stack }) => {
      await stack.open(
        page,
        `<style>@keyframes enter { from { transform: translateY(1600px) } }</style>
         <main id="stage" hidden>
           ${moving('flies-in', 'animation: enter 500ms 2500ms both', 300)}${witness()}</main>
         ${onViewed('flies-in', 'window.isAfterWitness = isWitnessViewed')}
         <script>window.isWitnessViewed = false</script>
         ${onViewed('witness', 'window.isWitnessViewed = true')}`,
      );
      // The animation begins only now, since otherwise it might end before the script has loaded.
      await trackerStats(page);
      await run(page, 'stage.hidden = false');
      await stack.expectRecorded(['viewed witness', 'viewed flies-in']);
      expect(await page.evaluate('isAfterWitness')).toBe(true);
    });

    test(`does not count if an animation on ${owner} moves it out before its dwell is over`, async ({
      page,
      stack,
    }) => {
      await stack.open(
        page,
        `<style>@keyframes leave { to { transform: translateX(-1200px) } }</style>
         ${moving('flies-out', '', 3_000)}
         ${onViewed('first', `owner.style.animation = 'leave 4s linear forwards'`)}
         ${offer('first')}${witness('witness', 3_300)}`,
      );
      await stack.expectRecorded(['viewed first', 'viewed witness']);
    });

    test(`counts with the next frame if an endless animation on ${owner} brings it in long after the page came to rest`, async ({
      page,
      stack,
    }) => {
      // The offer enters after two seconds, and leaves two seconds later.
      await stack.open(
        page,
        `<style>@keyframes pass { from { transform: translateX(-1600px) } to { transform: translateX(3200px) } }</style>
         ${moving('brought-in', 'animation: pass 6s linear infinite', 700)}
         ${onViewed('brought-in', 'window.isBroughtIn = true')}${offer('resting')}`,
      );
      await drawUntil(page, 'window.isBroughtIn');
      await stack.expectRecorded(['viewed resting', 'viewed brought-in']);
    });

    test(`counts only if the endless animation on ${owner} that carries it past is slow`, async ({
      page,
      stack,
    }) => {
      // In each pass, the fast offer is in view for less than half a second, and the slow one for two seconds.
      const pass = (duration: number) =>
        `margin-top: 10px; animation: pass ${duration}s ${-duration / 30}s linear infinite`;
      const keyframes =
        '<style>@keyframes pass { from { transform: translateX(-300px) } to { transform: translateX(2700px) } }</style>';
      await stack.open(page, `${keyframes}${moving('fast', pass(1), 2_500)}${witness('witness', 3_000)}`);
      await stack.expectRecorded(['viewed witness']);
      const slow = `${moving('slow', pass(5), 900)}${onViewed('slow', 'window.isSlowViewed = true')}`;
      await stack.open(page, `${keyframes}${slow}`);
      await drawUntil(page, 'window.isSlowViewed');
      await stack.expectRecorded(['viewed witness', 'viewed slow']);
    });
  }
});

test.describe('an offer that something else covers', () => {
  const covered = `
    <div style="position: relative; width: 300px">${offer('covered')}
      <div id="cover" style="position: absolute; inset: 0; background: grey"></div></div>
    <div style="position: relative; width: 300px">${offer('touched')}
      <div style="position: absolute; inset: 190px 0 0; background: grey"></div></div>`;

  test('counts if the page turns hit testing off', async ({ page, stack }) => {
    await stack.open(page, `${covered}${witness()}`, {
      script: 'data-endpoint="/offer-events" data-occlusion="false"',
    });
    await stack.expectRecorded(['viewed covered', 'viewed touched', 'viewed witness']);
  });

  test('does not count until it is uncovered (fault 49)', async ({ page, stack }) => {
    await stack.open(page, `${covered}${offer('open')}${witness()}`);
    // Most of the offer that is only touched is visible.
    await stack.expectRecorded(['viewed open', 'viewed touched', 'viewed witness']);
    await run(page, 'cover.remove()');
    await stack.expectRecorded(['viewed open', 'viewed touched', 'viewed witness', 'viewed covered']);
  });

  test('does not count until a modal whose backdrop covers it is closed', async ({ page, stack }) => {
    await stack.open(
      page,
      `<style>dialog::backdrop { background: black }</style>${offer('under-backdrop')}
       <dialog id="modal" style="inset: 0 0 auto auto; margin: 0; width: 500px">${witness()}</dialog>
       <script>modal.showModal()</script>`,
    );
    await stack.expectRecorded(['viewed witness']);
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await stack.expectRecorded(['viewed witness', 'viewed under-backdrop']);
  });

  test('does not count until a modal that covers it is closed', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('under-modal')}
       <dialog id="modal" style="inset: 0; margin: 0; width: 1000px; height: 780px">${witness()}</dialog>
       <script>modal.showModal()</script>`,
    );
    await stack.expectRecorded(['viewed witness']);
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await stack.expectRecorded(['viewed witness', 'viewed under-modal']);
  });
});
