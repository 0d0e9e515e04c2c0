/** Commands for operators: the figures, lists, retries, purges and reports that the operator's door has too. */
import { platformRuntime } from '../../runtime.js';
import { createReporting } from '../authorize/reporting.js';
import type { Intake, ListFilter } from '../intake/intake.js';
import { readFunnel, toCsvLines } from '../operator/funnel.js';
import { eachRow, laneOf, readStanding, readStatus, toLine } from '../operator/listing.js';
import { faultOf, purge } from '../operator/purging.js';
import { readReport } from '../operator/report-lines.js';
import { retry } from '../operator/retrying.js';
import { Failure } from './failure.js';
import type { Values } from './flags.js';
import { funnelText } from './funnel-text.js';
import { openIntake, openToChange, placeOf, readInput } from './sources.js';
import { statusText } from './status-text.js';
import { useIntake } from './using-intake.js';

/** How many offers a status names by default. */
const OFFERS = 20;

/** Opens an intake to look at it. */
const look = (
  values: Parameters<typeof placeOf>[0],
  use: (intake: Intake) => Promise<void>,
): Promise<void> => {
  const place = placeOf(values);
  return useIntake(place, () => openIntake(place, { mustExist: true, readOnly: true }), use);
};

/** Opens an intake that is there already, to change something in it. */
const change = (
  values: Parameters<typeof placeOf>[0],
  use: (intake: Intake) => Promise<void>,
): Promise<void> => {
  const place = placeOf(values);
  return useIntake(place, () => openToChange(place), use);
};

/** Prints how a proxy stands. */
export const runStatus = (values: Values<'status'>): Promise<void> =>
  look(values, async (intake) => {
    const { json, since } = values;
    const now = platformRuntime().now();
    const status = await readStatus(intake, now, { limit: json ? Infinity : OFFERS, since });
    process.stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status, now));
  });

/** Prints the funnel. */
export const runFunnel = async (values: Values<'funnel'>): Promise<void> => {
  const { by, group, since, until, json, csv } = values;
  if (json && csv) throw new Failure('Use either --json or --csv.');
  await look(values, async (intake) => {
    const funnel = await readFunnel(intake, { by, group, since, until });
    const text = json
      ? `${JSON.stringify(funnel)}\n`
      : csv
        ? [...toCsvLines(funnel)].join('')
        : funnelText(funnel, await readStanding(intake, platformRuntime().now()));
    process.stdout.write(text);
  });
};

/** Prints events, newest first. */
export const runEvents = (
  values: Values<'events' | 'dead-letters'>,
  states?: ListFilter['states'],
): Promise<void> =>
  look(values, async (intake) => {
    const { lane, offer: offerId, since } = values;
    for await (const row of eachRow(laneOf(intake, lane), { offerId, since, states }))
      console.log(toLine(row));
  });

/**
 * Prints dead letters, or lets them wait again. Ends with 1 if one of the given ids cannot.
 * @throws {Failure} If it is not said what to do.
 */
export const runDeadLetters = async (
  values: Values<'dead-letters'>,
  [action, ...ids]: string[],
): Promise<void> => {
  if (action === 'list' || action === 'export') {
    if (ids.length)
      throw new Failure(`Choose what to ${action} by --offer and --since: only retry takes ids.`);
    return runEvents(values, ['dead']);
  }
  if (action !== 'retry') throw new Failure('Say what to do: offersight dead-letters list, export or retry.');
  const { lane, offer: offerId, since } = values;
  await change(values, async (intake) => {
    const retried = await retry(laneOf(intake, lane), { ids, offerId, since }, platformRuntime().now);
    const missing = new Set(ids).size - retried;
    const without =
      missing > 0
        ? ` Nothing changed for ${missing} of the ids: offersight dead-letters list shows all that can wait again, those with the code viewed_dead only together with their viewed.`
        : '';
    console.log(`${retried} dead ${retried === 1 ? 'letter waits' : 'letters wait'} again.${without}`);
    if (missing > 0) process.exitCode = 1;
  });
};

const events = (count: number): string => `${count} ${count === 1 ? 'event' : 'events'}`;

/**
 * Counts what would be given up, or gives it up.
 * @throws {Failure} If it is not said what.
 */
export const runPurge = async (
  { lane, offer: offerId, visitor, yes: isMeant, ...values }: Values<'purge'>,
  [what]: string[],
): Promise<void> => {
  if (what !== 'waiting' && what !== 'dead') throw new Failure('Say what to purge: waiting or dead.');
  const fault = faultOf({ what, visitor }, lane);
  if (fault !== undefined) throw new Failure(`--visitor cannot be used here. ${fault}`);
  await (isMeant ? change : look)(values, async (intake) => {
    const request = { what, offerId, visitor, isMeant } as const;
    const { events: sum, offers, left } = await purge(laneOf(intake, lane), request, platformRuntime().now);
    const were = !isMeant ? 'would be' : left === 1 ? 'was' : 'were';
    const others = left ? ` ${events(left)} on the way to Chargebee ${were} left.` : '';
    const which = what === 'waiting' ? 'waiting' : 'dead letters';
    console.log(
      isMeant
        ? `${events(sum)} given up (${which}).${others}`
        : `${events(sum)} of ${offers} ${offers === 1 ? 'offer' : 'offers'} would be given up (${which}).${others} Nothing has changed: add --yes.`,
    );
  });
};

/**
 * Reports the events of a file that the host's own programs saw.
 * @throws {Failure} If there is no site, a line is wrong, or there is no intake.
 */
export const runReport = async (values: Values<'report'>, [file = '']: string[]): Promise<void> => {
  const { site } = values;
  const reportBy = readReport(await readInput(file));
  const use = async ({ claim, take, accept, nameKey }: Intake): Promise<void> => {
    claim(site);
    const runtime = platformRuntime();
    const hooks = { usage: undefined, alert: console.error, observe: () => undefined };
    const reporting = createReporting({ site, ...hooks, runtime, take, accept, nameKey });
    const { accepted, duplicate } = await reportBy(reporting);
    console.log(`${accepted} new, ${duplicate} reported before.`);
  };
  await change(values, use);
};
