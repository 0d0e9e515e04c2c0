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
import { type Decision, decisionLog, placementsOfPage } from '../../../support/placements.js';
import { type FakeRuntime, fakeRuntime } from '../../../support/runtime.js';

/** What is gone has to stay so for this long. */
const SETTLE_MS = 1_000;

let log: Decision[];
let page: FakePage;
let runtime: FakeRuntime;
let closing: Closing;

/** What was never seen, though its styles show it. */
let unseen: Element[];

const start = ({ controls, labels, escape: hasEscape = true }: ClosingOptions = {}): void => {
  unseen = [];
  const decisions = decisionLog();
  ({ log } = decisions);
  page = fakePage();
  runtime = fakeRuntime();
  closing = createClosing(
    {
      registry: placementsOfPage(),
      roots: documentOnly(page),
      page,
      runtime,
      isInSight: ({ element }) => isShown(element) && !unseen.includes(element),
      sight: { boxesOf: (element) => [element], isDrawn: isShown },
      isConventional: controls ? (element) => matches(element, controls) : closesByConvention(labels),
      hasEscape,
    },
    decisions,
  );
};

beforeEach(() => start());

const stop = (): void => {
  page.stop();
  closing.stop();
};

afterEach(() => {
  stop();
  document.body.innerHTML = '';
});

const act = (type: string, target: Element | Document, isTrusted = true, more: MouseEventInit = {}): void =>
  void target.dispatchEvent(
    trusted(new MouseEvent(type, { bubbles: true, composed: true, ...more }), isTrusted),
  );

const click = (selector: string, isTrusted = true): void => act('click', find(selector), isTrusted);

const press = (key: string, isTrusted = true, more: KeyboardEventInit = {}): void =>
  void document.body.dispatchEvent(
    trusted(new KeyboardEvent('keydown', { key, bubbles: true, ...more }), isTrusted),
  );

const MODAL = '<div role="dialog"><p data-offer-id="a"></p><button aria-label="Close">×</button></div>';
const CARD = '<article data-offer-id="a"><button aria-label="Close">×</button></article>';

describe('a conventional close control counts', () => {
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
  ])('it counts once the box around it is gone: %s', async (control) => {
    render(`<article data-offer-id="a">${control}</article>`);
    const article = find('article');
    click('button');
    expect(log).toEqual([]);
    article.remove();
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['control', 'a', article]]);
  });

  test('it counts in the dialog that holds the offer, for every offer shown there', async () => {
    render(
      '<div role="dialog"><p data-offer-id="a"></p><p data-offer-id="b" style="display:none"></p><i data-offer-id="c"></i><button aria-label="Close"></button></div><u data-offer-id="d"></u>',
    );
    const [a, c] = [find('[data-offer-id=a]'), find('[data-offer-id=c]')];
    click('button');
    find('[role=dialog]').remove();
    await runtime.advance(1_000);
    expect(log).toEqual([
      ['control', 'a', a],
      ['control', 'c', c],
    ]);
  });

  test('when what it closes fades and goes within a second', async () => {
    const card = render(CARD);
    click('button');
    await runtime.advance(900);
    expect(log).toEqual([]);
    card.style.display = 'none';
    await runtime.advance(100 + SETTLE_MS);
    expect(log).toEqual([['control', 'a', card]]);
  });

  test.each(['transitionend', 'animationend', 'close', 'toggle'])(
    'a second after a %s showed that it is gone',
    async (type) => {
      const card = render(CARD);
      click('button');
      await runtime.advance(200);
      card.style.opacity = '0';
      card.dispatchEvent(new Event(type));
      await runtime.advance(SETTLE_MS - 1);
      expect(log).toEqual([]);
      await runtime.advance(1);
      expect(log).toEqual([['control', 'a', card]]);
    },
  );

  test('when the page is left by it', () => {
    const card = render(CARD);
    click('button');
    card.remove();
    page.change('pagehide');
    expect(log).toEqual([['control', 'a', card]]);
  });

  test('once, by press and click', async () => {
    const card = render(CARD);
    act('pointerdown', find('button'));
    click('button');
    card.remove();
    await runtime.advance(5_000);
    expect(log).toEqual([['control', 'a', card]]);
  });

  test('though another act follows before its consequence was looked for', async () => {
    render(`${CARD}<main></main>`);
    const card = find('article');
    click('button');
    card.remove();
    act('pointerdown', find('main'));
    await runtime.advance(5_000);
    expect(log).toEqual([['control', 'a', card]]);
  });

  test('where it is marked and closes when the pointer is lifted, though no click follows', async () => {
    render(
      '<div role="dialog"><p data-offer-id="a"></p><i data-offer-id="b"></i><button data-offer-dismiss="b"></button></div>',
    );
    const offer = find('i');
    act('pointerdown', find('button'));
    offer.remove();
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['control', 'b', offer]]);
  });

  test('a second after it was asked whether it is gone', async () => {
    const card = render(CARD);
    click('button');
    closing.check(card);
    await runtime.advance(200);
    card.remove();
    closing.check(card);
    await runtime.advance(SETTLE_MS - 1);
    expect(log).toEqual([]);
    await runtime.advance(1);
    expect(log).toEqual([['control', 'a', card]]);
  });

  test('though its absence begins at the end of its time', async () => {
    const card = render(CARD);
    click('button');
    await runtime.advance(2_900);
    card.remove();
    await runtime.advance(100 + SETTLE_MS - 1);
    expect(log).toEqual([]);
    await runtime.advance(1);
    expect(log).toEqual([['control', 'a', card]]);
  });

  test('also one that the site names itself, and then no other', async () => {
    stop();
    start({ controls: '.away' });
    render(
      '<article data-offer-id="a"><b class="away"></b></article><p data-offer-id="b"><i aria-label="Close"></i></p>',
    );
    const [article, paragraph] = [find('article'), find('p')];
    click('b');
    article.remove();
    await runtime.advance(1_000);
    click('i');
    paragraph.remove();
    await runtime.advance(1_000);
    expect(log).toEqual([['control', 'a', article]]);
  });
});

describe('a control closes nothing by convention', () => {
  test.each([
    '<button aria-label="Close deal">×</button>',
    '<button popovertarget="x" popovertargetaction="show">Show</button>',
    '<button command="show-modal">More</button>',
    '<button aria-label="Close" disabled>×</button>',
    '<form method="dialog"><button type="button">More</button></form>',
    '<form><button>Send</button></form>',
  ])('%s', async (control) => {
    render(`<article data-offer-id="a">${control}</article>`);
    const article = find('article');
    click('button');
    article.remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('but by names that the site added', async () => {
    stop();
    start({ labels: ['Not now', 'No thanks '] });
    render(
      '<i data-offer-id="a"><button>No</button></i><b data-offer-id="b"><button>not now</button></b><u data-offer-id="c"><button aria-label="No thanks"></button></u>',
    );
    for (const selector of ['i', 'b', 'u']) {
      const offer = find(selector);
      click(`${selector} button`);
      offer.remove();
      await runtime.advance(1_000);
    }
    expect(log.map(([reason, offerId]) => [reason, offerId])).toEqual([
      ['control', 'b'],
      ['control', 'c'],
    ]);
  });
});

describe('Enter', () => {
  const FORM =
    '<dialog open><p data-offer-id="a"></p><form method="dialog"><input><button>OK</button></form></dialog>';
  const enter = (selector: string, type = 'keydown'): void =>
    void find(selector).dispatchEvent(
      trusted(new KeyboardEvent(type, { key: 'Enter', bubbles: true, composed: true })),
    );
  const closeDialog = async (): Promise<void> => {
    find('dialog').removeAttribute('open');
    await runtime.advance(5_000);
  };

  test('in a field submits the form by a click on its button, which dismisses nothing', async () => {
    render(FORM);
    enter('input');
    click('button');
    await closeDialog();
    expect(log).toEqual([]);
  });

  test('on the button itself is a press on it', async () => {
    render(FORM);
    const offer = find('p');
    enter('button');
    click('button');
    await closeDialog();
    expect(log).toEqual([['control', 'a', offer]]);
  });

  test('in a field does not stand for a press that assistive technology makes later', async () => {
    render(FORM);
    const offer = find('p');
    enter('input');
    enter('input', 'keyup');
    click('button');
    await closeDialog();
    expect(log).toEqual([['control', 'a', offer]]);
  });
});

describe('Escape counts', () => {
  test('once the dialog is really closed', async () => {
    render(MODAL);
    const offer = find('p');
    press('Escape');
    expect(log).toEqual([]);
    find('div').remove();
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['escape', 'a', offer]]);
  });

  test('it counts for a `<dialog>` that lost its `open`', async () => {
    render('<dialog open><p data-offer-id="a"></p></dialog>');
    press('Escape');
    find('dialog').removeAttribute('open');
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['escape', 'a', find('p')]]);
  });

  test('once, though the browser cancels and closes the dialog after it', async () => {
    const dialog = render('<dialog open><p data-offer-id="a"></p></dialog>');
    press('Escape');
    dialog.dispatchEvent(trusted(new Event('cancel')));
    await Promise.resolve();
    dialog.removeAttribute('open');
    dialog.dispatchEvent(trusted(new Event('close')));
    await runtime.advance(5_000);
    expect(log).toEqual([['escape', 'a', find('p')]]);
  });

  test.each([
    ['another key', () => press('Enter')],
    ['a script’s own key', () => press('Escape', false)],
    ['one that ends an input method’s composition', () => press('Escape', true, { isComposing: true })],
  ])('it does not count: %s', async (_, key) => {
    render(MODAL);
    key();
    find('div').remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('not for an offer outside of all dialogs', async () => {
    const card = render(CARD);
    press('Escape');
    card.remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('not where the site says so', async () => {
    stop();
    start({ escape: false });
    render(MODAL);
    press('Escape');
    find('div').remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });
});

describe('a press outside counts', () => {
  test('once the dialog is gone', async () => {
    render(`${MODAL}<main></main>`);
    const offer = find('p');
    act('pointerdown', find('main'));
    find('div').remove();
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['backdrop', 'a', offer]]);
  });

  test('where it hits the dialog itself, outside of its box', async () => {
    const dialog = render('<dialog open><p data-offer-id="a"></p></dialog>');
    vi.spyOn(dialog, 'getBoundingClientRect').mockReturnValue(new DOMRect(100, 50, 300, 200));
    act('click', dialog, true, { clientX: 90, clientY: 60 });
    dialog.removeAttribute('open');
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['backdrop', 'a', find('p')]]);
  });

  test('where it hits an overlay in the dialog, also beside both scrollbars and with a size that was rounded', async () => {
    render(
      '<div role="dialog"><i style="position: fixed; cursor: pointer"></i><p data-offer-id="a"></p></div>',
    );
    vi.spyOn(document.documentElement, 'clientWidth', 'get').mockReturnValue(1_009);
    vi.spyOn(document.documentElement, 'clientHeight', 'get').mockReturnValue(751);
    vi.spyOn(find('i'), 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 1_008.6, 750.6));
    const offer = find('p');
    act('pointerdown', find('i'));
    find('div').remove();
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['backdrop', 'a', offer]]);
  });

  test('not where the page’s own box covers the viewport and the body is fixed, so that nothing scrolls', async () => {
    render(`${MODAL}<main style="cursor: pointer"></main>`);
    document.body.style.position = 'fixed';
    act('pointerdown', find('main'));
    find('div').remove();
    await runtime.advance(5_000);
    document.body.removeAttribute('style');
    expect(log).toEqual([]);
  });

  test.each(['<div popover="manual">', '<div popover="manual" role="status">'])(
    'not for the toast %s, which hides itself',
    async (toast) => {
      render(`${toast}<p data-offer-id="a"></p></div><main></main>`);
      act('pointerdown', find('main'));
      find('div').remove();
      await runtime.advance(5_000);
      press('Escape');
      expect(log).toEqual([]);
    },
  );

  test('it counts for a manual popover that is a dialog', async () => {
    render('<div popover="manual" role="dialog"><p data-offer-id="a"></p></div><main></main>');
    const offer = find('p');
    act('pointerdown', find('main'));
    find('div').remove();
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['backdrop', 'a', offer]]);
  });

  test.each([
    ['not for what only looks like a dialog, by a link that leads away', '<div role="dialog">', []],
    ['for what the browser closes by a press, also by a link', '<div popover="auto">', [['backdrop', 'a']]],
  ])('%s', async (_, holder, expected) => {
    render(`${holder}<p data-offer-id="a"></p></div><a href="#next"></a>`);
    act('pointerdown', find('a'));
    find('div').remove();
    await runtime.advance(5_000);
    expect(log.map(([reason, offerId]) => [reason, offerId])).toEqual(expected);
  });

  test.each([
    ['inside of its box', { clientX: 110, clientY: 60 }],
    ['by keyboard, without a position', { clientX: 0, clientY: 0 }],
  ])('it does not count: %s', async (_, position) => {
    const dialog = render('<dialog open><p data-offer-id="a"></p></dialog>');
    vi.spyOn(dialog, 'getBoundingClientRect').mockReturnValue(new DOMRect(100, 50, 300, 200));
    act('click', dialog, true, position);
    dialog.removeAttribute('open');
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });
});

describe('one press that closes several things counts for each', () => {
  test('it counts for each for its own reason', async () => {
    render(
      '<div role="dialog"><p data-offer-id="a"></p><button aria-label="Close"></button></div><aside popover="auto"><i data-offer-id="b"></i></aside>',
    );
    const [dialog, popover] = [find('div'), find('aside')];
    const [inDialog, inPopover] = [find('p'), find('i')];
    act('pointerdown', find('button'));
    dialog.remove();
    popover.remove();
    await runtime.advance(SETTLE_MS);
    expect(log.toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
      ['backdrop', 'b', inPopover],
      ['control', 'a', inDialog],
    ]);
  });

  test('as far as it closes it', async () => {
    render(
      '<div role="dialog"><p data-offer-id="a"></p><button aria-label="Close"></button></div><aside popover="auto"><i data-offer-id="b"></i></aside>',
    );
    act('pointerdown', find('button'));
    find('aside').remove();
    await runtime.advance(3_000);
    find('div').remove();
    await runtime.advance(5_000);
    expect(log.map(([reason, offerId]) => [reason, offerId])).toEqual([['backdrop', 'b']]);
  });

  test('outside also where it hits a control that is disabled', async () => {
    render(
      '<aside popover="auto"><i data-offer-id="b"></i></aside><button aria-label="Close" disabled></button>',
    );
    act('pointerdown', find('button'));
    find('aside').remove();
    await runtime.advance(SETTLE_MS);
    expect(log.map(([reason, offerId]) => [reason, offerId])).toEqual([['backdrop', 'b']]);
  });
});

describe('the browser’s own close request counts', () => {
  test('not where a script asked for it, and so has closed the dialog by then', async () => {
    const dialog = render('<dialog open><p data-offer-id="a"></p></dialog>');
    dialog.dispatchEvent(trusted(new Event('cancel')));
    dialog.removeAttribute('open');
    await Promise.resolve();
    dialog.dispatchEvent(trusted(new Event('close')));
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('not one that a script makes up', async () => {
    const dialog = render('<dialog open><p data-offer-id="a"></p></dialog>');
    dialog.dispatchEvent(new Event('cancel'));
    await Promise.resolve();
    dialog.removeAttribute('open');
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('once the dialog is closed', async () => {
    const dialog = render('<dialog open><p data-offer-id="a"></p></dialog>');
    dialog.dispatchEvent(trusted(new Event('cancel')));
    await Promise.resolve();
    dialog.removeAttribute('open');
    dialog.dispatchEvent(trusted(new Event('close')));
    await runtime.advance(SETTLE_MS);
    expect(log).toEqual([['dialog', 'a', find('p')]]);
  });

  test('that of a file picker does not count', async () => {
    render('<dialog open><p data-offer-id="a"></p><input type="file"></dialog>');
    find('input').dispatchEvent(trusted(new Event('cancel', { bubbles: true })));
    find('dialog').removeAttribute('open');
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });
});

describe('nothing was closed', () => {
  test('where the page refuses: the offer stays', async () => {
    render(MODAL);
    click('button');
    await runtime.advance(3_000);
    find('div').remove();
    page.change('hidden');
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('where a script clicked', async () => {
    const card = render(CARD);
    click('button', false);
    card.remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('where the page removes or hides the offer by itself', async () => {
    const card = render(CARD);
    card.style.display = 'none';
    card.dispatchEvent(new Event('transitionend'));
    card.remove();
    page.change('pagehide');
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('where the offer was not to be seen before', async () => {
    const card = render(CARD);
    card.style.visibility = 'hidden';
    click('button');
    card.remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('where the user accepted in between', async () => {
    render(
      '<div role="dialog"><p data-offer-id="a"></p><button aria-label="Close"></button><a data-offer-accept="a"></a></div>',
    );
    click('button');
    click('a');
    find('div').remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('where a marked form was submitted in between', async () => {
    render('<div role="dialog"><form data-offer-accept><p data-offer-id="a"></p></form></div><main></main>');
    act('pointerdown', find('main'));
    find('form').dispatchEvent(new Event('submit', { bubbles: true }));
    find('div').remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });

  test('where a marked control is pressed but stays what it is about', async () => {
    render('<div role="dialog"><p data-offer-id="a"></p><button data-offer-dismiss></button></div>');
    act('pointerdown', find('button'));
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });
});

describe('stopped', () => {
  test('it awaits nothing, hears nothing and has no timer', async () => {
    const card = render(CARD);
    click('button');
    stop();
    page.change('pagehide');
    expect(runtime.timers).toBe(0);
    card.remove();
    await runtime.advance(5_000);
    render(MODAL);
    click('button');
    find('div').remove();
    await runtime.advance(5_000);
    expect(log).toEqual([]);
  });
});
