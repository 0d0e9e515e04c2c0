/** `offersight purge`: gives up what waits, once somebody has seen how much that is. */
import { platformRuntime } from '../../runtime.js';
import { laneOf } from '../operator/listing.js';
import { faultOf, purge } from '../operator/purging.js';
import { Failure } from './failure.js';
import { DEFAULT_LANE, type Values } from './flags.js';
import { openIntake, openToChange, placeOf } from './sources.js';
import { useIntake } from './using-intake.js';

const events = (count: number): string => `${count} ${count === 1 ? 'event' : 'events'}`;

/**
 * Counts, or gives up.
 * @throws {Failure} If it is not said what.
 */
export const runPurge = async (values: Values<'purge'>): Promise<void> => {
  const { waiting = false, dead = false, offer, visitor, yes = false, lane: name = DEFAULT_LANE } = values;
  if (waiting === dead) throw new Failure('Say what to purge: --waiting or --dead.');
  const what = waiting ? 'waiting' : 'dead';
  const fault = faultOf({ what, visitor }, name);
  if (fault !== undefined) throw new Failure(`--visitor cannot be used here. ${fault}`);
  const place = placeOf(values);
  const open = () => (yes ? openToChange(place) : openIntake(place, { mustExist: true, readOnly: true }));
  await useIntake(place, open, async (intake) => {
    const {
      events: sum,
      offers,
      left,
    } = await purge(laneOf(intake, name), { what, offerId: offer, visitor, isMeant: yes }, () =>
      platformRuntime().now(),
    );
    const others = left
      ? ` ${events(left)} on the way to Chargebee ${!yes ? 'would be' : left === 1 ? 'was' : 'were'} left.`
      : '';
    const which = waiting ? 'waiting' : 'dead letters';
    console.log(
      yes
        ? `${events(sum)} given up (${which}).${others}`
        : `${events(sum)} of ${offers} ${offers === 1 ? 'offer' : 'offers'} would be given up (${which}).${others} Nothing has changed: add --yes.`,
    );
  });
};
