/** What the proxy reports to its operator. */
import { isOffersightError } from '../../errors.js';
import type { Runtime } from '../../runtime.js';
import { type AlertCode, alertCodeOf, isDaily } from './alert-codes.js';
import { cleanCause, hookOf } from './cause.js';

/**
 * Called with a message about what an operator has to do, and with what broke. That is a copy of
 * the error with its name, message, code, stack and causes, without the fields that a driver adds,
 * such as a command and its arguments. The code says which alert it is, so that not every one need wake somebody.
 */
export type OnAlert = (message: string, cause?: unknown, code?: AlertCode) => void;

/**
 * Reports that something is wrong, as often as it is seen.
 * @param code Which alert it is, if its words do not say so. @default the alert that has these words
 */
export type Tell = (message: string, cause?: unknown, code?: AlertCode) => void;

/** What an operator has to do about a failure, if it says so itself; logs show the words of an alert, not its cause. */
export const remedyOf = (cause: unknown, otherwise: string): string =>
  isOffersightError(cause) && cause.code === 'configuration' ? cause.hint : otherwise;

/** The same trouble is reported again only after this long, and a gauge shows it for so long after it was last seen. */
export const AGAIN_MS = 600_000;
const DAY_MS = 86_400_000;

/**
 * Keeps an alert hook from being flooded, from hearing whom a failure concerned, and what it throws from ending
 * forwarding. Every alert leaves through here, and only once: what is called again and again must be seen each time.
 * @param onSeen Called each time, also when the hook is not.
 */
export const quietly = (
  onAlert: OnAlert,
  runtime: Pick<Runtime, 'elapsed'>,
  onSeen: (code: AlertCode, message: string) => void = () => undefined,
): Tell => {
  const toldAt = new Map<string, number>();
  const tell = hookOf(onAlert);
  return (message, cause, code = alertCodeOf(message)) => {
    if (code) onSeen(code, message);
    const now = runtime.elapsed();
    const againMs = code && isDaily(code) ? DAY_MS : AGAIN_MS;
    if (now - (toldAt.get(message) ?? -againMs) < againMs) return;
    toldAt.set(message, now);
    // The listener that should get what it throws is the one that failed.
    tell(message, cleanCause(cause), code).catch(() => undefined);
  };
};
