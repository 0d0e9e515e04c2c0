/** An intake that is opened only to be read: everything that would change it fails, and says why. */
import { OffersightError } from '../../errors.js';
import type { Intake, Lane } from './intake.js';

/** An option of every durable intake. */
export interface ReadOnlyOption {
  /**
   * Whether it is opened only to be read, such as by a program of yours that shows figures. It has to exist by then, and
   * nothing in it is changed. Methods that would change it fail.
   * @default false
   * @range true or false
   * @example `true`
   */
  readonly readOnly?: boolean | undefined;
}

const refusal = (): OffersightError =>
  new OffersightError('configuration', 'This intake is opened only to be read: leave readOnly out.');

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
  endSessions: refuse,
  claim() {
    throw refusal();
  },
});
