/** What a command does with an intake: opens and closes it, and says which one cannot be reached. */
import { resolve } from 'node:path';
import { isOffersightError } from '../../errors.js';
import type { Intake } from '../intake/intake.js';
import { Failure, setterOf } from './failure.js';
import type { IntakePlace } from './sources.js';

/** The system's words, and pgbouncer's if it does not reach its server. */
const AWAY = /\b(?:ECONN\w+|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|server_login_retry)\b/;

/** The system's word for why nothing was reached; undefined if that is not what went wrong. */
const whyAway = (cause: unknown): string | undefined => {
  // An error of ours says what to do by itself.
  if (!(cause instanceof Error) || isOffersightError(cause)) return undefined;
  const { code } = cause as NodeJS.ErrnoException;
  return AWAY.exec(`${code} ${cause.message}`)?.[0] ?? whyAway(cause.cause);
};

/** Where an intake is: the whole path of a file, or a URL without what it says of passwords. */
export const whereOf = ({ intake, url = '' }: IntakePlace): string => {
  if (intake.startsWith('sqlite:')) return resolve(intake.slice('sqlite:'.length));
  const where = url || intake;
  if (!URL.canParse(where)) return intake;
  const { protocol, host, pathname } = new URL(where);
  return `${protocol}//${host}${pathname}`;
};

/**
 * Opens an intake, uses it and closes it.
 * @throws {Failure} If it cannot be reached.
 */
export const useIntake = async (
  place: IntakePlace,
  open: () => Promise<Intake>,
  use: (intake: Intake) => Promise<void>,
): Promise<void> => {
  let intake: Intake | undefined;
  try {
    intake = await open();
    await use(intake);
  } catch (cause) {
    const why = whyAway(cause);
    if (why === undefined) throw cause;
    const said = place.intake === 'postgres' ? setterOf('postgresUrl') : '--intake';
    throw new Failure(
      `The intake at ${whereOf(place)} cannot be reached (${why}). Check host and port in ${said}, that the server runs there, and that a firewall lets this machine through.`,
    );
  } finally {
    await intake?.close();
  }
};
