/**
 * What may be said of a failure: its words, and nothing that it was about. Drivers put what they were doing on their
 * errors, such as a command with all its arguments, and so an offer, a visitor's address and user, or a password.
 */
import { isOffersightError, OffersightError } from '../../errors.js';

/** An error may be its own cause. */
const MAX_DEPTH = 8;
/** Such as `SQLITE_FULL` or `ECONNREFUSED`; what a hook's error has there may be anything. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,63}$/;
/** Redis quotes the first arguments of a command that it does not know. */
const QUOTED_ARGUMENTS = /, with args beginning with: [^\n]*/g;
const NO_ERROR = 'Something was thrown that is not an error.';

const textOf = (given: unknown, otherwise: string): string =>
  typeof given === 'string' ? given.replace(QUOTED_ARGUMENTS, '') : otherwise;

/** What an error may have; anything can be thrown. */
type Thrown = Partial<Record<'name' | 'message' | 'code' | 'stack' | 'cause' | 'errors', unknown>>;

/**
 * A copy of what was thrown with its name, message, code and stack, those of its causes and of the errors that it
 * gathers, and no other property.
 */
export const cleanCause = (thrown: unknown, depth = MAX_DEPTH): unknown => {
  if (typeof thrown === 'string') return textOf(thrown, '');
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) return thrown;
  if (depth === 0) return undefined;
  const { name, message, code, stack, cause, errors }: Thrown = thrown;
  const words = textOf(message, NO_ERROR);
  const below = cause === undefined ? undefined : { cause: cleanCause(cause, depth - 1) };
  const make = (): Error => {
    if (isOffersightError(thrown)) return new OffersightError(thrown.code, thrown.hint, below?.cause);
    if (!Array.isArray(errors)) return new Error(words, below);
    return new AggregateError(
      errors.map((error) => cleanCause(error, depth - 1)),
      words,
      below,
    );
  };
  const copy = make();
  const ownName = textOf(name, 'Error');
  // Hidden, as they are on any error, so that what prints the copy does not print them twice.
  Object.defineProperty(copy, 'name', { value: ownName });
  Object.defineProperty(copy, 'stack', { value: textOf(stack, `${ownName}: ${words}`) });
  return typeof code === 'string' || typeof code === 'number' ? Object.assign(copy, { code }) : copy;
};

/** The system's or driver's code for a failure, wherever in the chain of causes it hides. */
export const systemCodeOf = (thrown: unknown, depth = MAX_DEPTH): string | undefined => {
  if (!(thrown instanceof Error) || depth === 0) return undefined;
  const { code, cause, errors }: Thrown = thrown;
  if (typeof code === 'string' && SYSTEM_CODE.test(code)) return code;
  // Such as when both address families were tried.
  return systemCodeOf(Array.isArray(errors) ? errors[0] : cause, depth - 1);
};
