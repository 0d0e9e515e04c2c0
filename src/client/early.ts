/** What users do before the second load is there, which judges it as if it had been there. */
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

/** Keeps what users do from now on, with what is in sight then, until it is late. */
export const keepEarly = (
  page: Pick<Page, 'capture'>,
  { placements, search, look }: Pick<Registry, 'placements' | 'search' | 'look'>,
  { watched }: Pick<ExposureWatch, 'watched'>,
  isLate: () => unknown,
): EarlyAct[] => {
  const early: EarlyAct[] = [];
  page.capture(['pointerdown', 'click', 'auxclick', 'keydown', 'submit'], (event) => {
    if (isLate()) return;
    const path = event.composedPath();
    // Only the second load finds open shadow roots, and by then what was pressed may be gone.
    for (const node of [...path].reverse())
      if (node instanceof ShadowRoot) search(node);
      else if (node instanceof Element) look(node);
    early.push({
      event,
      path,
      placements: placements.filter(
        ({ element, isSeen }) =>
          // Observers may not have reported yet what a press hits.
          (path.includes(element) || isSeen || watched.get(element)?.ratio) && isShown(element),
      ),
    });
  });
  return early;
};
