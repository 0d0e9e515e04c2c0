/** Takes errors out of the thread, with their names, messages, codes and causes. */
import { isOffersightError, OffersightError } from '../../../errors.js';
import type { PackedError } from './sqlite-calls.js';

/** An error may be its own cause. */
const MAX_DEPTH = 8;

/** Makes an error fit for a message between threads. */
export const packError = (thrown: unknown, depth = MAX_DEPTH): PackedError => {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { name, message, stack, cause } = thrown;
  const code: unknown = (thrown as { code?: unknown }).code;
  return {
    ...{ name, message, stack },
    ...(typeof code === 'string' && { code }),
    ...(isOffersightError(thrown) && { hint: thrown.hint }),
    ...(cause !== undefined && depth > 0 && { cause: packError(cause, depth - 1) }),
  };
};

/** Makes an error of such a message again. */
export const unpackError = ({ name, message, stack, code, hint, cause }: PackedError): Error => {
  const below = cause && unpackError(cause);
  const isOurs = name === 'OffersightError' && hint !== undefined;
  // The code came from an error of this kind.
  const error = isOurs
    ? new OffersightError(code as OffersightError['code'], hint, below)
    : new Error(message, below && { cause: below });
  if (!isOurs) Object.defineProperty(error, 'name', { value: name });
  if (stack !== undefined) Object.defineProperty(error, 'stack', { value: stack });
  return code === undefined || isOurs ? error : Object.assign(error, { code });
};
