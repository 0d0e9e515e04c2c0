/** `offersight events` and `offersight dead-letters`: rows of an intake as JSON lines, and the retry of those that are dead. */
import { platformRuntime } from '../../runtime.js';
import type { ListFilter } from '../intake/intake.js';
import { eachRow, type LaneName, laneOf, toLine } from '../operator/listing.js';
import { retry } from '../operator/retrying.js';
import { Failure } from './failure.js';
import { DEFAULT_LANE, type Values } from './flags.js';
import { type IntakePlace, openIntake, openToChange, placeOf } from './sources.js';
import { useIntake } from './using-intake.js';

const printRows = async (
  place: IntakePlace,
  lane: LaneName,
  filter: Omit<ListFilter, 'limit' | 'before'>,
): Promise<void> => {
  const open = () => openIntake(place, { mustExist: true, readOnly: true });
  await useIntake(place, open, async (intake) => {
    for await (const row of eachRow(laneOf(intake, lane), filter)) console.log(toLine(row));
  });
};

/**
 * Prints events, newest first.
 * @throws {Failure} If there is no intake.
 */
export const runEvents = async (values: Values<'events'>): Promise<void> => {
  const { lane = DEFAULT_LANE, offer: offerId, since } = values;
  await printRows(placeOf(values), lane, { offerId, since });
};

/**
 * Prints dead letters, or lets them wait again. Ends with 1 if one of the given ids cannot.
 * @throws {Failure} If it is not said what to do, flags do not fit together, or there is no intake.
 */
export const runDeadLetters = async (
  values: Values<'dead-letters'>,
  [action, ...ids]: string[],
): Promise<void> => {
  const { lane = DEFAULT_LANE, offer: offerId, since } = values;
  const chosen = { offerId, since };
  switch (action) {
    case 'list':
    case 'export':
      if (ids.length)
        throw new Failure(`Choose what to ${action} by --offer and --since: only retry takes ids.`);
      return printRows(placeOf(values), lane, { ...chosen, states: ['dead'] });
    case 'retry': {
      if (ids.length && (offerId ?? since) !== undefined)
        throw new Failure('Choose dead letters by their ids, or by --offer and --since.');
      const place = placeOf(values);
      await useIntake(
        place,
        () => openToChange(place),
        async (intake) => {
          const retried = await retry(laneOf(intake, lane), { ids, ...chosen }, platformRuntime().now);
          const missing = new Set(ids).size - retried;
          const without =
            missing > 0
              ? ` Nothing changed for ${missing} of the ids: offersight dead-letters list shows all that can wait again, those with the code viewed_dead only together with their viewed.`
              : '';
          console.log(`${retried} dead ${retried === 1 ? 'letter waits' : 'letters wait'} again.${without}`);
          if (missing > 0) process.exitCode = 1;
        },
      );
      return;
    }
    default:
      throw new Failure('Say what to do: offersight dead-letters list, export or retry.');
  }
};
