/**
 * Composes the detecting side of the offer part: other trees than the document, what observers do not report,
 * marked and inferred closing, ignoring where a page asks for it, and why an offer has not counted.
 */
import { OffersightError } from '../../errors.js';
import type { Runtime, Stop } from '../../runtime.js';
import { load } from '../asking.js';
import { type EvaluationListener, type ExposureWatch, isShown } from '../detect/exposure.js';
import type { Placement } from '../detect/placement.js';
import { OFFER, offerIdOf, type Placements, type Registry } from '../detect/registry.js';
import { ACTS, actOf, type EarlyAct, keep } from '../early.js';
import type { Inside, PageView } from '../inside.js';
import type { ResolvedOptions } from '../options.js';
import type { Page } from '../page.js';
import { createPart } from '../part.js';
import { beforeNow, HOLDER, type KeptAct, type KnownRegistry } from './detect/before.js';
import { boxesOf, createContents } from './detect/contents.js';
import {
  createControls,
  type DecisionListener,
  type IsConventional,
  type IsInSight,
  MARKED,
  matches,
  nearest,
} from './detect/controls.js';
import { clearShareOf } from './detect/covering.js';
import { createMotion, lookAgain } from './detect/motion.js';
import { findByChanges } from './detect/mutations.js';
import { createOcclusion } from './detect/occlusion.js';
import { isPainted } from './detect/pictures.js';
import { createRoots, outward } from './detect/roots.js';
import { isInView, windowOf } from './detect/sight.js';
import type { Explaining } from './diagnosis.js';
import { createOnRequest, type OnRequest } from './on-request.js';

/** What the seer hands over for noticing. */
export interface NoticingContext {
  readonly options: ResolvedOptions;
  readonly owner: Inside['owner'];
  readonly listeners: Inside['listeners'];
  readonly runtime: Runtime;
  readonly page: Page;
  readonly registry: Registry;
  readonly exposure: ExposureWatch;
  readonly report: (error: OffersightError) => void;
  /** Runs a host's callback safely. */
  readonly call: (callback: () => unknown) => void;
  /** The endpoint's page view. */
  readonly latest: PageView;
  /** What users did before this was here, until it is judged. */
  readonly early: EarlyAct[];
}

/** Notices what users do, and passes it to the decisions. */
export interface Noticing extends Pick<OnRequest, 'onViewed' | 'onReaction' | 'onLeave' | 'onPageView'> {
  onMount(placement: Placement): void;
  onUnmount(placement: Placement): void;
  /** The page itself says that an offer is closed, so what a user closed of it will not come back. */
  conclude(offerId: string): void;
  /** Judges what users did before this was here. */
  judgeEarly(): void;
  stop: Stop;
}

/** How long an offer may take to arrive before its empty id is said to be a mistake. */
const EMPTY_MS = 10_000;

const isSelector = (text: string): boolean => {
  try {
    document.querySelector(text);
    return true;
  } catch {
    return false;
  }
};

/** Starts noticing. */
export const createNoticing = (context: NoticingContext, decisions: DecisionListener): Noticing => {
  const { options, runtime, page, registry, exposure, report, call } = context;
  const { repeat } = options;
  const { controls, labels, escape: hasEscape = true } = options.dismissal ?? {};
  const isUsable = controls === undefined || isSelector(controls);
  const areLabels = labels === undefined || Array.isArray(labels);
  if (!isUsable)
    report(new OffersightError('configuration', `dismissal.controls is ${controls}: give a CSS selector.`));
  if (!areLabels)
    report(
      new OffersightError('configuration', `dismissal.labels is ${String(labels)}: give a list of texts.`),
    );
  if (repeat && !/^(?:page|mount|browser)$/.test(repeat))
    report(new OffersightError('configuration', `repeat is ${repeat}: give page, mount or browser.`));

  /** What is judged now, if it was done before this was here: with what was in sight then. */
  let early: KeptAct | undefined;
  const known: KnownRegistry = {
    ...registry,
    get early() {
      return early;
    },
    get placements(): Placements {
      const shown = early?.placements;
      return shown
        ? { get: (at) => shown.find(({ element }) => element === at), filter: (test) => shown.filter(test) }
        : registry.placements;
    },
  };
  /** One that has counted was in sight. */
  const isInSight: IsInSight = ({ element, isSeen }, holder) =>
    !!early || (isDrawn(element) && (isSeen || isInView(boxesOf(element), holder)));

  const stops: Stop[] = [
    // Until then it may be an offer that has not arrived yet.
    runtime.after(EMPTY_MS, () => {
      const isEmpty = (element: Element): boolean => !offerIdOf(element);
      for (const tree of roots.all()) {
        const empty = [...tree.querySelectorAll(`[${OFFER}]`)].find(isEmpty);
        if (empty) return console.warn('Offersight: data-offer-id is empty, so this is no offer.', empty);
      }
    }),
  ];
  const roots = createRoots(registry, page);
  const motion = createMotion(exposure, roots);
  const contents = createContents(exposure);
  const occlusion =
    options.occlusion === false ? undefined : createOcclusion(exposure, runtime, clearShareOf);
  const onRequest = createOnRequest(context, roots, decisions);
  const isDrawn = (element: Element): boolean => boxesOf(element).some(isShown);
  const isVisible = (element: Element): boolean => isDrawn(element) && isPainted(element);
  stops.push(
    registry.extend({
      onChange: findByChanges(registry),
      onTrees() {
        roots.refresh();
        contents.refresh();
        motion.onTrees();
      },
    }),
  );
  /** Judges acts that are over. */
  const judge = (acts: KeptAct[], hear: (act: KeptAct) => void): void => {
    for (const act of acts.splice(0)) {
      early = act;
      call(() => hear(act));
    }
    early = undefined;
  };

  const sight = { boxesOf, isDrawn };
  let isConventional: IsConventional | undefined =
    controls && isUsable ? (element) => matches(element, controls) : undefined;
  const marks = createControls(
    {
      registry: known,
      roots,
      isInSight,
      get isConventional() {
        return isConventional;
      },
      onIdle: (mark) => report(new OffersightError('configuration', `No offer for ${mark}.`)),
    },
    decisions,
  );
  const closing = createPart(context, 'closing', load.closing, ({ createClosing, closesByConvention }) => {
    isConventional ??= closesByConvention(
      areLabels ? labels : undefined,
      (popover) => early?.before?.known.has(popover) ?? matches(popover, ':is(:popover-open)'),
    );
    const heard = roots.hearings.length;
    const made = createClosing(
      {
        registry: known,
        roots,
        page,
        runtime,
        isInSight,
        sight,
        isConventional,
        hasEscape,
        // What a user closed is not ignored.
        onGone: (placement) => onRequest.onReaction(placement.offerId, placement),
      },
      decisions,
    );
    judge(acts, (act) => {
      roots.repeat(act, heard);
      marks.judgeLeft(act.event);
    });
    return made;
  });
  stops.push(closing.stop);
  /** What users did since this is here, until closing can be judged. */
  const acts: KeptAct[] = [];
  let isAsked = false;
  const askForClosing = (): void => {
    if (!isAsked) closing.need().catch(() => undefined);
    isAsked = true;
  };
  roots.capture(ACTS, (event) => {
    // Of all keys only those that press or close something.
    if (closing.now() || !/^(?:Enter| |Escape)?$/.test((event as Partial<KeyboardEvent>).key ?? '')) return;
    const act = known.early ?? actOf(event, known, exposure);
    if (marks.isLeft(event) || (act.placements[0] && !nearest(event, MARKED))) askForClosing();
    if (isAsked) keep(acts, { before: beforeNow(known, roots, sight, act.placements), ...act });
  });
  /** What lies above the page is closed by keys, presses outside and drags as well, which only that part hears. */
  const askForLayer = ({ element }: Placement): void => {
    if (
      !isAsked &&
      [...outward(element)].some(
        (at) => matches(at, HOLDER) || /fixed|sticky/.test(getComputedStyle(at).position),
      )
    )
      askForClosing();
  };

  const listeners: EvaluationListener[] = [
    motion.onEvaluation,
    contents.onEvaluation,
    ({ ratio, placement }) => {
      if (ratio) askForLayer(placement);
    },
  ];
  if (occlusion) listeners.push(occlusion.onEvaluation);
  if (typeof options.debug === 'function')
    listeners.push((options.debug as Explaining)(exposure, page, call, isVisible));
  const onEvaluation: EvaluationListener = (...evaluation) => {
    for (const listener of listeners) listener(...evaluation);
  };
  stops.push(
    exposure.extend({
      isShown: (element) =>
        contents.isMeasured(element) && isVisible(element) && occlusion?.isClear(element) !== false,
      windowOf,
      onEvaluation,
    }),
  );
  const evaluateAll = (listener: EvaluationListener): void => {
    // Nothing is kept of what is far, except for who asks why it does not count.
    if (options.debug)
      for (const placement of registry.placements.filter(({ isSeen }) => !isSeen)) exposure.itemOf(placement);
    for (const item of exposure.watched.values()) listener(item, undefined, runtime.elapsed());
  };
  // Until now only the viewport was known to clip them.
  for (const item of exposure.watched.values())
    if (item.ratio && !exposure.exposed.has(item)) lookAgain(item);
  evaluateAll(onEvaluation);
  for (const placement of registry.placements.filter(({ isSeen }) => isSeen)) askForLayer(placement);
  const inside: Inside = { ...context, isDrawn, boxesOf, trees: roots.all };
  context.latest.inside = inside;
  /** Loads it, and again if that fails, until this ends. */
  const open = <Room>(name: string, load: () => Promise<Room>, make: (room: Room) => void): void => {
    const part = createPart(context, name, load, make);
    stops.push(part.stop);
    part.need().catch(() => undefined);
  };
  if (options.debug)
    open('debug', load.debug, ({ createDebug }) => {
      const debug = createDebug(inside);
      stops.push(debug.stop);
      listeners.push(debug.onEvaluation);
      evaluateAll(debug.onEvaluation);
    });
  // Whether it may open is the proxy's to say.
  if (location.hash.startsWith('#offersight-inspect='))
    open('inspector', load.inspector, ({ openByLink }) => openByLink(options.endpoint));

  return {
    ...onRequest,
    onMount(placement) {
      roots.join(placement.element);
      if (placement.isSeen || placement.element.closest(HOLDER)) askForLayer(placement);
      onRequest.onMount(placement);
    },
    onUnmount(placement) {
      closing.now()?.check(placement.element);
      onRequest.onUnmount(placement);
    },
    conclude: (offerId) => closing.now()?.conclude(offerId),
    judgeEarly: () => judge(context.early, (act) => roots.repeat(act, 0)),
    stop() {
      for (const stop of stops) stop();
      for (const each of [roots, motion, contents, occlusion, onRequest, closing.now()]) each?.stop();
    },
  };
};
