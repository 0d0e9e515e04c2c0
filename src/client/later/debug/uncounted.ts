/** Under `debug`: says that an offer went right after a press that does not count, and what to do if that closes it. */
import { platformRuntime, type Stop } from '../../../runtime.js';
import { isShown } from '../../detect/exposure.js';
import type { Inside } from '../../inside.js';
import { viewNow } from '../detect/before.js';
import { marking, nearest, PRESSED, pathOf } from '../detect/controls.js';
import { holds } from '../detect/roots.js';
import { leadsOn, whyPressed } from './closing-words.js';
import { nameOf } from './wording.js';

/** What is gone later than this, milliseconds, may be gone for another reason. A dismissal is recorded by then. */
const CONSEQUENCE_MS = 1_200;

/** So much of a control's text names it. */
const TEXT_LENGTH = 40;

/** Starts listening. */
export const tellUncounted = (
  { owner, registry, isDrawn }: Pick<Inside, 'owner' | 'registry' | 'isDrawn'>,
  say: (offerId: string, words: string, element: Element) => void,
): Stop => {
  const { after, elapsed } = platformRuntime();
  const listening = new AbortController();
  const { signal } = listening;
  /** When each offer was last dismissed, or that was vetoed, on the monotonic clock. */
  const dismissedAt = new Map<string, number>();

  const onPress = (event: MouseEvent): void => {
    const path = pathOf(event);
    const control = nearest(event, PRESSED) ?? path[0];
    if (!event.isTrusted || owner.consent !== 'granted' || !control || leadsOn(control)) return;
    if (nearest(event, marking('data-offer-accept'))) return;
    const text = (control.getAttribute('aria-label') || control.textContent).trim().replace(/\s+/g, ' ');
    const view = viewNow();
    const shown = registry.placements.filter(({ element }) => isDrawn(element));
    const concerned = shown.flatMap(({ element, offerId }) => {
      // What holds both the offer and what was pressed has to be gone as well. The body and the root hold everything.
      const box = path.slice(0, -2).find((each) => holds(each, element));
      return box ? [{ element, offerId, box, why: whyPressed(event, path, element, offerId) }] : [];
    });
    const at = elapsed();
    after(CONSEQUENCE_MS, () => {
      if (signal.aborted || viewNow() !== view) return;
      const isBack = (id: string): boolean =>
        !!registry.placements.filter(({ offerId, element }) => offerId === id && isDrawn(element))[0];
      for (const { element, offerId, box, why } of concerned)
        if (
          !isDrawn(element) &&
          (box === element || !isShown(box)) &&
          !((dismissedAt.get(offerId) ?? -1) >= at) &&
          !isBack(offerId)
        )
          say(
            offerId,
            `It was gone right after a press on ${nameOf(control)}${text && ` “${text.slice(0, TEXT_LENGTH)}”`}, and did not count as dismissed: ${why}`,
            element,
          );
    });
  };

  addEventListener('click', onPress, { capture: true, signal });
  addEventListener(
    'offersight:dismissed',
    (event) =>
      dismissedAt.set((event as CustomEvent<{ readonly offerId: string }>).detail.offerId, elapsed()),
    { capture: true, signal },
  );
  return () => listening.abort();
};
