/** Whether the inspector notices that an offer cannot reach its dwell. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Watched } from '../../src/client/detect/exposure.js';
import type { Placement } from '../../src/client/detect/placement.js';
import { createSteadiness } from '../../src/tools/inspector/steadiness.js';
import { fakeRuntime } from '../support/runtime.js';

let runtime: ReturnType<typeof fakeRuntime>;
let steadiness: ReturnType<typeof createSteadiness>;

beforeEach(() => {
  runtime = fakeRuntime();
  steadiness = createSteadiness(runtime);
  document.body.replaceChildren();
});

/** An offer that is watched. */
const mount = (): { readonly placement: Placement; readonly item: Watched } => {
  const element = document.createElement('article');
  document.body.append(element);
  const placement: Placement = { element, offerId: 'a' };
  return { placement, item: { placement, dwell: undefined } as unknown as Watched };
};

describe('an offer', () => {
  it('is steady while its time runs or has not begun', () => {
    const { placement, item } = mount();
    expect(steadiness.hints(placement, item)).toEqual([]);
    item.dwell = runtime.elapsed();
    expect(steadiness.hints(placement, item)).toEqual([]);
    runtime.pass(500);
    expect(steadiness.hints(placement, item)).toEqual([]);
  });

  it('says how often its time was broken off, and how long the longest was', () => {
    const { placement, item } = mount();
    for (const ms of [300, 700, 200]) {
      item.dwell = runtime.elapsed();
      steadiness.hints(placement, item);
      runtime.pass(ms);
      steadiness.hints(placement, item);
      item.dwell = undefined;
      steadiness.hints(placement, item);
    }
    expect(steadiness.hints(placement, item)).toEqual([
      'Its time was broken off 3 times; the longest was 0.7 s.',
    ]);
    // An offer that has counted since needs no more time.
    expect(steadiness.hints(placement, undefined)).toEqual([]);
  });

  it('is steady in the next page view although its time begins again', () => {
    const { placement, item } = mount();
    item.dwell = runtime.elapsed();
    steadiness.hints(placement, item);
    runtime.pass(1_000);
    steadiness.hints(placement, undefined);
    item.dwell = runtime.elapsed();
    expect(steadiness.hints(placement, item)).toEqual([]);
  });

  it('had its time broken off even if it starts again between two looks', () => {
    const { placement, item } = mount();
    item.dwell = runtime.elapsed();
    steadiness.hints(placement, item);
    runtime.pass(100);
    item.dwell = runtime.elapsed();
    expect(steadiness.hints(placement, item)).toEqual([
      'Its time was broken off once; the longest was 0.0 s.',
    ]);
  });
});

describe('the element of an offer', () => {
  it('leads to a report of how often it got another id', () => {
    const { placement, item } = mount();
    const idsOf = (offerId: string) => steadiness.hints({ ...placement, offerId }, item);
    expect([idsOf('a'), idsOf('a')]).toEqual([[], []]);
    idsOf('b');
    expect(idsOf('c')).toEqual([]);
    expect(idsOf('d')).toEqual([
      'Its element got another id 3 times since the inspector was opened, and each starts at zero: keep the id.',
    ]);
    expect(steadiness.isRestarted(placement)).toBe(true);
  });

  it('leads to a report of how often it was replaced', () => {
    let { placement, item } = mount();
    steadiness.hints(placement, item);
    for (let count = 0; count < 2; count++) {
      // As a framework does once.
      expect(steadiness.isRestarted(placement)).toBe(false);
      placement.element.remove();
      ({ placement, item } = mount());
      steadiness.hints(placement, item);
    }
    expect(steadiness.hints(placement, item)).toEqual([
      'Its element was replaced 2 times since the inspector was opened, and each starts at zero: keep it, and change what it holds.',
    ]);
    expect(steadiness.isRestarted(placement)).toBe(true);
  });

  it('was not replaced if there is another one beside it', () => {
    const [one, other] = [mount(), mount()];
    for (let look = 0; look < 3; look++)
      for (const { placement, item } of [one, other]) expect(steadiness.hints(placement, item)).toEqual([]);
  });
});
