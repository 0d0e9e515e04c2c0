import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closesByConvention } from '../../../../src/client/later/closing/conventions.js';
import { createControls } from '../../../../src/client/later/detect/controls.js';
import { createPage, type Page } from '../../../../src/client/page.js';
import { find, render } from '../../../support/page.js';
import { type Decision, decisionLog, placementsOfPage } from '../../../support/placements.js';

let log: Decision[];
let page: Page;
/** What was never seen. */
let unseen: Element[];

beforeEach(() => {
  const decisions = decisionLog();
  ({ log } = decisions);
  page = createPage();
  unseen = [];
  createControls(
    {
      registry: placementsOfPage(),
      roots: page,
      isInSight: ({ element }) => !unseen.includes(element),
      isConventional: closesByConvention(),
    },
    decisions,
  );
});

afterEach(() => {
  page.stop();
  document.body.innerHTML = '';
});

const click = (selector: string): void =>
  void find(selector).dispatchEvent(
    new MouseEvent('click', { bubbles: true, composed: true, cancelable: true }),
  );

const submit = (selector: string): void =>
  void find(selector).dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));

describe('a marked dismiss control counts at once', () => {
  test('it counts for the offer around it', () => {
    render('<article data-offer-id="a"><button data-offer-dismiss>No</button></article>');
    click('button');
    expect(log).toEqual([['control', 'a', find('article')]]);
  });

  test('it counts for the offer around it if JSX wrote `true`, and not at all if it wrote `false`', () => {
    render(
      `<article data-offer-id="a"><b data-offer-dismiss="true"></b><i data-offer-dismiss="false"></i></article>
       <form data-offer-id="b" data-offer-accept="true"></form><u data-offer-accept="false" data-offer-id="c"></u>
       <section data-offer-id="d" data-offer-accept="false"><s data-offer-dismiss="true"></s></section>
       <em data-offer-id="e" data-offer-accept="false" data-offer-dismiss="true"></em>`,
    );
    click('b');
    click('i');
    submit('form');
    for (const selector of ['u', 's', 'em']) click(selector);
    expect(log).toEqual([
      ['control', 'a', find('article')],
      ['accept', 'b', find('form')],
      ['control', 'd', find('section')],
      ['control', 'e', find('em')],
    ]);
  });

  test('it counts inside of a control that accepts, since the innermost mark is meant', () => {
    render('<a data-offer-id="a" data-offer-accept><button data-offer-dismiss></button><b></b></a>');
    click('button');
    click('b');
    expect(log).toEqual([
      ['control', 'a', find('a')],
      ['accept', 'a', find('a')],
    ]);
  });

  test('also when something inside it was clicked', () => {
    render('<article data-offer-id="a"><button data-offer-dismiss><svg><path/></svg></button></article>');
    click('path');
    expect(log).toEqual([['control', 'a', find('article')]]);
  });

  test('also when a script clicks, and when the page stops the event', () => {
    render('<article data-offer-id="a"><button data-offer-dismiss>No</button></article>');
    find('button').addEventListener('click', (event) => event.stopImmediatePropagation());
    find('button').click();
    expect(log).toEqual([['control', 'a', find('article')]]);
  });

  test('it counts for the innermost of nested offers', () => {
    render(
      '<article data-offer-id="outer"><p data-offer-id="inner"><button data-offer-dismiss></button></p></article>',
    );
    click('button');
    expect(log).toEqual([['control', 'inner', find('p')]]);
  });

  test('it counts for the offer itself if that is the control', () => {
    render('<button data-offer-id="a" data-offer-dismiss></button>');
    click('button');
    expect(log).toEqual([['control', 'a', find('button')]]);
  });

  test('it counts for every offer of the dialog that it closes', () => {
    render(
      '<div role="dialog"><i data-offer-id="a"></i><b data-offer-id="b"></b><button data-offer-dismiss></button></div><u data-offer-id="c"></u>',
    );
    click('button');
    expect(log).toEqual([
      ['control', 'a', find('i')],
      ['control', 'b', find('b')],
    ]);
  });

  test('for the offer that it names, wherever it stands', () => {
    render('<i data-offer-id="a"></i><button data-offer-dismiss="z"></button>');
    click('button');
    expect(log).toEqual([['control', 'z', undefined]]);
  });

  test('it counts for the offer that it names, not for the one around it', () => {
    render('<i data-offer-id="a"><button data-offer-dismiss="z"></button></i>');
    click('button');
    expect(log).toEqual([['control', 'z', undefined]]);
  });

  test('it counts for the element around it, if that shows the offer that it names', () => {
    render('<i data-offer-id="a"><button data-offer-dismiss="a"></button></i>');
    click('button');
    expect(log).toEqual([['control', 'a', find('i')]]);
  });

  test('it counts through an open shadow root', () => {
    const root = render('<article data-offer-id="a"><x-card></x-card></article>', 'x-card').attachShadow({
      mode: 'open',
    });
    root.innerHTML = '<button data-offer-dismiss></button>';
    root.querySelector('button')?.dispatchEvent(new MouseEvent('click', { bubbles: true, composed: true }));
    expect(log).toEqual([['control', 'a', find('article')]]);
  });

  test('it counts for no offer outside of offers and dialogs', () => {
    render('<i data-offer-id="a"></i><button data-offer-dismiss></button>');
    click('button');
    expect(log).toEqual([]);
  });
});

describe('a marked accept control', () => {
  test('accepts the offer around it', () => {
    render('<article data-offer-id="a"><a data-offer-accept>Yes</a></article>');
    click('a');
    expect(log).toEqual([['accept', 'a', find('article')]]);
  });

  test('accepts the offer that it names', () => {
    render('<article data-offer-id="a"></article><a data-offer-accept="z">Yes</a>');
    click('a');
    expect(log).toEqual([['accept', 'z', undefined]]);
  });

  test('wins over a dismiss control around it', () => {
    render(
      '<article data-offer-id="a"><div data-offer-dismiss><button data-offer-accept></button></div></article>',
    );
    click('button');
    expect(log).toEqual([['accept', 'a', find('article')]]);
  });

  test('wins over a dismiss control around its offer', () => {
    render(
      '<div data-offer-dismiss><article data-offer-id="a"><button data-offer-accept></button></article></div>',
    );
    click('button');
    expect(log).toEqual([['accept', 'a', find('article')]]);
  });

  test('accepts the only offer of a dialog from beside it', () => {
    render('<div role="dialog"><i data-offer-id="a"></i><button data-offer-accept></button></div>');
    click('button');
    expect(log).toEqual([['accept', 'a', find('i')]]);
  });

  test('accepts nothing for a dialog of several offers', () => {
    render(
      '<div role="dialog"><i data-offer-id="a"></i><b data-offer-id="b"></b><button data-offer-accept></button></div>',
    );
    click('button');
    expect(log).toEqual([]);
  });

  test('on a form accepts with its submission, not with a click into it', () => {
    render('<article data-offer-id="a"><form data-offer-accept><input><button>Go</button></form></article>');
    click('input');
    expect(log).toEqual([]);
    submit('form');
    expect(log).toEqual([['accept', 'a', find('article')]]);
  });

  test('in a form whose field dismisses: the submission accepts, the click on the field dismisses', () => {
    render(
      '<article data-offer-id="a"><form data-offer-accept><button type="button" data-offer-dismiss></button></form></article>',
    );
    click('button');
    submit('form');
    expect(log).toEqual([
      ['control', 'a', find('article')],
      ['accept', 'a', find('article')],
    ]);
  });
});

describe('everything else', () => {
  test('counts for nothing', () => {
    render('<article data-offer-id="a"><button aria-label="Close"></button><form></form></article>');
    click('button');
    click('article');
    submit('form');
    expect(log).toEqual([]);
  });

  test('counts for nothing once stopped', () => {
    render('<article data-offer-id="a"><button data-offer-dismiss>No</button></article>');
    page.stop();
    click('button');
    expect(log).toEqual([]);
  });
});
