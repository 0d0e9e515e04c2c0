/** Offers that went away after a press that did not reach the inspector: code of the page may stop presses at the window. */
import type { Inside, PageView } from '../../client/inside.js';
import { viewNow } from '../../client/later/detect/pressing.js';
import type { Runtime } from '../../runtime.js';
import { isInViewport } from './reach.js';

/** What goes away later than this, milliseconds, may have another reason. */
const CONSEQUENCE_MS = 1_200;

/** Whether the browser knows that its user did something within the last 5 s (HTML, transient activation). */
const isActivated = (): boolean => !!globalThis.navigator.userActivation?.isActive;

/** Whether the user is in a frame of the page, however deep, whose presses are its own. */
const isInFrame = (): boolean => {
  let { activeElement } = document;
  while (activeElement?.shadowRoot?.activeElement) ({ activeElement } = activeElement.shadowRoot);
  return /^(?:iframe|object|embed)$/.test(activeElement?.localName ?? '');
};

/** Makes what knows them. */
export const createStopped = (
  { owner, registry, isDrawn, boxesOf }: Pick<Inside, 'owner' | 'registry' | 'isDrawn' | 'boxesOf'>,
  view: PageView,
  runtime: Pick<Runtime, 'elapsed'>,
) => {
  let heardAt = -Infinity;
  let lookedAt = runtime.elapsed();
  let wasActivated = isActivated();
  let unheardAt = -Infinity;
  /** Those in view at the last look. */
  let shown: ReadonlySet<string> = new Set();
  /** The view in which each was gone. */
  const gone = new Map<string, string>();

  /** Notes a press since the last look that was not heard. Typing in the developer tools is not a press. */
  const notePress = (): void => {
    const isNow = isActivated();
    if (isNow && !wasActivated && heardAt < lookedAt && document.hasFocus() && !isInFrame())
      unheardAt = runtime.elapsed();
    wasActivated = isNow;
    lookedAt = runtime.elapsed();
  };

  /** Whether it has counted as viewed, and not as dismissed. */
  const canBeLost = (offerId: string): boolean => {
    const impression = view.get(offerId);
    return !!impression && !impression.isDismissed && !impression.isVetoed;
  };

  return {
    /** A press or a key reached the inspector. */
    onHeard(): void {
      heardAt = runtime.elapsed();
    },
    /** Looks once, and gives the offers. */
    list(): string[] {
      notePress();
      // Only what can be lost is asked for its styles, since there may be thousands. What scrolled away is still there.
      const drawn = registry.placements.filter(
        ({ element, offerId }) => canBeLost(offerId) && isDrawn(element),
      );
      const there = new Set(drawn.map(({ offerId }) => offerId));
      if (owner.consent === 'granted' && lookedAt - unheardAt < CONSEQUENCE_MS)
        for (const offerId of shown) if (!there.has(offerId)) gone.set(offerId, viewNow());
      shown = new Set(
        drawn.filter(({ element }) => boxesOf(element).some(isInViewport)).map(({ offerId }) => offerId),
      );
      return [...gone]
        .filter(([offerId, then]) => then === viewNow() && !there.has(offerId) && canBeLost(offerId))
        .map(([offerId]) => offerId);
    },
  };
};
