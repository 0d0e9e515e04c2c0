/** What the inspector says covers an offer, by what the browser hits at points of it. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Placement } from '../../src/client/detect/placement.js';
import { createCovers } from '../../src/tools/inspector/covers.js';

const RULE = { ratio: 0.5, dwellMs: 1_000, largeAreaPx: 242_500, largeRatio: 0.3 };

let now = 0;
/** What a browser would hit, the topmost first. */
let hits: Element[] = [];
const hit = vi.fn((_x: number, _y: number) => hits);

/** Where each element lies; the others are 100 px wide and high. */
const boxes = new Map<Element, DOMRect>();

beforeEach(() => {
  now = 0;
  boxes.clear();
  // In this DOM the root clips what it holds.
  boxes.set(document.documentElement, new DOMRect(0, 0, 1_024, 768));
  hit.mockClear();
  hit.mockImplementation(() => hits);
  document.elementsFromPoint = hit;
  Element.prototype.checkVisibility = () => true;
  vi.spyOn(Element.prototype, 'getBoundingClientRect').mockImplementation(function (this: Element) {
    return boxes.get(this) ?? new DOMRect(0, 0, 100, 100);
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const placementOf = (element: Element) => ({ element, offerId: 'a' }) as Placement;

/** A page with an offer, a slide over it, and the inspector above both. */
const page = () => {
  document.body.innerHTML = `<p></p><aside class="slide" style="background-color: red"></aside><i style="background-color: red"></i>`;
  const [offer, slide, apart] = [...document.body.children] as [Element, Element, Element];
  const covers = (occlusion: boolean) =>
    createCovers({ occlusion, viewability: RULE }, apart, { elapsed: () => now });
  return { offer, slide, apart, covers };
};

const said = (occlusion: boolean, { offer, covers }: ReturnType<typeof page>) =>
  covers(occlusion).over(placementOf(offer), [offer]);

const WOULD = 'Only occlusion: false lets it count now: <aside.slide> covers it.';

it('names what lets it count only by occlusion: false', () => {
  const at = page();
  hits = [at.slide, at.offer, document.body];
  expect(said(false, at)).toBe(WOULD);
  hits = [at.offer, at.slide, document.body];
  expect(said(false, at)).toBeUndefined();
});

it('says nothing if enough of it is clear, or too little of it is in view to count anyway', () => {
  const at = page();
  // The left half is covered.
  hit.mockImplementation((x) => (x < 50 ? [at.slide, at.offer] : [at.offer]));
  expect(said(false, at)).toBeUndefined();
  hit.mockImplementation((x) => (x < 60 ? [at.slide, at.offer] : [at.offer]));
  expect(said(false, at)).toBe(WOULD);
  boxes.set(at.offer, new DOMRect(0, -60, 100, 100));
  expect(said(false, at)).toBeUndefined();
  boxes.set(at.offer, new DOMRect(0, -40, 100, 100));
  expect(said(false, at)).toBe(WOULD);
  expect(at.covers(false).over({ ...placementOf(at.offer), ratio: 0.9 }, [at.offer])).toBeUndefined();
  // Left out, or out of range.
  for (const ratio of [NaN, 50])
    expect(at.covers(false).over({ ...placementOf(at.offer), ratio }, [at.offer])).toBe(WOULD);
});

it('asks less of a large offer, unless it has a share of its own', () => {
  const at = page();
  boxes.set(at.offer, new DOMRect(0, 0, 500, 500));
  // Four of ten parts are clear.
  hit.mockImplementation((x) => (x < 300 ? [at.slide, at.offer] : [at.offer]));
  boxes.set(at.slide, new DOMRect(0, 0, 500, 500));
  expect(said(false, at)).toBeUndefined();
  expect(at.covers(false).over({ ...placementOf(at.offer), ratio: 0.5 }, [at.offer])).toBe(WOULD);
});

it('names what covers an offer that does not count for it, never the inspector, or says that it does not know yet', () => {
  const at = page();
  hits = [at.apart, at.slide, at.offer];
  expect(said(true, at)).toBe('<aside.slide> covers it.');
  for (hits of [[at.apart, at.offer], [document.body]])
    expect(said(true, at)).toBe('Whether something covers it is not known yet.');
});

it('says nothing where a form hides its own methods', () => {
  const at = page();
  hits = [at.slide, at.offer];
  Object.assign(at.slide, { matches: null });
  expect(said(false, at)).toBeUndefined();
});

it('asks about an offer once a second, and about two offers in one look', () => {
  const { offer, slide, covers } = page();
  const { begin, over } = covers(true);
  hits = [slide];
  begin();
  over(placementOf(offer), [offer]);
  const each = hit.mock.calls.length;
  now = 999;
  hits = [];
  expect(over(placementOf(offer), [offer])).toBe('<aside.slide> covers it.');
  expect(hit).toHaveBeenCalledTimes(each);
  now = 1_000;
  expect(over(placementOf(offer), [offer])).toContain('not known yet');
  for (let more = 0; more < 9; more++) over(placementOf(document.createElement('p')), [offer]);
  expect(hit).toHaveBeenCalledTimes(2 * each);
  // One that is not asked in this look keeps its words.
  now = 5_000;
  for (let looks = 0; looks < 2; looks++) begin();
  for (let more = 0; more < 2; more++) over(placementOf(document.createElement('p')), [offer]);
  expect(over(placementOf(offer), [offer])).toContain('not known yet');
});

it('asks about all offers in the window in turn, however many there are, and about no other one', () => {
  const { offer, slide, covers } = page();
  const { begin, over } = covers(true);
  hits = [slide];
  const far = document.createElement('b');
  boxes.set(far, new DOMRect(0, -100, 100, 100));
  const many = Array.from({ length: 60 }, () => document.createElement('p'));
  for (let look = 0; look <= 31; look++, now += 200) {
    begin();
    for (const _ of many) over(placementOf(far), [far]);
    for (const each of many) over(placementOf(each), [offer]);
  }
  begin();
  const words = many.map((each) => over(placementOf(each), [offer]));
  expect(words).toEqual(many.map(() => '<aside.slide> covers it.'));
  expect(over(placementOf(far), [far])).toBeUndefined();
});
