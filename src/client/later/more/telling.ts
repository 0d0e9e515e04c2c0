/** What people read who set a page up: which option is wrong, and why nothing is sent. */
import { OffersightError } from '../../../errors.js';
import type { TrackerOptions } from '../../options.js';
import type { OutboxPause } from '../outbox/remembering.js';

/** Finds the first option that cannot be used; nothing, if all can. */
const findWrongOption = ({
  endpoint,
  viewability = {},
}: Partial<TrackerOptions>): OffersightError | undefined => {
  const wrong = ([name, value]: readonly [string, unknown]): OffersightError | undefined => {
    const isShare = name === 'ratio' || name === 'largeRatio';
    if ((value as number) >= 0 && !(isShare && (value as number) > 1)) return undefined;
    return isShare
      ? new OffersightError(
          'configuration',
          `viewability.${name} is ${String(value)}: give a share from 0 to 1.`,
        )
      : new OffersightError(
          'configuration',
          `viewability.${name} is ${String(value)}: give a number from 0.`,
        );
  };
  let origin: string | undefined;
  try {
    ({ origin } = new URL(endpoint ?? '', location.href));
  } catch {
    return new OffersightError(
      'configuration',
      `endpoint is ${endpoint}: give a path, such as /offer-events.`,
    );
  }
  if (origin !== location.origin)
    return new OffersightError(
      'configuration',
      `endpoint is on ${origin}: it has to be on ${location.origin}.`,
    );
  const [found] = Object.entries(viewability).flatMap((entry) => wrong(entry) ?? []);
  return found;
};

/** Says why a tracker is inert. */
export const tellWrongOption = (
  options: Partial<TrackerOptions>,
  cause: unknown,
  onError: (error: OffersightError) => void,
): void => {
  const found = findWrongOption(options);
  // Nothing is wrong with it, and who monitors a page looks for errors.
  if (!found && globalThis.navigator.webdriver)
    console.warn(
      'Offersight: a script drives this browser, so nothing counts. To count it set data-machines="count" (machines), and --machines count of the proxy.',
    );
  else onError(found ?? new OffersightError('configuration', 'No tracker runs: see the cause.', cause));
};

/** Why nothing is sent, and until when. */
export const describePause = ({ at, url, status, failedAt }: OutboxPause): string => {
  const timeOf = (time: number): string => new Date(time).toLocaleTimeString();
  const when = failedAt ? ` at ${timeOf(failedAt)}` : '';
  return `Offersight: events wait until ${timeOf(at)}, because POST ${url} ${status ? `answered ${status}` : 'failed'}${when}.`;
};
