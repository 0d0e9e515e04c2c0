/** What the inspector says of an offer of which too little shows. */
import { expect, it, vi } from 'vitest';
import { tooLittleOf } from '../../src/tools/inspector/clipping.js';

/** An offer of 100 px by 500, in a box of a height and a style. */
const said = (height: number, overflow: string, needed = 0.5): string => {
  document.body.innerHTML = `<div class="box" style="overflow: ${overflow}"><p></p></div>`;
  const [box, offer] = [...document.querySelectorAll('div, p')];
  vi.spyOn(box as Element, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 100, height));
  vi.spyOn(offer as Element, 'getBoundingClientRect').mockReturnValue(new DOMRect(0, 0, 100, 500));
  return tooLittleOf(offer as Element, needed);
};

it('names a scroller that can never show enough of it, with what it can show', () => {
  expect(said(130, 'auto')).toBe(
    'Too little of it is visible: <div.box> can show at most 26 % of it at once. Mark a smaller element, or give it a lower data-offer-ratio.',
  );
});

it('leaves it to scrolling if the scroller can show enough', () => {
  for (const height of [250, 400]) expect(said(height, 'scroll')).toBe('Too little of it is visible.');
  expect(said(400, 'scroll', 0.9)).toContain('at most 80 %');
});

it('names what cuts it off for good, and nothing where nothing cuts', () => {
  expect(said(130, 'hidden')).toBe('Too little of it is visible: <div.box> cuts a part of it off.');
  expect(said(130, 'visible')).toBe('Too little of it is visible.');
});
