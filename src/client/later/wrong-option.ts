/** Says why a tracker is inert, if what knows the options in words can be loaded. */
import { OffersightError } from '../../errors.js';
import type { TrackerOptions } from '../options.js';
import { loadMore } from './asking.js';

/** Says why a tracker is inert, as exactly as what can be loaded allows. */
export const tellWrongOption = (
  options: Partial<TrackerOptions>,
  cause: unknown,
  report: (error: OffersightError) => void,
): Promise<void> =>
  loadMore().then(
    (more) => more.tellWrongOption(options, cause, report),
    (missing: unknown) =>
      report(
        new OffersightError(
          'configuration',
          `Serve offersight-more.js of this version. It says what is wrong with ${(cause as Error).message}.`,
          missing,
        ),
      ),
  );
