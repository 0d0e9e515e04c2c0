/**
 * Pages of popular libraries, whose offers have only the product's attribute. `npm ci --prefix e2e/libraries` installs
 * the libraries. They are not part of any package.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { type Stack, test } from '../fixtures/stack.js';
import { CONSEQUENCE_MS, showWitness } from '../fixtures/witness.js';

const FOLDER = resolve('e2e/libraries');

/** The bundled page of a library. */
interface Built {
  readonly script: string;
  readonly styles: string;
}

/** The part of esbuild that is used here. The project itself does not depend on esbuild. */
interface Esbuild {
  build(
    options: object,
  ): Promise<{ outputFiles: readonly { readonly path: string; readonly text: string }[] }>;
}

const EMBEDDED = ['.eot', '.gif', '.png', '.svg', '.ttf', '.woff', '.woff2'];
const built = new Map<string, Promise<Built>>();

const build = async (file: string): Promise<Built> => {
  const { build: bundle } = createRequire(join(FOLDER, 'package.json'))('esbuild') as Esbuild;
  const { outputFiles } = await bundle({
    entryPoints: [join(FOLDER, 'pages', file)],
    bundle: true,
    write: false,
    outdir: FOLDER,
    format: 'esm',
    jsx: 'automatic',
    // The project's own configuration names the JSX of another library.
    tsconfigRaw: {},
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: Object.fromEntries(EMBEDDED.map((type) => [type, 'dataurl'])),
    logLevel: 'silent',
  });
  const textOf = (type: string): string => outputFiles.find(({ path }) => path.endsWith(type))?.text ?? '';
  return { script: textOf('.js'), styles: textOf('.css') };
};

/** Opens the page of a library, with this markup before the script. Each worker builds a page once. */
const openPage = async (page: Page, stack: Stack, file: string, body = ''): Promise<void> => {
  const kept = built.get(file) ?? build(file);
  built.set(file, kept);
  const { script, styles } = await kept;
  const serve = (path: string, type: string, text: string) =>
    stack.site.serve(path, (_, response) =>
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text),
    );
  serve('/library.js', 'text/javascript', script);
  serve('/library.css', 'text/css', styles);
  await stack.open(page, `${body}<script type="module" src="/library.js"></script>`, {
    head: '<link rel="stylesheet" href="/library.css">',
  });
  await trackerStats(page);
};

/** Waits until no animation runs: many libraries do not close a widget while it opens. */
const untilStill = (page: Page): Promise<unknown> =>
  page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));

/** Shows an offer that counts last: when the time of every act is over, or at once if an event is expected. */
const expectOnly = async (
  page: Page,
  stack: Stack,
  expected: readonly string[],
  dwell: number,
): Promise<void> => {
  await showWitness(page, dwell);
  await stack.expectRecorded([...expected, 'viewed witness']);
};

/** What a user or the page does. */
type Act = (page: Page) => Promise<unknown>;

const press =
  (selector: string): Act =>
  (page) =>
    page.click(selector);
const pressAt =
  (x: number, y: number): Act =>
  (page) =>
    page.mouse.click(x, y);
const pressEscape: Act = (page) => page.keyboard.press('Escape');
const backdrop = pressAt(300, 780);
const hide: Act = (page) => page.evaluate('void hide()');
const untilGone: Act = (page) =>
  page.waitForFunction(() => {
    const card = document.querySelector('[data-offer-id=card]');
    return !card?.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  });
const inOrder =
  (...acts: readonly Act[]): Act =>
  async (page) => {
    for (const act of acts) await act(page);
  };
/** A drag from a place in an element, by so many pixels. */
interface Drag {
  readonly from: readonly [x: number, y: number];
  readonly by: readonly [x: number, y: number];
  /** What is done before the pointer is lifted. */
  readonly held?: Act;
}
const startOf = async (page: Page, selector: string, { from }: Drag): Promise<readonly [number, number]> => {
  const box = await page.locator(selector).boundingBox();
  if (!box) throw new Error(`${selector} is not drawn`);
  return [box.x + from[0], box.y + from[1]];
};
const drag =
  (selector: string, dragged: Drag): Act =>
  async (page) => {
    const { by, held } = dragged;
    const [x, y] = await startOf(page, selector, dragged);
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + by[0] / 2, y + by[1] / 2, { steps: 5 });
    await page.mouse.move(x + by[0], y + by[1], { steps: 5 });
    await held?.(page);
    await page.mouse.up();
  };
/** The same by a finger, which may scroll the element that it touches. */
const touch =
  (selector: string, dragged: Drag): Act =>
  async (page) => {
    const { by, held } = dragged;
    const [x, y] = await startOf(page, selector, dragged);
    const session = await page.context().newCDPSession(page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', part?: number) =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: part === undefined ? [] : [{ x: x + by[0] * part, y: y + by[1] * part }],
      });
    await send('touchStart', 0);
    for (let step = 1; step <= 10; step++) await send('touchMove', step / 10);
    await held?.(page);
    await send('touchEnd');
    await session.detach();
  };
/** A press inside, and one on a link of the offer. */
const inside = inOrder(press('[data-offer-id=card]'), press('[data-offer-id=card] a'));
/** Nothing of this closes the offer of any dialog: presses inside, and then the page closes it by itself. */
const ORDINARY = {
  'presses inside it and on its link, nor by the page itself': inOrder(inside, hide, untilGone),
};

/** Waits until the element has followed the pointer, since a drag that nothing follows would prove nothing. */
const untilDragged =
  (selector: string): Act =>
  (page) =>
    page.waitForFunction((selector) => {
      const moved = document.querySelector(selector);
      return !!moved && !new DOMMatrix(getComputedStyle(moved).transform).isIdentity;
    }, selector);
/** Waits for longer than any flick, so that only the distance of the drag decides. */
const linger: Act = (page) => page.evaluate(() => new Promise((done) => setTimeout(done, 500)));
const drawer = (byY: number): readonly [string, Drag] => [
  '[data-offer-id=card]',
  { from: [200, 20], by: [0, byY], held: inOrder(untilDragged('[data-vaul-drawer]'), linger) },
];

type Acts = Readonly<Record<string, Act>>;

const CROSS = { 'its cross': press('[aria-label^=Close i]') };
const USUAL = { ...CROSS, Escape: pressEscape, 'its backdrop': backdrop };
const KEYED = { ...CROSS, Escape: pressEscape };
const TIMED = { 'the end of its own time': untilGone };
const WAITS = { 'Escape and its backdrop': inOrder(pressEscape, backdrop) };
const TEXT = {
  'a press inside it, nor by the page itself': inOrder(press('[data-offer-id=card]'), hide, untilGone),
};

/** A widget of a library, and what must become of the offer in it. */
type Widget = readonly [name: string, closes: Acts, stays?: Acts];

/** The widgets of each library, by its file in `libraries/pages`. */
const WIDGETS: Readonly<Record<string, readonly Widget[]>> = {
  'bootstrap-5.js': [
    ['modal', { ...USUAL, 'its other button': press('.modal-footer button') }, ORDINARY],
    ['static modal', {}, WAITS],
    ['offcanvas', USUAL, ORDINARY],
    ['toast', CROSS, TIMED],
    ['alert', CROSS, ORDINARY],
    ['bar that collapses', CROSS, ORDINARY],
  ],
  'bootstrap-4.js': [
    ['modal', USUAL, ORDINARY],
    ['static modal', {}, WAITS],
    ['toast', CROSS, TIMED],
    ['alert', CROSS, ORDINARY],
  ],
  'bootstrap-3.js': [
    ['modal', USUAL, ORDINARY],
    ['static modal', {}, WAITS],
    ['alert', CROSS, ORDINARY],
  ],
  'sweetalert2.js': [
    [
      'popup',
      USUAL,
      { ...ORDINARY, 'its button that confirms': inOrder(press('.swal2-confirm'), untilGone) },
    ],
    ['popup that waits for an answer', {}, WAITS],
    ['toast', {}, TIMED],
  ],
  'micromodal.js': [['modal', USUAL, ORDINARY]],
  'a11y-dialog.js': [['dialog', USUAL, ORDINARY]],
  'jquery-ui.js': [
    [
      'dialog',
      { 'its cross': press('.ui-dialog-titlebar-close'), Escape: pressEscape },
      {
        ...ORDINARY,
        'a press beside it': backdrop,
        'a drag of its title, which moves it': drag('.ui-dialog-titlebar', {
          from: [20, 10],
          by: [150, 100],
          held: (page) => page.waitForSelector('.ui-dialog-dragging'),
        }),
      },
    ],
    [
      'modal dialog',
      { 'its cross': press('.ui-dialog-titlebar-close'), Escape: pressEscape },
      { ...ORDINARY, 'its backdrop': backdrop },
    ],
  ],
  'uikit.js': [
    ['modal', USUAL, ORDINARY],
    ['modal that waits for an answer', {}, WAITS],
    ['offcanvas', { ...USUAL, 'its backdrop': pressAt(1000, 700) }, ORDINARY],
    ['alert', CROSS, TEXT],
  ],
  'foundation.js': [
    ['reveal', USUAL, ORDINARY],
    ['reveal that waits for an answer', CROSS, WAITS],
    ['callout', { 'its cross': press('[data-close]') }, TEXT],
  ],
  'fancybox.js': [
    [
      'box',
      { ...USUAL, 'its cross': press('[data-fancybox-close]') },
      {
        ...ORDINARY,
        // The box closes, but the element that follows the pointer is the slide, and slides of a carousel also do that.
        'a drag down': inOrder(drag('[data-offer-id=card]', { from: [150, 20], by: [0, 250] }), untilGone),
      },
    ],
  ],
  'tippy.js': [
    ['popover', { 'a press beside it': pressAt(1000, 700) }, { ...ORDINARY, Escape: pressEscape }],
    ['tooltip', {}, { 'a press beside it': inOrder(pressAt(1000, 700), untilGone) }],
  ],
  'gsap.js': [
    ['bar that folds', CROSS],
    ['bar that slides out', CROSS],
  ],
  'tanstack-query.jsx': [
    [
      'cart',
      {},
      {
        'the cross of a coupon, after which the cart loads again': inOrder(
          press('[aria-label=Close]'),
          (page) => page.waitForSelector('[data-offer-id=card]', { state: 'detached' }),
          (page) => page.waitForSelector('[data-offer-id=card]'),
        ),
      },
    ],
  ],
  'notyf.js': [['toast', {}, TIMED]],
  'toastify.js': [['toast', CROSS, TIMED]],
  'shoelace.js': [
    ['dialog', USUAL, ORDINARY],
    [
      'dialog that waits for an answer',
      {},
      { 'its cross, Escape and its backdrop': inOrder(press('[part=close-button]'), pressEscape, backdrop) },
    ],
    ['drawer', USUAL, ORDINARY],
    ['alert', CROSS, TEXT],
  ],
  'web-awesome.js': [
    ['dialog', KEYED, { ...ORDINARY, 'its backdrop': backdrop }],
    ['light dialog', USUAL],
    ['drawer', USUAL, ORDINARY],
  ],
  'material-web.js': [
    [
      'dialog',
      { 'its button': press('[value=cancel]'), Escape: pressEscape, 'its backdrop': backdrop },
      { ...ORDINARY, 'its button that confirms': inOrder(press('[value=ok]'), untilGone) },
    ],
  ],
  'ionic.js': [
    ['modal', KEYED, ORDINARY],
    ['modal that waits for an answer', {}, WAITS],
  ],
  'radix.jsx': [
    ['modal dialog', USUAL, ORDINARY],
    ['dialog', { ...KEYED, 'a press beside it': backdrop }, ORDINARY],
    ['dialog that waits for an answer', {}, WAITS],
  ],
  'headless-ui.jsx': [
    ['dialog', USUAL, ORDINARY],
    ['dialog that waits for an answer', {}, WAITS],
  ],
  'vaul.jsx': [
    [
      'drawer',
      {
        ...KEYED,
        'its backdrop': pressAt(300, 250),
        'a drag beyond its threshold': drag(...drawer(150)),
        'a finger that goes beyond its threshold': touch(...drawer(150)),
      },
      {
        ...ORDINARY,
        'a drag from which it snaps back': inOrder(drag(...drawer(40)), untilStill),
        'a finger from which it snaps back': inOrder(touch(...drawer(40)), untilStill),
      },
    ],
    [
      'drawer that waits for an answer',
      {},
      {
        'Escape and its backdrop': inOrder(pressEscape, pressAt(300, 250)),
        'a drag, which it does not follow': drag('[data-offer-id=card]', { from: [200, 20], by: [0, 150] }),
      },
    ],
  ],
  'sonner.jsx': [
    ['toast', {}, TIMED],
    [
      'toast that stays',
      CROSS,
      // Only the offer itself moved, like a row of a list that is swiped away and may come back.
      {
        'a swipe that takes it away': inOrder(
          drag('[data-offer-id=card]', { from: [150, 20], by: [80, 0], held: linger }),
          untilGone,
        ),
      },
    ],
  ],
  'react-modal.jsx': [
    ['modal', { ...KEYED, 'its backdrop': pressAt(10, 780) }, ORDINARY],
    [
      'modal that waits for an answer',
      {},
      { 'Escape and its backdrop': inOrder(pressEscape, pressAt(10, 780)) },
    ],
  ],
  'mui.jsx': [
    ['dialog', USUAL, ORDINARY],
    ['dialog that waits for an answer', {}, WAITS],
    ['drawer', USUAL, ORDINARY],
    ['popover', {}, ORDINARY],
    ['alert', CROSS, TEXT],
    ['alert in a box that collapses', CROSS],
    ['drawer that stays mounted', USUAL, ORDINARY],
    ['snackbar', CROSS, TIMED],
  ],
};

const SWIPE: Drag = { from: [300, 100], by: [-240, 0] };

const SWIPES = { 'a swipe': drag('#carousel', SWIPE), 'a finger': touch('#carousel', SWIPE) };

/** Carousels of three offers, and what shows the next slide; one has no library. */
const CAROUSELS: Readonly<Record<string, Act>> = {
  'swiper.js': press('.swiper-button-next'),
  'splide.js': press('.splide__arrow--next'),
  'embla.js': press('.next'),
  'glide.js': press('[data-glide-dir=">"]'),
  'slick.js': press('.slick-next'),
  'scroll-snap.js': press('.next'),
};

/** The places of carousels, and the markup that is there before. */
const PLACES: Readonly<Record<string, string>> = {
  'the page': '',
  'a dialog that stays open':
    '<div role="dialog" aria-label="Offers" style="position: fixed; top: 100px; left: 100px; padding: 40px; background: white"></div>',
};

test.describe('libraries', () => {
  test.skip(
    !existsSync(join(FOLDER, 'node_modules')),
    'The libraries are not installed: npm ci --prefix e2e/libraries',
  );

  for (const [file, widgets] of Object.entries(WIDGETS))
    for (const [widget, closes, stays = {}] of widgets)
      test.describe(`${file}: the ${widget}`, () => {
        for (const [acts, expected, words] of [
          [closes, ['viewed card', 'dismissed card'], 'is closed by'],
          [stays, ['viewed card'], 'is not closed by'],
        ] as const)
          for (const [name, act] of Object.entries(acts))
            test(`${words} ${name}`, async ({ page, stack }) => {
              await openPage(page, stack, file);
              await page.getByRole('button', { name: `Show ${widget}`, exact: true }).click();
              await stack.expectRecorded(['viewed card']);
              await untilStill(page);
              await act(page);
              if (acts === closes) await stack.expectRecorded(expected);
              await expectOnly(page, stack, expected, acts === closes ? 0 : CONSEQUENCE_MS);
            });
      });

  for (const [file, next] of Object.entries(CAROUSELS))
    for (const [where, body] of Object.entries(PLACES))
      for (const [name, act] of Object.entries({ 'its arrow': next, ...SWIPES }))
        test(`each slide of ${file} in ${where} counts when it is shown, and moving on by ${name} closes none`, async ({
          page,
          stack,
        }) => {
          await openPage(page, stack, file, body);
          await stack.expectRecorded(['viewed one']);
          await act(page);
          await stack.expectRecorded(['viewed one', 'viewed two']);
          await untilStill(page);
          await page.keyboard.press('Escape');
          await act(page);
          await expectOnly(page, stack, ['viewed one', 'viewed two', 'viewed three'], CONSEQUENCE_MS);
        });
});
