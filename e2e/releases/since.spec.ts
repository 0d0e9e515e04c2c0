/**
 * What version 0.1 said of real pages, and what this version says. A page on which both say
 * the same would prove nothing, so it is not here.
 */
import type { Page } from '@playwright/test';
import { trackerStats } from '../fixtures/ready.js';
import { NEW, OLD, openWith, type Release, test } from '../fixtures/releases.js';
import { expect, type Stack } from '../fixtures/stack.js';
import { showWitness } from '../fixtures/witness.js';

/** A page, and what both versions announce on it, as `type id`. */
interface Case {
  readonly body: string;
  readonly act?: (page: Page) => Promise<unknown>;
  readonly before: readonly string[];
  readonly now: readonly string[];
}

/** An offer that only counts if it is closed: its own dwell is longer than the test. */
const offer = (inside = '', attributes = '') =>
  `<div class="offer" id="card" data-offer-id="card" data-offer-dwell="60000" ${attributes}>Card ${inside}</div>`;
/** An offer that counts after a moment. */
const seen = (attributes = '') =>
  `<div class="offer" id="card" data-offer-id="card" data-offer-dwell="100" ${attributes}>Card</div>`;
const CLOSED = ['viewed card', 'dismissed card'];
const VIEWED = ['viewed card'];

/** What the page has announced so far. */
const announcements = (page: Page): Promise<string[]> => page.evaluate<string[]>('announced');

const pressCross = (page: Page) => page.click('#cross');
const cross = (onclick: string, attributes = 'aria-label="Close"') =>
  `<button id="cross" ${attributes} onclick="${onclick}">x</button>`;

const FLYOUT = `<div role="dialog" style="position: fixed; right: 0; bottom: 0; width: 300px">${offer()}</div>`;

const CASES: Readonly<Record<string, Case>> = {
  'a press on an item of a list, which leads to a view without the flyout': {
    body: `${FLYOUT}<ul><li id="next" onclick="document.querySelector('[role=dialog]').remove()">Next</li></ul>`,
    act: (page) => page.click('#next'),
    before: CLOSED,
    now: [],
  },
  'a press on the padding of the flyout itself, which another script closes then': {
    body: `${FLYOUT.replace('width: 300px', 'width: 300px; padding: 60px')}
      <script>document.querySelector('[role=dialog]').addEventListener('click', ({ currentTarget }) => currentTarget.remove())</script>`,
    act: (page) => page.click('[role=dialog]', { position: { x: 10, y: 10 } }),
    before: CLOSED,
    now: [],
  },
  'a close button that says what it closes': {
    body: `<div role="dialog">${offer()}${cross('this.parentElement.remove()', 'aria-label="Close dialog"')}</div>`,
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'a close button in another language': {
    body: offer(cross('card.remove()', 'title="Schließen"')),
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'closing that moves the offer away': {
    body: offer(cross("card.style.translate = '-3000px 0'")),
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'closing that folds the offer': {
    body: offer(
      cross(
        "card.style.maxHeight = card.style.minHeight = '0'; card.style.overflow = 'hidden'; card.style.padding = 0",
      ),
    ),
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'closing that takes more than a second': {
    body: offer(cross('setTimeout(() => card.remove(), 1500)')),
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'an offer without a box of its own in a panel that is closed at first': {
    body: `<div id="panel" hidden><div data-offer-id="card" data-offer-dwell="100" style="display: contents"><p class="offer">Card</p></div></div>
      <div class="offer" data-offer-id="behind" data-offer-dwell="0"></div>`,
    // Version 0.1 notices the card if the panel opens before it looks, as on a busy machine.
    act: async (page) => {
      await expect.poll(() => announcements(page)).toContain('viewed behind');
      await page.evaluate('panel.hidden = false');
    },
    before: ['viewed behind'],
    now: ['viewed behind', ...VIEWED],
  },
  'a cross on a card that as a whole accepts': {
    body: `<a class="offer" id="card" data-offer-id="card" data-offer-dwell="60000" data-offer-accept href="#accepted">Card
      ${cross('event.preventDefault(); card.remove()')}</a>`,
    act: pressCross,
    before: VIEWED,
    now: CLOSED,
  },
  'an element that shows the next offer once its cross is pressed': {
    body: offer(cross("card.dataset.offerId = 'next'")),
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'a cross beside its dialog': {
    body: `<main><div role="dialog" id="box">${offer()}</div>${cross('box.remove()')}</main>`,
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'a button that names the popover that it closes': {
    body: `<div popover="manual" id="box">${offer()}</div><button id="cross" aria-label="Close" popovertarget="box" popovertargetaction="hide" style="position: fixed; bottom: 0; z-index: 1">x</button><script>box.showPopover()</script>`,
    act: pressCross,
    before: [],
    now: CLOSED,
  },
  'an id with blanks around it': {
    body: seen().replace('data-offer-id="card"', 'data-offer-id=" card "'),
    before: [],
    now: VIEWED,
  },
  'a dialog whose form is sent with a yes': {
    body: `<dialog id="box"><form method="dialog">${offer()}<button value="no">Later</button><button id="yes" value="yes">Get it</button></form></dialog><script>box.showModal()</script>`,
    act: (page) => page.click('#yes'),
    before: CLOSED,
    now: [],
  },
};

/** What a version announces on a page, in order, without the witness. */
const announcedBy = async (release: Release, page: Page, stack: Stack, one: Case): Promise<string[]> => {
  await openWith(
    release,
    page,
    stack,
    `<script>
      const announced = [];
      for (const type of ['viewed', 'dismissed'])
        document.addEventListener('offersight:' + type, ({ detail }) => announced.push(type + ' ' + detail.offerId));
    </script>${one.body}`,
  );
  await trackerStats(page);
  await one.act?.(page);
  await showWitness(page);
  await expect.poll(() => announcements(page)).toContain('viewed witness');
  return (await announcements(page)).filter((said) => said !== 'viewed witness');
};

for (const [name, one] of Object.entries(CASES))
  test(`${name}: this version says what happened, and version 0.1 does not`, async ({ page, stack }) => {
    expect(await announcedBy(OLD, page, stack, one), 'by version 0.1').toEqual(one.before);
    await page.evaluate(
      'indexedDB.databases().then((all) => all.forEach(({ name }) => indexedDB.deleteDatabase(name)))',
    );
    expect(await announcedBy(NEW, page, stack, one), 'by this version').toEqual(one.now);
  });
