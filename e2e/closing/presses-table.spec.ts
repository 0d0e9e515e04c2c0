/**
 * Presses outside × holders of offers, in every engine. Each page shows all holders at once, and each press removes all
 * of them. A holder counts as closed if the press may have been meant to close it.
 */
import type { Tab } from '../engines/engine.js';
import { append } from '../engines/offers.js';
import { ENGINES, test } from '../engines/test.js';
import { trackerStats } from '../fixtures/ready.js';
import type { Stack } from '../fixtures/stack.js';

const offer = (id: string, dwell = 60_000) =>
  `<div class="offer" data-offer-id="${id}" data-offer-dwell="${dwell}" style="height: 60px; width: 100px">${id}</div>`;

let right = 0;
const held = (tag: string, id: string, attributes: string, script = ''): string => {
  right += 170;
  return `<${tag} class="held" id="${id}" ${attributes} style="position: fixed; inset: auto ${right}px 0 auto; margin: 0;
    border: 0; padding: 20px; width: 110px; background: silver">OFFER</${tag}>${script && `<script>${script}</script>`}`;
};

/** Holders that only the page's own scripts close. */
const SCRIPTED = {
  dialog: held('dialog', 'dialog', 'open'),
  popover: held('div', 'popover', 'popover="manual" role="dialog"', 'popover.showPopover()'),
  flyout: held('div', 'flyout', 'role="dialog"'),
  sheet: held('div', 'sheet', 'role="dialog" aria-modal="true"'),
};
/** A holder that waits for an answer. */
const ALERT = { alert: held('div', 'alert', 'role="alertdialog"') };
/** A holder that the browser itself closes by a press outside. */
const NATIVE = {
  // It must be the first of these, since showing it closes other popovers of its kind.
  auto: held('div', 'auto', 'popover', 'auto.showPopover()'),
};
const HOLDERS = { ...SCRIPTED, ...ALERT, ...NATIVE };

/**
 * A press at the left of the page: the markup that is pressed, and what the press does besides removing the holders.
 */
interface Press {
  readonly markup: string;
  readonly also?: string;
}
const ROW = 'style="height: 40px; width: 300px"';
const MEANT: Readonly<Record<string, Press>> = {
  'a link': { markup: `<a class="press" href="#next" ${ROW}>Next</a>` },
  'a link without href': { markup: '<a class="press">Next</a>' },
  'a button': { markup: '<button class="press">Next</button>' },
  'a list item': { markup: '<ul><li class="press">Next</li></ul>' },
  'an option in a portal': {
    markup: `<div role="listbox"><div class="press" role="option" ${ROW}>Next</div></div>`,
  },
  'a tab': { markup: `<div class="press" role="tab" ${ROW}>Next</div>` },
  'a card that can be focused': { markup: `<div class="press" tabindex="0" ${ROW}>Next</div>` },
  'a card with a handler': { markup: `<div class="press" onclick="void 0" ${ROW}>Next</div>` },
  'a card with a pointer cursor': {
    markup: '<div class="press" style="cursor: pointer; height: 40px; width: 300px"></div>',
  },
  'a label': { markup: '<label class="press">Next</label>' },
  'a summary': { markup: '<details><summary class="press">Next</summary></details>' },
  'a text field': { markup: '<input class="press">' },
  'a blank spot that leads to another path': {
    markup: `<div class="press" ${ROW}></div>`,
    also: "route('/next')",
  },
  'a blank spot that leads to another query': {
    markup: `<div class="press" ${ROW}></div>`,
    also: "route('?to=next')",
  },
  'a blank spot that leads to another fragment path': {
    markup: `<div class="press" ${ROW}></div>`,
    also: "route('#/next')",
  },
};
/** An overlay goes with what it is behind; it would cover the witness. */
const OUTSIDE: Readonly<Record<string, Press>> = {
  'a blank spot': { markup: `<div class="press" ${ROW}></div>` },
  'a blank spot from which it scrolls to a fragment': {
    markup: `<div class="press" ${ROW}></div>`,
    also: "route('#top')",
  },
  'an overlay': {
    markup: '<div class="press held" style="position: fixed; inset: 0; background: #0004"></div>',
  },
  'an overlay whose close changes the URL': {
    markup: '<div class="press held" style="position: fixed; inset: 0; background: #0004"></div>',
    also: "route('/closed')",
  },
  'an overlay that is a button': {
    markup:
      '<button class="press held" style="position: fixed; inset: 0; width: 100%; cursor: pointer"></button>',
  },
};

/** Makes one press on one page, and shows a witness. */
const press = async (
  { stack, tab }: { stack: Stack; tab: Tab },
  { markup, also = '' }: Press,
  number: number,
): Promise<void> => {
  const holders = Object.entries(HOLDERS).map(([id, held]) =>
    held.replace('OFFER', offer(`${id}-${number}`)),
  );
  stack.site.show(
    `<main style="min-height: 500px">${markup}</main>${holders.join('')}<script>
       const route = (url) => history.pushState({}, '', url);
       document.querySelector('.press').addEventListener('click', () => {
         for (const each of document.querySelectorAll('.held')) each.remove();
         ${also};
       });
     </script>`,
    { script: 'data-endpoint="/offer-events"' },
  );
  await tab.goto(`${stack.site.url}/page.html`);
  await trackerStats(tab);
  await tab.clickAt(30, 25);
  // The tracker looks for the consequences of a press for a second, and what is gone has to stay so for one more.
  await append(tab, offer(`witness-${number}`, 2_300));
};

for (const name of ENGINES)
  test.describe(`in ${name}`, () => {
    test.describe.configure({ mode: 'default', timeout: 480_000 });

    const both = (id: string) => [`viewed ${id}`, `dismissed ${id}`];

    test('a press that is meant for something closes only holders that the browser itself closes', async ({
      stack,
      visitorOf,
    }) => {
      const tab = await (await visitorOf(name)).open(`${stack.site.url}/elsewhere`);
      const expected: string[] = [];
      for (const [number, [what, pressed]] of Object.entries(MEANT).entries())
        await test.step(what, async () => {
          await press({ stack, tab }, pressed, number);
          expected.push(
            ...Object.keys(NATIVE).flatMap((id) => both(`${id}-${number}`)),
            `viewed witness-${number}`,
          );
          await stack.expectRecorded(expected);
        });
    });

    test('a press that can only be meant to close closes all holders except those that wait for an answer', async ({
      stack,
      visitorOf,
    }) => {
      const tab = await (await visitorOf(name)).open(`${stack.site.url}/elsewhere`);
      const expected: string[] = [];
      for (const [number, [what, pressed]] of Object.entries(OUTSIDE).entries())
        await test.step(what, async () => {
          await press({ stack, tab }, pressed, number);
          expected.push(
            ...Object.keys({ ...SCRIPTED, ...NATIVE }).flatMap((id) => both(`${id}-${number}`)),
            `viewed witness-${number}`,
          );
          await stack.expectRecorded(expected);
        });
    });
  });
