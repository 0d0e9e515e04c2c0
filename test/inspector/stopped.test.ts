/** When the inspector says that the page stops presses: only if the browser knows of one that the inspector missed. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { PageView } from '../../src/client/inside.js';
import { createStopped } from '../../src/tools/inspector/stopped.js';
import { createPlacements } from '../support/placements.js';
import { fakeRuntime } from '../support/runtime.js';

let placements = createPlacements();
const activation = { isActive: false };
let view: PageView;
let owner: { consent: 'granted' | 'denied' };
let runtime: ReturnType<typeof fakeRuntime>;
let stopped: ReturnType<typeof createStopped>;

beforeEach(() => {
  Object.defineProperty(navigator, 'userActivation', { value: activation, configurable: true });
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(new DOMRect(10, 10, 50, 50));
  document.body.innerHTML = '<p></p>';
  const element = document.body.firstElementChild as Element;
  placements = createPlacements();
  placements.add({ element, offerId: 'vendor' });
  view = new Map() as PageView;
  runtime = fakeRuntime();
  activation.isActive = false;
  vi.spyOn(document, 'hasFocus').mockReturnValue(true);
  owner = { consent: 'granted' };
  view.set('vendor', { id: 'impression', isOnce: false });
  const inside = {
    owner,
    registry: { placements },
    isDrawn: (each: Element) => each.isConnected,
    boxesOf: (each: Element) => [each],
  };
  stopped = createStopped(inside, view, runtime);
});
afterEach(() => void Reflect.deleteProperty(navigator, 'userActivation'));

/** A look, after which the offer goes away and the user may have done something, and another look. */
const goesAway = async (isActive: boolean): Promise<string[]> => {
  await runtime.advance(500);
  stopped.list();
  activation.isActive = isActive;
  document.body.replaceChildren();
  await runtime.advance(500);
  return stopped.list();
};

it('says so of an offer that was gone after such a press, and no more once it is dismissed', async () => {
  expect(await goesAway(true)).toEqual(['vendor']);
  activation.isActive = false;
  expect(stopped.list()).toHaveLength(1);
  view.set('vendor', { id: 'impression', isOnce: false, isDismissed: true });
  expect(stopped.list()).toEqual([]);
});

it('says nothing if the user did nothing, as where offers take turns', async () => {
  expect(await goesAway(false)).toEqual([]);
});

it('says nothing if the press was heard', async () => {
  activation.isActive = true;
  stopped.onHeard();
  expect(await goesAway(true)).toEqual([]);
});

it('says nothing of what goes away long after a press', async () => {
  activation.isActive = true;
  await runtime.advance(500);
  stopped.list();
  await runtime.advance(2_000);
  expect(await goesAway(true)).toEqual([]);
});

it('says nothing of a press in a frame, and nothing in browsers that do not say what their user did', async () => {
  vi.spyOn(document, 'activeElement', 'get').mockReturnValue(document.createElement('iframe'));
  expect(await goesAway(true)).toEqual([]);
  Reflect.deleteProperty(navigator, 'userActivation');
  expect(stopped.list()).toEqual([]);
});

it('says nothing of an offer that scrolled away or had not counted', async () => {
  vi.mocked(Element.prototype.getBoundingClientRect).mockReturnValue(new DOMRect(10, 10, 50, 50));
  await runtime.advance(500);
  stopped.list();
  activation.isActive = true;
  vi.mocked(Element.prototype.getBoundingClientRect).mockReturnValue(new DOMRect(10, -500, 50, 50));
  await runtime.advance(500);
  expect(stopped.list()).toEqual([]);
  view.clear();
  vi.mocked(Element.prototype.getBoundingClientRect).mockReturnValue(new DOMRect(10, 10, 50, 50));
  activation.isActive = false;
  stopped.list();
  expect(await goesAway(true)).toEqual([]);
});

it('says nothing of a press in the tools of developers', async () => {
  vi.mocked(document.hasFocus).mockReturnValue(false);
  expect(await goesAway(true)).toEqual([]);
});

it('says nothing of a press in a frame that is in a shadow tree', async () => {
  const host = document.createElement('x-chat');
  const shadowRoot = { activeElement: document.createElement('iframe') };
  vi.spyOn(document, 'activeElement', 'get').mockReturnValue(host);
  Object.defineProperty(host, 'shadowRoot', { value: shadowRoot });
  expect(await goesAway(true)).toEqual([]);
});

it('says nothing while consent is denied, or of an offer that a listener vetoed', async () => {
  owner.consent = 'denied';
  expect(await goesAway(true)).toEqual([]);
  owner.consent = 'granted';
  view.set('vendor', { id: 'impression', isOnce: false, isVetoed: true });
  document.body.append(...placements.filter(() => true).map(({ element }) => element));
  activation.isActive = false;
  stopped.list();
  expect(await goesAway(true)).toEqual([]);
});
