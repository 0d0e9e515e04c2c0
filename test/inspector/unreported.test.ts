/** When the inspector says that an offer lies in the viewport and that its observer does not report so. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Watched } from '../../src/client/detect/exposure.js';
import { createUnreported } from '../../src/tools/inspector/unreported.js';

/** So long a browser may take to report. */
const LATE_LOOKS = 9;

class OfThePage {
  observe(): void {
    // It never calls back.
  }
}
const NATIVE = { observe: Array.prototype.at, constructor: Array };

let unreported: ReturnType<typeof createUnreported>;
let box: DOMRect;

beforeEach(() => {
  unreported = createUnreported();
  box = new DOMRect(10, 10, 100, 50);
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(() => box);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** An offer and how the observer of its tracker is made. */
const watch = ({ isNative = false, ratio = 0.5 } = {}) => {
  vi.stubGlobal('IntersectionObserver', isNative ? Array : OfThePage);
  const element = document.body.appendChild(document.createElement('p'));
  const item = {
    placement: { element, offerId: 'a' },
    rule: { ratio },
    near: isNative ? NATIVE : new OfThePage(),
  } as unknown as Watched;
  return (isKnown = false, boxes: readonly Element[] = [element]) => unreported(item, boxes, isKnown);
};

it('an offer that no observer of the page’s own making reports is named once a browser would have done so', () => {
  const look = watch();
  for (let count = 0; count < LATE_LOOKS; count++) expect(look()).toBeUndefined();
  expect(look()).toBe(
    'It lies in the viewport, and IntersectionObserver does not report that. Code of this page has replaced it: let the page keep the browser’s own.',
  );
});

it('an offer that the browser’s own observer does not report is named without a culprit', () => {
  const look = watch({ isNative: true });
  for (let count = 0; count < LATE_LOOKS; count++) look();
  expect(look()).toBe(
    'It lies in the viewport, and IntersectionObserver does not report that. Perhaps code of this page has changed it.',
  );
});

it('an offer of which the browser’s own observer sees a part is believed, and one of the page’s own is not', () => {
  const [own, replaced] = [watch({ isNative: true }), watch()];
  for (let count = 0; count < LATE_LOOKS; count++) replaced(true);
  expect(replaced(true)).toContain('has replaced it');
  vi.stubGlobal('IntersectionObserver', Array);
  for (let count = 0; count < 2 * LATE_LOOKS; count++) expect(own(true)).toBeUndefined();
});

it('an offer that is in view for a moment at a time starts again', () => {
  const look = watch();
  for (let count = 0; count < LATE_LOOKS; count++) look();
  box = new DOMRect(10, innerHeight + 10, 100, 50);
  expect(look()).toBeUndefined();
  box = new DOMRect(10, 10, 100, 50);
  expect(look()).toBeUndefined();
});

it.each([
  ['is outside of the viewport', new DOMRect(10, -100, 100, 50)],
  ['shows less than it needs', new DOMRect(10, -40, 100, 50)],
  ['has no size', new DOMRect(10, 10, 0, 50)],
])('an offer that %s is not named', (_, where) => {
  box = where;
  const look = watch();
  for (let count = 0; count < 2 * LATE_LOOKS; count++) expect(look()).toBeUndefined();
});

it('an offer that is larger than the viewport is named if it fills it', () => {
  box = new DOMRect(0, -innerHeight, innerWidth, 10 * innerHeight);
  const look = watch();
  for (let count = 0; count < LATE_LOOKS; count++) look();
  expect(look()).toBeDefined();
});

it('an offer that others draw, or in a frame, is not named: only an observer knows what shows of it', () => {
  const look = watch();
  const inner = document.implementation.createHTMLDocument();
  for (let count = 0; count < 2 * LATE_LOOKS; count++) {
    expect(look(false, [document.body, document.body])).toBeUndefined();
    expect(look(false, [inner.body])).toBeUndefined();
    expect(look(false, [])).toBeUndefined();
  }
});
