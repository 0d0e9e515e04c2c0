/**
 * What only some pages need: it loads when somebody asks for it, and may be another file than what it talks to, of which
 * no name that crosses may be shortened.
 */
import type { ExposureWatch, Watched } from '../../detect/exposure.js';
import { createIgnoring, type Ignoring, type IgnoringContext, type OnIgnored } from './ignoring.js';
import { createOcclusion } from './occlusion.js';

export { VERSION } from '../../../version.js';

/** What it works with. */
export interface MoreContext extends IgnoringContext {
  readonly options: IgnoringContext['options'] & { readonly occlusion?: boolean | undefined };
  readonly exposure: ExposureWatch;
}

/** Ignoring and, where the page wants that, occlusion. */
export interface More extends Ignoring {
  onEvaluation(item: Watched): void;
  /** Whether nothing covers it, as far as somebody wants to know. */
  isClear(element: Element): boolean;
}

/** Starts both. */
export const createMore = (context: MoreContext, onIgnored: OnIgnored): More => {
  const { options, exposure } = context;
  const ignoring = createIgnoring(context, onIgnored);
  const occlusion = options.occlusion ? createOcclusion(exposure) : undefined;
  for (const item of exposure.watched.values()) occlusion?.onEvaluation(item);

  return {
    ...ignoring,
    onEvaluation: (item) => occlusion?.onEvaluation(item),
    isClear: (element) => occlusion?.isClear(element) !== false,
    stop() {
      ignoring.stop();
      occlusion?.stop();
    },
  };
};
