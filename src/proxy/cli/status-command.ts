/** `offersight status`: from flags to figures, once or until nothing waits. */
import { LAST_OFFER, laneOf } from '../operator/listing.js';
import { Failure } from './failure.js';
import { FLAGS } from './flag-table.js';
import { laneNameOf, momentOf, numberOf, read } from './flags.js';
import { signalled } from './proxy-command.js';
import { openIntake, placeOf } from './sources.js';
import { DEFAULT_LIMIT, follow, printStatus } from './status.js';
import { useIntake } from './using-intake.js';

/**
 * Prints the status.
 * @throws {Failure} If a flag is wrong, or there is no intake.
 */
export const runStatus = async (args: string[]): Promise<void> => {
  const { values } = read(args, FLAGS.status);
  const { json } = values;
  const limit = numberOf('limit', values.limit, { isWhole: true });
  const page = numberOf('page', values.page, { isWhole: true });
  const since = momentOf('since', values.since);
  if (page !== undefined && limit === undefined && json)
    throw new Failure('Set --limit too: without it --json has every offer on one page.');
  if (page !== undefined && page * (limit ?? DEFAULT_LIMIT) > LAST_OFFER)
    throw new Failure(
      `Choose a smaller --page: --page times --limit is at most ${LAST_OFFER}. For all offers use --json without them.`,
    );
  if (values.follow && (json || [limit, page, since].some((given) => given !== undefined)))
    throw new Failure(
      'Use --follow without --json, --limit, --page and --since: it draws how the lane drains, without offers.',
    );
  const lane = laneNameOf(values.lane);
  if (values.lane !== undefined && !values.follow)
    throw new Failure('Use --lane with --follow only: without it the status has both lanes.');
  const place = placeOf(values);
  const open = () => openIntake(place, { mustExist: true, readOnly: true });
  await useIntake(place, open, async (intake) => {
    if (!values.follow) return await printStatus(intake, process.stdout, { limit, page, since, json });
    const stopping = new AbortController();
    void signalled().then(() => stopping.abort());
    await follow(laneOf(intake, lane), process.stdout, stopping.signal);
  });
};
