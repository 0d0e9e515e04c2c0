/** What users do before the part is there that judges it, as if it had been there. */
import { type ExposureWatch, isShown } from './detect/exposure.js';
import type { Placement } from './detect/placement.js';
import type { Registry } from './detect/registry.js';

/** What a user did, and what it may have been about: what is closed may be gone by the time that somebody can judge it. */
export interface EarlyAct {
  readonly event: Event;
  /** What the event passed, innermost first; afterwards the event itself does not say that any more. */
  readonly path: EventTarget[];
  /** What was in sight then. */
  readonly placements: readonly Placement[];
}

/** What is kept. */
export const ACTS = ['pointerdown', 'click', 'auxclick', 'keydown', 'submit'];

/** So many are kept. */
const MOST = 50;

/** An act, with what is in sight. */
export const actOf = (
  event: Event,
  { placements, look }: Pick<Registry, 'placements' | 'look'>,
  { watched }: Pick<ExposureWatch, 'watched'>,
): EarlyAct => {
  const path = event.composedPath();
  // Observers may not have reported yet what a press hits.
  for (const node of [...path].reverse()) if (node instanceof Element) look(node);
  const isInSight = ({ element, isSeen }: Placement): unknown =>
    (path.includes(element) || isSeen || watched.get(element)?.ratio) && isShown(element);
  return { event, path, placements: placements.filter(isInSight) };
};

/** Keeps an act; a page whose part does not load may live for long. */
export const keep = <Act extends EarlyAct>(acts: Act[], act: Act): void => {
  if (acts.push(act) > MOST) acts.shift();
};
