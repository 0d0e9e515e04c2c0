/** Offers that went away after a press of which nobody heard: code of the page may stop presses at the window. */
import type { Inside, PageView } from '../client/inside.js';
import type { Runtime } from '../runtime.js';
import { isInViewport } from './reach.js';

/** What goes away later than this, milliseconds, may have another reason. */
const CONSEQUENCE_MS = 2_000;

/** Whether the browser knows that its user did something within the last 5 s (HTML, transient activation). */
const isActivated = (): boolean => !!globalThis.navigator.userActivation?.isActive;

/** Makes what says them. */
export const createStopped = (
  { registry, isDrawn, boxesOf }: Pick<Inside, 'registry' | 'isDrawn' | 'boxesOf'>,
  view: PageView,
  runtime: Pick<Runtime, 'elapsed'>,
) => {
  let heardAt = -Infinity;
  let lookedAt = runtime.elapsed();
  let wasActivated = isActivated();
  let unheardAt = -Infinity;
  let shown: ReadonlySet<string> = new Set();
  const gone = new Set<string>();

  /** Notes a press since the last look of which nobody heard. Presses in a frame are the frame's own. */
  const notePress = (): void => {
    const isInFrame = document.activeElement?.localName === 'iframe';
    const isNow = isActivated();
    if (isNow && !wasActivated && heardAt < lookedAt && !isInFrame) unheardAt = runtime.elapsed();
    wasActivated = isNow;
    lookedAt = runtime.elapsed();
  };

  return {
    /** A press or a key reached somebody. */
    onHeard(): void {
      heardAt = runtime.elapsed();
    },
    /** Looks once, and says them in words. */
    list(): string[] {
      notePress();
      const now = new Set(
        [...registry.placements.values()].flatMap(({ element, offerId }) =>
          isDrawn(element) && boxesOf(element).some(isInViewport) ? offerId : [],
        ),
      );
      if (lookedAt - unheardAt < CONSEQUENCE_MS)
        for (const offerId of shown) if (!now.has(offerId)) gone.add(offerId);
      shown = now;
      return [...gone]
        .filter((offerId) => !now.has(offerId) && view.get(offerId)?.isDismissed !== true)
        .map(
          (offerId) =>
            `${offerId} was gone after a press that did not reach the tracker: code of this page stops presses at the window. If that closes the offer, call tracker.dismiss("${offerId}") there.`,
        );
    },
  };
};
