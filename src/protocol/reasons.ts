/** Every way in which an offer is closed, for those who count them: a page needs no list. */
import type { DismissReason } from './event.js';

const ALL = {
  control: true,
  escape: true,
  backdrop: true,
  swipe: true,
  dialog: true,
  ignored: true,
  api: true,
} as const satisfies Record<DismissReason, true>;

/** In an order that stays: what is new is added at the end. */
export const REASONS = Object.keys(ALL) as readonly DismissReason[];
