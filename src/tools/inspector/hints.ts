/** What there is to know of an offer beside what it lacks. */
import type { Watched } from '../../client/detect/exposure.js';
import type { Placement } from '../../client/detect/placement.js';
import type { Inside, PageView } from '../../client/inside.js';
import type { Runtime } from '../../runtime.js';
import { createRoutes } from './routes.js';
import { createSteadiness } from './steadiness.js';
import type { Stored } from './stored.js';
import { madeAt, momentOf, textOf } from './words.js';

/** What the hints are made of. */
export interface HintsContext {
  readonly inside: Inside;
  readonly view: PageView;
  /** Mistakes in the attributes of elements. */
  readonly mistakes: ReadonlyMap<Element, readonly string[]>;
  readonly runtime: Pick<Runtime, 'elapsed'>;
}

/** What people read in an element first. */
const startOf = (element: Element): string => textOf(element, 400).slice(0, 30);

/** So many elements of one offer are read. */
const MOST_READ = 20;

/** What is said of several elements with one id. Copies in a slider read the same. */
const sharedWords = (elements: readonly Element[], isDrawn: (element: Element) => boolean): string[] => {
  if (elements.length < 2) return [];
  // A page may have one for phones and one for others, and draw only one.
  const texts = [...new Set(elements.filter(isDrawn).slice(0, MOST_READ).map(startOf))].slice(0, 3);
  return texts.length > 1
    ? [
        `${elements.length} elements have this id and read differently (${texts.map((text) => `“${text}”`).join(', ')}); together they count once. If they are several offers, each needs its own id.`,
      ]
    : ['Another element shows the same offer; together they count once.'];
};

/** Makes what gives the hints. */
export const createHints = ({ inside, view, mistakes, runtime }: HintsContext) => {
  const { options, owner, registry } = inside;
  const steadiness = createSteadiness(runtime);
  const routes = createRoutes();
  /** The elements that show each offer. */
  const shown = new Map<string, Element[]>();

  return {
    isRestarted: steadiness.isRestarted,
    /** A look begins. */
    begin(now: number): void {
      routes.noteRoute(now);
      shown.clear();
      for (const { offerId, element } of registry.placements.filter(() => true)) {
        const elements = shown.get(offerId);
        if (elements) elements.push(element);
        else shown.set(offerId, [element]);
      }
    },
    /** Those of one offer. */
    of(placement: Placement, item: Watched | undefined, stored: Stored | undefined, now: number): string[] {
      const { element, offerId } = placement;
      const elements = shown.get(offerId) ?? [];
      const impression = view.get(offerId);
      const wasAccepted = stored?.marks.some(
        (mark) => mark.offerId === offerId && mark.type === 'accepted' && mark.until > now,
      );
      return [
        ...steadiness.hints(placement, item),
        ...sharedWords(elements, inside.isDrawn),
        ...(owner.consent === 'pending'
          ? ['Consent is pending: its events are only in memory until tracker.consent("granted").']
          : []),
        ...(wasAccepted ? ['It was accepted before, so closing it does not count as dismissed.'] : []),
        ...(item && impression?.isPast
          ? [
              `It counted in an earlier page view, at ${momentOf(madeAt(impression.id), now)}, and counts again.`,
            ]
          : []),
        ...(impression && !item && (placement.repeat ?? options.repeat ?? 'page') === 'page'
          ? routes.hints(impression, now)
          : []),
        // That one is said already.
        ...(mistakes.get(element) ?? []).filter((words) => !words.startsWith('data-offer-id=')),
      ];
    },
  };
};
