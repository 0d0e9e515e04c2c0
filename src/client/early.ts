/** What users do before the offer part is there, which judges it as if it had been there. */
import { type ExposureWatch, isShown } from './detect/exposure.js';
import type { Placement } from './detect/placement.js';
import type { Registry } from './detect/registry.js';
import type { Page } from './page.js';

/** What a user did, and what it may have been about: what is closed may be gone by the time that somebody can judge it. */
export interface EarlyAct {
  readonly event: Event;
  /** What the event passed, innermost first; afterwards the event itself does not say that any more. */
  readonly path: EventTarget[];
  /** What was in sight then. */
  readonly placements: readonly Placement[];
}

/** So many are kept. */
const MOST = 50;

/** Keeps what users do from now on, with what is in sight then, until it is late. */
export const keepEarly = (
  page: Pick<Page, 'capture'>,
  { placements, look }: Pick<Registry, 'placements' | 'look'>,
  { watched }: Pick<ExposureWatch, 'watched'>,
  isLate: () => unknown,
): EarlyAct[] => {
  const early: EarlyAct[] = [];
  page.capture(['pointerdown', 'click', 'auxclick', 'keydown', 'submit'], (event) => {
    if (isLate()) return;
    const path = event.composedPath();
    // Observers may not have reported yet what a press hits.
    for (const node of [...path].reverse()) if (node instanceof Element) look(node);
    const inSight = placements.filter(
      ({ element, isSeen }) =>
        (path.includes(element) || isSeen || watched.get(element)?.ratio) && isShown(element),
    );
    // A page without offers asks for no part that could judge it, and one whose part does not load may live for long.
    if (placements.filter(() => true)[0] && early.push({ event, path, placements: inSight }) > MOST)
      early.shift();
  });
  return early;
};
