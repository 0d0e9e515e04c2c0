import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isShown } from '../../../../src/client/detect/exposure.js';
import {
  type Closing,
  type ClosingOptions,
  createClosing,
} from '../../../../src/client/later/closing/closing.js';
import { closesByConvention } from '../../../../src/client/later/closing/conventions.js';
import { matches } from '../../../../src/client/later/detect/controls.js';
import { documentOnly, type FakePage, fakePage, find, render, trusted } from '../../../support/page.js';
import { placementsOfPage } from '../../../support/placements.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

/** What was decided: why, for which offer, and when in milliseconds since the start. */
let log: [reason: string, offerId: string, at: number][];
let page: FakePage;
let runtime: FakeRuntime;
let closing: Closing;

const start = ({ controls, labels, escape: hasEscape = true }: ClosingOptions = {}): void => {
  log = [];
  page = fakePage();
  runtime = fakeRuntime();
  closing = createClosing(
    {
      registry: placementsOfPage(),
      roots: documentOnly(page),
      page,
      runtime,
      isInSight: ({ element }) => isShown(element),
      sight: { boxesOf: (element) => [element], isDrawn: isShown },
      isConventional: controls ? (element) => matches(element, controls) : closesByConvention(labels),
      hasEscape,
    },
    {
      onDismiss: (offerId, reason = 'api') => void log.push([reason, offerId, runtime.elapsed()]),
    },
  );
};

const stop = (): void => {
  page.stop();
  closing.stop();
};

beforeEach(() => start());

afterEach(() => {
  stop();
  document.body.innerHTML = '';
  document.body.removeAttribute('style');
});

/** One thing that a user, the browser or the page does. */
type Act = () => unknown;

const mouse =
  (type: string, selector: string, more: MouseEventInit = {}, isTrusted = true): Act =>
  () =>
    find(selector).dispatchEvent(
      trusted(new MouseEvent(type, { bubbles: true, composed: true, ...more }), isTrusted),
    );
const click = (selector = 'button'): Act => mouse('click', selector);
const down = (selector: string): Act => mouse('pointerdown', selector);
const key =
  (name: string, selector = 'body', more: KeyboardEventInit = {}, isTrusted = true, type = 'keydown'): Act =>
  () =>
    find(selector).dispatchEvent(
      trusted(new KeyboardEvent(type, { key: name, bubbles: true, composed: true, ...more }), isTrusted),
    );
const pressEscape = key('Escape');
const remove =
  (...selectors: string[]): Act =>
  () => {
    for (const selector of selectors) find(selector).remove();
  };
const style =
  (selector: string, property: string, value: string): Act =>
  () =>
    find(selector).style.setProperty(property, value);
const fire =
  (type: string, selector: string, isTrusted = true): Act =>
  () =>
    find(selector).dispatchEvent(
      trusted(new Event(type, { bubbles: type === 'submit' || selector === 'input' }), isTrusted),
    );
const shut: Act = () => find('dialog').removeAttribute('open');
const becomes =
  (change: 'pagehide' | 'hidden'): Act =>
  () =>
    page.change(change);
/** Gives the element a box, as layouts do. */
const box =
  (selector: string, ...rect: [x: number, y: number, width: number, height: number]): Act =>
  () =>
    vi.spyOn(find(selector), 'getBoundingClientRect').mockReturnValue(new DOMRect(...rect));
const all =
  (...acts: Act[]): Act =>
  () => {
    for (const act of acts) act();
  };

const CROSS = '<button aria-label="Close">×</button>';
const CARD = `<article data-offer-id="a">${CROSS}</article>`;
const MODAL = `<div role="dialog"><p data-offer-id="a"></p>${CROSS}</div>`;
const DIALOG = '<dialog open><p data-offer-id="a"></p></dialog>';
const POPOVER = '<aside popover="auto"><i data-offer-id="b"></i></aside>';
const FORM =
  '<dialog open><p data-offer-id="a"></p><form method="dialog"><input><button>OK</button></form></dialog>';

/** The page, what happens there when, and which offers count as closed, why and when. */
type Case = readonly [markup: string, acts: Record<number, Act>, ...expected: typeof log];

/** Lives through it, and a long time behind it. */
const live = async (_: string, [markup, acts, ...expected]: Case): Promise<void> => {
  render(markup);
  for (const [at, act] of Object.entries(acts)) {
    await runtime.advance(Number(at) - runtime.elapsed());
    act();
  }
  await runtime.advance(10_000);
  expect(log.toSorted()).toEqual(expected);
};

describe('a conventional close control', () => {
  test.each([
    '<button aria-label="Close">×</button>',
    '<button aria-label="Dismiss">×</button>',
    '<button data-bs-dismiss="modal">×</button>',
    '<button command="close">×</button>',
    '<button command="hide-popover">×</button>',
    '<button command="request-close">×</button>',
    '<button popovertarget="x" popovertargetaction="hide">×</button>',
    '<button value="cancel">×</button>',
    '<button formmethod="dialog">×</button>',
    '<form method="dialog"><button>×</button></form>',
    '<form method="dialog"><button type="submit">×</button></form>',
  ])('counts once the box around it has been gone for a second: %s', (control) =>
    live('', [
      `<article data-offer-id="a">${control}</article>`,
      { 0: all(click(), remove('article')) },
      ['control', 'a', 1_000],
    ]),
  );

  test.each([
    '<button aria-label="Close deal">×</button>',
    '<button popovertarget="x" popovertargetaction="show">Show</button>',
    '<button command="show-modal">More</button>',
    '<button aria-label="Close" disabled>×</button>',
    '<form method="dialog"><button type="button">More</button></form>',
    '<form><button>Send</button></form>',
  ])('is not %s', (control) =>
    live('', [`<article data-offer-id="a">${control}</article>`, { 0: all(click(), remove('article')) }]),
  );

  const CASES: Record<string, Case> = {
    'counts for every offer that the dialog shows': [
      `<div role="dialog"><p data-offer-id="a"></p><p data-offer-id="b" style="display:none"></p><i data-offer-id="c"></i>${CROSS}</div><u data-offer-id="d"></u>`,
      { 0: all(click(), remove('div')) },
      ['control', 'a', 1_000],
      ['control', 'c', 1_000],
    ],
    'counts if what it closes fades and goes within a second': [
      CARD,
      { 0: click(), 900: style('article', 'display', 'none') },
      ['control', 'a', 2_000],
    ],
    'counts though the absence begins at the end of its time': [
      CARD,
      { 0: click(), 2900: remove('article') },
      ['control', 'a', 4_000],
    ],
    'counts when the page is left by it': [
      CARD,
      { 0: all(click(), remove('article')), 1: becomes('pagehide') },
      ['control', 'a', 1],
    ],
    'counts once, by press and click': [
      CARD,
      { 0: all(down('button'), click(), remove('article')) },
      ['control', 'a', 1_000],
    ],
    'counts though another act follows before its consequence was looked for': [
      `${CARD}<main></main>`,
      { 0: all(click(), remove('article'), down('main')) },
      ['control', 'a', 1_000],
    ],
    'counts where it is marked and closes when the pointer is lifted, though no click follows': [
      '<div role="dialog"><p data-offer-id="a"></p><i data-offer-id="b"></i><button data-offer-dismiss="b"></button></div>',
      { 0: all(down('button'), remove('i')) },
      ['control', 'b', 1_000],
    ],
    'does not count if the page refuses, and the offer goes later': [
      MODAL,
      { 0: click(), 3000: all(remove('div'), becomes('hidden')) },
    ],
    'does not count if a script clicked': [
      CARD,
      { 0: all(mouse('click', 'button', {}, false), remove('article')) },
    ],
    'does not count if nobody pressed it': [
      CARD,
      {
        0: all(style('article', 'display', 'none'), fire('transitionend', 'article'), remove('article')),
        1: becomes('pagehide'),
      },
    ],
    'does not count if the offer was not to be seen before': [
      CARD,
      { 0: all(style('article', 'visibility', 'hidden'), click(), remove('article')) },
    ],
    'does not count if the user accepted in between': [
      `<div role="dialog"><p data-offer-id="a"></p>${CROSS}<a data-offer-accept="a"></a></div>`,
      { 0: all(click(), click('a'), remove('div')) },
    ],
    'does not count if it is marked and pressed, but stays what it is about': [
      '<div role="dialog"><p data-offer-id="a"></p><button data-offer-dismiss></button></div>',
      { 0: down('button') },
    ],
    'is not the button that Enter in a field presses to submit the form': [
      FORM,
      { 0: all(key('Enter', 'input'), click(), shut) },
    ],
    'may be a button on which Enter is pressed': [
      FORM,
      { 0: all(key('Enter', 'button'), click(), shut) },
      ['control', 'a', 1_000],
    ],
    'may be pressed by assistive technology after Enter in a field': [
      FORM,
      { 0: all(key('Enter', 'input'), key('Enter', 'input', {}, true, 'keyup'), click(), shut) },
      ['control', 'a', 1_000],
    ],
  };

  test.each(Object.entries(CASES))('%s', live);

  test.each<[what: string, see: (card: Element) => void]>([
    ...['transitionend', 'animationend', 'close', 'toggle'].map((type): [string, (card: Element) => void] => [
      `a ${type}`,
      (card) => card.dispatchEvent(new Event(type)),
    ]),
    ['somebody who asked', (card) => closing.check(card)],
  ])('counts a second after %s showed that it is gone', async (_, see) => {
    const card = render(CARD);
    see(card);
    click()();
    await runtime.advance(200);
    card.style.opacity = '0';
    see(card);
    await runtime.advance(10_000);
    expect(log).toEqual([['control', 'a', 1_200]]);
  });

  test('may be one that the site names itself, and then no other', async () => {
    stop();
    start({ controls: '.away' });
    await live('', [
      '<article data-offer-id="a"><b class="away"></b></article><p data-offer-id="b"><i aria-label="Close"></i></p>',
      { 0: all(click('b'), remove('article')), 1000: all(click('i'), remove('p')) },
      ['control', 'a', 1_000],
    ]);
  });

  test('may have a name that the site added', async () => {
    stop();
    start({ labels: ['Not now', 'No thanks '] });
    const close = (selector: string): Act => all(click(`${selector} button`), remove(selector));
    await live('', [
      '<i data-offer-id="a"><button>No</button></i><b data-offer-id="b"><button>not now</button></b><u data-offer-id="c"><button aria-label="No thanks"></button></u>',
      { 0: close('i'), 2000: close('b'), 4000: close('u') },
      ['control', 'b', 3_000],
      ['control', 'c', 5_000],
    ]);
  });
});

describe('Escape', () => {
  const CASES: Record<string, Case> = {
    'counts once the dialog is really closed': [
      MODAL,
      { 0: pressEscape, 500: remove('div') },
      ['escape', 'a', 2_000],
    ],
    'counts for a `<dialog>` that lost its `open`': [
      DIALOG,
      { 0: all(pressEscape, shut) },
      ['escape', 'a', 1_000],
    ],
    'counts once, though the browser cancels and closes the dialog after it': [
      DIALOG,
      { 0: all(pressEscape, fire('cancel', 'dialog')), 1: all(shut, fire('close', 'dialog')) },
      ['escape', 'a', 1_001],
    ],
    'is not another key': [MODAL, { 0: all(key('Enter'), remove('div')) }],
    'is not a script’s own key': [MODAL, { 0: all(key('Escape', 'body', {}, false), remove('div')) }],
    'is not one that ends an input method’s composition': [
      MODAL,
      { 0: all(key('Escape', 'body', { isComposing: true }), remove('div')) },
    ],
    'does not count for an offer outside of all dialogs': [CARD, { 0: all(pressEscape, remove('article')) }],
  };

  test.each(Object.entries(CASES))('%s', live);

  test('does not count if the site says so', async () => {
    stop();
    start({ escape: false });
    await live('', [MODAL, { 0: all(pressEscape, remove('div')) }]);
  });
});

describe('a press outside', () => {
  const at = (clientX: number, clientY: number): Act =>
    all(box('dialog', 100, 50, 300, 200), mouse('click', 'dialog', { clientX, clientY }), shut);
  const toast = (attributes: string): Case => [
    `<div ${attributes}><p data-offer-id="a"></p></div><main></main>`,
    { 0: all(down('main'), remove('div')), 5000: pressEscape },
  ];
  const link = (attributes: string): string =>
    `<div ${attributes}><p data-offer-id="a"></p></div><a href="#next"></a>`;

  const CASES: Record<string, Case> = {
    'counts once the dialog is gone': [
      `${MODAL}<main></main>`,
      { 0: all(down('main'), remove('div')) },
      ['backdrop', 'a', 1_000],
    ],
    'counts if it hits the dialog itself, outside of its box': [
      DIALOG,
      { 0: at(90, 60) },
      ['backdrop', 'a', 1_000],
    ],
    'is none inside of its box': [DIALOG, { 0: at(110, 60) }],
    'is none by keyboard, without a position': [DIALOG, { 0: at(0, 0) }],
    'does not count if the page’s own box covers the viewport and the body is fixed, so that nothing scrolls':
      [
        `${MODAL}<main style="cursor: pointer"></main>`,
        { 0: all(style('body', 'position', 'fixed'), down('main'), remove('div')) },
      ],
    'does not count for a toast, which hides itself': toast('popover="manual"'),
    'does not count for a toast that is a status': toast('popover="manual" role="status"'),
    'counts for a manual popover that is a dialog': [
      ...(toast('popover="manual" role="dialog"').slice(0, 2) as [string, Record<number, Act>]),
      ['backdrop', 'a', 1_000],
    ],
    'does not count for what only looks like a dialog, by a link that leads away': [
      link('role="dialog"'),
      { 0: all(down('a'), remove('div')) },
    ],
    'counts for what the browser closes by a press, also by a link': [
      link('popover="auto"'),
      { 0: all(down('a'), remove('div')) },
      ['backdrop', 'a', 1_000],
    ],
    'that closes several things counts for each for its own reason': [
      `${MODAL}${POPOVER}`,
      { 0: all(down('button'), remove('div', 'aside')) },
      ['backdrop', 'b', 1_000],
      ['control', 'a', 1_000],
    ],
    'that closes several things counts as far as it closes them': [
      `${MODAL}${POPOVER}`,
      { 0: all(down('button'), remove('aside')), 3000: remove('div') },
      ['backdrop', 'b', 1_000],
    ],
    'may hit a control that is disabled': [
      `${POPOVER}<button aria-label="Close" disabled></button>`,
      { 0: all(down('button'), remove('aside')) },
      ['backdrop', 'b', 1_000],
    ],
    'does not count if a marked form was submitted in between': [
      '<div role="dialog"><form data-offer-accept><p data-offer-id="a"></p></form></div><main></main>',
      { 0: all(down('main'), fire('submit', 'form'), remove('div')) },
    ],
  };

  test.each(Object.entries(CASES))('%s', live);

  test('counts if it hits an overlay in the dialog, also beside both scrollbars and with a size that was rounded', async () => {
    vi.spyOn(document.documentElement, 'clientWidth', 'get').mockReturnValue(1_009);
    vi.spyOn(document.documentElement, 'clientHeight', 'get').mockReturnValue(751);
    await live('', [
      '<div role="dialog"><i style="position: fixed; cursor: pointer"></i><p data-offer-id="a"></p></div>',
      { 0: all(box('i', 0, 0, 1_008.6, 750.6), down('i'), remove('div')) },
      ['backdrop', 'a', 1_000],
    ]);
  });
});

describe('the browser’s own close request', () => {
  const CASES: Record<string, Case> = {
    'counts once the dialog is closed': [
      DIALOG,
      { 0: fire('cancel', 'dialog'), 1: all(shut, fire('close', 'dialog')) },
      ['dialog', 'a', 1_001],
    ],
    'does not count if a script asked for it, and so has closed the dialog by then': [
      DIALOG,
      { 0: all(fire('cancel', 'dialog'), shut), 1: fire('close', 'dialog') },
    ],
    'does not count if a script makes it up': [DIALOG, { 0: fire('cancel', 'dialog', false), 1: shut }],
    'is not that of a file picker': [
      '<dialog open><p data-offer-id="a"></p><input type="file"></dialog>',
      { 0: all(fire('cancel', 'input'), shut) },
    ],
  };

  test.each(Object.entries(CASES))('%s', live);
});

test('stopped, it awaits nothing, hears nothing and has no timer', async () => {
  const card = render(CARD);
  click()();
  stop();
  page.change('pagehide');
  expect(runtime.timers).toBe(0);
  card.remove();
  await live('', [MODAL, { 0: all(click(), remove('div')) }]);
});
