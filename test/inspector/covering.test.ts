/** What the inspector says lies over an offer, by what the browser hits at points of it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createCovers } from '../../src/inspector/covering.js';

let now = 0;
/** What a browser would hit, the topmost first. */
let hits: Element[] = [];
const asked = vi.fn(() => hits);

const BOX = new DOMRect(0, 0, 100, 100);

beforeEach(() => {
  now = 0;
  hits = [];
  document.elementsFromPoint = asked;
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockReturnValue(BOX);
});
afterEach(() => {
  vi.restoreAllMocks();
  asked.mockClear();
});

/** A page with offers, and over them what has a style. */
const page = (style = 'background-color: rgb(0, 0, 0); opacity: 1; visibility: visible') => {
  document.body.innerHTML = `<p></p><aside class="slide" style="${style}"></aside><i></i>`;
  const [offer, slide, apart] = [...document.body.children] as [Element, Element, Element];
  const coversOf = (isOccluding: boolean) => createCovers(isOccluding, apart, { elapsed: () => now });
  return { offer, slide, apart, coversOf };
};

const OVER = '<aside.slide> lies over it. That keeps it from counting only with the option occlusion.';

it('names what hides an offer that counts all the same, and never the inspector', () => {
  const { offer, slide, apart, coversOf } = page();
  hits = [apart, slide, offer, document.body];
  expect(coversOf(false).over(offer, [offer])).toBe(OVER);
  hits = [apart, offer, slide, document.body];
  expect(coversOf(false).over(offer, [offer])).toBeUndefined();
});

it('names it also if no pointer hits the offer, but not if the offer lets pointers through', () => {
  const { offer, slide, coversOf } = page();
  hits = [slide, document.body];
  expect(coversOf(false).over(offer, [offer])).toBe(OVER);
  offer.setAttribute('style', 'pointer-events: none');
  expect(coversOf(false).over(offer, [offer])).toBeUndefined();
});

it('does not name what may let it shine through', () => {
  for (const style of [
    'background-color: rgba(0, 0, 0, 0.5); opacity: 1; visibility: visible',
    'background-color: rgb(0, 0, 0); opacity: 0.4; visibility: visible',
    'background-color: rgb(0, 0, 0); opacity: 1; visibility: hidden',
    'background-image: linear-gradient(red, blue); opacity: 1; visibility: visible',
  ]) {
    const { offer, slide, coversOf } = page(style);
    hits = [slide, offer];
    expect(coversOf(false).over(offer, [offer]), style).toBeUndefined();
  }
});

it('does not name what leaves more than a tenth of it free', () => {
  const { offer, slide, coversOf } = page();
  // Four of 36 points are more than a tenth.
  let point = 0;
  document.elementsFromPoint = () => (point++ < 4 ? [offer] : [slide, offer]);
  expect(coversOf(false).over(offer, [offer])).toBeUndefined();
  point = 1;
  expect(coversOf(false).over(offer, [offer])).toBe(OVER);
});

it('names what covers an offer that does not count for it, or says that it does not know yet', () => {
  const { offer, slide, coversOf } = page('');
  hits = [slide, offer];
  expect(coversOf(true).over(offer, [offer])).toBe('<aside.slide> covers it.');
  hits = [offer];
  expect(coversOf(true).over(offer, [offer])).toBe('Whether something covers it is not known yet.');
});

it('asks about an offer once a second, and about five offers in one look', () => {
  const { offer, slide, coversOf } = page();
  hits = [slide, offer];
  const covers = coversOf(false);
  covers.begin();
  covers.over(offer, [offer]);
  const each = asked.mock.calls.length;
  now = 999;
  hits = [offer];
  expect(covers.over(offer, [offer])).toBe(OVER);
  expect(asked).toHaveBeenCalledTimes(each);
  now = 1_000;
  expect(covers.over(offer, [offer])).toBeUndefined();
  for (let more = 0; more < 9; more++) covers.over(document.createElement('p'), [offer]);
  expect(asked).toHaveBeenCalledTimes(5 * each);
  covers.begin();
  covers.over(document.createElement('p'), [offer]);
  expect(asked).toHaveBeenCalledTimes(6 * each);
});
