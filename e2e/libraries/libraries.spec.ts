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
  dwell = 0,
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
const insideText = press('[data-offer-id=card]');
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

/** A widget of a library, and what must become of the offer in it. */
interface Widget {
  readonly library: string;
  /** A file in `libraries/pages`. */
  readonly file: string;
  readonly widget: string;
  readonly closes?: Readonly<Record<string, Act>>;
  readonly stays?: Readonly<Record<string, Act>>;
}

const CROSS = { 'its cross': press('[aria-label^=Close i]') };
const USUAL = { ...CROSS, Escape: pressEscape, 'its backdrop': backdrop };

const WIDGETS: readonly Widget[] = [
  {
    library: 'Bootstrap 5',
    file: 'bootstrap-5.js',
    widget: 'modal',
    closes: { ...USUAL, 'its other button': press('.modal-footer button') },
    stays: ORDINARY,
  },
  {
    library: 'Bootstrap 5',
    file: 'bootstrap-5.js',
    widget: 'static modal',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  { library: 'Bootstrap 5', file: 'bootstrap-5.js', widget: 'offcanvas', closes: USUAL, stays: ORDINARY },
  {
    library: 'Bootstrap 5',
    file: 'bootstrap-5.js',
    widget: 'toast',
    closes: CROSS,
    stays: { 'the end of its own time': untilGone },
  },
  { library: 'Bootstrap 5', file: 'bootstrap-5.js', widget: 'alert', closes: CROSS, stays: ORDINARY },
  {
    library: 'Bootstrap 5',
    file: 'bootstrap-5.js',
    widget: 'bar that collapses',
    closes: CROSS,
    stays: ORDINARY,
  },
  { library: 'Bootstrap 4', file: 'bootstrap-4.js', widget: 'modal', closes: USUAL, stays: ORDINARY },
  {
    library: 'Bootstrap 4',
    file: 'bootstrap-4.js',
    widget: 'static modal',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  {
    library: 'Bootstrap 4',
    file: 'bootstrap-4.js',
    widget: 'toast',
    closes: CROSS,
    stays: { 'the end of its own time': untilGone },
  },
  { library: 'Bootstrap 4', file: 'bootstrap-4.js', widget: 'alert', closes: CROSS, stays: ORDINARY },
  { library: 'Bootstrap 3', file: 'bootstrap-3.js', widget: 'modal', closes: USUAL, stays: ORDINARY },
  {
    library: 'Bootstrap 3',
    file: 'bootstrap-3.js',
    widget: 'static modal',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  { library: 'Bootstrap 3', file: 'bootstrap-3.js', widget: 'alert', closes: CROSS, stays: ORDINARY },
  {
    library: 'SweetAlert2',
    file: 'sweetalert2.js',
    widget: 'popup',
    closes: USUAL,
    stays: { ...ORDINARY, 'its button that confirms': inOrder(press('.swal2-confirm'), untilGone) },
  },
  {
    library: 'SweetAlert2',
    file: 'sweetalert2.js',
    widget: 'popup that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  {
    library: 'SweetAlert2',
    file: 'sweetalert2.js',
    widget: 'toast',
    stays: { 'the end of its own time': untilGone },
  },
  { library: 'Micromodal', file: 'micromodal.js', widget: 'modal', closes: USUAL, stays: ORDINARY },
  { library: 'a11y-dialog', file: 'a11y-dialog.js', widget: 'dialog', closes: USUAL, stays: ORDINARY },
  {
    library: 'jQuery UI',
    file: 'jquery-ui.js',
    widget: 'dialog',
    closes: { 'its cross': press('.ui-dialog-titlebar-close'), Escape: pressEscape },
    stays: {
      ...ORDINARY,
      'a press beside it': backdrop,
      'a drag of its title, which moves it': drag('.ui-dialog-titlebar', {
        from: [20, 10],
        by: [150, 100],
        held: (page) => page.waitForSelector('.ui-dialog-dragging'),
      }),
    },
  },
  {
    library: 'jQuery UI',
    file: 'jquery-ui.js',
    widget: 'modal dialog',
    closes: { 'its cross': press('.ui-dialog-titlebar-close'), Escape: pressEscape },
    stays: { ...ORDINARY, 'its backdrop': backdrop },
  },
  { library: 'UIkit', file: 'uikit.js', widget: 'modal', closes: USUAL, stays: ORDINARY },
  {
    library: 'UIkit',
    file: 'uikit.js',
    widget: 'modal that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  {
    library: 'UIkit',
    file: 'uikit.js',
    widget: 'offcanvas',
    closes: { ...USUAL, 'its backdrop': pressAt(1000, 700) },
    stays: ORDINARY,
  },
  {
    library: 'UIkit',
    file: 'uikit.js',
    widget: 'alert',
    closes: CROSS,
    stays: { 'a press inside it, nor by the page itself': inOrder(insideText, hide, untilGone) },
  },
  { library: 'Foundation', file: 'foundation.js', widget: 'reveal', closes: USUAL, stays: ORDINARY },
  {
    library: 'Foundation',
    file: 'foundation.js',
    widget: 'reveal that waits for an answer',
    closes: CROSS,
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  {
    library: 'Foundation',
    file: 'foundation.js',
    widget: 'callout',
    closes: { 'its cross': press('[data-close]') },
    stays: { 'a press inside it, nor by the page itself': inOrder(insideText, hide, untilGone) },
  },
  {
    library: 'Fancybox',
    file: 'fancybox.js',
    widget: 'box',
    closes: {
      ...USUAL,
      'its cross': press('[data-fancybox-close]'),
    },
    stays: {
      ...ORDINARY,
      // The box closes, but the element that follows the pointer is the slide, and slides of a carousel also do that.
      'a drag down': inOrder(drag('[data-offer-id=card]', { from: [150, 20], by: [0, 250] }), untilGone),
    },
  },
  {
    library: 'Tippy.js',
    file: 'tippy.js',
    widget: 'popover',
    closes: { 'a press beside it': pressAt(1000, 700) },
    stays: { ...ORDINARY, Escape: pressEscape },
  },
  {
    library: 'Tippy.js',
    file: 'tippy.js',
    widget: 'tooltip',
    stays: { 'a press beside it': inOrder(pressAt(1000, 700), untilGone) },
  },
  { library: 'GSAP', file: 'gsap.js', widget: 'bar that folds', closes: CROSS },
  { library: 'GSAP', file: 'gsap.js', widget: 'bar that slides out', closes: CROSS },
  {
    library: 'TanStack Query',
    file: 'tanstack-query.jsx',
    widget: 'cart',
    stays: {
      'the cross of a coupon, after which the cart loads again': inOrder(
        press('[aria-label=Close]'),
        (page) => page.waitForSelector('[data-offer-id=card]', { state: 'detached' }),
        (page) => page.waitForSelector('[data-offer-id=card]'),
      ),
    },
  },
  { library: 'Notyf', file: 'notyf.js', widget: 'toast', stays: { 'the end of its own time': untilGone } },
  {
    library: 'Toastify',
    file: 'toastify.js',
    widget: 'toast',
    closes: CROSS,
    stays: { 'the end of its own time': untilGone },
  },
  { library: 'Shoelace', file: 'shoelace.js', widget: 'dialog', closes: USUAL, stays: ORDINARY },
  {
    library: 'Shoelace',
    file: 'shoelace.js',
    widget: 'dialog that waits for an answer',
    stays: {
      'its cross, Escape and its backdrop': inOrder(press('[part=close-button]'), pressEscape, backdrop),
    },
  },
  { library: 'Shoelace', file: 'shoelace.js', widget: 'drawer', closes: USUAL, stays: ORDINARY },
  {
    library: 'Shoelace',
    file: 'shoelace.js',
    widget: 'alert',
    closes: CROSS,
    stays: { 'a press inside it, nor by the page itself': inOrder(insideText, hide, untilGone) },
  },
  {
    library: 'Web Awesome',
    file: 'web-awesome.js',
    widget: 'dialog',
    closes: { ...CROSS, Escape: pressEscape },
    stays: { ...ORDINARY, 'its backdrop': backdrop },
  },
  { library: 'Web Awesome', file: 'web-awesome.js', widget: 'light dialog', closes: USUAL },
  { library: 'Web Awesome', file: 'web-awesome.js', widget: 'drawer', closes: USUAL, stays: ORDINARY },
  {
    library: 'Material Web',
    file: 'material-web.js',
    widget: 'dialog',
    closes: { 'its button': press('[value=cancel]'), Escape: pressEscape, 'its backdrop': backdrop },
    stays: { ...ORDINARY, 'its button that confirms': inOrder(press('[value=ok]'), untilGone) },
  },
  {
    library: 'Ionic',
    file: 'ionic.js',
    widget: 'modal',
    closes: { ...CROSS, Escape: pressEscape },
    stays: ORDINARY,
  },
  {
    library: 'Ionic',
    file: 'ionic.js',
    widget: 'modal that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  { library: 'Radix', file: 'radix.jsx', widget: 'modal dialog', closes: USUAL, stays: ORDINARY },
  {
    library: 'Radix',
    file: 'radix.jsx',
    widget: 'dialog',
    closes: { ...CROSS, Escape: pressEscape, 'a press beside it': backdrop },
    stays: ORDINARY,
  },
  {
    library: 'Radix',
    file: 'radix.jsx',
    widget: 'dialog that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  { library: 'Headless UI', file: 'headless-ui.jsx', widget: 'dialog', closes: USUAL, stays: ORDINARY },
  {
    library: 'Headless UI',
    file: 'headless-ui.jsx',
    widget: 'dialog that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  {
    library: 'vaul',
    file: 'vaul.jsx',
    widget: 'drawer',
    closes: {
      ...CROSS,
      Escape: pressEscape,
      'its backdrop': pressAt(300, 250),
      'a drag beyond its threshold': drag(...drawer(150)),
      'a finger that goes beyond its threshold': touch(...drawer(150)),
    },
    stays: {
      ...ORDINARY,
      'a drag from which it snaps back': inOrder(drag(...drawer(40)), untilStill),
      'a finger from which it snaps back': inOrder(touch(...drawer(40)), untilStill),
    },
  },
  {
    library: 'vaul',
    file: 'vaul.jsx',
    widget: 'drawer that waits for an answer',
    stays: {
      'Escape and its backdrop': inOrder(pressEscape, pressAt(300, 250)),
      'a drag, which it does not follow': drag('[data-offer-id=card]', { from: [200, 20], by: [0, 150] }),
    },
  },
  { library: 'Sonner', file: 'sonner.jsx', widget: 'toast', stays: { 'the end of its own time': untilGone } },
  {
    library: 'Sonner',
    file: 'sonner.jsx',
    widget: 'toast that stays',
    closes: CROSS,
    // Only the offer itself moved, like a row of a list that is swiped away and may come back.
    stays: {
      'a swipe that takes it away': inOrder(
        drag('[data-offer-id=card]', { from: [150, 20], by: [80, 0], held: linger }),
        untilGone,
      ),
    },
  },
  {
    library: 'react-modal',
    file: 'react-modal.jsx',
    widget: 'modal',
    closes: { ...CROSS, Escape: pressEscape, 'its backdrop': pressAt(10, 780) },
    stays: ORDINARY,
  },
  {
    library: 'react-modal',
    file: 'react-modal.jsx',
    widget: 'modal that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, pressAt(10, 780)) },
  },
  { library: 'MUI', file: 'mui.jsx', widget: 'dialog', closes: USUAL, stays: ORDINARY },
  {
    library: 'MUI',
    file: 'mui.jsx',
    widget: 'dialog that waits for an answer',
    stays: { 'Escape and its backdrop': inOrder(pressEscape, backdrop) },
  },
  { library: 'MUI', file: 'mui.jsx', widget: 'drawer', closes: USUAL, stays: ORDINARY },
  { library: 'MUI', file: 'mui.jsx', widget: 'popover', stays: ORDINARY },
  {
    library: 'MUI',
    file: 'mui.jsx',
    widget: 'alert',
    closes: CROSS,
    stays: { 'a press inside it, nor by the page itself': inOrder(insideText, hide, untilGone) },
  },
  { library: 'MUI', file: 'mui.jsx', widget: 'alert in a box that collapses', closes: CROSS },
  { library: 'MUI', file: 'mui.jsx', widget: 'drawer that stays mounted', closes: USUAL, stays: ORDINARY },
  {
    library: 'MUI',
    file: 'mui.jsx',
    widget: 'snackbar',
    closes: CROSS,
    stays: { 'the end of its own time': untilGone },
  },
];

/** A carousel of three offers. */
interface Carousel {
  readonly library: string;
  readonly file: string;
  /** Shows the next slide. */
  readonly next: Act;
}

const SWIPE: Drag = { from: [300, 100], by: [-240, 0] };

const SWIPES = { 'a swipe': drag('#carousel', SWIPE), 'a finger': touch('#carousel', SWIPE) };

const CAROUSELS: readonly Carousel[] = [
  { library: 'Swiper', file: 'swiper.js', next: press('.swiper-button-next') },
  { library: 'Splide', file: 'splide.js', next: press('.splide__arrow--next') },
  { library: 'Embla', file: 'embla.js', next: press('.next') },
  { library: 'Glide', file: 'glide.js', next: press('[data-glide-dir=">"]') },
  { library: 'Slick', file: 'slick.js', next: press('.slick-next') },
  { library: 'scroll snap without a library', file: 'scroll-snap.js', next: press('.next') },
];

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

  const showWidget = async (page: Page, stack: Stack, { file, widget }: Widget): Promise<void> => {
    await openPage(page, stack, file);
    await page.getByRole('button', { name: `Show ${widget}`, exact: true }).click();
    await stack.expectRecorded(['viewed card']);
    await untilStill(page);
  };

  for (const each of WIDGETS)
    test.describe(`${each.library}: the ${each.widget}`, () => {
      for (const [name, act] of Object.entries(each.closes ?? {}))
        test(`is closed by ${name}`, async ({ page, stack }) => {
          await showWidget(page, stack, each);
          await act(page);
          await stack.expectRecorded(['viewed card', 'dismissed card']);
          await expectOnly(page, stack, ['viewed card', 'dismissed card']);
        });
      for (const [name, act] of Object.entries(each.stays ?? {}))
        test(`is not closed by ${name}`, async ({ page, stack }) => {
          await showWidget(page, stack, each);
          await act(page);
          await expectOnly(page, stack, ['viewed card'], CONSEQUENCE_MS);
        });
    });

  for (const { library, file, next } of CAROUSELS)
    for (const [place, body] of Object.entries(PLACES))
      for (const [name, act] of Object.entries({ 'its arrow': next, ...SWIPES }))
        test(`each slide of ${library} in ${place} counts when it is shown, and moving on by ${name} closes none`, async ({
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
