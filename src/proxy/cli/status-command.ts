/** `offersight status`: from flags to figures, once or until nothing waits. */
import { LAST_OFFER, laneOf } from '../operator/listing.js';
import { Failure } from './failure.js';
import { DEFAULT_LANE, type Values } from './flags.js';
import { signalled } from './proxy-command.js';
import { openIntake, placeOf } from './sources.js';
import { DEFAULT_LIMIT, follow, printStatus } from './status.js';
import { useIntake } from './using-intake.js';

/**
 * Prints the status.
 * @throws {Failure} If a flag is wrong, or there is no intake.
 */
export const runStatus = async (values: Values<'status'>): Promise<void> => {
  const { json, limit, page, since, follow: isFollowed, lane } = values;
  if (page !== undefined && limit === undefined && json)
    throw new Failure('Set --limit too: without it --json has every offer on one page.');
  if (page !== undefined && page * (limit ?? DEFAULT_LIMIT) > LAST_OFFER)
    throw new Failure(
      `Choose a smaller --page: --page times --limit is at most ${LAST_OFFER}. For all offers use --json without them.`,
    );
  if (isFollowed && (json || [limit, page, since].some((given) => given !== undefined)))
    throw new Failure(
      'Use --follow without --json, --limit, --page and --since: it draws how the lane drains, without offers.',
    );
  if (lane !== undefined && !isFollowed)
    throw new Failure('Use --lane with --follow only: without it the status has both lanes.');
  const place = placeOf(values);
  const open = () => openIntake(place, { mustExist: true, readOnly: true });
  await useIntake(place, open, async (intake) => {
    if (!isFollowed) return await printStatus(intake, process.stdout, { limit, page, since, json });
    const stopping = new AbortController();
    void signalled().then(() => stopping.abort());
    await follow(laneOf(intake, lane ?? DEFAULT_LANE), process.stdout, stopping.signal);
  });
};
