/** `offersight report`: events that the host's own programs saw. */
import { platformRuntime } from '../../runtime.js';
import { createReporting } from '../judging/reporting.js';
import { readReport } from '../operator/report-lines.js';
import { neededSite } from './failure.js';
import type { Values } from './flags.js';
import { openToChange, placeOf, readInput } from './sources.js';
import { useIntake } from './using-intake.js';

/**
 * Reports the events of a file.
 * @throws {Failure} If there is no site, a line is wrong, or there is no intake.
 */
export const runReport = async (values: Values<'report'>, [file = '']: string[]): Promise<void> => {
  const { ledgerDays } = values;
  const site = neededSite(values);
  const reportBy = readReport(await readInput(file));
  const place = placeOf(values);
  const open = () => openToChange(place, { ledgerDays });
  await useIntake(place, open, async (intake) => {
    intake.claim(site);
    const { accepted, duplicate } = await reportBy(
      createReporting({
        ...{
          site,
          usage: undefined,
          alert: console.error,
          observe: () => undefined,
          runtime: platformRuntime(),
        },
        ...{ take: intake.take, accept: intake.accept, nameKey: intake.nameKey },
      }),
    );
    console.log(`${accepted} new, ${duplicate} reported before.`);
  });
};
