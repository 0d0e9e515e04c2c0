/** What the proxy reports to its operator. */
import { isOffersightError } from '../../errors.js';
import type { Runtime } from '../../runtime.js';
import { cleanCause } from './cause.js';

/**
 * Called with a message about what an operator has to do, and with what broke. That is a copy of
 * the error with its name, message, code, stack and causes, without the fields that a driver adds,
 * such as a command and its arguments.
 */
export type OnAlert = (message: string, cause?: unknown) => void;

/** What an operator has to do about a failure, if it says so itself; logs show the words of an alert, not its cause. */
export const remedyOf = (cause: unknown, otherwise: string): string =>
  isOffersightError(cause) && cause.code === 'configuration' ? cause.hint : otherwise;

/** The same trouble is reported again only after this long. */
const AGAIN_MS = 600_000;

/**
 * Keeps an alert hook from being flooded, from hearing whom a failure concerned, and what it throws from ending
 * forwarding. Every alert leaves through here.
 */
export const quietly = (onAlert: OnAlert, runtime: Pick<Runtime, 'elapsed'>): OnAlert => {
  const toldAt = new Map<string, number>();
  return (message, cause) => {
    const now = runtime.elapsed();
    if (now - (toldAt.get(message) ?? -AGAIN_MS) < AGAIN_MS) return;
    toldAt.set(message, now);
    try {
      onAlert(message, cleanCause(cause));
    } catch {
      // The listener that should get it is the one that failed.
    }
  };
};
