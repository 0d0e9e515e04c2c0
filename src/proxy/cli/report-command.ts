/** `offersight report`: events that the host's own programs saw. */
import { platformRuntime } from '../../runtime.js';
import { createReporting } from '../judging/reporting.js';
import { readReport } from '../operator/report-lines.js';
import { Failure } from './failure.js';
import { FLAGS } from './flag-table.js';
import { numberOf, read, siteNameOf } from './flags.js';
import { SITE } from './settings.js';
import { openToChange, placeOf, readInput } from './sources.js';
import { useIntake } from './using-intake.js';

/**
 * Reports the events of a file.
 * @throws {Failure} If a flag or a line is wrong, or there is no intake.
 */
export const runReport = async (args: string[]): Promise<void> => {
  const { values, positionals } = read(args, FLAGS.report, true);
  const [file, ...others] = positionals;
  if (file === undefined || others.length)
    throw new Failure('Name one file of events, or - for standard input.');
  const site = siteNameOf(values.site);
  const ledgerDays = numberOf('ledger-days', values['ledger-days'], SITE.ledgerDays);
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
