/** When the inspector says that an offer was gone and did not count: never while that may still be wrong. */
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { Inside, PageView } from '../../src/client/inside.js';
import type { Mark } from '../../src/client/outbox/records.js';
import { type Closings, createClosings } from '../../src/tools/inspector/closings.js';
import type { Stored } from '../../src/tools/inspector/stored.js';
import { createPlacements } from '../support/placements.js';
import { fakeRuntime } from '../support/runtime.js';
import { START } from '../support/wire.js';

const CONSEQUENCE_MS = 2_200;

let placements = createPlacements();
const apart = document.createElement('offersight-inspector');
let view: PageView;
let runtime: ReturnType<typeof fakeRuntime>;
let owner: { consent: 'granted' | 'denied' };
let dismissal: { escape?: boolean };
const hidden = new Set<Element>();
let closings: Closings;

beforeEach(() => {
  document.body.replaceChildren(apart);
  placements = createPlacements();
  // Nothing is laid out here: all that is on the page is in view.
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(new DOMRect(10, 10, 50, 50));
  const { documentElement: root } = document;
  vi.spyOn(root, 'clientWidth', 'get').mockReturnValue(innerWidth);
  vi.spyOn(root, 'clientHeight', 'get').mockReturnValue(innerHeight);
  view = new Map() as PageView;
  runtime = fakeRuntime();
  owner = { consent: 'granted' };
  dismissal = {};
  hidden.clear();
  const inside = {
    ...{ owner, options: { dismissal }, registry: { placements } },
    isDrawn: (element: Element) => element.isConnected && !hidden.has(element),
    boxesOf: (element: Element) => [element],
  } as unknown as Inside;
  closings = createClosings(inside, view, apart, runtime);
});
afterEach(() => closings.stop());

const show = (offerId: string): Element => {
  const element = document.createElement('p');
  element.append(document.createElement('b'));
  document.body.append(element);
  placements.add({ element, offerId });
  return element;
};
const press = (offer: Element): void => {
  const event = new MouseEvent('click', { bubbles: true, composed: true });
  offer.firstElementChild?.dispatchEvent(byUser(event));
};
const byUser = (event: Event): Event => Object.defineProperty(event, 'isTrusted', { value: true });
const remove = (offer: Element): void => {
  offer.remove();
  placements.delete(offer);
};
const storedNow = (marks: readonly Mark[] = []): Stored => ({
  ...{ entries: [], waiting: 0, dead: [], marks, pause: undefined },
  readAt: runtime.elapsed() + 1,
});
const said = (marks: readonly Mark[] = []): string => closings.list(storedNow(marks), START).join('\n');

it('says it once a dismissal would have been recorded, and not before the database was read after that', async () => {
  const offer = show('shown');
  const before = storedNow();
  press(offer);
  remove(offer);
  await runtime.advance(CONSEQUENCE_MS - 1);
  expect(said()).toBe('');
  await runtime.advance(1);
  expect(said()).toMatch(/^shown was gone right after a press on <b>, and did not count as dismissed: /);
  expect(closings.list(before, START)).toEqual([]);
  expect(closings.list(undefined, START)).toEqual([]);
});

it('says that something lies over the marked control', async () => {
  const offer = show('below');
  const [control, link] = [document.createElement('button'), document.createElement('a')];
  control.setAttribute('data-offer-dismiss', '');
  offer.append(control);
  offer.prepend(link);
  document.elementsFromPoint = () => [link, control, offer];
  onTestFinished(() => void Reflect.deleteProperty(document, 'elementsFromPoint'));
  link.dispatchEvent(byUser(new MouseEvent('click', { bubbles: true, composed: true, detail: 1 })));
  remove(offer);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toMatch(/^below .* a press on <a>, .*: it lies over <button>, which has data-offer-dismiss/);
});

it('says of a close control beside the offer that it belongs to none, also if what holds both stays', async () => {
  const offer = show('banner');
  const header = document.createElement('header');
  header.innerHTML = '<button aria-label="Close">×</button><button>Next</button>';
  const box = document.createElement('section');
  box.append(header, offer);
  document.body.append(box);
  const pressIn = (at: number): void =>
    void header.children[at]?.dispatchEvent(
      byUser(new MouseEvent('click', { bubbles: true, composed: true })),
    );
  pressIn(1);
  hidden.add(offer);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
  hidden.clear();
  // A carousel beside a bar that is closed turns a moment later.
  pressIn(0);
  await runtime.advance(600);
  hidden.add(offer);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
  hidden.clear();
  // Without a value a mark outside of the offer is about none.
  header.firstElementChild?.setAttribute('data-offer-dismiss', '');
  pressIn(0);
  remove(offer);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toMatch(/^banner .* on <button>, .* give it data-offer-dismiss="banner"\.$/);
});

it('takes it back if the offer was accepted, or dismissed after all', async () => {
  const [taken, closed] = [show('taken'), show('closed')];
  for (const offer of [taken, closed]) {
    press(offer);
    remove(offer);
  }
  await runtime.advance(CONSEQUENCE_MS);
  const accepted = { v: 1, offerId: 'taken', type: 'accepted', until: START + 1 } as unknown as Mark;
  expect(said([accepted])).toMatch(/^closed was/);
  expect(said([{ ...accepted, until: START }])).toMatch(/^closed was.*\ntaken was/);
  expect(said([{ ...accepted, type: 'viewed' }])).toMatch(/^closed was.*\ntaken was/);
  view.set('closed', { id: 'impression', isOnce: false, isDismissed: true });
  expect(said([accepted])).toBe('');
});

it('says nothing of an offer that stays, closed before, was pressed after consent was denied, or is gone later', async () => {
  const [stays, before, late] = [show('stays'), show('before'), show('late')];
  view.set('before', { id: 'impression', isOnce: false, isDismissed: true });
  press(stays);
  press(before);
  remove(before);
  press(late);
  await runtime.advance(CONSEQUENCE_MS);
  remove(late);
  owner.consent = 'denied';
  const denied = show('denied');
  press(denied);
  remove(denied);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
});

it('does not hear presses in the inspector, of scripts, nor any once it is closed', async () => {
  const [own, scripted, late] = [show('own'), show('scripted'), show('late')];
  apart.append(own);
  press(own);
  remove(own);
  scripted.firstElementChild?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  remove(scripted);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
  press(late);
  remove(late);
  closings.stop();
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
});

it('says nothing while the offer shows again, if viewed was vetoed, or once the page shows another view', async () => {
  const [again, vetoed, gone] = [show('again'), show('vetoed'), show('gone')];
  view.set('vetoed', { id: 'impression', isOnce: false, isVetoed: true });
  for (const offer of [again, vetoed, gone]) {
    press(offer);
    remove(offer);
  }
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toMatch(/^gone was.*\nagain was/);
  show('again');
  expect(said()).toMatch(/^gone was [^\n]*$/);
  history.pushState(null, '', '/next');
  expect(said()).toBe('');
});

it('says that a press on something named close accepted the offer, if it did', async () => {
  const [closed, taken] = [show('closed'), show('taken')];
  for (const offer of [closed, taken]) offer.firstElementChild?.setAttribute('data-offer-accept', '');
  closed.firstElementChild?.setAttribute('class', 'btn-close');
  press(closed);
  press(taken);
  const accepted = { v: 1, offerId: 'closed', type: 'accepted', until: START + 1 } as unknown as Mark;
  expect(said()).toBe('');
  expect(said([accepted, { ...accepted, offerId: 'taken' }])).toMatch(
    /^closed was accepted by a press on <b\.btn-close>\. If that closes the offer, [^\n]*$/,
  );
});

it('says that a button which declines has submitted a form that accepts, if it was accepted', async () => {
  const offer = show('submitted');
  offer.innerHTML = '<form data-offer-accept><button>No, thanks</button><button>Get it</button></form>';
  const [no, yes] = offer.querySelectorAll('button');
  const click = (button: Element | undefined) =>
    button?.dispatchEvent(byUser(new MouseEvent('click', { bubbles: true, composed: true })));
  const marks: Mark[] = [{ offerId: 'submitted', type: 'accepted', until: START + 1 }];
  offer.addEventListener('submit', (event) => event.preventDefault());
  click(yes);
  await runtime.advance(5_000);
  expect(said(marks)).toBe('');
  click(no);
  remove(offer);
  await runtime.advance(5_000);
  expect(said(marks)).toMatch(/^submitted was accepted by a press on <button>, since that submits <form>/);
  expect(said()).toBe('');
});

it('throws nothing into the page, even if an element has fields named like its properties', async () => {
  const offer = show('shown');
  const form = document.createElement('form');
  for (const name of ['textContent', 'classList', 'id'])
    Object.defineProperty(form, name, { value: document.createElement('input') });
  form.append(...offer.childNodes);
  offer.append(form);
  press(form);
  form.dispatchEvent(byUser(new MouseEvent('click', { bubbles: true, composed: true })));
  remove(offer);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toContain('shown was gone right after a press on ');
});

it('says nothing if something that holds both still stands, or if the offer did not show when it was pressed', async () => {
  const [held, unseen, outside] = [show('held'), show('unseen'), show('outside')];
  const box = document.createElement('div');
  document.body.append(box);
  box.append(document.createElement('i'), held);
  hidden.add(unseen);
  outside.getBoundingClientRect = () => new DOMRect(10, 5_000, 50, 50);
  press(box);
  press(unseen);
  press(outside);
  for (const offer of [held, unseen, outside]) remove(offer);
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
});

it('says of Escape why it closes nothing here, and nothing of other keys', async () => {
  const key = (name: string, isComposing = false): boolean =>
    document.body.dispatchEvent(
      byUser(new KeyboardEvent('keydown', { key: name, isComposing, bubbles: true, composed: true })),
    );
  const gone = async (id: string, act: () => void): Promise<string> => {
    const offer = show(id);
    act();
    remove(offer);
    await runtime.advance(CONSEQUENCE_MS);
    return said();
  };
  expect(await gone('a', () => key('Enter'))).toBe('');
  expect(await gone('b', () => key('Escape', true))).toBe('');
  expect(await gone('c', () => key('Escape'))).toMatch(/^c was gone right after Escape, .*role="dialog"/);
  dismissal.escape = false;
  expect(await gone('d', () => key('Escape'))).toMatch(
    /^d was .*: the option dismissal\.escape is false\.\n/,
  );
});

it('forgets what led to another view, even if the page comes back from there, and what was dismissed meanwhile', async () => {
  const [left, closed] = [show('left'), show('closed')];
  press(left);
  remove(left);
  const { pathname } = location;
  history.pushState(null, '', '/elsewhere');
  await runtime.advance(CONSEQUENCE_MS);
  expect(said()).toBe('');
  history.pushState(null, '', pathname);
  press(closed);
  remove(closed);
  view.set('closed', { id: 'impression', isOnce: false, isDismissed: true });
  await runtime.advance(CONSEQUENCE_MS);
  // The next page view.
  view.delete('closed');
  expect(said()).toBe('');
});

it.each<[what: string, html: string, says: RegExp | '']>([
  [
    'a mark of another offer',
    '<b data-offer-dismiss="first">x</b>',
    /^shown .*: <b> has data-offer-dismiss="first", which names another offer\. Write "shown" there\.$/,
  ],
  [
    'a mark that the tracker did not hear',
    '<b data-offer-dismiss>x</b>',
    /: that has data-offer-dismiss, so the tracker did not hear the press\./,
  ],
  ['a mark that is off', '<b data-offer-dismiss="false">x</b>', /: that is not known as a close control\./],
  ['the offer itself', '', /: what was pressed is the offer itself\. Make its close control an element/],
  ['a link that leads on', '<a href="/next">More</a>', ''],
  ['a tab', '<button role="tab">More</button>', ''],
  ['a link that leads nowhere', '<a href="#">&times;</a>', /^shown was gone right after a press on <a>, /],
])('says why a press on %s does not count, or nothing', async (_, html, says) => {
  const offer = show('shown');
  offer.innerHTML = html;
  const click = new MouseEvent('click', { bubbles: true, composed: true });
  (offer.firstElementChild ?? offer).dispatchEvent(byUser(click));
  remove(offer);
  await runtime.advance(CONSEQUENCE_MS);
  if (says) expect(said()).toMatch(says);
  else expect(said()).toBe('');
});

it('names five offers, the latest first, and says what happened last of each', async () => {
  for (const id of ['f', 'a', 'b', 'c', 'd', 'e', 'f']) {
    const offer = show(id);
    press(offer);
    remove(offer);
    await runtime.advance(CONSEQUENCE_MS);
  }
  expect(said().replace(/ was .*/g, '')).toBe('f\ne\nd\nc\nb');
});
