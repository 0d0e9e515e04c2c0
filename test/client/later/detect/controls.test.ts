import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closesByConvention } from '../../../../src/client/later/closing/conventions.js';
import { createControls } from '../../../../src/client/later/detect/controls.js';
import { createPage, type Page } from '../../../../src/client/page.js';
import { find, render } from '../../../support/page.js';
import { type Decision, decisionLog, placementsOfPage } from '../../../support/placements.js';

let log: Decision[];
let page: Page;

beforeEach(() => {
  const decisions = decisionLog();
  ({ log } = decisions);
  page = createPage();
  createControls(
    {
      registry: placementsOfPage(),
      roots: page,
      isInSight: () => true,
      isConventional: closesByConvention(),
    },
    decisions,
  );
});

afterEach(() => {
  page.stop();
  document.body.innerHTML = '';
});

const click = (target: Element): unknown =>
  target.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true, cancelable: true }));

/** Clicks what the selector finds, or submits it if that is a form. */
const press = (selector: string): unknown =>
  selector === 'form'
    ? find('form').dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }))
    : click(find(selector));

/** What was decided: what, for which offer, and what element shows it there. */
const decided = (): string[] =>
  log.map(([what, offerId, element]) => `${what} ${offerId}${element ? ` ${element.localName}` : ''}`);

const NO = '<button data-offer-dismiss>No</button>';
const YES = '<a data-offer-accept>Yes</a>';

/** Markup, what is pressed there in turn, and what follows at once. */
const CASES: Record<string, [markup: string, pressed: string[], ...decided: string[]]> = {
  'a dismiss control counts for the offer around it': [
    `<article data-offer-id="a">${NO}</article>`,
    ['button'],
    'control a article',
  ],
  'a dismiss control counts if JSX wrote `true`, and not at all if it wrote `false`': [
    `<article data-offer-id="a"><b data-offer-dismiss="true"></b><i data-offer-dismiss="false"></i></article>
     <form data-offer-id="b" data-offer-accept="true"></form><u data-offer-accept="false" data-offer-id="c"></u>
     <section data-offer-id="d" data-offer-accept="false"><s data-offer-dismiss="true"></s></section>
     <em data-offer-id="e" data-offer-accept="false" data-offer-dismiss="true"></em>`,
    ['b', 'i', 'form', 'u', 's', 'em'],
    ...['control a article', 'accept b form', 'control d section', 'control e em'],
  ],
  'a dismiss control inside of one that accepts counts, since the innermost mark is meant': [
    `<a data-offer-id="a" data-offer-accept>${NO}<b></b></a>`,
    ['button', 'b'],
    ...['control a a', 'accept a a'],
  ],
  'a dismiss control counts also if something inside it was clicked': [
    '<article data-offer-id="a"><button data-offer-dismiss><svg><path/></svg></button></article>',
    ['path'],
    'control a article',
  ],
  'a dismiss control counts for the innermost of nested offers': [
    `<article data-offer-id="outer"><p data-offer-id="inner">${NO}</p></article>`,
    ['button'],
    'control inner p',
  ],
  'a dismiss control counts for the offer itself if that is the control': [
    '<button data-offer-id="a" data-offer-dismiss></button>',
    ['button'],
    'control a button',
  ],
  'a dismiss control counts for every offer of the dialog that it closes': [
    `<div role="dialog"><i data-offer-id="a"></i><b data-offer-id="b"></b>${NO}</div><u data-offer-id="c"></u>`,
    ['button'],
    ...['control a i', 'control b b'],
  ],
  'a dismiss control counts for the offer that it names, not for one around it': [
    '<i data-offer-id="a"><button data-offer-dismiss="z"></button></i><b data-offer-dismiss="z"></b>',
    ['button', 'b'],
    ...['control z', 'control z'],
  ],
  'a dismiss control counts for the element around it, if that shows the offer that it names': [
    '<i data-offer-id="a"><button data-offer-dismiss="a"></button></i>',
    ['button'],
    'control a i',
  ],
  'a dismiss control counts for no offer outside of offers and dialogs': [
    `<i data-offer-id="a"></i>${NO}`,
    ['button'],
  ],
  'an accept control accepts the offer around it': [
    `<article data-offer-id="a">${YES}</article>`,
    ['a'],
    'accept a article',
  ],
  'an accept control accepts the offer that it names': [
    '<article data-offer-id="a"></article><a data-offer-accept="z">Yes</a>',
    ['a'],
    'accept z',
  ],
  'an accept control wins over a dismiss control around it': [
    `<article data-offer-id="a"><div data-offer-dismiss>${YES}</div></article>`,
    ['a'],
    'accept a article',
  ],
  'an accept control wins over a dismiss control around its offer': [
    `<div data-offer-dismiss><article data-offer-id="a">${YES}</article></div>`,
    ['a'],
    'accept a article',
  ],
  'an accept control accepts the only offer of a dialog from beside it': [
    `<div role="dialog"><i data-offer-id="a"></i>${YES}</div>`,
    ['a'],
    'accept a i',
  ],
  'an accept control accepts nothing for a dialog of several offers': [
    `<div role="dialog"><i data-offer-id="a"></i><b data-offer-id="b"></b>${YES}</div>`,
    ['a'],
  ],
  'a form that accepts does so with its submission, not with a click into it': [
    '<article data-offer-id="a"><form data-offer-accept><input></form></article>',
    ['input', 'form'],
    'accept a article',
  ],
  'a form that accepts may have a field that dismisses': [
    '<article data-offer-id="a"><form data-offer-accept><b data-offer-dismiss></b></form></article>',
    ['b', 'form'],
    ...['control a article', 'accept a article'],
  ],
  'everything else counts for nothing': [
    '<article data-offer-id="a"><button aria-label="Close"></button><form></form></article>',
    ['button', 'article', 'form'],
  ],
};

describe('a marked control', () => {
  test.each(Object.entries(CASES))('%s', (_, [markup, pressed, ...expected]) => {
    render(markup);
    for (const selector of pressed) press(selector);
    expect(decided()).toEqual(expected);
  });

  test('counts also when a script clicks, and when the page stops the event', () => {
    render(`<article data-offer-id="a">${NO}</article>`);
    find('button').addEventListener('click', (event) => event.stopImmediatePropagation());
    find('button').click();
    expect(decided()).toEqual(['control a article']);
  });

  test('counts through an open shadow root', () => {
    const host = render('<article data-offer-id="a"><x-card></x-card></article>', 'x-card');
    host.attachShadow({ mode: 'open' }).innerHTML = NO;
    click(host.shadowRoot?.firstElementChild as Element);
    expect(decided()).toEqual(['control a article']);
  });

  test('counts for nothing once stopped', () => {
    render(`<article data-offer-id="a">${NO}</article>`);
    page.stop();
    press('button');
    expect(log).toEqual([]);
  });
});
