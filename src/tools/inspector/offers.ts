/** What each offer on the page lacks, or that it has counted: one sentence, and further facts. */

import type { Watched } from '../../client/detect/exposure.js';
import type { Impression, Placement } from '../../client/detect/placement.js';
import type { Inside } from '../../client/inside.js';
import { hidingOf } from '../../client/later/debug/wording.js';
import { isPainted } from '../../client/later/detect/pictures.js';
import { createReasons } from '../../client/later/diagnosis.js';
import { isOfferId } from '../../protocol/event.js';
import { tooLittleOf } from './clipping.js';
import { createCovers } from './covers.js';
import { outOfViewOf } from './hiding.js';
import { createHints, type HintsContext } from './hints.js';
import { hasGpc, invalidConsent } from './page-facts.js';
import type { Stored } from './stored.js';
import { endedWords, madeAt, momentOf } from './words.js';

/** How an offer stands: it has counted, its time runs, it lacks something that scrolling or waiting may bring, or it is set up wrongly. */
export type Standing = 'counted' | 'dwelling' | 'lacking' | 'wrong';

/** The facts about one element that shows an offer, or should. */
export interface OfferNote {
  readonly element: Element;
  /** What is drawn for it: itself, or its children. */
  readonly boxes: readonly Element[];
  /** As the page names it; empty if it does not. */
  readonly offerId: string;
  readonly standing: Standing;
  /** What it lacks, or that it has counted. */
  readonly words: string;
  /** Further facts. */
  readonly hints: readonly string[];
  /** The visible share of its pixels when it was last looked at, 0–1; left out where nobody looks any more. */
  readonly ratio: number | undefined;
  /** The share that it needs, 0–1. */
  readonly needed: number | undefined;
  /** How much of its dwell is over, 0–1. */
  readonly progress: number;
}

/** What the notes are made of. */
export interface OffersContext extends HintsContext {
  /** The inspector's own element, which covers nothing. */
  readonly apart: Element;
}

/** A sentence and how the offer stands by it. */
type Said = readonly [standing: Standing, words: string];

const RESTARTED: Said = ['wrong', 'Its time begins again and again, so it is never over.'];

/** On a page of thousands, at most so many offers far from the viewport are listed, and so many near it. */
const MOST_FAR = 200;
const MOST_NEAR = 200;

/** Whether an element lies in the viewport, or within one viewport of it. */
const isNear = (element: Element): boolean => {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > -innerHeight && top < 2 * innerHeight;
};

/** The offers that can be listed without keeping the page busy, in their order. */
const worthNotes = <T extends { readonly element: Element }>(all: readonly T[]): T[] => {
  let far = 0;
  let near = 0;
  return all.filter(({ element }) => (isNear(element) ? near++ < MOST_NEAR : far++ < MOST_FAR));
};

const countedWords = ({ id, isDismissed, isVetoed }: Impression, now: number): Said => {
  if (isVetoed)
    return [
      'wrong',
      'It was seen, but not recorded: a listener of this page called preventDefault, or consent was denied then.',
    ];
  const end = isDismissed ? ', and was closed later' : '';
  return ['counted', `It counted as viewed at ${momentOf(madeAt(id), now)}${end}.`];
};

/** Why nothing may count, by what the user or the browser decided. */
const refusalOf = ({ options, owner }: Inside): string | undefined => {
  if (owner.consent === 'granted' || owner.consent === 'pending') return undefined;
  if (owner.consent !== 'denied') return invalidConsent(owner.consent);
  return options.respectGpc && hasGpc()
    ? 'Nothing counts: the browser says Global Privacy Control, which this page takes for denied consent.'
    : 'Nothing counts: the user denied consent.';
};

/** Elements whose id has not arrived. */
const namelessOf = ({ registry, trees }: Inside): Element[] =>
  trees().flatMap((tree) =>
    [...(tree as ParentNode).querySelectorAll('[data-offer-id]')].filter(
      (element) => !element.getAttribute('data-offer-id')?.trim() && !registry.placements.get(element),
    ),
  );

/** Makes the function that describes every offer. */
export const createOffers = ({ inside, view, mistakes, apart, runtime }: OffersContext) => {
  const { options, exposure, page, registry, isDrawn, boxesOf } = inside;
  const reasonOf = createReasons(exposure, page, (element) => isDrawn(element) && isPainted(element));
  const hints = createHints({ inside, view, mistakes, runtime });
  const covers = createCovers(options, apart, runtime);
  const isHitTesting = options.occlusion !== false;

  const isMounting = ({ repeat }: Placement): boolean => (repeat ?? options.repeat) === 'mount';
  const isOnce = ({ repeat }: Placement): boolean => (repeat ?? options.repeat) === 'browser';

  const sayWatched = (item: Watched): Said => {
    const { element } = item.placement;
    const boxes = boxesOf(element);
    const reason = reasonOf(item);
    switch (reason) {
      case 'not-rendered':
        return ['lacking', outOfViewOf(element, boxes, isDrawn(element))];
      case 'too-small':
        return ['lacking', tooLittleOf(element, item.needed)];
      case 'dwelling':
        return ['dwelling', `Its time runs: it counts after ${item.rule.dwellMs / 1_000} s without a break.`];
      case 'covered':
        return [
          'lacking',
          (isHitTesting ? covers.over(item.placement, boxes) : undefined) ??
            (isHitTesting ? 'Something covers it.' : 'Its time is broken off, and begins again.'),
        ];
      case 'not-shown':
        return ['lacking', hidingOf(element)];
      case 'page-hidden':
        return ['lacking', 'The page is hidden.'];
      case 'viewed':
        return ['counted', 'It is being recorded.'];
      default:
        return reason satisfies never;
    }
  };

  const say = (
    placement: Placement,
    item: Watched | undefined,
    stored: Stored | undefined,
    now: number,
  ): Said => {
    const { element, offerId, expiresAt = Infinity } = placement;
    if (!isOfferId(offerId))
      return [
        'wrong',
        `“${String(offerId).slice(0, 60)}” is not the id of a personalized offer: 1–50 letters, digits or _ . : ~ -.`,
      ];
    const refusal = refusalOf(inside);
    if (refusal) return ['wrong', refusal];
    const impression = isMounting(placement) ? placement.impression : view.get(offerId);
    const mark = stored?.marks.find(
      ({ offerId: id, type, until }) => id === offerId && type === 'viewed' && until > now,
    );
    const isFromBefore =
      mark && isOnce(placement) && !(mark.id && impression && mark.id >= impression.id && !item);
    if (expiresAt <= now) return ['wrong', endedWords(element, momentOf(expiresAt, now))];
    if (isFromBefore)
      return [
        'counted',
        `It already counted${mark.id ? ` at ${momentOf(madeAt(mark.id), now)}` : ''} in this browser. With repeat “browser” it does not count again before ${momentOf(mark.until, now)}.`,
      ];
    // Also one that is watched may have counted: what was accepted or closed was seen.
    if (impression && !(item && impression.isPast)) return countedWords(impression, now);
    if (item) return sayWatched(item);
    return ['lacking', 'It is about to be watched.'];
  };

  /** With `occlusion: false` it counts although something covers it. */
  const coverHints = (placement: Placement, standing: Standing): string[] => {
    const isSeen = standing === 'counted' || standing === 'dwelling';
    if (isHitTesting || !isSeen) return [];
    return [covers.over(placement, boxesOf(placement.element)) ?? []].flat();
  };

  const notesOf = (stored: Stored | undefined, now: number): OfferNote[] => [
    ...worthNotes(registry.placements.filter(() => true)).map((placement): OfferNote => {
      const { element, offerId } = placement;
      const item = placement.isSeen ? undefined : exposure.itemOf(placement);
      const own = hints.of(placement, item, stored, now);
      const said = say(placement, item, stored, now);
      const [standing, words] = said[0] === 'dwelling' && hints.isRestarted(placement) ? RESTARTED : said;
      const { dwell, rule } = item ?? {};
      const elapsed = dwell === undefined ? 0 : runtime.elapsed() - dwell;
      const running = rule?.dwellMs ? Math.min(1, elapsed / rule.dwellMs) : 0;
      return {
        ...{
          element,
          boxes: boxesOf(element),
          offerId,
          standing,
          words,
          hints: [...own, ...coverHints(placement, standing)],
        },
        ratio: item?.ratio,
        needed: item && (item.needed || item.rule.ratio),
        progress: standing === 'counted' ? 1 : running,
      };
    }),
    ...worthNotes(namelessOf(inside).map((element) => ({ element }))).map(
      ({ element }): OfferNote => ({
        ...{ element, boxes: [element], offerId: '', standing: 'wrong', hints: mistakes.get(element) ?? [] },
        words: 'Its data-offer-id is empty: the id of the personalized offer has not arrived.',
        ...{ ratio: undefined, needed: undefined, progress: 0 },
      }),
    ),
  ];

  return (stored: Stored | undefined, now: number): OfferNote[] => {
    covers.begin();
    hints.begin(now);
    return notesOf(stored, now);
  };
};
