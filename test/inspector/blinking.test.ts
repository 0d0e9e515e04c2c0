/** What the inspector says of animations that hide an offer. Nothing is animated here: the browser’s answer is given. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { blinkOf } from '../../src/tools/inspector/blinking.js';

class Effect {
  constructor(
    readonly keyframes: readonly object[],
    readonly timing: object,
  ) {}
  getKeyframes = () => this.keyframes;
  getTiming = () => this.timing;
}
const HIDING = [{ visibility: 'visible' }, { visibility: 'hidden' }];
const ENDLESS = { iterations: Infinity, duration: 800 };

beforeEach(() => {
  document.body.innerHTML = '<section class="list"><p></p></section>';
});

afterEach(() => void Reflect.deleteProperty(Element.prototype, 'getAnimations'));

const said = (keyframes: readonly object[], timing: object, playState = 'running'): string[] => {
  const [section, offer] = document.querySelectorAll('section, p');
  const animation = { effect: new Effect(keyframes, timing), playState, animationName: 'blink' };
  Object.assign(Element.prototype, {
    getAnimations(this: Element) {
      return this === section ? [animation] : [];
    },
  });
  return blinkOf(offer as Element);
};

it('names an animation that hides what holds the offer again and again', () => {
  expect(said(HIDING, ENDLESS)).toEqual([
    'An animation (blink) of <section.list> hides it again and again, so its time begins at zero each time.',
  ]);
  expect(said([{ opacity: '1' }, { opacity: '0' }], ENDLESS)).toHaveLength(1);
});

it('does not name one that ends, rests, is slow, or hides nothing', () => {
  expect(said(HIDING, { iterations: 3, duration: 800 })).toEqual([]);
  expect(said(HIDING, ENDLESS, 'paused')).toEqual([]);
  expect(said(HIDING, { iterations: Infinity, duration: 20_000 })).toEqual([]);
  expect(said([{ opacity: '1' }, { opacity: '0.4' }, { transform: 'none' }], ENDLESS)).toEqual([]);
});
