/** What is broken, one promise of seeing, closing or delivering at a time, and the tests that have to notice. */
import type { Tests } from './suite.js';

/** One way to break the client. */
export interface Mutant {
  /** What it is called on the command line. */
  readonly name: string;
  /** Which promise it breaks. */
  readonly breaks: string;
  /** The file that is altered. */
  readonly file: string;
  /** A string that is there exactly once, and its replacement. */
  readonly find: string;
  readonly put: string;
  /** Each of them fails, by an assertion. */
  readonly noticedBy: Tests;
}

const DETECT = 'src/client/detect';
const LATER_DETECT = 'src/client/later/detect';

const SEEING: readonly Mutant[] = [
  {
    name: 'glance-noticed-late',
    breaks: 'what counts at a glance is watched exactly from the beginning',
    file: `${DETECT}/exposure.ts`,
    find: 'dwellMs ? FAR : ',
    put: 'dwellMs >= 0 ? FAR : ',
    noticedBy: {
      'e2e/seeing/fast.spec.ts': [
        'a dwell of 0 counts what a bare observer reports while a page scrolls by one viewport every second frame',
      ],
    },
  },
  {
    name: 'seen-before-it-is-found',
    breaks: 'an offer that is hidden until it is found is not seen',
    file: `${DETECT}/exposure.ts`,
    find: "getComputedStyle(element).contentVisibility !== 'hidden'",
    put: 'true',
    noticedBy: {
      'e2e/seeing/fast.spec.ts': [
        'an offer that is hidden until it is found is not seen › and counts when it is found if it has a size of its own',
      ],
    },
  },
  {
    name: 'blanks-are-part-of-an-id',
    breaks: 'blanks around an id are none of it',
    file: `${DETECT}/registry.ts`,
    find: 'element.getAttribute(OFFER)?.trim();',
    put: 'element.getAttribute(OFFER) ?? undefined;',
    noticedBy: {
      'e2e/seeing/fast.spec.ts': ['blanks around an id, as templates leave them, are not part of it'],
    },
  },
  {
    name: 'hidden-time-counts',
    breaks: 'a page that nobody sees counts nothing',
    file: `${DETECT}/exposure.ts`,
    find: 'page.isVisible() && ',
    put: '',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': [
        'a page that nobody sees › counts nothing, and starts the second again when it is shown (fault 45)',
      ],
      'test/client/detect/exposure.test.ts': [
        'an offer is not seen › it is not seen while the page is hidden: coming back starts the time again',
      ],
    },
  },
  {
    name: 'cumulative-dwell',
    breaks: 'leaving the viewport starts the second again',
    file: `${DETECT}/viewability.ts`,
    find: 'qualifies ? (dwell ?? at) : undefined',
    put: 'dwell ?? (qualifies ? at : undefined)',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': [
        'the time that an offer must be visible › is not collected from glances',
        'the time that an offer must be visible › starts again when the offer comes back',
      ],
      'test/client/detect/viewability.test.ts': [
        'the dwell › is met only by one unbroken stretch, regardless of earlier ones',
      ],
    },
  },
  {
    name: 'no-dwell',
    breaks: 'an offer counts after a second, not at once',
    file: `${DETECT}/viewability.ts`,
    find: '(dwell ?? Infinity) + dwellMs',
    put: '(dwell ?? Infinity) + 0 * dwellMs',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': ['the time that an offer must be visible › is a second'],
      'test/client/detect/viewability.test.ts': [
        'the dwell › is over after its time, and never if there is none',
      ],
    },
  },
  {
    name: 'any-share',
    breaks: 'half of an offer must be visible',
    file: `${DETECT}/exposure.ts`,
    find: 'item.ratio > Math.max(0, item.needed - TOLERANCE)',
    put: 'item.ratio > 0',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': [
        'the share of an offer that must be visible › is not met by less than half of it',
      ],
    },
  },
  {
    name: 'no-large-rule',
    breaks: 'from 242,500 px² on 30 % are enough',
    file: `${DETECT}/viewability.ts`,
    find: 'area < rule.largeAreaPx ?',
    put: 'area < Infinity ?',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': [
        'the share of an offer that must be visible › for an offer from 242,500 px² on › is 30 %',
      ],
    },
  },
  {
    name: 'own-rule-ignored',
    breaks: 'an offer’s own share goes before the tracker’s',
    file: `${DETECT}/viewability.ts`,
    find: '...((ratio as number) >= 0 && (ratio as number) <= 1 && { ratio, largeRatio: ratio }),',
    put: '',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': [
        'the share of an offer that must be visible › can be set on the offer, which overrides the script tag',
      ],
    },
  },
  {
    name: 'no-share-for-tall-offers',
    breaks: 'an offer that does not fit the viewport needs a share of what can show',
    file: `${DETECT}/viewability.ts`,
    find: 'return ratio * SHRINK ** Math.ceil(Math.log(most / area) / Math.log(SHRINK));',
    put: 'return most && ratio;',
    noticedBy: {
      'e2e/seeing/geometry.spec.ts': [
        'an offer larger than the viewport › counts if the page opens with it and it is 3000 px high',
      ],
      'test/client/detect/viewability.test.ts': [
        'the visible share that makes an offer count › an offer twice as tall as the viewport needs that share of the most that can show',
      ],
    },
  },
  {
    name: 'transparent-counts',
    breaks: 'opacity 0 does not count',
    file: `${DETECT}/exposure.ts`,
    find: 'visibilityProperty: true, opacityProperty: true',
    put: 'visibilityProperty: true',
    noticedBy: {
      'e2e/seeing/geometry.spec.ts': [
        'an offer that is there but not shown › does not count if opacity: 0 on itself comes before its dwell is over',
        'an offer that is there but not shown › counts once opacity: 0 on its ancestor is lifted by a transition (fault 49)',
      ],
    },
  },
  {
    name: 'fading-in-unnoticed',
    breaks: 'what was transparent counts once it can be seen',
    file: `${LATER_DETECT}/motion.ts`,
    find: '(item.dwell === undefined && exposed.has(item))',
    put: 'false',
    noticedBy: {
      'e2e/seeing/late.spec.ts': [
        'an offer that becomes visible on a page at rest counts › if a script’s animation shows it, even around it in a shadow tree',
      ],
    },
  },
  {
    name: 'compositor-animation-not-followed',
    breaks: 'what an animation carries out of the viewport does not count',
    file: `${LATER_DETECT}/motion.ts`,
    find: 'if (isFollowing) requestAnimationFrame(follow);',
    put: '',
    noticedBy: {
      'e2e/seeing/geometry.spec.ts': [
        'an offer that is moved by a transform › does not count if an animation on itself moves it out before its dwell is over',
      ],
    },
  },
  {
    name: 'display-contents-never-counts',
    breaks: 'an offer with display: contents counts by its children',
    file: `${LATER_DETECT}/contents.ts`,
    find: "display === 'contents'",
    put: "display === ''",
    noticedBy: {
      'e2e/seeing/geometry.spec.ts': ['an offer with display: contents › counts by its children'],
    },
  },
  {
    name: 'everything-hit-is-a-cover',
    breaks: 'only what draws something covers an offer',
    file: `${LATER_DETECT}/covering.ts`,
    find: 'hit.getRootNode() === tree && covers(hit, x, y, draws)',
    put: 'hit.getRootNode() === tree',
    noticedBy: { 'e2e/seeing/occlusion.spec.ts': ['in Chromium › an offer that nothing covers counts'] },
  },
  {
    name: 'any-part-is-enough',
    breaks: 'the share of an offer that shows has to meet the rule',
    file: `${LATER_DETECT}/occlusion.ts`,
    find: 'clearShareOf(element) >= needed - TOLERANCE',
    put: 'clearShareOf(element) > 0',
    noticedBy: {
      'e2e/seeing/occlusion.spec.ts': ['in Chromium › an offer that is covered counts once it is uncovered'],
      'test/client/later/detect/occlusion.test.ts': [
        'an offer does not count › while too little of it shows, where the browser says false',
      ],
    },
  },
  {
    name: 'occlusion-ignored',
    breaks: 'a covered offer does not count',
    file: 'src/client/later/noticing.ts',
    find: 'occlusion?.isClear(element) !== false',
    put: 'true',
    noticedBy: {
      'e2e/seeing/geometry.spec.ts': [
        'an offer that something else covers › does not count until it is uncovered (fault 49)',
      ],
    },
  },
  {
    name: 'bound-once-at-load',
    breaks: 'offers that are added later count',
    file: `${DETECT}/registry.ts`,
    find: 'attributeFilter: [OFFER, ',
    put: "attributeFilter: ['data-offer-none', ",
    noticedBy: {
      'e2e/seeing/arrivals.spec.ts': [
        'offers that come and go › count when they are added later, or named later',
      ],
    },
  },
  {
    name: 'changed-id-unnoticed',
    breaks: 'an element whose id changes shows another offer',
    file: `${DETECT}/registry.ts`,
    find: 'if (placement && placement.offerId === offerId) {',
    put: 'if (placement && offerId) {',
    noticedBy: {
      'e2e/seeing/arrivals.spec.ts': ['an element that shows another offer › counts for each'],
      'test/client/detect/registry.test.ts': ['offers go › when the element shows another'],
    },
  },
  {
    name: 'gone-but-watched',
    breaks: 'an offer that is gone before its time is over does not count',
    file: 'src/client/first.ts',
    find: 'exposure.unwatch(placement.element);',
    put: '',
    noticedBy: {
      'e2e/seeing/arrivals.spec.ts': [
        'offers that come and go › do not count when they lose their name before their time is over',
      ],
    },
  },
  {
    name: 'shadow-roots-not-searched',
    breaks: 'offers in open shadow roots count',
    file: `${LATER_DETECT}/roots.ts`,
    find: 'if (!searched.has(shadowRoot)) enter(shadowRoot);',
    put: '',
    noticedBy: {
      'e2e/seeing/arrivals.spec.ts': [
        'open shadow roots › count their offers if a script attached them deep inside an element before it is inserted',
      ],
      'e2e/closing/controls.spec.ts': [
        'in shadow roots and frames › a control inside a shadow root closes the offer in that root: data-offer-dismiss',
      ],
    },
  },
  {
    name: 'counts-at-every-place',
    breaks: 'an offer counts once a page view, wherever it is shown',
    file: 'src/client/recording.ts',
    find: "placement && repeats('mount', placement) ?",
    put: 'placement ?',
    noticedBy: {
      'e2e/seeing/dwell.spec.ts': [
        'how often an offer counts › is once a page view, however often it is looked at, and again after a reload',
      ],
      'e2e/seeing/arrivals.spec.ts': [
        'an element that shows another offer › takes over an offer that another element no longer shows, and the offer counts once',
      ],
    },
  },
  {
    name: 'counts-at-every-effect',
    breaks: 'a framework that mounts again at once goes on with the same showing',
    file: 'src/client/later/mounting.ts',
    find: 'placement.impression = before.impression;',
    put: 'void before;',
    noticedBy: {
      'e2e/seeing/arrivals.spec.ts': [
        "elements that are observed by hand › count once if a framework's effect runs again, also if offers count once a mount",
      ],
    },
  },
  {
    name: 'counted-but-observed',
    breaks: 'an offer that has counted costs nothing any more',
    file: `${DETECT}/exposure.ts`,
    find: 'for (const observer of observers.values()) observer.unobserve(element);',
    put: '',
    noticedBy: {
      'e2e/page/one-tracker.spec.ts': ['the observers of a page › let go of an offer once it has counted'],
    },
  },
  {
    name: 'far-forgets-near',
    breaks: 'what comes near the viewport is watched exactly',
    file: `${DETECT}/exposure.ts`,
    find: "item.near[isIntersecting ? 'observe' : 'unobserve'](target);",
    put: '',
    noticedBy: {
      'e2e/seeing/counting.spec.ts': ['the same offers count as for an exact observer › if the page jumps'],
      'e2e/seeing/dwell.spec.ts': ['the share of an offer that must be visible › is half of it'],
    },
  },
  {
    name: 'frame-is-its-own-viewport',
    breaks: 'in a frame that is scrolled away nothing counts',
    file: `${DETECT}/exposure.ts`,
    find: 'self === top && element.ownerDocument === document ? document : null',
    put: 'element.ownerDocument',
    noticedBy: {
      'e2e/seeing/counting.spec.ts': [
        'in a frame that the surrounding page has scrolled away › the offers of the frame’s own script do not count until the frame is back',
        'in a frame that the surrounding page has scrolled away › offers that are observed from outside do not count until the frame is back',
      ],
    },
  },
  {
    name: 'two-trackers',
    breaks: 'a page that loads the tracker twice has one',
    file: 'src/client/tracker.ts',
    find: 'Symbol.for(',
    put: 'Symbol(',
    noticedBy: {
      'e2e/page/one-tracker.spec.ts': [
        'one endpoint has one tracker › so an offer and its dismissal count once with a script and an import from npm (fault 47)',
      ],
      'test/client/tracker.life.test.ts': ['one endpoint has one tracker › every caller gets the first'],
    },
  },
  {
    name: 'veto-ignored',
    breaks: 'a listener can veto an event',
    file: 'src/client/recording.ts',
    find: "if (owner.consent === 'denied' || !target.dispatchEvent(announced)) return false;",
    put: 'target.dispatchEvent(announced);',
    noticedBy: {
      'e2e/seeing/sequences.spec.ts': [
        'a veto › against viewed also prevents every kind of dismissal',
        'a veto › against dismissed keeps viewed, even if the offer is closed again',
      ],
    },
  },
];

const EARLY: readonly Mutant[] = [
  {
    name: 'early-presses',
    breaks: 'a press before the second load is there is judged when that comes',
    file: 'src/client/later/later.ts',
    find: 'noticing?.judgeEarly();',
    put: '',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › a cross that removes its offer counts',
      ],
    },
  },
  {
    name: 'early-out-of-sight',
    breaks: 'a dialog that is closed early closes only what could be seen in it',
    file: 'src/client/early.ts',
    find: 'watched.get(element)?.ratio',
    put: 'true',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › a dialog that closes by its cross closes what could be seen in it',
      ],
    },
  },
  {
    name: 'early-forgets-what-counted',
    breaks: 'what has counted was in sight when a user acted early',
    file: 'src/client/early.ts',
    find: 'isSeen || ',
    put: '',
    noticedBy: {
      'test/client/early.test.ts': [
        'what was in sight is kept with a press › it is what has counted, what is near and visible, and what was pressed',
      ],
    },
  },
  {
    name: 'early-transparent',
    breaks: 'an early press shows nothing that could not be seen',
    file: 'src/client/early.ts',
    find: ' && isShown(element)',
    put: '',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › a cross that closes nothing does not count in an offer that is drawn by its children',
      ],
    },
  },
  {
    name: 'early-rendered-again',
    breaks: 'an offer that a page rendered again after an early press is not closed',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'registry.early ? [] : roots.all()',
    put: 'roots.all()',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › a page that only renders the offer again closes nothing',
      ],
    },
  },
  {
    name: 'early-at-once',
    breaks: 'an acceptance behind an early press forbids that it closes',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'if (registry.early) {',
    put: 'if (false as boolean) {',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › an offer that is accepted by a call in a button that closes its dialog is not closed, also not later',
      ],
    },
  },
  {
    name: 'early-dropped',
    breaks: 'an early press does not end another one that has closed already',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'each.hasBegun ||= !each',
    put: 'each.hasBegun &&= !each',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › crosses that are pressed one after the other all count',
      ],
    },
  },
  {
    name: 'early-paths',
    breaks: 'an early control is about the offer that it was in',
    file: `${LATER_DETECT}/controls.ts`,
    find: 'early ? (early.path.slice(early.path.indexOf(node)) as Element[]) : outward(node)',
    put: 'outward(node)',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › an offer says by its own path whom a control is about, though its inside was replaced',
      ],
    },
  },
  {
    name: 'early-holders',
    breaks: 'early only controls close',
    file: `${LATER_DETECT}/closing.ts`,
    find: 'registry.early ? [] : roots.all()',
    put: 'roots.all()',
    noticedBy: {
      'e2e/closing/early.spec.ts': [
        'before the second load is there › Escape and a press outside close nothing, since what was open may have ended in any way',
      ],
    },
  },
];

const PAGE_VIEWS: readonly Mutant[] = [
  {
    name: 'machines-count',
    breaks: 'a browser that a script drives counts nothing',
    file: 'src/client/options.ts',
    find: "globalThis.navigator.webdriver && machines !== 'count'",
    put: 'false',
    noticedBy: {
      'e2e/seeing/machines.spec.ts': ['a browser that a script drives counts nothing, and one line says so'],
    },
  },
  {
    name: 'machines-ignored-at-home',
    breaks: 'a browser that a script drives counts on the machine of who develops',
    file: 'src/client/options.ts',
    find: "machines = isLocal && 'count'",
    put: "machines = 'ignore'",
    noticedBy: {
      'e2e/seeing/machines.spec.ts': [
        'a browser that identifies itself as a machine › is counted on the machine of a developer',
      ],
    },
  },
  {
    name: 'page-view-counts-browsers-again',
    breaks: 'what counts once a browser does not count again in the next page view',
    file: 'src/client/first.ts',
    find: 'impression.isPast = !impression.isOnce',
    put: 'impression.isPast = true',
    noticedBy: {
      'e2e/seeing/page-views.spec.ts': [
        'when a page view begins › an offer that counts once a mount or once a browser does not count again',
      ],
    },
  },
  {
    name: 'ignored-proves-display-anew',
    breaks: 'what is ignored after a page view began is the showing of the one before',
    file: 'src/client/recording.ts',
    find: '(isSeen || impression.isDismissed)',
    put: '(impression.id || isSeen)',
    noticedBy: {
      'e2e/seeing/page-views.spec.ts': [
        'when a page view begins › an offer that the navigation removes is ignored once, and not viewed again',
      ],
    },
  },
  {
    name: 'page-view-begins-every-dwell-anew',
    breaks: 'what dwells when a page view begins goes on dwelling',
    file: `${DETECT}/exposure.ts`,
    find: 'placement.isSeen &&= false;',
    put: 'unwatch(element); placement.isSeen &&= false;',
    noticedBy: {
      'e2e/seeing/page-views.spec.ts': ['when a page view begins › an offer that dwells continues its dwell'],
    },
  },
  {
    name: 'page-view-leaves-nothing',
    breaks: 'a page view that ends is left',
    file: 'src/client/later/on-request.ts',
    find: "tell('onLeave')();",
    put: '',
    noticedBy: {
      'e2e/seeing/page-views.spec.ts': [
        'when a page view begins › an offer with ignore=leave is ignored once for each view, unless the visitor touched it in that view',
      ],
    },
  },
];

const CLOSING: readonly Mutant[] = [
  {
    name: 'drag-of-an-offer-closes',
    breaks: 'a drag closes what holds offers, never an offer by itself',
    file: `${LATER_DETECT}/closing.ts`,
    find: 'grab(event, around)',
    put: 'grab(event, [...around, ...registry.placements.filter(({ element }) => element).map(({ element }) => element)])',
    noticedBy: {
      'e2e/closing/swipes.spec.ts': [
        'a drag dismisses nothing › if it moves an offer without a holder, such as a row that is swiped away',
      ],
    },
  },
  {
    name: 'tremble-is-a-drag',
    breaks: 'a press during which the pointer moves a little is no drag',
    file: `${LATER_DETECT}/closing.ts`,
    find: 'const DRAG_PX = 10;',
    put: 'const DRAG_PX = 1;',
    noticedBy: {
      'e2e/closing/swipes.spec.ts': ['a drag dismisses nothing › if it is a press with a shaky hand'],
    },
  },
  {
    name: 'drag-outlives-the-next-press',
    breaks: 'what a drag has not begun to close does not close because of it later',
    file: `${LATER_DETECT}/closing.ts`,
    find: "isNew || reason === 'control'",
    put: "reason === 'control'",
    noticedBy: {
      'e2e/closing/swipes.spec.ts': [
        'a drag dismisses nothing › if a press on a button closes the dialog soon after',
        'a drag dismisses nothing › if Escape closes nothing, and a key on a button closes the dialog soon after',
      ],
    },
  },
  {
    name: 'drag-on-a-button',
    breaks: 'a press that moves and stays on its button is no drag',
    file: `${LATER_DETECT}/closing.ts`,
    find: 'if (pressed && pathOf(event).includes(pressed)) return;',
    put: '',
    noticedBy: {
      'e2e/closing/swipes.spec.ts': ['a drag dismisses nothing › if it stays on the button that it began on'],
    },
  },
  {
    name: 'drag-without-following',
    breaks: 'a drag closes what follows the pointer',
    file: `${LATER_DETECT}/closing.ts`,
    find: 'drawings.filter(([holder, before]) => hasMoved(drawingOf(holder), before))',
    put: 'drawings',
    noticedBy: {
      'e2e/closing/swipes.spec.ts': [
        'a drag dismisses nothing › if it selects words, and the page closes the dialog then',
      ],
    },
  },
  {
    name: 'drag-unheard',
    breaks: 'a dialog that is dragged away is closed',
    file: `${LATER_DETECT}/closing.ts`,
    find: "roots.capture(['pointerup'], onRelease);",
    put: '',
    noticedBy: {
      'e2e/closing/swipes.spec.ts': [
        'a drag dismisses an offer whose holder it closes › if it is a dialog that stays outside the viewport',
        'a drag dismisses an offer whose holder it closes › if it is a popover that is hidden',
      ],
    },
  },
  {
    name: 'dismissed-without-viewed',
    breaks: 'a dismissal proves display: dismissed never exceeds viewed',
    file: 'src/client/later/decisions.ts',
    find: 'const impression = recorder.onViewed(offerId, placement);',
    put: 'const impression = { id: offerId, isOnce: false, isVetoed: false, isDismissed: false };',
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'a marked control › closes the offer that it is in, and none of its neighbours (fault 53)',
      ],
    },
  },
  {
    name: 'dismissed-before-viewed',
    breaks: 'viewed comes before its dismissed',
    file: 'src/client/recording.ts',
    find: "impression.isVetoed = !record({ type: 'viewed' }, offerId, impression, placement);",
    put: `const made = impression;
      made.isVetoed = false;
      queueMicrotask(() => record({ type: 'viewed' }, offerId, made, placement));`,
    noticedBy: {
      'test/client/tracker.events.test.ts': [
        'a dismissal › before the offer counted as seen gives viewed, then dismissed (fault 53)',
      ],
    },
  },
  {
    name: 'dismissed-at-every-press',
    breaks: 'an offer is dismissed once',
    file: 'src/client/later/decisions.ts',
    find: 'impression.isVetoed || impression.isDismissed',
    put: 'impression.isVetoed',
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'a marked control › counts once, however often it is pressed (fault 51)',
      ],
    },
  },
  {
    name: 'named-offer-ignored',
    breaks: 'a control that names an offer is about that one',
    file: `${LATER_DETECT}/controls.ts`,
    find: 'const named = control.getAttribute(mark)?.trim();',
    put: "const named = control.closest('[data-offer-id]') ? '' : control.getAttribute(mark)?.trim();",
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'a marked control › closes another offer than its own if it names that one',
      ],
    },
  },
  {
    name: 'page-hears-first',
    breaks: 'a press counts though the page stops it',
    file: 'src/client/page.ts',
    find: 'addEventListener(type, listener as EventListener, true);',
    put: 'addEventListener(type, listener as EventListener, false);',
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'if the page gets in the way › a marked control counts though the page stops the click at the control',
      ],
    },
  },
  {
    name: 'accept-forgotten',
    breaks: 'what was accepted cannot be dismissed',
    file: 'src/client/later/decisions.ts',
    find: 'acceptedOffers.add(offerId);',
    put: '',
    noticedBy: {
      'e2e/closing/accepting.spec.ts': [
        'an offer that was accepted cannot be dismissed › a marked control, a conventional one, the command, Escape and the backdrop do not dismiss it',
      ],
    },
  },
  {
    name: 'accept-forgotten-by-reload',
    breaks: 'what was accepted cannot be dismissed after a reload, or in another tab',
    file: 'src/client/later/outbox/remembering.ts',
    find: "type: 'accepted', expiresAt }",
    put: "type: 'accepted', expiresAt: 1 }",
    noticedBy: {
      'e2e/closing/accepting.spec.ts': [
        'an offer that was accepted cannot be dismissed › a control and the command do not dismiss it after a reload',
        'an offer that was accepted cannot be dismissed › another tab that was opened before does not dismiss it',
      ],
    },
  },
  {
    name: 'accept-proves-nothing',
    breaks: 'accepting proves display',
    file: 'src/client/later/decisions.ts',
    find: `acceptedOffers.add(offerId);
      recorder.onViewed(offerId, placement);`,
    put: 'acceptedOffers.add(offerId);',
    noticedBy: {
      'e2e/closing/accepting.spec.ts': [
        'accepting proves that an offer is displayed, before its dwell is over › the command accept() accepts the offer',
      ],
    },
  },
  {
    name: 'accept-closes-its-neighbours',
    breaks: 'a dialog that closes because the user accepted was not closed by the user',
    file: `${LATER_DETECT}/closing.ts`,
    find: `if (acceptedBy(event, isConventional)) {
      drop();
      return;
    }`,
    put: '',
    noticedBy: {
      'e2e/closing/accepting.spec.ts': [
        'an offer that was accepted cannot be dismissed › an offer beside it is not dismissed either, if accepting closes the dialog by a convention',
      ],
    },
  },
  {
    name: 'accepting-form-closes-its-neighbours',
    breaks: 'a dialog that closes because the user submitted what accepts was not closed by the user',
    file: `${LATER_DETECT}/closing.ts`,
    find: "roots.capture(['submit'], (event) => acceptedBy(event, isConventional) && drop());",
    put: '',
    noticedBy: {
      'e2e/closing/accepting.spec.ts': [
        'an offer that was accepted cannot be dismissed › a form of the dialog that accepts it does not dismiss it',
      ],
    },
  },
  {
    name: 'closed-by-the-page',
    breaks: 'what the page closes by itself is no dismissal',
    file: `${LATER_DETECT}/closing.ts`,
    find: `roots.capture(['close', 'toggle', 'transitionrun', 'transitionend', 'animationstart', 'animationend'], () =>
    check(),
  );`,
    put: `roots.capture(['close', 'toggle', 'transitionend', 'animationend'], ({ type, target }) => {
    check();
    if (type !== 'close') return;
    for (const placement of registry.placements.filter(() => true))
      if ((target as Element).contains(placement.element))
        decisions.onDismiss(placement.offerId, 'dialog', placement);
  });`,
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'an offer is not dismissed › if the page’s own script does it: close() of a dialog',
      ],
    },
  },
  {
    name: 'refused-close-counts',
    breaks: 'a close that the page refuses is no dismissal',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'const isOver = isGone(element) || ',
    put: 'const isOver = true || ',
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'an offer is not dismissed › if the page refuses Escape',
        'an offer is not dismissed › if its holder stays after a press beside it',
      ],
    },
  },
  {
    name: 'any-later-close-counts',
    breaks: 'a close later than a second after an act is not its consequence',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'const CONSEQUENCE_MS = 1_000;',
    put: 'const CONSEQUENCE_MS = 60_000;',
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'an offer is not dismissed › if the page refuses Escape and closes the dialog by itself later',
      ],
    },
  },
  {
    name: 'no-consequence-awaited',
    breaks: 'what a drag closes counts also if it takes a moment',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'const CONSEQUENCE_MS = 1_000;',
    put: 'const CONSEQUENCE_MS = 0;',
    noticedBy: {
      'e2e/closing/swipes.spec.ts': [
        'a drag dismisses an offer whose holder it closes › if it is a dialog that is removed',
      ],
    },
  },
  {
    name: 'script-press-counts',
    breaks: 'a script that presses a conventional control is no user',
    file: `${LATER_DETECT}/closing.ts`,
    find: 'if (!event.isTrusted) return;',
    put: '',
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'a control by convention, in an offer that it removes › does not count if a script presses it',
      ],
    },
  },
  {
    name: 'overlay-backdrop-ignored',
    breaks: 'a press on an overlay can only be meant to close, whatever the URL does then',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'if (coversViewport(target) && ',
    put: 'if (!target && ',
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'a press outside › the box of an overlay that is itself the dialog, as Bootstrap has it, closes the offer in it',
      ],
      'e2e/closing/presses.spec.ts': [
        'a press that can only be meant to close › closes all holders of offers if it is on an overlay whose close changes the URL',
        'a press that can only be meant to close › closes a dialog that is an overlay itself',
      ],
    },
  },
  {
    name: 'escape-ignored',
    breaks: 'Escape closes what a dialog or popover shows',
    file: `${LATER_DETECT}/closing.ts`,
    find: "hasEscape && event.key === 'Escape'",
    put: "hasEscape && event.key === ''",
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'Escape › closes both offers in a modal dialog',
        'Escape › closes the offer in a popover',
        'Escape › closes a role=dialog if the page’s own script answers the key, also after the dialog has faded out',
      ],
    },
  },
  {
    name: 'composing-escape-counts',
    breaks: 'an Escape that ends the composing of a text closes nothing',
    file: `${LATER_DETECT}/closing.ts`,
    find: ' || event.isComposing',
    put: '',
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'an offer is not dismissed › if Escape only ends composing in an input method, though the page hides the box',
      ],
    },
  },
  {
    name: 'hidden-neighbours-closed',
    breaks: 'what a dialog holds and does not show is not closed with it',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'within(registry, element, isInSight)',
    put: 'within(registry, element, () => true)',
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'a control beside the offers of a holder › does not close an offer that the holder does not show',
      ],
    },
  },
  {
    name: 'slots-ignored',
    breaks: 'a dialog in a shadow root closes the offers that are slotted into it',
    file: `${LATER_DETECT}/roots.ts`,
    find: "(own(node, 'assignedSlot', Element.prototype) ?? parent)",
    put: 'parent',
    noticedBy: {
      'e2e/closing/controls.spec.ts': [
        'in shadow roots and frames › the conventional control of a dialog in a shadow root closes the offer that is slotted into it',
      ],
    },
  },
  {
    name: 'toasts-are-closed',
    breaks: 'a toast that hides itself is no dismissal',
    file: `${LATER_DETECT}/closing.ts`,
    find: ".filter((holder) => !matches(holder, '[popover=manual]:not([role*=dialog])'))",
    put: '',
    noticedBy: {
      'e2e/closing/requests.spec.ts': [
        'an offer is not dismissed › if a toast that is a manual popover hides itself just after a press elsewhere',
      ],
    },
  },
  {
    name: 'links-close-what-they-leave',
    breaks: 'a link to another view is no press on a backdrop',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'return isMeant ? undefined : {',
    put: 'return isMeant && !isMeant ? undefined : {',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on a link',
      ],
    },
  },
  {
    name: 'only-common-controls-are-meant',
    breaks: 'a press on what the page made a control of is meant for that',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'a,button,input,select,textarea,label,summary,li,[onclick],[tabindex="0"],[role*=button],[role*=item],[role*=box],[role=link],[role=tab],[role=option],',
    put: 'a[href],button,input,select,textarea,label,summary,[role=button],[role=link],[role=tab],[role=menuitem],',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on a link without href',
        'a press that leads to a view without the offers closes none of them › if it is on a list item',
        'a press that leads to a view without the offers closes none of them › if it is on an element in a list item',
        'a press that leads to a view without the offers closes none of them › if it is on an option in a portal',
        'a press that leads to a view without the offers closes none of them › if it is on a card that can be focused',
        'a press that leads to a view without the offers closes none of them › if it is on a card with a handler of its own',
      ],
    },
  },
  {
    name: 'pointer-cursor-unnoticed',
    breaks: 'a press on what has a pointer cursor is meant for that',
    file: `${LATER_DETECT}/pressing.ts`,
    find: " || getComputedStyle(target).cursor === 'pointer'",
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on a card with a pointer cursor',
      ],
    },
  },
  {
    name: 'transition-hits-the-root',
    breaks: 'a press during a view transition is meant for what lies below it',
    file: `${LATER_DETECT}/pressing.ts`,
    find: ',:active-view-transition',
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on the page below a view transition, during which the root is hit',
      ],
    },
  },
  {
    name: 'padding-is-outside',
    breaks: 'a press on the padding of a flyout is none outside of it',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'target === holder ? !isBeyond(holder, event)',
    put: "target === holder ? holder.matches('dialog,[popover]') && !isBeyond(holder, event)",
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on the padding of the flyout itself',
      ],
    },
  },
  {
    name: 'no-light-dismissal',
    breaks: 'what the browser closes by any press outside counts by any',
    file: `${LATER_DETECT}/pressing.ts`,
    find: "if (matches(holder, NATIVE)) return { reason: 'backdrop' };",
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that can only be meant to close › closes a dialog that the browser closes then, even if it is on a link to another view',
        'a press that can only be meant to close › closes a popover that the browser closes then, even if it is on a link to another view',
      ],
    },
  },
  {
    name: 'closedby-ignored',
    breaks: 'a dialog that closes by a press outside is closed by that',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'dialog[closedby=any],',
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that can only be meant to close › closes a dialog that the browser closes then, even if it is on a link to another view',
      ],
    },
  },
  {
    name: 'every-dialog-closes-lightly',
    breaks: 'no browser closes a dialog that is not modal, or a manual popover, by a press outside',
    file: `${LATER_DETECT}/pressing.ts`,
    find: ':is(dialog[closedby=any],[popover]:not([popover=manual]))',
    put: 'dialog,[popover]',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on a link',
      ],
    },
  },
  {
    name: 'aria-modal-is-modal',
    breaks: 'what only says that it is modal lets presses through',
    file: `${LATER_DETECT}/pressing.ts`,
    find: ':is(dialog[closedby=any],',
    put: ':is([aria-modal=true],dialog[closedby=any],',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if it is on a link',
      ],
    },
  },
  {
    name: 'beginnings-close',
    breaks: 'a name that only begins like a close word closes nothing',
    file: `${LATER_DETECT}/conventions.ts`,
    find: '))?$',
    put: '))?',
    noticedBy: {
      'e2e/closing/names.spec.ts': [
        'a button with a close name closes the offer, and one whose name only begins so does not',
      ],
    },
  },
  {
    name: 'text-unread',
    breaks: 'a button is called what stands in it',
    file: `${LATER_DETECT}/conventions.ts`,
    find: "element.textContent || element.getAttribute('value'),",
    put: '',
    noticedBy: {
      'e2e/closing/names.spec.ts': [
        'a button with a close name closes the offer, and one whose name only begins so does not',
      ],
    },
  },
  {
    name: 'answers-close',
    breaks: 'a button that answers a dialog’s form does not close it',
    file: `${LATER_DETECT}/conventions.ts`,
    find: 'return !isAnswer(element);',
    put: 'return true;',
    noticedBy: {
      'e2e/closing/names.spec.ts': [
        'a form that closes a dialog › does not count if the one of two buttons that answers is pressed',
      ],
    },
  },
  {
    name: 'cross-accepts',
    breaks: 'a cross in a card that accepts closes it',
    file: `${LATER_DETECT}/controls.ts`,
    find: ' || isConventional(element),',
    put: ',',
    noticedBy: {
      'e2e/closing/names.spec.ts': ['if a card itself accepts › the cross in it closes it'],
    },
  },
  {
    name: 'keys-unheard',
    breaks: 'what only has the role of a button is pressed by a key',
    file: `${LATER_DETECT}/controls.ts`,
    find: "'auxclick', 'keydown', 'submit'",
    put: "'auxclick', 'submit'",
    noticedBy: {
      'e2e/closing/names.spec.ts': ['an element that only has the role of a button can be pressed by a key'],
    },
  },
  {
    name: 'hasty',
    breaks: 'a control may take three seconds to close what it closes',
    file: `${LATER_DETECT}/consequences.ts`,
    find: 'const LONGEST_CONSEQUENCE_MS = 3_000;',
    put: 'const LONGEST_CONSEQUENCE_MS = 1_000;',
    noticedBy: {
      'e2e/closing/exits.spec.ts': [
        'an offer that its control closes counts › and may leave by an answer of the server, and then a fade',
      ],
    },
  },
  {
    name: 'moves-unseen',
    breaks: 'what moves out of sight or folds is closed',
    file: `${LATER_DETECT}/consequences.ts`,
    find: ' || isAway;',
    put: ';',
    noticedBy: {
      'e2e/closing/exits.spec.ts': [
        'an offer that its control closes counts › and may leave by a move out to the side',
        'an offer that its control closes counts › and may leave by a fold to no height',
        'an offer that its control closes counts › and may leave by a scale to nothing',
      ],
    },
  },
  {
    name: 'scrolling-closes',
    breaks: 'a row that is scrolled away is not closed',
    file: `${LATER_DETECT}/consequences.ts`,
    find: '!isMeant && scrolledOf(scroll.around) !== scroll.by',
    put: 'false',
    noticedBy: {
      'e2e/closing/mistaken.spec.ts': [
        'only offers that were closed are recorded as dismissed › a row of a virtual list that is scrolled away after a hint in it was closed',
      ],
    },
  },
  {
    name: 'redrawn-closes',
    breaks: 'an offer that is drawn anew is not closed',
    file: `${LATER_DETECT}/consequences.ts`,
    find: ' && !isAnew(placement, each)',
    put: '',
    noticedBy: {
      'e2e/closing/exits.spec.ts': ['an offer that is not closed counts nothing › if it is drawn again'],
    },
  },
  {
    name: 'successor-hides-close',
    breaks: 'an offer in whose place another one stands is closed',
    file: `${LATER_DETECT}/consequences.ts`,
    find: ' || isReplaced(registry, placement)',
    put: '',
    noticedBy: {
      'e2e/closing/exits.spec.ts': [
        'an offer that its control closes counts › if its element shows the next offer in the same dialog',
      ],
    },
  },
  {
    name: 'begun-forgotten',
    breaks: 'what has begun to close is closed, whatever is pressed meanwhile',
    file: `${LATER_DETECT}/consequences.ts`,
    find: "(!each.hasBegun || each.reason === 'swipe') && isDropped(each)",
    put: 'isDropped(each)',
    noticedBy: {
      'e2e/closing/exits.spec.ts': [
        'an offer that its control closes counts › even if something else is pressed while it fades',
        'an offer that its control closes counts › even if another one is accepted while it fades',
      ],
    },
  },
  {
    name: 'refused-control-waits',
    breaks: 'a control that closed nothing does not count for what is pressed next',
    file: `${LATER_DETECT}/closing.ts`,
    find: "drop(({ reason }) => isNew || reason === 'control');",
    put: '',
    noticedBy: {
      'e2e/closing/exits.spec.ts': [
        'an offer that is not closed counts nothing › if its dialog refuses its control, and a link removes the dialog later',
      ],
    },
  },
  {
    name: 'alerts-dismissed',
    breaks: 'an alert dialog has no light dismissal',
    file: `${LATER_DETECT}/pressing.ts`,
    find: "!target || matches(holder, '[role=alertdialog]:not([closedby=any],[popover])')",
    put: '!target',
    noticedBy: {
      'e2e/closing/exits.spec.ts': [
        'an offer that is not closed counts nothing › if something beside its alert dialog is pressed, though the page removes the dialog',
      ],
    },
  },
  {
    name: 'scrollbars-unknown',
    breaks: 'an overlay may end beside its own scrollbar',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'clientWidth - right - SCROLLBAR_PX',
    put: 'clientWidth - right',
    noticedBy: {
      'e2e/closing/scrollbars.spec.ts': [
        'beside a classic scrollbar, a press closes the offers › if it is on an element that fills an overlay that scrolls by itself',
      ],
    },
  },
  {
    name: 'styles-break-no-dwell',
    breaks: 'what a style hides in the midst of its time begins anew',
    file: `${LATER_DETECT}/motion.ts`,
    find: 'concealed.size + exposed.size > 0',
    put: 'concealed.size > 0',
    noticedBy: {
      'e2e/seeing/late.spec.ts': [
        'an offer that dwells starts its dwell again › if a class of an ancestor hides it in the middle of the dwell',
      ],
    },
  },
  {
    name: 'reveals-unseen',
    breaks: 'an animation that a script begins later may show an offer',
    file: `${LATER_DETECT}/motion.ts`,
    find: 'revealed.observe(element);',
    put: '',
    noticedBy: {
      'e2e/seeing/late.spec.ts': [
        'an offer that becomes visible on a page at rest counts › if a script’s animation shows it, even around it in a shadow tree',
      ],
    },
  },
  {
    name: 'slots-unread',
    breaks: 'a component without a box is drawn by its own tree',
    file: `src/client/later/more/contents.ts`,
    find: 'element.shadowRoot ?? ',
    put: '',
    noticedBy: {
      'e2e/seeing/late.spec.ts': [
        'an offer without a box of its own counts › once that is open and not earlier, if it is a component whose dialog is in its own shadow tree',
      ],
    },
  },
  {
    name: 'renewed-token-unnoticed',
    breaks: 'a token that the page renews is that of the next event',
    file: `${DETECT}/registry.ts`,
    find: 'Object.assign(get(element) ?? placement, { [name]: settings[name] });',
    put: 'void settings;',
    noticedBy: {
      'e2e/seeing/late.spec.ts': ['the next event has the token and the expiry that the page has renewed'],
    },
  },
  {
    name: 'another-view-closes',
    breaks: 'a press after which the URL names another view led there',
    file: `${LATER_DETECT}/consequences.ts`,
    find: ' || (view && view !== viewNow() && !isMeant)',
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if the URL shows the change of view by its path',
        'a press that leads to a view without the offers closes none of them › if the URL shows the change of view by its query',
        'a press that leads to a view without the offers closes none of them › if the URL shows the change of view by a fragment that is a path',
      ],
    },
  },
  {
    name: 'fragment-paths-ignored',
    breaks: 'a fragment that is a path names a view',
    file: `${LATER_DETECT}/pressing.ts`,
    find: '/#(?![/!]).*/',
    put: '/#.*/',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that leads to a view without the offers closes none of them › if the URL shows the change of view by a fragment that is a path',
      ],
    },
  },
  {
    name: 'every-fragment-is-a-view',
    breaks: 'a fragment that is none names a place in the view',
    file: `${LATER_DETECT}/pressing.ts`,
    find: ".replace(/#(?![/!]).*/, '')",
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that can only be meant to close › closes all holders of offers if it is on a blank spot of the page, from where it scrolls to a fragment',
      ],
    },
  },
  {
    name: 'wrappers-are-no-overlay',
    breaks: 'what fills an overlay is pressed as the overlay',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'path.slice(0, -2).some(isLayer)',
    put: 'isLayer(target)',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that can only be meant to close › closes all holders of offers if it is on an element that fills an overlay',
        'a press that can only be meant to close › closes a dialog that holds an overlay and an element that fills it',
      ],
    },
  },
  {
    name: 'top-layer-unnoticed',
    breaks: 'what covers the viewport in the top layer is an overlay, whatever its position',
    file: `${LATER_DETECT}/pressing.ts`,
    find: "matches(element, ':is(:modal,:popover-open)') || ",
    put: '',
    noticedBy: {
      'e2e/closing/presses.spec.ts': [
        'a press that can only be meant to close › closes all holders of offers if it is on an overlay in the top layer',
      ],
    },
  },
  {
    name: 'fixed-body-is-an-overlay',
    breaks: 'a page whose body is fixed is no overlay',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'path.slice(0, -2)',
    put: 'path',
    noticedBy: {
      'test/client/later/detect/closing.test.ts': [
        'a press outside counts › not where the page’s own box covers the viewport and the body is fixed, so that nothing scrolls',
      ],
    },
  },
  {
    name: 'scrollbar-uncovers',
    breaks: 'an overlay ends beside the scrollbar, and its size is rounded',
    file: `${LATER_DETECT}/pressing.ts`,
    find: 'element.ownerDocument.documentElement',
    put: '{ clientWidth: innerWidth, clientHeight: innerHeight }',
    noticedBy: {
      'test/client/later/detect/closing.test.ts': [
        'a press outside counts › where it hits an overlay in the dialog, also beside both scrollbars and with a size that was rounded',
      ],
    },
  },
  {
    name: 'named-offer-unsigned',
    breaks: 'a decision by the id alone has the token and the expiry of what shows the offer',
    file: 'src/client/later/decisions.ts',
    find: 'each.offerId === offerId',
    put: "each.offerId === ''",
    noticedBy: {
      'e2e/proxy/signed-offers.spec.ts': [
        'if the proxy requires signed offers › an offer that is closed or accepted by its id has the token of the element that shows it, or did last',
      ],
      'test/client/tracker.events.test.ts': [
        'a decision by only the id › by dismiss() has the token, the expiry and the group of what shows the offer, and is announced there',
        'a decision by only the id › ends with the offer',
      ],
    },
  },
  {
    name: 'past-forgotten',
    breaks: 'a decision by the id alone has those of what showed the offer last',
    file: 'src/client/later/decisions.ts',
    find: '= past.get(offerId);',
    put: '= void past;',
    noticedBy: {
      'e2e/proxy/signed-offers.spec.ts': [
        'if the proxy requires signed offers › an offer that is closed or accepted by its id has the token of the element that shows it, or did last',
      ],
      'test/client/tracker.events.test.ts': [
        'a decision by only the id › by accept() has those of what showed it last, after that is gone',
      ],
    },
  },
  {
    name: 'named-offer-unseen',
    breaks: 'of several places that show an offer its id means one that was seen',
    file: 'src/client/later/decisions.ts',
    find: ' || placement.impression',
    put: '',
    noticedBy: {
      'test/client/later/decisions.test.ts': ['a decision by only the id › concerns the one that was seen'],
    },
  },
  {
    name: 'past-without-impression',
    breaks: 'what is remembered of a placement has the impression that its going was about',
    file: `${DETECT}/registry.ts`,
    find: '...placement, element: undefined',
    put: '...placement, impression: undefined, element: undefined',
    noticedBy: {
      'test/client/tracker.events.test.ts': [
        'repeated › a mount: closing by a control and, once the element is gone, by the id alone counts once',
      ],
    },
  },
];

const IGNORING: readonly Mutant[] = [
  {
    name: 'row-ignored-at-once',
    breaks: 'what is counted by time has its time, also when no element shows it any more',
    file: 'src/client/later/more/ignoring.ts',
    find: "!isMounted(subject) && state.ignore === 'leave'",
    put: '!isMounted(subject)',
    noticedBy: {
      'test/client/later/more/ignoring.test.ts': [
        'an offer is ignored when no element shows it any more › but not one that is shown again in time, as a list of few rows does',
      ],
    },
  },
  {
    name: 'ignored-without-viewed',
    breaks: 'an offer that was never viewed is never ignored',
    file: 'src/client/later/on-request.ts',
    find: 'more?.onMount(placement);',
    put: 'onViewed(placement);',
    noticedBy: {
      'e2e/seeing/ignoring.spec.ts': [
        'if the option is a time › an offer that was never viewed is never ignored',
      ],
    },
  },
  {
    name: 'ignored-at-every-leaving',
    breaks: 'a return out of the back/forward cache does not repeat what is ignored',
    file: 'src/client/later/later.ts',
    find: '      noticing?.onLeave();',
    put: `for (const placement of registry.placements.filter(() => true)) {
        const impression = context.recorder.onViewed(placement.offerId, placement);
        context.recorder.record({ type: 'dismissed', reason: 'ignored' }, placement.offerId, impression, placement);
      }`,
    noticedBy: {
      'e2e/seeing/ignoring.spec.ts': [
        'if the option is leave › coming back from the back/forward cache neither cancels nor repeats a dismissal',
      ],
    },
  },
  {
    name: 'busy-page-blames-the-database',
    breaks: 'a task that goes on for seconds is not taken for a database that does not answer',
    file: 'src/client/outbox/indexeddb.ts',
    find: '    turn();\n',
    put: '    stop = runtime.after(TURNS * TURN_MS, onTimeout);\n',
    noticedBy: {
      'test/client/outbox/indexeddb.test.ts': [
        'a page that is busy for seconds › takes the answer that was there meanwhile, though its timer comes first',
      ],
    },
  },
  {
    name: 'abort-says-not-why',
    breaks: 'a transaction that the database aborts rejects with the reason',
    file: 'src/client/outbox/indexeddb.ts',
    find: 'reject(transaction.error ?? cause)',
    put: 'reject(cause)',
    noticedBy: {
      'test/client/outbox/indexeddb.test.ts': [
        'a transaction that the database aborts › rejects with the reason, though a request that is under way says only that it was aborted',
      ],
    },
  },
  {
    name: 'full-storage-is-reported-each-time',
    breaks: 'a storage that stays full is reported once until an event is stored',
    file: 'src/client/later/outbox/mended.ts',
    find: 'if (!outbox.isBlocked) onBlocked(cause);',
    put: 'onBlocked(cause);',
    noticedBy: {
      'e2e/faults/storage.spec.ts': [
        'a storage that is full › is reported once if it was full before anything was written, and again once it had room (fault 28)',
      ],
    },
  },
  {
    name: 'failed-database-is-left-alone',
    breaks: 'a database that failed is tried again, though nothing happens on the page',
    file: 'src/client/later/outbox/passing.ts',
    find: 'pass.nextAt = Math.min(pass.nextAt ?? againAt, againAt);',
    put: 'void againAt;',
    noticedBy: {
      'test/client/outbox/indexeddb.test.ts': [
        'an outbox in IndexedDB › waits › a database that fails is asked again after 30 s, and after 5 s if it has not stored something yet',
      ],
    },
  },
  {
    name: 'transactions-outlive-the-page',
    breaks: 'what leaving dismisses is kept, though a transaction is in the way',
    file: 'src/client/later/outbox/indexeddb-kinds.ts',
    find: 'transaction.abort();\n        } catch',
    put: 'void transaction;\n        } catch',
    noticedBy: {
      'e2e/delivery/delivery.spec.ts': [
        'leaving a page › that may come back keeps the events that leaving records, though a transaction is in the way (fault 39)',
      ],
      'e2e/faults/lifecycle.spec.ts': [
        'a frozen tab › gives the database back in the middle of a transaction (fault 40)',
      ],
    },
  },
  {
    name: 'left-but-not-ignored',
    breaks: 'where leaving is what counts, an offer that was viewed is dismissed by it',
    file: 'src/client/later/farewell.ts',
    find: "if (change === 'pagehide') onLeave();",
    put: '',
    noticedBy: {
      'e2e/seeing/ignoring.spec.ts': [
        'if the option is leave › an offer that was viewed is dismissed when the page is left, and not earlier',
      ],
    },
  },
  {
    name: 'ignored-though-touched',
    breaks: 'an offer that somebody reacted to is never ignored',
    file: 'src/client/later/on-request.ts',
    find: 'more?.onTouch(placement);',
    put: '',
    noticedBy: {
      'e2e/seeing/ignoring.spec.ts': [
        'an offer that the visitor reacted to is never ignored › if its text is pressed',
      ],
    },
  },
  {
    name: 'on-request-forgets',
    breaks: 'what happens while ignoring loads reaches it',
    file: 'src/client/later/on-request.ts',
    find: 'else meanwhile?.push(act);',
    put: '',
    noticedBy: {
      'test/client/later/on-request.test.ts': [
        'what only some pages need › hears what happened while it was on its way, in order, and later at once',
      ],
    },
  },
  {
    name: 'ignored-though-back',
    breaks: 'an offer that comes back in time is not ignored',
    file: 'src/client/later/more/ignoring.ts',
    find: 'state.stopTimer?.();\n      state.stopTimer = undefined;',
    put: '',
    noticedBy: {
      'e2e/seeing/ignoring.spec.ts': [
        'if the option is a time › a tab that comes back to the front in time keeps its offers',
      ],
    },
  },
];

const DELIVERING: readonly Mutant[] = [
  {
    name: 'endpoints-share-their-events',
    breaks: 'a page sends what goes to its own endpoint, and nothing of another one',
    file: 'src/client/later/outbox/leasing.ts',
    find: 'goal === endpoint ||',
    put: 'goal > endpoint.slice(0, 1) ||',
    noticedBy: {
      'e2e/delivery/two-endpoints.spec.ts': [
        'two endpoints of one origin share a database, and each gets only its own events',
      ],
    },
  },
  {
    name: 'endpoints-share-a-pause',
    breaks: 'the pause of one endpoint holds up no other',
    file: 'src/client/later/outbox/remembering.ts',
    find: "['state', 'pause', endpoint]",
    put: "['state', 'pause', '']",
    noticedBy: {
      'test/client/outbox/indexeddb.test.ts': [
        'an outbox in IndexedDB › shares one database between endpoints › a pause is the endpoint’s own',
      ],
    },
  },
  {
    name: 'open-circuit-is-never-tried',
    breaks: 'a page that loads and a flush try an open circuit',
    file: 'src/client/later/outbox/passing.ts',
    find: 'const isTried = isTrial && kind',
    put: 'const isTried = !isTrial && kind',
    noticedBy: {
      'test/client/later/delivery/flusher.faults.test.ts': [
        'the circuit › is tried › with one batch by a flush; an answer in order closes it, and the rest follows',
        'the circuit › is tried › it is tried with one batch by a page that loads',
      ],
    },
  },
  {
    name: 'open-circuit-silences-the-farewell',
    breaks: 'one farewell a page goes out in spite of an open circuit',
    file: 'src/client/later/farewell.ts',
    find: "kind !== 'circuit' || hasTried",
    put: 'isPaused || hasTried',
    noticedBy: {
      'test/client/later/farewell.said.test.ts': [
        'the farewell is said › once a page in spite of an open circuit',
      ],
    },
  },
  {
    name: 'refused-alone-without-a-pause',
    breaks: 'an endpoint that takes no event even alone is asked ever more rarely',
    file: 'src/client/later/delivery/flusher.ts',
    find: 'if (first && !second) await wait',
    put: 'if (first && !second && isStopped) await wait',
    noticedBy: {
      'test/client/later/delivery/flusher.faults.test.ts': [
        'a batch that is not taken as it is › an endpoint that takes nothing is asked ever more rarely (fault 14)',
      ],
    },
  },
  {
    name: 'loads-of-delivery-multiply',
    breaks: 'one load of delivery is under way, however often the network is back',
    file: 'src/client/later/on-need.ts',
    find: "change === 'online' && stopWaiting",
    put: "change === 'online'",
    noticedBy: {
      'test/client/tracker.delivery.test.ts': [
        'where delivery does not come › however often the network is back, one load is under way, and the next begins after 30 s',
      ],
    },
  },
  {
    name: 'farewell-waits-for-delivery',
    breaks: 'a reply to a farewell gives its room back before delivery is there',
    file: 'src/client/later/farewell.ts',
    find: 'Promise.resolve(onReply(events, response.status, text)).catch(() => undefined);',
    put: 'await onReply(events, response.status, text);',
    noticedBy: {
      'test/client/tracker.delivery.test.ts': [
        'a load that never ends › leaves each farewell its whole room',
      ],
    },
  },
  {
    name: 'acceptance-waits-for-delivery',
    breaks: 'an acceptance is stored at once',
    file: 'src/client/later/meanwhile.ts',
    find: 'return pay();',
    put: 'return undefined;',
    noticedBy: {
      'test/client/tracker.delivery.test.ts': [
        'where delivery does not come › what was accepted is known to the next page',
      ],
    },
  },
  {
    name: 'denial-waits-for-delivery',
    breaks: 'a denial deletes what is stored, though delivery is not there',
    file: 'src/client/later/meanwhile.ts',
    find: "if (key[1] !== 'pause' && !outbox.mirror.has(key[1])) rows.delete(key);",
    put: 'void key;',
    noticedBy: {
      'test/client/tracker.delivery.test.ts': [
        'where delivery does not come › a denial deletes what is stored, and reports only that; nothing of it is sent, though consent is given again',
      ],
    },
  },
  {
    name: 'stopped-tracker-delivers',
    breaks: 'delivery that comes after the stop does not begin',
    file: 'src/client/later/on-need.ts',
    find: "if (isStopped) throw new Error('stopped');",
    put: '',
    noticedBy: {
      'test/client/tracker.delivery.test.ts': [
        'a load that never ends › does not begin to deliver if the tracker was stopped meanwhile',
      ],
    },
  },
];

/** All of them. */
export const MUTANTS: readonly Mutant[] = [
  ...SEEING,
  ...EARLY,
  ...PAGE_VIEWS,
  ...CLOSING,
  ...IGNORING,
  ...DELIVERING,
];
