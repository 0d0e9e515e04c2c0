import type { Page } from '@playwright/test';
import { trackerStats } from './fixtures/ready.js';
import { expect, test } from './fixtures/stack.js';

const TALL = '<div style="height: 3000px"></div>';

/** An offer of 300 × 200 px; the second itself is not the point here. */
const offer = (id: string, style = '', dwellMs = 300) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwellMs}" style="${style}"></div>`;

/** An offer of any size. */
const sized = (id: string, width: number, height: number, style = '') =>
  offer(id, `width: ${width}px; height: ${height}px; ${style}`);

/**
 * Certainly counts, and later than the others would: when it has arrived, what had to come before it would have
 * come too. The first is there from the start, more can follow.
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
 * Has the page draw frames until this is true: at rest it would not notice what an animation brings in, and a busy
 * machine may draw too little of one pass.
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

    test(`of ${height} px counts when the page opens with it`, async ({ page, stack }) => {
      await stack.open(page, sized(id, 600, height));
      await stack.expectRecorded([`viewed ${id}`]);
    });

    test(`of ${height} px counts when the user jumps into the midst of it, and not before`, async ({
      page,
      stack,
    }) => {
      await stack.open(page, `${TALL}${sized(id, 600, height)}${TALL}${witness()}`);
      await stack.expectRecorded(['viewed witness']);
      await page.evaluate((top) => scrollTo({ top, behavior: 'instant' }), 3_000 + height / 2);
      await stack.expectRecorded(['viewed witness', `viewed ${id}`]);
    });

    test(`of ${height} px counts when it is scrolled in smoothly`, async ({ page, stack }) => {
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

  test('counts when it is wider than it', async ({ page, stack }) => {
    await stack.open(
      page,
      `<div style="display: flex; width: 12000px">${sized('first', 4_000, 220)}
      ${sized('second', 5_000, 240)}</div>${witness()}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
    await page.evaluate(() => scrollTo({ left: 6_000, behavior: 'instant' }));
    await stack.expectRecorded(['viewed first', 'viewed witness', 'viewed second']);
  });

  test('counts when it is larger both ways', async ({ page, stack }) => {
    await stack.open(page, sized('huge', 4_000, 9_000));
    await stack.expectRecorded(['viewed huge']);
  });

  test('does not count while it shows less than its share of the viewport', async ({ page, stack }) => {
    // It needs 30 % of what can show: about 240 rows of 800. It shows 190, then 290.
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
  test('from nothing to 3,000 px counts once it is there', async ({ page, stack }) => {
    await stack.open(page, `${sized('unfolds', 300, 0)}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('unfolds')}.style.height = '3000px'`);
    await stack.expectRecorded(['viewed witness', 'viewed unfolds']);
  });

  test('from an empty one to what it is filled with counts, though it was in view all the time', async ({
    page,
    stack,
  }) => {
    await stack.open(page, `<div data-offer-id="filled" data-offer-dwell="300"></div>${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('filled')}.innerHTML = '<p style="height: 100px">Deal</p>'`);
    await stack.expectRecorded(['viewed witness', 'viewed filled']);
  });

  test('from nothing in both directions by its content counts', async ({ page, stack }) => {
    await stack.open(
      page,
      `<span data-offer-id="loads" data-offer-dwell="300"><img id="image" alt=""></span>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `image.src = "${IMAGE}"`);
    await stack.expectRecorded(['viewed witness', 'viewed loads']);
  });

  test('from a small one to more than the viewport counts by its new size', async ({ page, stack }) => {
    // A third of 300 px is too little; 900 px of 4,000 are most of what can show.
    await stack.open(page, `${sized('widens', 300, 200, 'margin-left: -200px')}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('widens')}.style.width = '4000px'`);
    await stack.expectRecorded(['viewed witness', 'viewed widens']);
  });

  test('out of the viewport does not count by what it showed when it was small', async ({ page, stack }) => {
    // 100 of 200 rows are half of it, 100 of 3,000 are nearly nothing.
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
    // Of the second 100 of 280 rows show.
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

  test('that is a carousel counts slide by slide, and not what is swiped past', async ({ page, stack }) => {
    const slides = ['slide-1', 'slide-2', 'slide-3', 'slide-4'].map((id) => offer(id, 'flex: none'));
    await stack.open(
      page,
      `<div id="carousel" style="display: flex; width: 400px; overflow-x: auto">${slides.join('')}</div>${witness()}`,
    );
    // Beside the first, 100 px of the second show.
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

  test('that is clipped by another one counts only where both show it', async ({ page, stack }) => {
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
  test('by display: none counts once it is (fault 49)', async ({ page, stack }) => {
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

  test('by content-visibility: auto counts once it is scrolled in', async ({ page, stack }) => {
    const section = (id: string) =>
      `<section style="content-visibility: auto; contain-intrinsic-size: auto 600px">${offer(id)}${'<p>text</p>'.repeat(20)}</section>`;
    await stack.open(page, `${section('near')}${TALL}${section('far')}${TALL}${witness()}`);
    await stack.expectRecorded(['viewed near', 'viewed witness']);
    await page.evaluate(() => scrollTo({ top: 3_400, behavior: 'instant' }));
    await stack.expectRecorded(['viewed near', 'viewed witness', 'viewed far']);
  });

  test('by content-visibility: hidden counts once that is lifted', async ({ page, stack }) => {
    await stack.open(
      page,
      `<section id="panel" style="content-visibility: hidden">${offer('kept-back')}</section>${witness()}`,
    );
    await stack.expectRecorded(['viewed witness']);
    await run(page, `panel.style.contentVisibility = 'visible'`);
    await stack.expectRecorded(['viewed witness', 'viewed kept-back']);
  });

  test('by zero size counts once it has one, whatever overflows it (fault 49)', async ({ page, stack }) => {
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
      /** An offer, and who hides it: itself or an ancestor, which the page's scripts call `owner`. */
      const owned = (id: string, style: string, dwellMs?: number) =>
        owner === 'itself'
          ? `${offer(id, style, dwellMs)}<script>var owner = ${find(id)}</script>`
          : `<section id="owner" style="${style}"><p>${offer(id, '', dwellMs)}</p></section>`;

      for (const transition of ['', `transition: ${property} 200ms`]) {
        test(`by ${way} on ${owner} counts once it is shown ${transition ? 'by a transition' : 'at once'} (fault 49)`, async ({
          page,
          stack,
        }) => {
          await stack.open(page, `${owned('shown', `${property}: ${off}; ${transition}`)}${witness()}`);
          await stack.expectRecorded(['viewed witness']);
          await run(page, `owner.style.${property} = '${on}'`);
          await stack.expectRecorded(['viewed witness', 'viewed shown']);
        });
      }

      test(`by ${way} on ${owner} does not count when that comes before its time is over`, async ({
        page,
        stack,
      }) => {
        await stack.open(
          page,
          `${owned('fades', '', 3_000)}${onViewed('first', `owner.style.${property} = '${off}'`)}
           ${offer('first')}${witness('witness', 3_300)}`,
        );
        await stack.expectRecorded(['viewed first', 'viewed witness']);
      });
    }

    test(`by ${way} counts once a class shows it, and a style sheet`, async ({ page, stack }) => {
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

  test('in a modal that fades in from nothing counts once it has', async ({ page, stack }) => {
    await stack.open(
      page,
      `<style>
         @keyframes appear { from { opacity: 0 } }
         #modal[open] { opacity: 1; transition: opacity 400ms; @starting-style { opacity: 0 } }
         #toast { animation: appear 400ms 200ms both }
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

  test('in a modal that fades out before its time is over does not count', async ({ page, stack }) => {
    await stack.open(
      page,
      `<dialog id="modal" style="transition: opacity 100ms">${offer('fades-out', '', 3_000)}</dialog>
       <script>modal.showModal()</script>
       ${onViewed('first', `modal.style.opacity = 0`)}${offer('first')}${witness('witness', 3_300)}`,
    );
    await stack.expectRecorded(['viewed first', 'viewed witness']);
  });
});

test.describe('an offer that is cut off', () => {
  test('by an ancestor that hides what overflows counts once it is inside (fault 49)', async ({
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

  test('by a clip-path of an ancestor counts once that is wide enough', async ({ page, stack }) => {
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

  test('counts by its size on the screen when it is scaled', async ({ page, stack }) => {
    await stack.open(page, `${offer('scaled', 'transform: scale(0)')}${witness()}`);
    await stack.expectRecorded(['viewed witness']);
    await run(page, `${find('scaled')}.style.transform = 'scale(0.5)'`);
    await stack.expectRecorded(['viewed witness', 'viewed scaled']);
  });

  for (const owner of ['itself', 'its ancestor']) {
    /** An offer, and what moves it: itself or an ancestor, which the page's scripts call `owner`. */
    const moving = (id: string, style: string, dwellMs: number) =>
      owner === 'itself'
        ? `${offer(id, style, dwellMs)}<script>var owner = ${find(id)}</script>`
        : `<section id="owner" style="${style}">${offer(id, '', dwellMs)}</section>`;

    test(`that a transition moves in on ${owner} counts`, async ({ page, stack }) => {
      await stack.open(
        page,
        `${moving('slides-in', 'transform: translateX(-1280px); transition: transform 500ms', 300)}${witness()}`,
      );
      await stack.expectRecorded(['viewed witness']);
      await run(page, `owner.style.transform = 'none'`);
      await stack.expectRecorded(['viewed witness', 'viewed slides-in']);
    });

    test(`that a transition moves out on ${owner} does not count when that comes before its time is over`, async ({
      page,
      stack,
    }) => {
      // It has left soon after the begin of the transition, which goes on longer than the offer would need.
      await stack.open(
        page,
        `${moving('slides-out', 'transition: transform 4s linear', 3_000)}
         ${onViewed('first', `owner.style.transform = 'translateX(-1200px)'`)}
         ${offer('first')}${witness('witness', 3_300)}`,
      );
      await stack.expectRecorded(['viewed first', 'viewed witness']);
    });

    test(`that an animation moves in on ${owner} counts`, async ({ page, stack }) => {
      await stack.open(
        page,
        `<style>@keyframes enter { from { transform: translateY(1600px) } }</style>
         <main id="stage" hidden>
           ${moving('flies-in', 'animation: enter 500ms 2500ms both', 300)}${witness()}</main>
         ${onViewed('flies-in', 'window.isAfterWitness = isWitnessViewed')}
         <script>window.isWitnessViewed = false</script>
         ${onViewed('witness', 'window.isWitnessViewed = true')}`,
      );
      // Only now does it begin: the script may come later than such an animation ends.
      await trackerStats(page);
      await run(page, 'stage.hidden = false');
      await stack.expectRecorded(['viewed witness', 'viewed flies-in']);
      expect(await page.evaluate('isAfterWitness')).toBe(true);
    });

    test(`that an animation moves out on ${owner} does not count when that comes before its time is over`, async ({
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

    test(`that an endless animation brings in long after the page came to rest on ${owner} counts with the next frame`, async ({
      page,
      stack,
    }) => {
      // It enters after two seconds, and leaves two seconds later.
      await stack.open(
        page,
        `<style>@keyframes pass { from { transform: translateX(-1600px) } to { transform: translateX(3200px) } }</style>
         ${moving('brought-in', 'animation: pass 6s linear infinite', 700)}
         ${onViewed('brought-in', 'window.isBroughtIn = true')}${offer('resting')}`,
      );
      await drawUntil(page, 'window.isBroughtIn');
      await stack.expectRecorded(['viewed resting', 'viewed brought-in']);
    });

    test(`that an endless animation keeps carrying past on ${owner} counts only if it is slow`, async ({
      page,
      stack,
    }) => {
      // It is in view for less than half a second of each, and for two seconds of each.
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

  test('counts, since only its geometry is known (fault 49)', async ({ page, stack }) => {
    await stack.open(page, `${covered}${witness()}`);
    await stack.expectRecorded(['viewed covered', 'viewed touched', 'viewed witness']);
  });

  test('does not count where the page asks for occlusion, until it is uncovered (fault 49)', async ({
    page,
    stack,
  }) => {
    await stack.open(page, `${covered}${offer('open')}${witness()}`, {
      script: 'data-endpoint="/offer-events" data-occlusion',
    });
    await trackerStats(page);
    // Most of the one that is only touched shows.
    await stack.expectRecorded(['viewed open', 'viewed touched', 'viewed witness']);
    await run(page, 'cover.remove()');
    await stack.expectRecorded(['viewed open', 'viewed touched', 'viewed witness', 'viewed covered']);
  });

  test('does not count where the backdrop of a modal covers it, until that is closed', async ({
    page,
    stack,
  }) => {
    await stack.open(
      page,
      `<style>dialog::backdrop { background: black }</style>${offer('under-backdrop')}
       <dialog id="modal" style="inset: 0 0 auto auto; margin: 0; width: 500px">${witness()}</dialog>
       <script>modal.showModal()</script>`,
      { script: 'data-endpoint="/offer-events" data-occlusion' },
    );
    await stack.expectRecorded(['viewed witness']);
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await stack.expectRecorded(['viewed witness', 'viewed under-backdrop']);
  });

  test('does not count where a modal covers it, until that is closed', async ({ page, stack }) => {
    await stack.open(
      page,
      `${offer('under-modal')}
       <dialog id="modal" style="inset: 0; margin: 0; width: 1000px; height: 780px">${witness()}</dialog>
       <script>modal.showModal()</script>`,
      { script: 'data-endpoint="/offer-events" data-occlusion' },
    );
    await stack.expectRecorded(['viewed witness']);
    await page.evaluate(() => document.querySelector('dialog')?.close());
    await stack.expectRecorded(['viewed witness', 'viewed under-modal']);
  });
});
