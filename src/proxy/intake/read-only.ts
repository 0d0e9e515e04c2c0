/** An intake that is opened only for reading: everything that would change it fails, and says why. */
import { OffersightError } from '../../errors.js';
import type { Intake, Lane } from './intake.js';

/** An option of every durable intake. */
export interface ReadOnlyOption {
  /**
   * Opens the intake only for reading, for example in a program of yours that shows figures. The intake must already
   * exist. No event or table is changed, and methods that would change one fail.
   * @default false
   * @range true or false
   * @example `true`
   */
  readonly readOnly?: boolean | undefined;
}

const refusal = (): OffersightError =>
  new OffersightError(
    'configuration',
    'This intake was opened with readOnly: leave that option out to change anything.',
  );

const refuse = async (): Promise<never> => {
  throw refusal();
};

const onlyReadLane = (lane: Lane): Lane => ({
  ...lane,
  lead: refuse,
  resign: refuse,
  begin: refuse,
  finish: refuse,
  note: refuse,
  retry: refuse,
  purge: refuse,
});

/** Lets an intake only be read. */
export const onlyRead = (intake: Intake): Intake => ({
  ...intake,
  ...onlyReadLane(intake),
  usage: onlyReadLane(intake.usage),
  take: refuse,
  accept: refuse,
  noteDoor: refuse,
  nameKey: refuse,
  endSessions: refuse,
  claim() {
    throw refusal();
  },
});
