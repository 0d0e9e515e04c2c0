/**
 * Console messages for developers who set a page up: why each offer has not counted yet, and which attributes are wrong. This
 * room loads only if the `debug` option is set. It may be a file of its own, so no property name that it shares with the script
 * file may be shortened.
 */
import type { Stop } from '../../../runtime.js';
import type { EvaluationListener } from '../../detect/exposure.js';
import type { Inside } from '../../inside.js';
import type { TrackerOptions } from '../../options.js';
import { isPainted } from '../detect/pictures.js';
import { type Explaining, explain } from '../diagnosis.js';
import { createChecking } from './checking.js';
import { tellUncounted } from './uncounted.js';
import { COUNTED, describeNote } from './wording.js';

export { VERSION } from '../../../version.js';

/** What it works with. */
export type DebugContext = Omit<Inside, 'options' | 'boxesOf'> & {
  readonly options: Pick<TrackerOptions, 'debug'>;
};

/** What it hears, and its end. */
export interface Debug {
  readonly onEvaluation: EvaluationListener;
  stop: Stop;
}

/** Starts reporting. Offers that are watched already have to be evaluated again. */
export const createDebug = (context: DebugContext): Debug => {
  const { options, exposure, page, registry, isDrawn, trees } = context;
  const stopChecking = createChecking(trees, (words, element) =>
    console.warn(`Offersight: ${words}`, element),
  );
  // Who takes notes as data needs no sentences.
  if (typeof options.debug === 'function') return { onEvaluation: () => undefined, stop: stopChecking };
  const say = (offerId: string, words: string, element: Element): void =>
    console.info(`Offersight: ${offerId}: ${words}`, element);
  const stopTelling = tellUncounted(context, say);
  const shown = registry.placements.filter(() => true);
  if (!shown[0]) console.info('Offersight: no element has data-offer-id with an id yet.');
  for (const { offerId, element, impression } of shown) if (impression) say(offerId, COUNTED, element);
  let dwellMs = 0;
  const explaining = explain((note) =>
    say(note.offerId, describeNote(note, dwellMs), note.element),
  ) as Explaining;
  const hear = explaining(
    exposure,
    page,
    (callback) => callback(),
    (element) => isDrawn(element) && isPainted(element),
  );
  return {
    onEvaluation(item, before, at) {
      ({ dwellMs } = item.rule);
      hear(item, before, at);
    },
    stop() {
      stopChecking();
      stopTelling();
    },
  };
};
