/**
 * What only some pages need: it loads when somebody asks for it, and may be another file than what it talks to, of which
 * no name that crosses may be shortened.
 */
import type { Runtime } from '../../../runtime.js';
import type { ExposureWatch, Watched } from '../../detect/exposure.js';
import { boxesOf, createContents } from './contents.js';
import { clearShareOf } from './covering.js';
import { createIgnoring, type Ignoring, type IgnoringContext, type OnIgnored } from './ignoring.js';
import { createOcclusion } from './occlusion.js';

export { VERSION } from '../../../version.js';
export { describePause, tellWrongOption } from './telling.js';

/** What it works with. */
export interface MoreContext extends IgnoringContext {
  readonly options: IgnoringContext['options'] & { readonly occlusion?: boolean | undefined };
  readonly exposure: ExposureWatch;
  readonly runtime: Pick<Runtime, 'elapsed' | 'after'>;
}

/** Ignoring, offers without a box and, where the page wants that, occlusion. */
export interface More extends Ignoring {
  onEvaluation(item: Watched): void;
  /** Elements came or went. */
  refresh(): void;
  /** What is drawn for an offer: itself, or its children. */
  boxesOf(element: Element): Element[];
  /** Whether nothing covers it, as far as somebody wants to know. */
  isClear(element: Element): boolean;
}

/** Starts all of it. */
export const createMore = (context: MoreContext, onIgnored: OnIgnored): More => {
  const { options, exposure } = context;
  const ignoring = createIgnoring(context, onIgnored);
  const occlusion = options.occlusion ? createOcclusion(exposure, context.runtime, clearShareOf) : undefined;
  const contents = createContents(exposure);
  const onEvaluation: More['onEvaluation'] = (item) => {
    contents.onEvaluation(item);
    occlusion?.onEvaluation(item);
  };
  for (const item of exposure.watched.values()) onEvaluation(item);

  return {
    ...ignoring,
    onEvaluation,
    refresh: contents.refresh,
    boxesOf,
    isClear: (element) => occlusion?.isClear(element) !== false,
    stop() {
      ignoring.stop();
      contents.stop();
      occlusion?.stop();
    },
  };
};
