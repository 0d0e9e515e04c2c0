/** When the inspector says that an offer was dismissed and still shows. */
import { beforeEach, expect, it } from 'vitest';
import type { Impression, Placement } from '../../src/client/detect/placement.js';
import { createStaying } from '../../src/tools/inspector/staying.js';

let isDrawn = true;
let staying: ReturnType<typeof createStaying>;

beforeEach(() => {
  isDrawn = true;
  staying = createStaying({ isDrawn: () => isDrawn });
});

const mount = (offerId: string): Placement => ({ element: document.createElement('p'), offerId });
const dismissed = { isDismissed: true } as Impression;
/** What the last of many looks says. */
const look = (placement: Placement, impression: Impression, looks = 30, isShared = false): string =>
  Array.from({ length: looks }, () => staying(placement, impression, isShared))
    .at(-1)
    ?.join() ?? '';

it('says so after three seconds, in which a page may fade it out', () => {
  const placement = mount('a');
  expect(look(placement, dismissed, 14)).toBe('');
  expect(look(placement, dismissed, 1)).toMatch(/^It counted as dismissed, and still shows\./);
});

it('does not say so of an offer that was not dismissed, was gone and shows again, or has another element', () => {
  expect(look(mount('a'), {} as Impression)).toBe('');
  const again = mount('b');
  isDrawn = false;
  look(again, dismissed, 1);
  isDrawn = true;
  expect(look(again, dismissed)).toBe('');
  expect(look(mount('c'), { ...dismissed }, 30, true)).toBe('');
});
